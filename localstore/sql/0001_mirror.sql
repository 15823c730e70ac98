-- Migration 1: the mirror of what IMAP servers hold.
--
-- Times are unix seconds, UTC. Flag sets are text: names separated by one
-- space, sorted, without duplicates and never \Recent. Every id is the rowid;
-- AUTOINCREMENT where an id leaves the store and must never mean another thing.

-- An account is one login on one server, under the name its owner gave it.
CREATE TABLE account (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    url  TEXT NOT NULL -- never with a password
) STRICT;

-- A run is one attempt to synchronise one account. A row without an outcome is
-- running now or was killed; the next run of the account marks it interrupted.
CREATE TABLE run (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account(id),
    started INTEGER NOT NULL,
    ended   INTEGER, -- unknown (NULL) for a run that was killed
    outcome TEXT CHECK (outcome IN ('ok', 'partial', 'failed', 'guard', 'interrupted')),
    exit    INTEGER, -- exit code of the run
    receipt TEXT,    -- JSON, as printed by sync --json
    CHECK (ended IS NULL OR outcome IS NOT NULL)
) STRICT;
CREATE INDEX run_account ON run(account);
CREATE INDEX run_outcome ON run(account, outcome);

-- A mailbox is known by the exact bytes the server calls it; the decoded name
-- is for people and need not be unique. It stays when the server drops it.
CREATE TABLE mailbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account      INTEGER NOT NULL REFERENCES account(id),
    raw          BLOB NOT NULL CHECK (length(raw) > 0), -- a BLOB: no collation, no encoding
    name         TEXT NOT NULL,
    delim        TEXT NOT NULL, -- '' for a flat namespace
    attrs        TEXT NOT NULL, -- as sent, separated by spaces
    role         TEXT NOT NULL, -- '' or inbox, sent, trash, ... (RFC 6154)
    selectable   INTEGER NOT NULL CHECK (selectable IN (0, 1)),
    subscribed   INTEGER NOT NULL CHECK (subscribed IN (0, 1)),
    detached_run INTEGER REFERENCES run(id), -- the run that no longer found it; NULL while listed
    UNIQUE (account, raw)
) STRICT;

-- A generation is one UIDVALIDITY era of a mailbox: only within it does a UID
-- name a message (RFC 9051 2.3.1.1). The cursor columns say how far the mirror
-- is; they move in the transaction that moves the rows. A UIDVALIDITY that
-- comes back opens a new generation all the same.
CREATE TABLE generation (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox       INTEGER NOT NULL REFERENCES mailbox(id),
    uidvalidity   INTEGER NOT NULL CHECK (uidvalidity BETWEEN 0 AND 4294967295),
    opened_run    INTEGER NOT NULL REFERENCES run(id),
    retired_run   INTEGER REFERENCES run(id), -- NULL for the one that is current
    uidnext       INTEGER NOT NULL DEFAULT 0, -- as the server said, 0 unknown
    messages      INTEGER NOT NULL DEFAULT 0, -- as the server said
    highestmodseq INTEGER NOT NULL DEFAULT 0, -- 63 bits (RFC 7162 3.1); 0: scan all flags
    mailboxid     TEXT NOT NULL DEFAULT '',   -- OBJECTID (RFC 8474), '' unknown
    listed        INTEGER NOT NULL DEFAULT 0  -- every UID up to this one has its row; 0: UIDs mean nothing here
) STRICT;
CREATE UNIQUE INDEX generation_current ON generation(mailbox) WHERE retired_run IS NULL;
CREATE INDEX generation_mailbox ON generation(mailbox);

-- A body is the exact bytes of a message, held once however many messages have
-- it. A row appears only together with all its chunks.
CREATE TABLE body (
    id            INTEGER PRIMARY KEY,
    sha256        BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    size          INTEGER NOT NULL CHECK (size >= 0),
    header_sha256 BLOB NOT NULL CHECK (length(header_sha256) = 32), -- up to and including the first empty line
    header_size   INTEGER NOT NULL CHECK (header_size BETWEEN 0 AND size),
    chunks        INTEGER NOT NULL CHECK (chunks BETWEEN 0 AND 1048576),
    damaged       INTEGER NOT NULL DEFAULT 0 CHECK (damaged IN (0, 1)) -- found rotten: no message present has it; the same bytes put again heal it
) STRICT;

-- A chunk is at most 1 MiB of a body. Its id is body << 20 | number from 0, so
-- that one rowid lookup finds it and a body is one range of keys.
CREATE TABLE chunk (
    id   INTEGER PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576), -- when unpacked
    zstd INTEGER NOT NULL CHECK (zstd IN (0, 1)),             -- 0: data is the bytes themselves
    data BLOB NOT NULL
) STRICT;

-- Bodies being written over several transactions: their chunks are in, their
-- body row is not. Whatever is left here when the store is opened for writing
-- comes from a killed process and is removed with its chunks.
CREATE TABLE staging (
    body INTEGER PRIMARY KEY
) STRICT;

