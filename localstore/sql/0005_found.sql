-- Migration 5: mail that another program downloaded before is not fetched again.

-- A body that was brought here from elsewhere, and may be that of messages which the
-- server of an account holds. What tells that it is:
--   the header, asked for from messages of its size; or
--   folder, uidvalidity and uid, where the program noted them, and its size: under
--   these three a server never has another message (RFC 9051 section 2.3.1.1)
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
CREATE UNIQUE INDEX found_size ON found(account, size, body, ifnull(uidvalidity, 0), ifnull(uid, 0), ifnull(folder, ''));
CREATE INDEX found_uid ON found(account, uidvalidity, uid) WHERE uid IS NOT NULL;
CREATE INDEX found_body ON found(body);
