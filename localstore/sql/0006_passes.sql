-- Migration 6: a migration that has nothing left to do says so without comparing all mail.

-- The last pass from one account to another that left nothing to be done, as long as
-- nothing has happened since: what it was asked for, where the history stood, and what
-- it reported. Whoever cannot use it compares everything; it may be deleted at any time.
CREATE TABLE pass (
    source INTEGER NOT NULL REFERENCES account(id),
    target INTEGER NOT NULL REFERENCES account(id),
    asked  BLOB NOT NULL,    -- SHA-256 of the rules, and of both lists of mailboxes
    event  INTEGER NOT NULL, -- the newest event
    report BLOB NOT NULL,
    PRIMARY KEY (source, target)
) STRICT, WITHOUT ROWID;
