// Package remote is an IMAP account as the rest of mailstow sees it: dial, log in,
// list, open, fetch, and change what the owner changed. Nothing above it knows of imapclient, of the wire,
// or of what servers get wrong; it is the only package that imports imapclient.
//
// # Invariants
//
//   - Credentials leave, and are asked for, only after every check of the channel
//     (certificate, STARTTLS, LOGINDISABLED, greeting) has passed, once per
//     connection, and never appear in an error or a notice.
//   - Reading changes nothing: EXAMINE, BODY.PEEK. What changes something is raw,
//     and on a connection with Config.ReadOnly nothing of it passes (readonly.go).
//   - Flags are added and taken away, never replaced (I14). Nothing is removed but
//     by UID EXPUNGE and DELETE; no CLOSE, no bare EXPUNGE, no MOVE made of COPY, and
//     imapclient's Move, Expunge and UnselectAndExpunge are never called (I18).
//   - What changes messages names each by UID, and leaves only for a mailbox whose
//     SELECT has been answered with the UIDVALIDITY that the UIDs are of (I3), or
//     names what the server finds by size and date under those UIDs.
//   - Of everything asked for it is known in the end whether it was done, was not,
//     or may have been (Outcome, I19). COPYUID and APPENDUID count only one to one.
//   - Mailboxes are known by their raw wire name (I23), messages by UID; sequence
//     numbers live inside one response (I11).
//   - A nil error means the tagged OK came and nothing of the answer was beyond
//     understanding. What a callback saw before another return is not to be
//     trusted (I7), and absence proves nothing then (I10).
//   - ENVELOPE and BODYSTRUCTURE are never asked for (I13), ranges of UIDs never
//     expanded, and no number of the server sizes an allocation (I24).
//   - What a server says of the difference is believed only when the counts come
//     out; else everything is read. Mod-sequences of single messages are ignored
//     (I8), CHANGEDSINCE 0 is never sent (I9).
//   - Memory is flat: messages and metadata stream. Only List collects, and sets
//     of UIDs as ranges.
//   - Every error is an *Error with a Class that says what to do next, except a
//     callback's own error, which is returned as it is.
//
// # Files
//
//	config.go      what to connect to; info.go what was found there
//	dial.go        TCP, greeting, STARTTLS, in this order; tls.go its rules
//	auth.go        login; auth_mechanisms.go the ways to do it, auth_scram.go,
//	               auth_oauth.go two of them; redact.go
//	compress.go    whether to compress
//	caps.go, id.go, namespace.go
//	conn.go        the connection, its one lock, running commands
//	list.go        LIST, LSUB, STATUS into mailboxes; listentry.go, status.go
//	               one response each; name.go decoding
//	examine.go     opening a mailbox; select.go for changes; unasked.go news about it
//	known.go       what a caller holds and what it gets: ExamineChanged is in
//	               changes.go (which word of the server to believe), resync.go
//	               (commands sent together and their answers); enable.go turns
//	               QRESYNC on, ranges.go reckons with VANISHED
//	metadata.go    UID, FLAGS, date, size: merging answers; meta.go reading them;
//	               extras.go identities and labels, where there are any
//	bodies.go      asking for bodies and headers; bodyanswer.go routing literals by
//	               UID and section; pieces.go, pieceanswer.go large ones; uids.go sets of UIDs
//	outcome.go     what became of a change; readonly.go refusing all of them
//	edit.go        flags, copies, moves, expunges in many mailboxes: edit_run.go the
//	               flights, edit_work.go one mailbox, edit_tasks.go one kind of
//	               change each, edit_confirm.go whether the messages were there; prove.go flags of many mailboxes in one flight,
//	               esearch.go; flags.go, uidmap.go
//	mailboxes.go   CREATE, RENAME, DELETE, SUBSCRIBE; change.go running one command,
//	               encode.go names
//	vacate.go      leaving an open mailbox that a command is about
//	append.go      new messages: append_run.go the commands and their answers,
//	               append_body.go what they are read from
//	search.go      what goes through imapclient: SEARCH, NOOP (but for the COUNT in
//	               the flight of resync.go); and logout.go LOGOUT
//	errors.go, fail.go  classes, and which error is of which; throttle.go servers
//	               that want to be left alone
//	probe.go       the facts for doctor; report.go their form
package remote
