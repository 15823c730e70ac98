-- Migration 3: work offline. What the owner does here is visible at once and
-- waits as an intent until the server has it too.

-- An intent is one thing the owner wants of the server. They are carried out in
-- the order of their ids, as far as what they need allows, and leave the table
-- when they are done or dropped. What each kind uses:
--   flags                  message: its base becomes its local on the server
--   move, copy             message, result, target
--   delete                 message: for good; to the trash is a move
--   append                 result, target
--   create, rename         mailbox; name, the raw one wanted (of create: that of the mailbox)
--   remove, subscribe, unsubscribe    mailbox
-- State: queued; sent = the command left, its outcome is not known, so the server
-- is looked at before anything is sent again; done = carried out, but the UID of
-- the result is not known yet: never sent again; parked = waits for a person.
CREATE TABLE intent (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  INTEGER NOT NULL REFERENCES account(id),
    made     INTEGER NOT NULL,
    since    INTEGER,                        -- the newest run then: what later ones see, the owner had not seen
    kind     TEXT NOT NULL CHECK (kind IN ('flags', 'move', 'copy', 'delete', 'append',
                                           'create', 'rename', 'remove', 'subscribe', 'unsubscribe')),
    state    TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'done', 'parked')),
    mailbox  INTEGER REFERENCES mailbox(id),
    target   INTEGER REFERENCES mailbox(id), -- where result is
    message  INTEGER REFERENCES message(id), -- the row on the server that is acted on
    result   INTEGER REFERENCES message(id), -- the row without UID that stands for the outcome
    name     BLOB,                           -- rename: the raw wire name wanted
    label    TEXT,                           -- rename: the same for people
    sent_uidvalidity INTEGER,                -- of target when the command left (RFC 4549 section 5.1)
    sent_uidnext     INTEGER,
    tries    INTEGER NOT NULL DEFAULT 0,
    reason   TEXT NOT NULL DEFAULT '',       -- of the last try, or why it is parked
    retry_at INTEGER,                        -- NULL: due
    CHECK ((mailbox IS NOT NULL) = (kind IN ('create', 'rename', 'remove', 'subscribe', 'unsubscribe'))),
    CHECK ((target IS NOT NULL) = (kind IN ('move', 'copy', 'append'))),
    CHECK ((result IS NOT NULL) = (target IS NOT NULL)),
    CHECK ((message IS NOT NULL) = (kind IN ('flags', 'move', 'copy', 'delete'))),
    CHECK ((name IS NOT NULL) = (kind = 'rename') AND (label IS NOT NULL) = (kind = 'rename'))
) STRICT;
CREATE INDEX intent_account ON intent(account);
CREATE INDEX intent_target ON intent(target) WHERE target IS NOT NULL;
CREATE INDEX intent_message ON intent(message) WHERE message IS NOT NULL;
CREATE UNIQUE INDEX intent_flags ON intent(message) WHERE kind = 'flags';
CREATE UNIQUE INDEX intent_leaving ON intent(message) WHERE kind IN ('move', 'delete');
CREATE UNIQUE INDEX intent_result ON intent(result) WHERE result IS NOT NULL;
CREATE INDEX intent_mailbox ON intent(mailbox) WHERE mailbox IS NOT NULL;
CREATE UNIQUE INDEX intent_once ON intent(mailbox, CASE kind WHEN 'unsubscribe' THEN 'subscribe' ELSE kind END)
    WHERE mailbox IS NOT NULL AND kind <> 'rename';

-- A damaged body (body.damaged) may still be that of messages not on the server
-- yet, besides vanished ones: nothing else has the bytes that shall be sent.

-- The intent that takes the message away, as people see it: the row itself stays
-- as it is until the server has moved or deleted the message.
ALTER TABLE message ADD COLUMN leaving INTEGER;

-- 1: the server's answer to a command of ours named its UID, and no listing has
-- shown it yet; size and date are what was sent. It may lie above "listed".
ALTER TABLE message ADD COLUMN unlisted INTEGER NOT NULL DEFAULT 0 CHECK (unlisted IN (0, 1));

