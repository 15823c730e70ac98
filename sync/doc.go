// Package sync brings a mirror and an IMAP server into agreement. Import it as
// mailsync.
//
// One way for data: remote listing + stored rows -> plan.Input -> plan.Diff ->
// plan.Guard -> apply -> a transaction with its cursor -> Observer. All
// decisions are made in package plan, all rows are kept by localstore, all
// bytes come through sync/remote; this package only carries between them.
//
// Invariants:
//   - A run may end at any moment, by a signal, a cut or a kill: what was
//     committed is true, and the next run goes on from there. Metadata comes
//     first, so that a body that is owed is a row without body.
//   - A body counts when its command was answered OK and its bytes are
//     committed (I7); a cursor moves in the transaction of its rows (I8).
//   - A message that cannot be had is a problem with a reason and a time to
//     try again; it stops neither its neighbours nor the cursor (I12).
//   - No body is downloaded that is held in the account already, if that can be
//     told (twice.go). The server says so (EMAILID, X-GM-MSGID), and size and date
//     agree; or the message has at least 32 KiB, and size, date and the SHA-256 of
//     its header, with a Message-ID in it, agree. Only mail made to deceive, or by a
//     program that uses a Message-ID twice within a second, could then differ.
//     Never across accounts: no server's word counts for the mail of another.
//   - Nothing here changes the server: mailboxes are opened with EXAMINE,
//     bodies read with BODY.PEEK.
//
// Layout: pull.go is a run over an account, mailboxes.go its list of
// mailboxes, session.go the connection that comes back after a loss;
// mailbox.go leads one mailbox through resync.go (what changed), or scan.go (what is
// there, by listing.go),
// arrive.go (new rows), reset.go (UIDVALIDITY changes) or archive.go (UIDs that
// mean nothing), and bodies.go (downloads: twice.go and underway.go leave out
// what is held already, round.go asks, pack.go receives, writer.go stores behind
// them); problem.go and poison.go set aside what cannot be
// had; receipt.go, counter.go and observer.go tell the outcome; verify.go and
// verify_rows.go compare mirror and server.
package sync
