package localstore

import (
	"database/sql"
	"fmt"
	"strings"
)

// WantName is the owner's renaming of a mailbox, with what lies below it (RFC
// 9051 section 6.3.6); name is raw for people. Back to the name it has, nothing
// is left to do. One that the server does not have yet is renamed at once.
func (tx *Tx) WantName(id MailboxID, raw, name string) error {
	b, err := tx.box(id)
	if err != nil {
		return err
	}
	below := b.delim != "" && strings.HasPrefix(raw, b.raw+b.delim)
	if raw != b.raw && (isInbox(b.raw) || isInbox(raw) || below) {
		return tx.fail(fmt.Errorf("mailbox %q to %q: %w", b.name, name, ErrImpossible))
	}
	if err := tx.free(b.acct, raw, id); err != nil {
		return tx.fail(fmt.Errorf("mailbox %q: %w", name, err))
	}
	if b.unborn {
		return tx.renameUnborn(b, raw, name)
	}
	if err := tx.dropRename(id); err != nil {
		return err
	}
	if raw != b.raw {
		if _, err := tx.addIntent(pending{account: b.acct, kind: IntentRename, mailbox: id, name: raw, label: name}); err != nil {
			return err
		}
	}
	return tx.deriveNames(b.acct)
}

// dropRename makes room for another wish.
func (tx *Tx) dropRename(id MailboxID) error {
	p, ok, err := tx.pending("mailbox = ? AND kind = 'rename'", id)
	if err != nil || !ok {
		return err
	}
	if err := p.unsettled(); err != nil {
		return tx.fail(err)
	}
	return tx.deleteIntent(p.id)
}

// renameUnborn gives a mailbox and what was made below it other names; their
// keys must not be taken by any mailbox, gone ones included. They are made after
// the renames that wait already, which the new names take into account.
func (tx *Tx) renameUnborn(b box, raw, name string) error {
	all, err := tx.names(b.acct)
	if err != nil {
		return err
	}
	keys := map[string]bool{}
	for _, n := range all {
		keys[n.raw] = true
	}
	for _, n := range all {
		to := n.renamed(b.raw, b.name, b.delim, raw, name)
		if n.made == 0 || to.raw == n.raw {
			continue
		}
		if keys[to.raw] {
			return tx.fail(fmt.Errorf("mailbox %q: %w", to.name, ErrExists))
		}
		if _, err := tx.exec("UPDATE mailbox SET raw = ?, name = ? WHERE id = ?", []byte(to.raw), to.name, n.id); err != nil {
			return err
		}
		if err := tx.deleteIntent(n.made); err != nil {
			return err
		}
		if _, err := tx.addIntent(pending{account: b.acct, kind: IntentCreate, mailbox: n.id}); err != nil {
			return err
		}
	}
	return tx.deriveNames(b.acct)
}

// named is a mailbox by its names.
type named struct {
	id        MailboxID
	raw, name string
	made      IntentID // the one that creates it; 0: it is not unborn
	gone      bool     // was on the server once, and no more
	wanted    string   // "": no rename concerns it
	label     string
}

// renamed is what n is called after the server renamed a mailbox.
func (n named) renamed(from, fromName, delim, to, toName string) named {
	if n.gone {
		return n
	}
	if n.raw == from {
		n.raw, n.name = to, toName
	} else if rest, below := strings.CutPrefix(n.raw, from+delim); below && delim != "" {
		n.raw = to + delim + rest
		if rest, ok := strings.CutPrefix(n.name, fromName+delim); ok {
			n.name = toName + delim + rest
		}
	}
	return n
}

// names gives the mailboxes of an account.
func (tx *Tx) names(acct AccountID) ([]named, error) {
	var all []named
	err := tx.each(namesQuery, []any{acct}, func(r *sql.Rows) error {
		n, err := scanNamed(r)
		all = append(all, n)
		return err
	})
	return all, err
}

const namesQuery = `SELECT id, raw, name, ifnull((SELECT i.id FROM intent i WHERE i.mailbox = mailbox.id AND i.kind = 'create'), 0), detached_run IS NOT NULL AND unborn = 0, wanted, ifnull(wanted_name, '')
	FROM mailbox WHERE account = ? ORDER BY id`

func scanNamed(r *sql.Rows) (n named, err error) {
	var raw, wanted []byte
	err = r.Scan(&n.id, &raw, &n.name, &n.made, &n.gone, &wanted, &n.label)
	n.raw, n.wanted = string(raw), string(wanted)
	return n, err
}

// rename is a wish that waits.
type rename struct {
	id        IntentID
	mailbox   MailboxID
	to, label string
	delim     string
}

func (tx *Tx) renames(acct AccountID) ([]rename, error) {
	var all []rename
	err := tx.each(renamesQuery, []any{acct}, func(r *sql.Rows) error {
		w, err := scanRename(r)
		all = append(all, w)
		return err
	})
	return all, err
}

const renamesQuery = `SELECT i.id, i.mailbox, i.name, i.label, x.delim FROM intent i JOIN mailbox x ON x.id = i.mailbox
	WHERE i.account = ? AND i.kind = 'rename' ORDER BY i.id`

func scanRename(r *sql.Rows) (w rename, err error) {
	var to []byte
	err = r.Scan(&w.id, &w.mailbox, &to, &w.label, &w.delim)
	w.to = string(to)
	return w, err
}

// deriveNames works out what every mailbox of an account is called when the
// renames that wait are carried out, one after the other. A wish that the server
// has fulfilled by itself is none any more.
func (tx *Tx) deriveNames(acct AccountID) error {
	_, err := tx.exec(`DELETE FROM intent WHERE account = ? AND kind = 'rename'
		AND name = (SELECT raw FROM mailbox WHERE mailbox.id = intent.mailbox)`, acct)
	if err != nil {
		return err
	}
	now, err := tx.names(acct)
	if err != nil {
		return err
	}
	waiting, err := tx.renames(acct)
	if err != nil {
		return err
	}
	for _, n := range wantedNames(now, waiting) {
		var wanted, label any
		if n.wanted != "" {
			wanted, label = []byte(n.wanted), n.label
		}
		if _, err := tx.exec("UPDATE mailbox SET wanted = ?, wanted_name = ? WHERE id = ?", wanted, label, n.id); err != nil {
			return err
		}
	}
	return nil
}

// wantedNames gives the mailboxes whose wanted names are not what they must be,
// with what they must be.
func wantedNames(now []named, waiting []rename) (out []named) {
	then := append([]named(nil), now...)
	for _, w := range waiting {
		var from named
		for _, n := range then {
			if n.id == w.mailbox {
				from = n
			}
		}
		for i, n := range then {
			if n.made < w.id { // else it is made afterwards
				then[i] = n.renamed(from.raw, from.name, w.delim, w.to, w.label)
			}
		}
	}
	for i, n := range now {
		to := named{wanted: then[i].raw, label: then[i].name}
		if to.wanted == n.raw {
			to = named{}
		}
		if n.wanted != to.wanted || n.label != to.label {
			n.wanted, n.label = to.wanted, to.label
			out = append(out, n)
		}
	}
	return out
}

// rederive is deriveNames where a rename may wait.
func (tx *Tx) rederive(acct AccountID) error {
	var waits bool
	_, err := tx.get("SELECT EXISTS (SELECT 1 FROM intent WHERE account = ? AND kind = 'rename')", []any{acct}, &waits)
	if err != nil || !waits {
		return err
	}
	return tx.deriveNames(acct)
}