-- 1: made for messages not yet on the server of a mailbox that has no UIDVALIDITY
-- yet. The mailbox's next generation takes its place. opened_run is the newest one then.
-- A row without UID is always in the newest generation of its mailbox.
ALTER TABLE generation ADD COLUMN local INTEGER NOT NULL DEFAULT 0 CHECK (local IN (0, 1));

-- 1: made here and not yet on the server. It may have been there once, then it
-- is detached as well.
ALTER TABLE mailbox ADD COLUMN unborn INTEGER NOT NULL DEFAULT 0 CHECK (unborn IN (0, 1));

-- The intent that removes the mailbox; people no longer see it.
ALTER TABLE mailbox ADD COLUMN leaving INTEGER;

-- The raw name it has when all renames that wait are carried out, and the same
-- for people; NULL: none concerns it. Derived from the intents.
ALTER TABLE mailbox ADD COLUMN wanted BLOB;
ALTER TABLE mailbox ADD COLUMN wanted_name TEXT;

-- What the owner wanted and the server no longer allowed, and what was done about
-- it. Rows stay when they are resolved. No foreign keys: as with event.
CREATE TABLE conflict (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    INTEGER NOT NULL REFERENCES account(id),
    at         INTEGER NOT NULL,
    run        INTEGER,
    rule       TEXT NOT NULL,
    mailbox    INTEGER,
    message    INTEGER,
    intent     INTEGER,          -- what waits for a decision; NULL: nothing
    wanted     TEXT NOT NULL,    -- JSON
    had        TEXT NOT NULL,    -- JSON: what the server had
    decision   TEXT NOT NULL CHECK (decision IN ('server', 'local', 'both', 'parked')),
    resolved   INTEGER,          -- NULL: open
    resolution TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX conflict_account ON conflict(account);
CREATE INDEX conflict_open ON conflict(account) WHERE resolved IS NULL;

-- Everything that ever changed, in order of id; rows are only added. Read from
-- the start up to any moment they give the state of every folder then. Events
-- without a UID are about messages not yet on the server:
--   arrived   message appears at generation, uid with flags "new" (again, when it had vanished)
--   flags     message: flags "old" became "new"
--   rebound   message now is at generation, uid with flags "new" (UIDVALIDITY changed,
--             or the server told the UID of what was made here)
--   vanished  message left generation, uid with flags "old"
--   moved     the same, and message "new" is where it went; after a vanished event when that was seen first
--   created, detached, back     mailbox (named "new") appears on, leaves, returns to the server
--   renamed   mailbox has the raw name "new" instead of "old"
--   opened, retired             generation of mailbox; "new" is its UIDVALIDITY
-- No foreign keys: history outlives what it speaks of.
CREATE TABLE event_3 (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL, -- wall clock, for people: the order is that of id
    run        INTEGER,          -- NULL: not made by a run but by the owner
    kind       TEXT NOT NULL CHECK (kind IN ('arrived', 'flags', 'rebound', 'vanished', 'moved',
                                             'created', 'detached', 'back', 'renamed', 'opened', 'retired')),
    mailbox    INTEGER,          -- for events of mailboxes and generations
    generation INTEGER,
    message    INTEGER,
    uid        INTEGER,
    old        TEXT,
    new        TEXT
) STRICT;
INSERT INTO event_3(id, at, run, kind, mailbox, generation, message, uid, old, new)
    SELECT id, at, run, kind, mailbox, generation, message, uid, old, new FROM event ORDER BY id;
DROP TABLE event;
ALTER TABLE event_3 RENAME TO event;
CREATE INDEX event_message ON event(message) WHERE message IS NOT NULL;
CREATE INDEX event_mailbox ON event(mailbox) WHERE mailbox IS NOT NULL;

-- The view as it was, and as the owner wants the mail to be: a message that waits
-- to be moved is where it shall go (state local), one that waits to be deleted is
-- not there, a folder has the name it shall get.
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
