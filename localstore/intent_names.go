package localstore

import (
	"database/sql"
	"slices"
	"strings"
)

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
		AND name = (SELECT raw FROM mailbox WHERE mailbox.id = intent.mailbox)
		AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.mailbox = intent.mailbox AND i.kind = 'rename' AND i.id < intent.id)`, acct)
	if err != nil {
		return err
	}
	changed, _, err := tx.wantedNames(acct)
	if err != nil {
		return err
	}
	for _, n := range changed {
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

func (tx *Tx) wantedNames(acct AccountID) (changed []named, blocked []IntentID, err error) {
	now, waiting, err := tx.namesAndRenames(acct)
	if err != nil {
		return nil, nil, err
	}
	changed, blocked = wantedNames(now, waiting)
	return changed, blocked, nil
}

func (tx *Tx) namesAndRenames(acct AccountID) ([]named, []rename, error) {
	now, err := tx.names(acct)
	if err != nil {
		return nil, nil, err
	}
	waiting, err := tx.renames(acct)
	return now, waiting, err
}

// wantedNames gives the mailboxes whose wanted names are not what they must be,
// with what they must be, and the renames that cannot be carried out: another
// mailbox has the name then, or it is below the mailbox itself.
func wantedNames(now []named, waiting []rename) (changed []named, blocked []IntentID) {
	then := slices.Clone(now)
	for _, w := range waiting {
		if !carryOut(then, w) {
			blocked = append(blocked, w.id)
		}
	}
	for i, n := range now {
		to := named{wanted: then[i].raw, label: then[i].name}
		if to.wanted == n.raw {
			to = named{}
		}
		if n.wanted != to.wanted || n.label != to.label {
			n.wanted, n.label = to.wanted, to.label
			changed = append(changed, n)
		}
	}
	return changed, blocked
}

// carryOut does to names what a rename does, if it can be done. What is made only
// after it has its name then.
func carryOut(then []named, w rename) bool {
	var from named
	for _, n := range then {
		if n.id == w.mailbox {
			from = n
		} else if n.raw == w.to && !n.gone && n.made < w.id {
			return false
		}
	}
	if w.delim != "" && strings.HasPrefix(w.to, from.raw+w.delim) {
		return false
	}
	for i, n := range then {
		if n.made < w.id {
			then[i] = n.renamed(from.raw, from.name, w.delim, w.to, w.label)
		}
	}
	return true
}

// passed refuses a name that a mailbox has between two renames that wait.
func (tx *Tx) passed(acct AccountID, raw string) error {
	then, waiting, err := tx.namesAndRenames(acct)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		carryOut(then, w)
		if slices.ContainsFunc(then, func(n named) bool { return n.raw == raw && !n.gone }) {
			return ErrExists
		}
	}
	return nil
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
