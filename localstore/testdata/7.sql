PRAGMA application_id = 1836282999;
PRAGMA user_version = 7;
BEGIN;
CREATE TABLE account (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    url  TEXT NOT NULL -- never with a password
) STRICT;
INSERT INTO account VALUES (1, 'work', 'imaps://me@example.org');
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
INSERT INTO run VALUES (1, 1, 1000, NULL, NULL, NULL, NULL);
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
    detached_run INTEGER REFERENCES run(id), unborn INTEGER NOT NULL DEFAULT 0 CHECK (unborn IN (0, 1)), leaving INTEGER, wanted BLOB, wanted_name TEXT, -- the run that no longer found it; NULL while listed
    UNIQUE (account, raw)
) STRICT;
INSERT INTO mailbox VALUES (1, 1, X'494E424F58', 'INBOX', '/', '', '', 1, 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO mailbox VALUES (2, 1, X'264A6A6F2D', '☺', '', '', '', 0, 0, NULL, 0, NULL, X'536D696C65', 'Smile');
INSERT INTO mailbox VALUES (3, 1, X'4E6575', 'Neu', '/', '', '', 1, 0, NULL, 1, NULL, NULL, NULL);
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
, local INTEGER NOT NULL DEFAULT 0 CHECK (local IN (0, 1))) STRICT;
INSERT INTO generation VALUES (1, 1, 7, 1, NULL, 0, 0, 0, '', 40, 0);
INSERT INTO generation VALUES (2, 2, 1, 1, NULL, 0, 0, 0, '', 1, 0);
INSERT INTO generation VALUES (3, 3, 0, 1, NULL, 0, 0, 0, '', 0, 1);
CREATE TABLE body (
    id            INTEGER PRIMARY KEY,
    sha256        BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    size          INTEGER NOT NULL CHECK (size >= 0),
    header_sha256 BLOB NOT NULL CHECK (length(header_sha256) = 32), -- up to and including the first empty line
    header_size   INTEGER NOT NULL CHECK (header_size BETWEEN 0 AND size),
    chunks        INTEGER NOT NULL CHECK (chunks BETWEEN 0 AND 1048576),
    damaged       INTEGER NOT NULL DEFAULT 0 CHECK (damaged IN (0, 1)) -- found rotten: no message present has it; the same bytes put again heal it
, dropped INTEGER NOT NULL DEFAULT 0 CHECK (dropped IN (0, damaged))) STRICT;
INSERT INTO body VALUES (1, X'4DAD860455021A6617D4A32253557BA405E69883EF9BCD1EEEA4DB7B7A154634', 103, X'635B44ED9A4B5B0563F23225FA87B8A08379AA4B30915CCFF7188D8164E077BA', 100, 1, 0, 0);
INSERT INTO body VALUES (2, X'BEC2B9ED1769D459E6DF30D50873EFE6EFC9B4F5BE2D329C9F56AEED19BB9CCD', 97, X'F13F3F25C68F51F65168E8F052CE58D4AA29C0293EC2CC63BC4DF79318874B17', 94, 1, 0, 0);
INSERT INTO body VALUES (3, X'B0CEE84AE00AF090A54B287F437AA766AE2DEEF47BAE426F0B51141F9FE75161', 107, X'7E59C5E704BF79ECE2A7E9A1032D17EB03BF54F0230B22B93EFDDE4253D65461', 104, 1, 0, 0);
INSERT INTO body VALUES (4, X'A1A9D55927AC7A0F96D45B5601A86FC73C178FEC78E355D18E84EBA91EE4A4EA', 95, X'550D761BC198949C3281886363D2FEA6A8C8530647D30DA9B6B4F9A9CE189585', 92, 1, 0, 0);
INSERT INTO body VALUES (5, X'85F4331E0B130DA1E233D96ACE12E419F79C34770BA94E56D75C05DAEA6A2029', 97, X'2C72EB108F5FD15DE833B3DBCD2AA409CCF5822CC18BF7796118170CE2D56A7E', 94, 1, 0, 0);
INSERT INTO body VALUES (6, X'58DAF8947E2D88F1928E9DD4623E50D11D8B59979E55598FF9D22C761324AD51', 16, X'58DAF8947E2D88F1928E9DD4623E50D11D8B59979E55598FF9D22C761324AD51', 16, 1, 0, 0);
CREATE TABLE chunk (
    id   INTEGER PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size BETWEEN 1 AND 1048576), -- when unpacked
    zstd INTEGER NOT NULL CHECK (zstd IN (0, 1)),             -- 0: data is the bytes themselves
    data BLOB NOT NULL
) STRICT;
INSERT INTO chunk VALUES (1048576, 103, 0, X'46726F6D3A20416E6E203C616E6E40783E0A546F3A206D6540780A5375626A6563743A2065696E730A4D6573736167652D49643A203C65696E7340783E0A446174653A2053756E2C2031204D617220323032302030303A33303A3030202B303130300A0A68690A');
INSERT INTO chunk VALUES (2097152, 97, 0, X'46726F6D3A20626F6240780A546F3A206D6540780A5375626A6563743A205A7765690A4D6573736167652D49643A203C5A77656940783E0A446174653A2053756E2C2031204D617220323032302030303A33303A3030202B303130300A0A68690A');
INSERT INTO chunk VALUES (3145728, 107, 0, X'46726F6D3A20416E6E203C616E6E40783E0A546F3A206D6540780A5375626A6563743A20C384524745520A4D6573736167652D49643A203CC3845247455240783E0A446174653A2053756E2C2031204D617220323032302030303A33303A3030202B303130300A0A68690A');
INSERT INTO chunk VALUES (4194304, 95, 0, X'46726F6D3A20626F6240780A546F3A206D6540780A5375626A6563743A207765670A4D6573736167652D49643A203C77656740783E0A446174653A2053756E2C2031204D617220323032302030303A33303A3030202B303130300A0A68690A');
INSERT INTO chunk VALUES (5242880, 97, 0, X'46726F6D3A20616E6E40780A546F3A206D6540780A5375626A6563743A20647265690A4D6573736167652D49643A203C6472656940783E0A446174653A2053756E2C2031204D617220323032302030303A33303A3030202B303130300A0A68690A');
INSERT INTO chunk VALUES (6291456, 16, 0, X'5375626A6563743A2064726166740A0A');
INSERT INTO chunk VALUES (103809024, 4, 0, X'70617274');
CREATE TABLE staging (
    body INTEGER PRIMARY KEY
, message INTEGER REFERENCES message(id) ON DELETE SET NULL, sha256 BLOB) STRICT;
INSERT INTO staging VALUES (99, 5, X'37A680133BD09342F934AFB8DD2C7D9E1B624DA5F35E3A38ADB103E37C055ED1');
CREATE TABLE envelope (
    body       INTEGER PRIMARY KEY REFERENCES body(id) ON DELETE CASCADE,
    message_id TEXT, -- with its angle brackets
    subject    TEXT,
    sender     TEXT, -- From: "Name <address>", separated by ", "
    recipients TEXT, -- To, Cc and Bcc, the same way
    date       INTEGER -- Date, NULL when it cannot be read
) STRICT;
INSERT INTO envelope VALUES (1, '<eins@x>', 'eins', 'Ann <ann@x>', 'me@x', 1583019000);
INSERT INTO envelope VALUES (2, '<Zwei@x>', 'Zwei', 'bob@x', 'me@x', 1583019000);
INSERT INTO envelope VALUES (3, '<ÄRGER@x>', 'ÄRGER', 'Ann <ann@x>', 'me@x', 1583019000);
INSERT INTO envelope VALUES (4, '<weg@x>', 'weg', 'bob@x', 'me@x', 1583019000);
INSERT INTO envelope VALUES (5, '<drei@x>', 'drei', 'ann@x', 'me@x', 1583019000);
INSERT INTO envelope VALUES (6, NULL, 'draft', NULL, NULL, NULL);
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
, identity TEXT NOT NULL DEFAULT '', labels TEXT, leaving INTEGER, unlisted INTEGER NOT NULL DEFAULT 0 CHECK (unlisted IN (0, 1))) STRICT;
INSERT INTO message VALUES (1, 1, 10, 1000, 1583298000, -330, '', '', 1, NULL, 'G:eins', NULL, NULL, 0);
INSERT INTO message VALUES (2, 1, 20, 1000, 1583211600, -330, '\Seen', '\Seen x', 2, NULL, 'G:Zwei', NULL, 4, 0);
INSERT INTO message VALUES (3, 1, 30, 1000, 1583125200, -330, '\SeenNot', '\SeenNot', 3, NULL, 'G:ÄRGER', NULL, 3, 0);
INSERT INTO message VALUES (4, 1, 25, 1000, 1583038800, -330, '\Seen', '\Seen', 4, 1, 'G:weg', NULL, NULL, 0);
INSERT INTO message VALUES (5, 1, 40, 1000, 1583384400, -330, '', '', NULL, NULL, 'G:', NULL, NULL, 0);
INSERT INTO message VALUES (6, 2, 1, 1000, 1583038800, -330, '\Flagged \Seen', '\Flagged \Seen', 5, NULL, 'G:drei', '["\\Inbox","a b"]', NULL, 0);
INSERT INTO message VALUES (7, 3, NULL, 16, 1583038800, -330, '\Draft', '\Draft', 6, NULL, '', NULL, NULL, 0);
INSERT INTO message VALUES (8, 3, NULL, 1000, 1583211600, -330, '\Seen', '\Seen x', 2, NULL, 'G:Zwei', NULL, NULL, 0);
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
INSERT INTO intent VALUES (1, 1, 1796022626, 1, 'create', 'queued', 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, '', NULL);
INSERT INTO intent VALUES (2, 1, 1796022626, 1, 'append', 'queued', NULL, 3, NULL, 7, NULL, NULL, NULL, NULL, 0, '', NULL);
INSERT INTO intent VALUES (3, 1, 1796022626, 1, 'delete', 'queued', NULL, NULL, 3, NULL, NULL, NULL, NULL, NULL, 0, '', NULL);
INSERT INTO intent VALUES (4, 1, 1796022626, 1, 'move', 'queued', NULL, 3, 2, 8, NULL, NULL, NULL, NULL, 0, '', NULL);
INSERT INTO intent VALUES (5, 1, 1796022626, 1, 'flags', 'queued', NULL, NULL, 2, NULL, NULL, NULL, NULL, NULL, 0, '', NULL);
INSERT INTO intent VALUES (6, 1, 1796022626, 1, 'rename', 'queued', 2, NULL, NULL, NULL, X'536D696C65', 'Smile', NULL, NULL, 0, '', NULL);
INSERT INTO intent VALUES (7, 1, 1796022626, 1, 'subscribe', 'queued', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, '', NULL);
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
INSERT INTO conflict VALUES (1, 1, 1796022626, 1, 'rule', NULL, 4, NULL, '{}', '{}', 'server', NULL, '');
CREATE TABLE "event" (
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
INSERT INTO event VALUES (1, 1796022626, 1, 'created', 1, NULL, NULL, NULL, NULL, 'INBOX');
INSERT INTO event VALUES (2, 1796022626, 1, 'opened', 1, 1, NULL, NULL, NULL, '7');
INSERT INTO event VALUES (3, 1796022626, 1, 'created', 2, NULL, NULL, NULL, NULL, '☺');
INSERT INTO event VALUES (4, 1796022626, 1, 'opened', 2, 2, NULL, NULL, NULL, '1');
INSERT INTO event VALUES (5, 1796022626, 1, 'arrived', NULL, 1, 1, 10, NULL, '');
INSERT INTO event VALUES (6, 1796022626, 1, 'arrived', NULL, 1, 2, 20, NULL, '\Seen');
INSERT INTO event VALUES (7, 1796022626, 1, 'arrived', NULL, 1, 3, 30, NULL, '\SeenNot');
INSERT INTO event VALUES (8, 1796022626, 1, 'arrived', NULL, 1, 4, 25, NULL, '\Seen');
INSERT INTO event VALUES (9, 1796022626, 1, 'arrived', NULL, 1, 5, 40, NULL, '');
INSERT INTO event VALUES (10, 1796022626, 1, 'arrived', NULL, 2, 6, 1, NULL, '\Flagged \Seen');
INSERT INTO event VALUES (11, 1796022626, 1, 'vanished', NULL, 1, 4, 25, '\Seen', NULL);
INSERT INTO event VALUES (12, 1796022626, NULL, 'arrived', NULL, 3, 7, NULL, NULL, '\Draft');
INSERT INTO event VALUES (13, 1796022626, NULL, 'arrived', NULL, 3, 8, NULL, NULL, '\Seen');
INSERT INTO event VALUES (14, 1796022626, NULL, 'flags', NULL, 1, 2, 20, '\Seen', '\Seen x');
INSERT INTO event VALUES (15, 1796022626, NULL, 'flags', NULL, 3, 8, NULL, '\Seen', '\Seen x');
CREATE TABLE found (
    id          INTEGER PRIMARY KEY,
    account     INTEGER NOT NULL REFERENCES account(id),
    body        INTEGER NOT NULL REFERENCES body(id) ON DELETE CASCADE,
    size        INTEGER NOT NULL,  -- of the body
    folder      TEXT,              -- as that program calls it, with / between the parts; NULL: it says nothing
    uidvalidity INTEGER,
    uid         INTEGER,
    CHECK ((folder IS NULL) = (uid IS NULL) AND (uid IS NULL) = (uidvalidity IS NULL))
) STRICT;
CREATE TABLE pass (
    source INTEGER NOT NULL REFERENCES account(id),
    target INTEGER NOT NULL REFERENCES account(id),
    asked  BLOB NOT NULL,    -- SHA-256 of the rules, and of both lists of mailboxes
    event  INTEGER NOT NULL, -- the newest event
    report BLOB NOT NULL,
    PRIMARY KEY (source, target)
) STRICT, WITHOUT ROWID;
CREATE TABLE passing (
    only INTEGER PRIMARY KEY CHECK (only = 1)
) STRICT;
CREATE TABLE due (
    message INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES ('event', 15);
INSERT INTO sqlite_sequence VALUES ('account', 1);
INSERT INTO sqlite_sequence VALUES ('run', 1);
INSERT INTO sqlite_sequence VALUES ('mailbox', 3);
INSERT INTO sqlite_sequence VALUES ('generation', 3);
INSERT INTO sqlite_sequence VALUES ('message', 8);
INSERT INTO sqlite_sequence VALUES ('intent', 7);
INSERT INTO sqlite_sequence VALUES ('conflict', 1);
CREATE INDEX run_account ON run(account);
CREATE INDEX run_outcome ON run(account, outcome);
CREATE UNIQUE INDEX generation_current ON generation(mailbox) WHERE retired_run IS NULL;
CREATE INDEX generation_mailbox ON generation(mailbox);
CREATE UNIQUE INDEX message_present ON message(generation, uid) WHERE vanished_run IS NULL;
CREATE INDEX message_vanished ON message(generation, uid) WHERE vanished_run IS NOT NULL;
CREATE INDEX message_missing ON message(generation, uid) WHERE body IS NULL AND vanished_run IS NULL;
CREATE INDEX message_body ON message(body) WHERE body IS NOT NULL;
CREATE UNIQUE INDEX problem_subject ON problem(account, kind, ifnull(mailbox, 0), ifnull(message, 0), ifnull(uid, 0));
CREATE INDEX problem_message ON problem(message) WHERE message IS NOT NULL;
CREATE INDEX message_alike ON message(date, size)
    WHERE body IS NOT NULL AND (identity <> '' OR size >= 32768);
CREATE UNIQUE INDEX staging_message ON staging(message) WHERE message IS NOT NULL;
CREATE INDEX intent_account ON intent(account);
CREATE INDEX intent_target ON intent(target) WHERE target IS NOT NULL;
CREATE INDEX intent_message ON intent(message) WHERE message IS NOT NULL;
CREATE UNIQUE INDEX intent_flags ON intent(message) WHERE kind = 'flags';
CREATE UNIQUE INDEX intent_leaving ON intent(message) WHERE kind IN ('move', 'delete');
CREATE UNIQUE INDEX intent_result ON intent(result) WHERE result IS NOT NULL;
CREATE INDEX intent_mailbox ON intent(mailbox) WHERE mailbox IS NOT NULL;
CREATE UNIQUE INDEX intent_once ON intent(mailbox, CASE kind WHEN 'unsubscribe' THEN 'subscribe' ELSE kind END)
    WHERE mailbox IS NOT NULL AND kind <> 'rename';
CREATE INDEX conflict_account ON conflict(account);
CREATE INDEX conflict_open ON conflict(account) WHERE resolved IS NULL;
CREATE INDEX event_message ON event(message) WHERE message IS NOT NULL;
CREATE INDEX event_mailbox ON event(mailbox) WHERE mailbox IS NOT NULL;
CREATE INDEX event_run ON event(run) WHERE run IS NOT NULL;
CREATE INDEX event_moved ON event(new) WHERE kind = 'moved';
CREATE INDEX event_restored ON event(old) WHERE kind = 'arrived' AND old IS NOT NULL;
CREATE UNIQUE INDEX found_size ON found(account, size, body, ifnull(uidvalidity, 0), ifnull(uid, 0), ifnull(folder, ''));
CREATE INDEX found_uid ON found(account, uidvalidity, uid) WHERE uid IS NOT NULL;
CREATE INDEX found_body ON found(body);
CREATE TRIGGER passing_first BEFORE INSERT ON passing WHEN EXISTS (SELECT 1 FROM account)
BEGIN SELECT RAISE(ABORT, 'a store that is in use cannot become the state of a migration'); END;
CREATE TRIGGER body_dropped BEFORE UPDATE OF dropped ON body WHEN NEW.dropped = 1 AND NOT EXISTS (SELECT 1 FROM passing)
BEGIN SELECT RAISE(ABORT, 'only the state of a migration drops bodies'); END;
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
COMMIT;
