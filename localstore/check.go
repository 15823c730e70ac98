package localstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	lib "modernc.org/sqlite/lib"
)

// Kinds of findings, by what can be done about them.
const (
	FoundFile  = "file"  // SQLite's own structure is broken: only a new file helps
	FoundRow   = "row"   // rows contradict each other: a fault of the program
	FoundBody  = "body"  // a body is damaged or gone: MarkDamaged, then fetch it again
	FoundTexts = "texts" // a body is whole, what the store says of its header is not: Rederive
	FoundWaste = "waste" // something is kept that nothing needs; no mail is concerned
)

// Finding is one thing that is not as it must be. Message and what follows are
// zero where no single message is concerned.
type Finding struct {
	Kind    string
	What    string
	Message MessageID
	UID     uint32
	Account string
	Folder  string
	State   string
}

// CheckOptions says how much to check.
type CheckOptions struct {
	Sample   float64                 // share of the bodies to read, 0 < Sample < 1; otherwise all
	Progress func(done, total int64) // bytes of bodies read; may be nil
}

// checker is one Check on its way.
type checker struct {
	s      *Store
	ctx    context.Context
	opt    CheckOptions
	report func(Finding)
	bad    map[int64]bool // bodies reported by their chunks: need not be read
	buf    []byte         // bodies are read through it
	head   headerScanner
}

// Check looks whether the store is what doc.go says: the file's structure, every
// relation between rows that the code relies on, and the bytes of the bodies.
// What it finds it reports and goes on; the error is for what kept it from
// looking. It only reads, flat in memory, and may run beside a writer: what it
// says then is true of some moment on the way.
func (s *Store) Check(ctx context.Context, opt CheckOptions, report func(Finding)) error {
	c := &checker{s: s, ctx: ctx, opt: opt, report: report, bad: map[int64]bool{}, buf: make([]byte, 64<<10), head: newHeaderScanner()}
	for _, step := range []func() error{c.file, c.schema, c.references, c.ids, c.rows, c.names, c.flags, c.labels, c.noChunks, c.chunks, c.parts, c.bodies} {
		if err := step(); errors.Is(err, ErrCorrupt) {
			report(Finding{Kind: FoundFile, What: err.Error()})
		} else if err != nil {
			return err
		}
	}
	return nil
}

// file asks SQLite. A sampled check does not compare every index with its table.
func (c *checker) file() error {
	pragma := "PRAGMA integrity_check"
	if c.sampled() {
		pragma = "PRAGMA quick_check"
	}
	return c.s.each(c.ctx, pragma, nil, func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		if err == nil {
			err = c.s.unread(text)
		}
		if err == nil && text != "ok" {
			c.report(Finding{Kind: FoundFile, What: text})
		}
		return err
	})
}

var errorCode = regexp.MustCompile(`error code=([0-9]+)`)

// unread is the error of a disk that did not give a page, of which an integrity check
// tells as if the page were damaged.
func (s *Store) unread(text string) error {
	for _, code := range errorCode.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(code[1])
		if err == nil && n&0xff == lib.SQLITE_IOERR && n != lib.SQLITE_IOERR_SHORT_READ { // that is a file that ends too early
			return s.failed(lib.SQLITE_IOERR, errors.New(text))
		}
	}
	return nil
}

func (c *checker) references() error {
	return c.s.each(c.ctx, "PRAGMA foreign_key_check", nil, func(r *sql.Rows) error {
		var table, parent string
		var row sql.NullInt64
		var key int
		err := r.Scan(&table, &row, &parent, &key)
		if err == nil {
			c.report(Finding{Kind: FoundRow, What: fmt.Sprintf("row %d of %s names a row of %s that does not exist", row.Int64, table, parent)})
		}
		return err
	})
}

// rows runs the queries of the files invariants*.go.
func (c *checker) rows() error {
	for _, i := range slices.Concat(invariants, intentInvariants, historyInvariants, boundInvariants) {
		err := c.s.each(c.ctx, i.query, nil, func(r *sql.Rows) error {
			var msg sql.NullInt64
			var id int64
			if err := r.Scan(&msg, &id); err != nil {
				return err
			}
			return c.found(i.kind, MessageID(msg.Int64), fmt.Sprintf(i.what, id))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// flags checks each different flag set once: there are few.
func (c *checker) flags() error {
	const query = `SELECT min(id), base FROM message GROUP BY base UNION ALL SELECT min(id), local FROM message GROUP BY local`
	return c.s.each(c.ctx, query, nil, func(r *sql.Rows) error {
		var id MessageID
		var flags string
		if err := r.Scan(&id, &flags); err != nil {
			return err
		}
		if why := notCanonical(flags); why != "" {
			return c.found(FoundRow, id, fmt.Sprintf("flags %q: %s", flags, why))
		}
		return nil
	})
}

// labels checks each different list of Gmail's labels once.
func (c *checker) labels() error {
	const query = `SELECT min(id), labels FROM message WHERE labels IS NOT NULL GROUP BY labels`
	return c.s.each(c.ctx, query, nil, func(r *sql.Rows) error {
		var id MessageID
		var text string
		if err := r.Scan(&id, &text); err != nil {
			return err
		}
		if LabelText(Labels(text)) != text {
			return c.found(FoundRow, id, fmt.Sprintf("the labels of message %d are no list, or not sorted", id))
		}
		return nil
	})
}

// found reports something about a message, with where it is.
func (c *checker) found(kind string, id MessageID, what string) error {
	f := Finding{Kind: kind, What: what, Message: id}
	if id != 0 {
		m, err := c.s.Message(c.ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		f.UID, f.Account, f.Folder, f.State = m.UID, m.Account, m.Folder, m.State
	}
	c.report(f)
	return nil
}

func (c *checker) sampled() bool { return c.opt.Sample > 0 && c.opt.Sample < 1 }
