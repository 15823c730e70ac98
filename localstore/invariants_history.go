package localstore

// flagsThen are the flags that an event p leaves its message with.
const flagsThen = `CASE p.kind WHEN 'moved' THEN p.old ELSE coalesce(p.new, p.old) END`

// historyInvariants are those of the events among themselves, and of what the rows
// repeat of them, as invariants. What each event says begins where the one before it
// ends, so that no single one can change unnoticed. What left the server may be found
// to have been moved later, by several.
var historyInvariants = []invariant{
	{FoundRow, "event %d does not follow from the one before about its message", `SELECT m.id, e.id FROM event e
		LEFT JOIN event p ON p.id = (SELECT max(id) FROM event WHERE message = e.message AND id < e.id)
		LEFT JOIN message m ON m.id = e.message
		WHERE e.message IS NOT NULL AND NOT ifnull(CASE WHEN e.kind = 'arrived'
			THEN ifnull(p.kind IN ('vanished', 'moved'), 1) AND e.new IS NOT NULL AND (e.old IS NULL OR e.uid IS NULL)
			ELSE e.old = ` + flagsThen + ` AND (p.kind NOT IN ('vanished', 'moved') OR e.kind = 'moved')
				AND (e.kind = 'rebound' OR e.generation = p.generation AND e.uid IS p.uid)
				AND CASE e.kind WHEN 'flags' THEN e.new <> e.old WHEN 'rebound' THEN e.new IS NOT NULL
					WHEN 'vanished' THEN e.new IS NULL ELSE e.new = CAST(CAST(e.new AS INTEGER) AS TEXT) END
			END, 0)`},
	{FoundRow, "message %d vanished in another run than its history says", `SELECT m.id, m.id FROM message m
		JOIN event e ON e.id = (SELECT min(id) FROM event WHERE message = m.id AND id > (SELECT max(id) FROM event WHERE message = m.id AND kind NOT IN ('vanished', 'moved')))
		WHERE m.vanished_run IS NOT NULL AND m.vanished_run <> e.run`},
	{FoundRow, "mailbox %d left the server in another run than its history says", `SELECT NULL, x.id FROM mailbox x
		WHERE x.detached_run <> (SELECT run FROM event WHERE mailbox = x.id AND kind = 'detached' ORDER BY id DESC LIMIT 1)`},
	{FoundRow, "event %d and the generation it is about do not agree", `SELECT NULL, e.id FROM event e LEFT JOIN generation g ON g.id = e.generation
		WHERE e.mailbox IS NOT NULL AND e.kind IN ('opened', 'retired') AND NOT ifnull(g.local = 0 AND g.mailbox = e.mailbox
			AND e.new = CAST(g.uidvalidity AS TEXT) AND e.run = CASE e.kind WHEN 'opened' THEN g.opened_run ELSE g.retired_run END, 0)`},
	{FoundRow, "history does not know how generation %d began or ended", `SELECT NULL, id FROM generation WHERE local = 0
		AND (id NOT IN (SELECT generation FROM event WHERE mailbox IS NOT NULL AND kind = 'opened')
			OR retired_run IS NOT NULL AND id NOT IN (SELECT generation FROM event WHERE mailbox IS NOT NULL AND kind = 'retired'))`},
}

// boundInvariants are those of values that no server and no owner can give, as
// invariants.
var boundInvariants = []invariant{
	{FoundRow, "generation %d has a cursor that no server tells", `SELECT NULL, id FROM generation
		WHERE uidnext NOT BETWEEN 0 AND 4294967295 OR messages NOT BETWEEN 0 AND 4294967295 OR listed NOT BETWEEN 0 AND 4294967295`},
	{FoundRow, "generation %d has a cursor above all its messages", `WITH high AS (SELECT id, listed FROM generation g WHERE listed >
			max(ifnull((SELECT max(m.uid) FROM message m WHERE m.generation = g.id AND m.vanished_run IS NULL), 0),
			    ifnull((SELECT max(m.uid) FROM message m WHERE m.generation = g.id AND m.vanished_run IS NOT NULL), 0)))
		SELECT NULL, h.id FROM high h LEFT JOIN (SELECT e.generation, max(e.uid) AS uid FROM event e
			WHERE e.message IS NOT NULL AND e.generation IN (SELECT id FROM high) GROUP BY e.generation) t ON t.generation = h.id
		WHERE h.listed > ifnull(t.uid, 0)`},
	{FoundRow, "message %d has a date that no calendar has", `SELECT id, id FROM message
		WHERE date NOT BETWEEN -62167392000 AND 253402387200 OR abs(zone) > 1500`},
	{FoundRow, "message %d has an identity of no kind", `SELECT id, id FROM message WHERE identity <> '' AND substr(identity, 1, 2) NOT IN ('E:', 'G:')`},
	{FoundRow, "what was found in another program's copy, number %d, has the wrong size", `SELECT NULL, f.id FROM found f JOIN body b ON b.id = f.body
		WHERE f.size <> b.size`},
	{FoundRow, "intent %d is queued as if it had been sent, or sent as if not", `SELECT ifnull(message, result), id FROM intent
		WHERE state = 'queued' AND sent_uidnext IS NOT NULL OR state = 'sent' AND sent_uidnext IS NULL
			OR sent_uidvalidity NOT BETWEEN 0 AND 4294967295 OR sent_uidnext NOT BETWEEN 0 AND 4294967295 OR tries < 0`},
	{FoundRow, "conflict %d cannot be read", `SELECT NULL, id FROM conflict WHERE NOT json_valid(wanted) OR NOT json_valid(had)`},
	{FoundRow, "the receipt of run %d cannot be read", `SELECT NULL, id FROM run WHERE receipt <> '' AND NOT json_valid(receipt)`},
}
