-- Migration 2: no mail is fetched twice. Messages are recognised wherever they
-- turn up, and large ones arrive in pieces that outlast a lost connection.

-- What the server says a message is, wherever it lies in the account: 'E:' and
-- its EMAILID (RFC 8474), or 'G:' and its X-GM-MSGID; '' where it says neither.
-- Means nothing in another account.
ALTER TABLE message ADD COLUMN identity TEXT NOT NULL DEFAULT '';

-- The Gmail labels of a message (X-GM-LABELS): a JSON array of names, sorted,
-- without duplicates; Gmail's own ones begin with a backslash. NULL where the
-- server has no labels. The server's word alone: history does not keep them.
ALTER TABLE message ADD COLUMN labels TEXT;

-- By what a body is found that is held already, in another place: the size and
-- date that its message was announced with. Only where that leads anywhere: the
-- server tells identities, or the message is large enough that its header is worth
-- asking for. Dates come first, since mail arrives in their order.
CREATE INDEX message_alike ON message(date, size)
    WHERE body IS NOT NULL AND (identity <> '' OR size >= 32768);

-- The message whose body arrives in pieces. Such a body outlasts its process: it
-- is taken up again as long as the message is present and lacks its body. NULL:
-- one that is removed when the store is opened for writing.
ALTER TABLE staging ADD COLUMN message INTEGER REFERENCES message(id) ON DELETE SET NULL;

-- SHA-256 of the bytes in the chunks so far, written with them: what was damaged
-- meanwhile is not continued.
ALTER TABLE staging ADD COLUMN sha256 BLOB;

CREATE UNIQUE INDEX staging_message ON staging(message) WHERE message IS NOT NULL;

-- The view as it was, with labels at its end.
DROP VIEW mail;
CREATE VIEW mail AS
SELECT account.name AS account,
       mailbox.name AS folder,
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
            ELSE 'present' END AS state,
       message.id AS id,
       message.labels AS labels
  FROM message
  JOIN generation ON generation.id = message.generation
  JOIN mailbox ON mailbox.id = generation.mailbox
  JOIN account ON account.id = mailbox.account
  LEFT JOIN body ON body.id = message.body
  LEFT JOIN envelope ON envelope.body = message.body;
