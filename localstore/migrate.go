package localstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"
)

// What marks our files: "mstw", and "msto" until they are settled.
const (
	applicationID = 0x6d737477
	unsettledID   = 0x6d73746f
)

//go:embed sql/*.sql
var sqlFiles embed.FS

// migration is one step of the schema; its number is the user_version it leads
// to. A released one is never edited.
type migration struct {
	version int
	name    string
	sql     string
}

// migrations are the embedded ones in order.
var migrations = loadMigrations()

// schemaVersion is the one this program reads and writes.
var schemaVersion = migrations[len(migrations)-1].version

func loadMigrations() []migration {
	files, err := sqlFiles.ReadDir("sql")
	if err != nil {
		panic(err) // embedded: cannot be missing
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Name() < files[j].Name() })
	var all []migration
	for i, f := range files {
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.Atoi(number)
		text, rerr := sqlFiles.ReadFile(path.Join("sql", f.Name()))
		if err != nil || rerr != nil || version != i+1 {
			panic("localstore: bad migration " + f.Name())
		}
		all = append(all, migration{version, f.Name(), string(text)})
	}
	return all
}

// migrate brings the schema behind db to version to. Each step is a transaction
// of its own that looks again at the version it starts from and leaves the next.
func migrate(ctx context.Context, db *sql.DB, to int) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	for _, m := range migrations[min(version, to):to] {
		if err := migrateOne(ctx, db, m); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	return nil
}

func migrateOne(ctx context.Context, db *sql.DB, m migration) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version >= m.version {
		return nil
	}
	if _, err := tx.Exec(m.sql); err != nil {
		return err
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", m.version)); err != nil {
		return err
	}
	return tx.Commit()
}
