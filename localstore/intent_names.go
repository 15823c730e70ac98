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
// renames that wait are carried out, one after the other. Those that the server
// has fulfilled by itself are none any more.
func (tx *Tx) deriveNames(acct AccountID) error {
	o, err := tx.outlook(acct)
	if err != nil {
		return err
	}
	for _, id := range o.needless {
		if err := tx.deleteIntent(id); err != nil {
			return err
		}
	}
	for _, n := range o.changed {
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

// outlook is what becomes of names when the renames that wait are carried out.
type outlook struct {
	changed  []named    // mailboxes whose wanted names are not what they must be, with what they must be
	blocked  []IntentID // renames that cannot be carried out when it is their turn
	needless []IntentID // renames to the name that the mailbox has then
}

func (tx *Tx) outlook(acct AccountID) (outlook, error) {
	now, waiting, err := tx.namesAndRenames(acct)
	if err != nil {
		return outlook{}, err
	}
	return outlookOf(now, waiting), nil
}

func (tx *Tx) namesAndRenames(acct AccountID) ([]named, []rename, error) {
	now, err := tx.names(acct)
	if err != nil {
		return nil, nil, err
	}
	waiting, err := tx.renames(acct)
	return now, waiting, err
}

func outlookOf(now []named, waiting []rename) (o outlook) {
	then := slices.Clone(now)
	for _, w := range waiting {
		switch carryOut(then, w) {
		case blocked:
			o.blocked = append(o.blocked, w.id)
		case needless:
			o.needless = append(o.needless, w.id)
		}
	}
	for i, n := range now {
		to := named{wanted: then[i].raw, label: then[i].name}
		if to.wanted == n.raw {
			to = named{}
		}
		if n.wanted != to.wanted || n.label != to.label {
			n.wanted, n.label = to.wanted, to.label
			o.changed = append(o.changed, n)
		}
	}
	return o
}

// What a rename does when it is its turn.
const (
	carried = iota
	needless
	blocked // the mailbox is gone, a name is another one's, or lies below it
)

// carryOut does to names what a rename does, if it can be done. What is made only
// after it has its name then.
func carryOut(then []named, w rename) int {
	i := slices.IndexFunc(then, func(n named) bool { return n.id == w.mailbox })
	switch {
	case i < 0 || then[i].gone:
		return blocked
	case then[i].raw == w.to:
		return needless
	case w.delim != "" && strings.HasPrefix(w.to, then[i].raw+w.delim):
		return blocked
	}
	from := then[i]
	moved := map[int]named{}
	taken := map[string]bool{}
	for i, n := range then {
		if to := n.renamed(from.raw, from.name, w.delim, w.to, w.label); to.raw != n.raw && n.made < w.id {
			moved[i], taken[to.raw] = to, true
		}
	}
	for i, n := range then {
		if _, moves := moved[i]; taken[n.raw] && !moves && !n.gone && n.made < w.id {
			return blocked
		}
	}
	for i, n := range moved {
		then[i] = n
	}
	return carried
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

// namesChanged has the names of an account derived when the transaction ends, or
// the owner changes something: what the server does to names is only whole then.
// renames: some that waited are gone.
func (tx *Tx) namesChanged(acct AccountID, renames bool) {
	if tx.renamed == nil {
		tx.renamed = map[AccountID]bool{}
	}
	tx.renamed[acct] = tx.renamed[acct] || renames
}

// settleNames does what namesChanged asked for, where a rename waits or did.
func (tx *Tx) settleNames() error {
	for acct, needed := range tx.renamed {
		if !needed {
			_, err := tx.get("SELECT EXISTS (SELECT 1 FROM intent WHERE account = ? AND kind = 'rename')", []any{acct}, &needed)
			if err != nil {
				return err
			}
		}
		if needed {
			if err := tx.deriveNames(acct); err != nil {
				return err
			}
		}
	}
	tx.renamed = nil
	return nil
}
