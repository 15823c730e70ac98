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
//   - A large message arrives in pieces (large.go), and what was answered of it is
//     never asked for again, be it the connection, the run or the process that ended:
//     150 MB on a slow link would else never come. It is gone on with under the same
//     UID and UIDVALIDITY alone, when the last bytes held come once more, and visible
//     when its end is proven and every answer was OK.
//   - A message that cannot be had is a problem with a reason and a time to
//     try again; it stops neither its neighbours nor the cursor (I12).
//   - No body is downloaded that is held in the account already, if that can be
//     told (twice.go). The server says so (EMAILID, X-GM-MSGID), and size and date
//     agree; or the message has at least 32 KiB, and size, date and the SHA-256 of
//     its header, with a Message-ID in it, agree. Only mail made to deceive, or by a
//     program that uses a Message-ID twice within a second, could then differ.
//     Never across accounts: no server's word counts for the mail of another.
//     Nor what another program downloaded (Tx.PutFound): found under the same mailbox,
//     UIDVALIDITY and UID with the same size, where nine of ten sizes agree; or with
//     the same size and the same header.
//   - A migration that keeps no mail (migrate_passing.go) lets go of bytes when the target
//     has proven to hold them, or does not take them; never while a command that brings
//     them may have been sent, or waits to be. What is on its way at a time is bounded; what
//     is begun comes first and what was refused last, so that neither stops the others.
//     What may be at the target is never fetched to be sent again.
//   - Looking changes nothing on the server: mailboxes are opened with EXAMINE,
//     bodies read with BODY.PEEK. Only a push changes it, by intents of the owner,
//     and never on a read-only account.
//   - An intent whose command may have reached the server is not sent again before
//     the server has been looked at (I19). It is noted as sent, durably, before the
//     command leaves; what the target holds under newer UIDs tells the outcome.
//   - The source of a move goes only when its copy is proven (I18); bare EXPUNGE,
//     CLOSE and FLAGS are never sent (I14).
//
// Layout: pull.go is a run over an account, mailboxes.go its list of
// mailboxes, session.go the connection that comes back after a loss;
// tour.go, stock.go,
// crew.go and collect.go list and download many mailboxes at once, over several
// connections; mailbox.go leads one
// mailbox through resync.go (what changed), or scan.go (what is
// there, by listing.go),
// arrive.go (new rows), reset.go (UIDVALIDITY changes) or archive.go (UIDs that
// mean nothing), and bodies.go (downloads: twice.go and underway.go leave out
// what is held already, round.go asks, large.go in pieces, pack.go receives,
// packers.go packs and writer.go stores behind them, in the memory of arena.go); problem.go and poison.go set
// aside what cannot be had. push.go is the second half, round after round: push_load.go reads what waits,
// push_settle.go and push_match.go find out what became of what was sent,
// push_moves.go recognises what others moved, push_decide.go and push_act.go settle
// by rule what the server did meanwhile, push_record.go lists it, push_input.go makes
// the input of plan.Push, push_send.go carries its plan out with push_names.go,
// push_lanes.go (connections that append side by side), push_append.go, push_edits.go,
// push_note.go (behind the answers), push_outcome.go, push_verify.go and push_erase.go,
// push_refused.go keeps what the server refused, push_tell.go tells the rest; then the
// mailboxes are looked at again. push_mark.go tells an old copy of the store, and what
// became of renamings. restore.go queues what puts back what is gone,
// migrate.go plans what another account has, migrate_bring.go brings it and migrate_queue.go
// queues what is left to the push; migrate_pass.go remembers that nothing was left, and
// migrate_passing.go brings a portion at a time where no mail is kept, by how messages
// fared so far (migrate_standing.go).
// receipt.go, counter.go and observer.go tell the outcome; verify.go and
// verify_rows.go compare mirror and server.
package sync
