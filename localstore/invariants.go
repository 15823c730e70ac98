package localstore

import "strings"

// invariant is a relation between rows that no constraint states. The query
// gives what breaks it: the message concerned or NULL, and an id for the text.
type invariant struct{ kind, what, query string }

var invariants = []invariant{
	{FoundRow, "message %d is not in the view mail, or should not be", `SELECT m.id, m.id FROM message m
		LEFT JOIN generation g ON g.id = m.generation LEFT JOIN mailbox x ON x.id = g.mailbox
		WHERE EXISTS (SELECT 1 FROM mail WHERE mail.id = m.id) <> (m.leaving IS NULL AND x.leaving IS NULL)`},
	{FoundRow, "view mail has another account or folder for message %d", `SELECT m.id, m.id FROM mail v
		JOIN message m ON m.id = v.id JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox
		JOIN account a ON a.id = x.account WHERE (v.account, v.folder, v.uid) IS NOT (a.name, ifnull(x.wanted_name, x.name), m.uid)`},
	{FoundRow, "message has UID %d", `SELECT id, uid FROM message WHERE uid <= 0`},
	{FoundRow, "generation %d has a message above its cursor", `SELECT NULL, g.id FROM generation g WHERE g.listed > 0 AND g.listed <
		max(ifnull((SELECT max(m.uid) FROM message m WHERE m.generation = g.id AND m.vanished_run IS NULL AND m.unlisted = 0), 0),
		    ifnull((SELECT max(m.uid) FROM message m WHERE m.generation = g.id AND m.vanished_run IS NOT NULL AND m.unlisted = 0), 0))`},
	{FoundRow, "generation %d has a negative HIGHESTMODSEQ", `SELECT NULL, id FROM generation WHERE highestmodseq < 0`},
	{FoundRow, "mailbox %d has its newest generation retired before an older one", `SELECT NULL, a.mailbox FROM generation a
		JOIN generation b ON b.mailbox = a.mailbox AND b.id > a.id WHERE a.retired_run IS NULL`},
	{FoundRow, "history of message %d does not lead to what it is", `SELECT m.id, m.id FROM message m WHERE NOT EXISTS (
		SELECT 1 FROM event e WHERE e.id = (SELECT max(id) FROM event WHERE message = m.id)
		AND CASE e.kind WHEN 'moved' THEN e.old ELSE coalesce(e.new, e.old) END = m.local AND e.generation = m.generation AND e.uid IS m.uid
		AND (e.kind IN ('vanished', 'moved')) = (m.vanished_run IS NOT NULL))`},
	{FoundRow, "history does not lead to whether mailbox %d is on the server", `SELECT NULL, x.id FROM mailbox x WHERE ifnull((
		SELECT kind = 'detached' FROM event WHERE mailbox = x.id AND kind IN ('created', 'detached', 'back') ORDER BY id DESC LIMIT 1),
		-1) <> CASE WHEN x.unborn = 1 AND x.detached_run IS NULL THEN -1 ELSE x.detached_run IS NOT NULL END`},
	{FoundRow, "a problem remains about the vanished message %d", `SELECT m.id, m.id FROM problem p JOIN message m ON m.id = p.message
		WHERE m.vanished_run IS NOT NULL`},
	{FoundRow, "body %d has no envelope", `SELECT NULL, id FROM body WHERE dropped = 0 AND id NOT IN (SELECT body FROM envelope)`},
	{FoundBody, "body %d is known to be damaged", `SELECT m.id, b.id FROM body b JOIN message m ON m.body = b.id WHERE b.damaged = 1 AND b.dropped = 0`},
	{FoundRow, "body %d was dropped by a store that keeps bodies", `SELECT m.id, b.id FROM body b LEFT JOIN message m ON m.body = b.id
		WHERE b.dropped = 1 AND NOT EXISTS (SELECT 1 FROM passing)`},
	{FoundRow, "body %d was dropped, and waits to be sent", `SELECT r.id, b.id FROM body b JOIN message r ON r.body = b.id
		JOIN intent i ON i.result = r.id WHERE b.dropped = 1 AND i.state IN ('queued', 'sent')`},
	{FoundRow, "body %d was dropped and has chunks", `SELECT NULL, b.id FROM body b WHERE b.dropped = 1
		AND EXISTS (SELECT 1 FROM chunk WHERE chunk.id >= b.id << 20 AND chunk.id < (b.id + 1) << 20)`},
	{FoundWaste, "body %d belongs to no message", `SELECT NULL, b.id FROM body b
		WHERE b.damaged = 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.body = b.id) AND NOT EXISTS (SELECT 1 FROM found f WHERE f.body = b.id)`},
}

// notCanonical says what is wrong with a flag set, "" for nothing.
func notCanonical(flags string) string {
	if flags == "" {
		return ""
	}
	last := ""
	for _, f := range strings.Split(flags, " ") {
		low := lower(f)
		switch {
		case low == "":
			return "has a blank too many"
		case low == `\recent`:
			return `has \Recent, which belongs to a session (I16)`
		case low <= last:
			return "is not sorted or names a flag twice"
		}
		last = low
	}
	return ""
}

// lower folds the case of ASCII alone, as IMAP does: flags need not be UTF-8.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
