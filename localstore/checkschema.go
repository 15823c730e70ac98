package localstore

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

const schemaQuery = "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema"

// freshSchema is what schemaQuery gives in a store just made, by type and name.
var freshSchema = sync.OnceValues(func() (map[[2]string][2]string, error) {
	db, err := sql.Open("sqlite", "file::memory:?_txlock=immediate")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := migrate(context.Background(), db, schemaVersion); err != nil {
		return nil, err
	}
	s := &Store{reader: db}
	all := map[[2]string][2]string{}
	err = s.eachSchema(context.Background(), func(key [2]string, is [2]string) { all[key] = is })
	return all, err
})

func (s *Store) eachSchema(ctx context.Context, fn func(key, is [2]string)) error {
	return s.each(ctx, schemaQuery, nil, func(r *sql.Rows) error {
		var key, is [2]string
		err := r.Scan(&key[0], &key[1], &is[0], &is[1])
		if err == nil {
			fn(key, is)
		}
		return err
	})
}

// schema compares tables, indexes and views with those of a store just made: an
// upgraded one has the same. Others that somebody added are not ours.
func (c *checker) schema() error {
	fresh, err := freshSchema()
	if err != nil {
		return err
	}
	there := map[[2]string]bool{}
	err = c.s.eachSchema(c.ctx, func(key, is [2]string) {
		there[key] = true
		if want, ours := fresh[key]; ours && is != want {
			c.report(Finding{Kind: FoundFile, What: fmt.Sprintf("the %s %s is not as this version makes it", key[0], key[1])})
		}
	})
	for key := range fresh {
		if err == nil && !there[key] {
			c.report(Finding{Kind: FoundFile, What: fmt.Sprintf("the %s %s is gone", key[0], key[1])})
		}
	}
	return err
}

// ids checks that no id can be given again: SQLite keeps the last one of each table,
// also when its row is gone.
func (c *checker) ids() error {
	for table, newest := range map[string]string{
		"account": "SELECT max(id) FROM account", "run": "SELECT max(id) FROM run", "mailbox": "SELECT max(id) FROM mailbox",
		"generation": "SELECT max(id) FROM generation", "event": "SELECT max(id) FROM event", "problem": "SELECT max(id) FROM problem",
		"intent": "SELECT max(id) FROM intent", "conflict": "SELECT max(id) FROM conflict",
		"message": "SELECT max(m) FROM (SELECT max(id) m FROM message UNION ALL SELECT max(message) FROM event WHERE message IS NOT NULL)",
	} {
		var again bool
		query := "SELECT ifnull((" + newest + "), 0) > ifnull((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)"
		if err := c.s.reader.QueryRowContext(c.ctx, query, table).Scan(&again); err != nil {
			return c.s.wrap(canceled(c.ctx, err))
		}
		if again {
			c.report(Finding{Kind: FoundFile, What: fmt.Sprintf("an id of table %s that was given would be given again", table)})
		}
	}
	return nil
}
