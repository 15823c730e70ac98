package localstore

import (
	"database/sql"
	"fmt"
)

// intentInvariants are those of what waits for the server, as invariants.
var intentInvariants = []invariant{
	{FoundRow, "message leaves by intent %d, which does not take it away", `SELECT m.id, m.leaving FROM message m
		LEFT JOIN intent i ON i.id = m.leaving AND i.message = m.id AND i.kind IN ('move', 'delete') AND i.state <> 'done'
		WHERE m.leaving IS NOT NULL AND i.id IS NULL`},
	{FoundRow, "intent %d takes a message away that does not leave", `SELECT m.id, i.id FROM intent i JOIN message m ON m.id = i.message
		WHERE i.kind IN ('move', 'delete') AND m.leaving IS NOT i.id AND i.state NOT IN ('done', 'parked')`},
	{FoundRow, "message %d has no UID and no intent brings it", `SELECT m.id, m.id FROM message m
		WHERE m.uid IS NULL AND m.vanished_run IS NULL AND NOT EXISTS (SELECT 1 FROM intent WHERE result = m.id)`},
	{FoundRow, "intent %d brings a message that is there or was given up", `SELECT m.id, i.id FROM intent i JOIN message m ON m.id = i.result
		WHERE m.uid IS NOT NULL OR m.vanished_run IS NOT NULL OR m.leaving IS NOT NULL`},
	{FoundRow, "intent %d brings a message to another mailbox than its own, or an old generation of it", `SELECT m.id, i.id FROM intent i
		JOIN message m ON m.id = i.result JOIN generation g ON g.id = m.generation
		WHERE g.mailbox <> i.target OR EXISTS (SELECT 1 FROM generation n WHERE n.mailbox = g.mailbox AND n.id > g.id)`},
	{FoundBody, "intent %d has no body to send", `SELECT r.id, i.id FROM intent i JOIN message r ON r.id = i.result
		LEFT JOIN message m ON m.id = i.message WHERE r.body IS NULL AND (m.id IS NULL OR m.body IS NOT NULL)`},
	{FoundRow, "message %d has edited flags and no intent for them, or one for nothing", `SELECT m.id, m.id FROM message m
		WHERE m.uid IS NOT NULL AND m.vanished_run IS NULL AND (m.base <> m.local OR m.id IN (SELECT message FROM intent WHERE kind = 'flags'))
		AND (lower(m.base) <> lower(m.local)) <> EXISTS (SELECT 1 FROM intent i WHERE i.message = m.id AND i.kind = 'flags')`},
	{FoundRow, "intent %d sets flags of a message that is not on the server", `SELECT m.id, i.id FROM intent i JOIN message m ON m.id = i.message
		WHERE m.uid IS NULL`},
	{FoundRow, "message %d and the row it moves to have different flags", `SELECT m.id, m.id FROM message m
		JOIN intent i ON i.id = m.leaving JOIN message r ON r.id = i.result
		WHERE m.vanished_run IS NULL AND (m.base, m.local) <> (r.base, r.local)`},
	{FoundRow, "intent %d is of another account than what it is about", `SELECT m.id, i.id FROM intent i
		LEFT JOIN message m ON m.id = ifnull(i.message, i.result) LEFT JOIN generation g ON g.id = m.generation
		JOIN mailbox x ON x.id IN (i.mailbox, i.target, g.mailbox) WHERE x.account <> i.account`},
	{FoundRow, "generation %d was made here and holds messages of the server", `SELECT NULL, g.id FROM generation g WHERE g.local = 1
		AND (g.uidvalidity <> 0 OR g.retired_run IS NOT NULL
			OR EXISTS (SELECT 1 FROM message m WHERE m.generation = g.id AND m.vanished_run IS NULL AND m.uid > 0))`},
	{FoundRow, "mailbox %d was made here without an intent to create it, or the other way round", `SELECT NULL, x.id FROM mailbox x
		WHERE x.unborn <> EXISTS (SELECT 1 FROM intent WHERE mailbox = x.id AND kind = 'create')`},
	{FoundRow, "mailbox %d leaves without an intent to remove it, or the other way round", `SELECT NULL, x.id FROM mailbox x
		WHERE x.leaving IS NOT (SELECT id FROM intent WHERE mailbox = x.id AND kind = 'remove')`},
	{FoundRow, "intent %d wants a subscription that is there", `SELECT NULL, i.id FROM intent i JOIN mailbox x ON x.id = i.mailbox
		WHERE i.kind = CASE x.subscribed WHEN 1 THEN 'subscribe' ELSE 'unsubscribe' END`},
}

// names checks that mailboxes are wanted under the names that follow from the
// intents.
func (c *checker) names() error {
	accounts, err := c.s.Accounts(c.ctx)
	for _, a := range accounts {
		if err != nil {
			return err
		}
		err = c.namesOf(a.ID)
	}
	return err
}

func (c *checker) namesOf(acct AccountID) error {
	var now []named
	err := c.s.each(c.ctx, namesQuery, []any{acct}, func(r *sql.Rows) error {
		n, err := scanNamed(r)
		now = append(now, n)
		return err
	})
	var waiting []rename
	if err == nil {
		err = c.s.each(c.ctx, renamesQuery, []any{acct}, func(r *sql.Rows) error {
			w, err := scanRename(r)
			waiting = append(waiting, w)
			return err
		})
	}
	o := outlookOf(now, waiting)
	for _, n := range o.changed {
		c.report(Finding{Kind: FoundRow, What: fmt.Sprintf("mailbox %d is wanted under another name than the intents say", n.id)})
	}
	for _, id := range o.needless {
		c.report(Finding{Kind: FoundRow, What: fmt.Sprintf("intent %d renames a mailbox to the name it has", id)})
	}
	return err
}
