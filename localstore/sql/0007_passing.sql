-- Migration 7: mail can be brought from one server to another without being kept.

-- One row, written when the file is made: this is the state of migrations. Bodies pass
-- through it and are dropped; an ordinary store has none and never gets one.
CREATE TABLE passing (
    only INTEGER PRIMARY KEY CHECK (only = 1)
) STRICT;
CREATE TRIGGER passing_first BEFORE INSERT ON passing WHEN EXISTS (SELECT 1 FROM account)
BEGIN SELECT RAISE(ABORT, 'a store that is in use cannot become the state of a migration'); END;

-- 1: its bytes were let go, and what tells it from others is kept. It is damaged as
-- well, since whoever looks for bytes that are here must not find it, and the same
-- bytes put again bring it back; messages keep it all the same.
ALTER TABLE body ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0 CHECK (dropped IN (0, damaged));
CREATE TRIGGER body_dropped BEFORE UPDATE OF dropped ON body WHEN NEW.dropped = 1 AND NOT EXISTS (SELECT 1 FROM passing)
BEGIN SELECT RAISE(ABORT, 'only the state of a migration drops bodies'); END;

-- Of the bodies that are not here, those that are to be fetched now; in the state of a
-- migration no other is missing.
CREATE TABLE due (
    message INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE
) STRICT;

-- The view as it was, and one more state: dropped = on the server, and its body was
-- only on its way here. sha256 and size are what it had.
DROP VIEW mail;
CREATE VIEW mail AS
SELECT account.name AS account,
       coalesce(mailbox.wanted_name, mailbox.name) AS folder,
       message.uid AS uid,
       envelope.message_id AS message_id,
       envelope.subject AS subject,
       envelope.sender AS sender,
       envelope.recipients AS recipients,
       strftime('%Y-%m-%dT%H:%M:%SZ', envelope.date, 'unixepoch') AS date,
       strftime('%Y-%m-%dT%H:%M:%SZ', message.date, 'unixepoch') AS internal_date,
       message.local AS flags,
       coalesce(body.size, message.size) AS size,
       CASE WHEN body.sha256 IS NOT NULL THEN lower(hex(body.sha256)) END AS sha256,
       CASE WHEN message.vanished_run IS NOT NULL THEN 'vanished'
            WHEN message.uid IS NULL THEN 'local'
            WHEN message.body IS NULL THEN 'missing'
            WHEN body.dropped = 1 THEN 'dropped'
            ELSE 'present' END AS state,
       message.id AS id,
       message.labels AS labels
  FROM message
  JOIN generation ON generation.id = message.generation
  JOIN mailbox ON mailbox.id = generation.mailbox
  JOIN account ON account.id = mailbox.account
  LEFT JOIN body ON body.id = message.body
  LEFT JOIN envelope ON envelope.body = message.body
 WHERE message.leaving IS NULL AND mailbox.leaving IS NULL;