-- What the header of a body says, decoded for people and for searching. Derived
-- data: the body has the truth, long fields are cut, control characters are blanks.
CREATE TABLE envelope (
    body       INTEGER PRIMARY KEY REFERENCES body(id) ON DELETE CASCADE,
    message_id TEXT, -- with its angle brackets
    subject    TEXT,
    sender     TEXT, -- From: "Name <address>", separated by ", "
    recipients TEXT, -- To, Cc and Bcc, the same way
    date       INTEGER -- Date, NULL when it cannot be read
) STRICT;

-- A message is one place in one mailbox. Its id is for good. size and date are
-- what the server announced; flags are kept twice: base, as last agreed with
-- the server, and local, as the owner sees them. Flags change often and bodies
-- never, so this table stays narrow.
CREATE TABLE message (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    generation   INTEGER NOT NULL REFERENCES generation(id),
    uid          INTEGER CHECK (uid BETWEEN 1 AND 4294967295), -- NULL: not yet on the server
    size         INTEGER CHECK (size >= 0), -- RFC822.SIZE, which may be wrong; NULL unknown
    date         INTEGER,                   -- INTERNALDATE; NULL unknown
    zone         INTEGER NOT NULL DEFAULT 0, -- of the date: minutes east of UTC
    base         TEXT NOT NULL,
    local        TEXT NOT NULL,
    body         INTEGER REFERENCES body(id), -- NULL: not held
    vanished_run INTEGER REFERENCES run(id)   -- the run that no longer found it; NULL while present
) STRICT;
-- Each message is in exactly one of these two.
CREATE UNIQUE INDEX message_present ON message(generation, uid) WHERE vanished_run IS NULL;
CREATE INDEX message_vanished ON message(generation, uid) WHERE vanished_run IS NOT NULL;
CREATE INDEX message_missing ON message(generation, uid) WHERE body IS NULL AND vanished_run IS NULL;
CREATE INDEX message_body ON message(body) WHERE body IS NOT NULL;

-- Everything that ever changed, in order of id; rows are only added. Read from
-- the start up to any moment they give the state of every folder then:
--   arrived   message appears at generation, uid with flags "new" (again, when it had vanished)
--   flags     message: flags "old" became "new"
--   rebound   message now is at generation, uid with flags "new" (UIDVALIDITY changed)
--   vanished  message left generation, uid with flags "old"
--   created, detached, back     mailbox (named "new") appears on, leaves, returns to the server
--   renamed   mailbox has the raw name "new" instead of "old"
--   opened, retired             generation of mailbox; "new" is its UIDVALIDITY
-- No foreign keys: history outlives what it speaks of.
CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL, -- wall clock, for people: the order is that of id
    run        INTEGER,          -- NULL: not made by a run
    kind       TEXT NOT NULL CHECK (kind IN ('arrived', 'flags', 'rebound', 'vanished',
                                             'created', 'detached', 'back', 'renamed', 'opened', 'retired')),
    mailbox    INTEGER,          -- for events of mailboxes and generations
    generation INTEGER,
    message    INTEGER,
    uid        INTEGER,
    old        TEXT,
    new        TEXT
) STRICT;
CREATE INDEX event_message ON event(message) WHERE message IS NOT NULL;
CREATE INDEX event_mailbox ON event(mailbox) WHERE mailbox IS NOT NULL;

-- What could not be done and when to try again: a message the server will not
-- give, a mailbox it will not open, a mailbox set aside. Exactly the columns
-- that say what it is about are set.
CREATE TABLE problem (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  INTEGER NOT NULL REFERENCES account(id),
    mailbox  INTEGER REFERENCES mailbox(id),
    message  INTEGER REFERENCES message(id),
    uid      INTEGER, -- a message that has no row yet; means nothing after its generation retires
    kind     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    tries    INTEGER NOT NULL CHECK (tries > 0),
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    retry_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX problem_subject ON problem(account, kind, ifnull(mailbox, 0), ifnull(message, 0), ifnull(uid, 0));
CREATE INDEX problem_message ON problem(message) WHERE message IS NOT NULL;

-- The view for everyone with a sqlite3 shell. Stable: columns are only ever
-- appended. Dates are RFC 3339 in UTC, flags are separated by spaces, sha256 is
-- hexadecimal, size is that of the body when it is held, else as announced.
-- state: present; local = not yet on the server; missing = known, but its body
-- is not held yet; vanished = gone from the server. id is the one that
-- "mailstow show" takes.
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
       message.id AS id
  FROM message
  JOIN generation ON generation.id = message.generation
  JOIN mailbox ON mailbox.id = generation.mailbox
  JOIN account ON account.id = mailbox.account
  LEFT JOIN body ON body.id = message.body
  LEFT JOIN envelope ON envelope.body = message.body;
