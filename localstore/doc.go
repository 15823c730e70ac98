// Package localstore is the mirror: one SQLite file with any number of accounts,
// their mailboxes, messages, bodies and history. It knows nothing of IMAP
// connections and imports nothing of ours; flag sets come and go as canonical
// text (see package conflict).
//
// # Invariants
//
//   - A message is known by (account, mailbox, generation, UID); a generation is
//     one UIDVALIDITY era, and nothing is looked up by UID across two (I1, I2).
//     Its id, a MessageID, is for good and never given to another.
//   - A mailbox is known by its raw wire name (I23).
//   - Update is all or nothing, and the cursor moves with the rows it speaks of (I8).
//   - A body is visible only when all of it is committed (I7), comes back byte for
//     byte, and is checked against its SHA-256 whenever it is read to its end.
//   - Nothing is forgotten: what leaves the server is marked vanished, and every
//     change is an event. Only Purge removes what vanished, and never an event.
//   - The rows with a UID are what the server has; what the owner wants beyond that
//     is an intent, on the disk before Edit returns (I19). Flags wait exactly while
//     local and base differ. A message that waits to be moved or deleted is leaving:
//     the engine's queries have it, people's have not. What is not on the server yet
//     has no UID, one intent that brings it, and lies in the newest generation of its
//     mailbox: people's queries have it, the engine's have not.
//   - A store keeps every body. The state of migrations (Options.Passing) is a file of
//     its own kind, which no store becomes: bodies pass through it, what tells them
//     from others stays, and those that wait to be sent are not dropped. Who sent what
//     stays as long as it may tell what became of something on its way.
//   - A store that was just made is fresh, and not kept from power cuts: who finds what one
//     left makes a new store. Before the first Edit, with the first transaction after ten
//     seconds and when it is closed all of it is on the disk.
//   - One writer at a time, held by the kernel's lock; readers never wait for it.
//   - What was on the server at a Cut is told by the newest event about each message
//     up to there: its kind says whether, its UID where, "new" with which flags.
//   - The view mail is for everyone and its columns stay.
//
// Check tests what of this can be tested, for users (verify) and for our tests: all
// that the store says twice, or that follows from what it holds, is compared.
//
// # Layout
//
//	open.go create.go lock.go migrate.go  getting at the file
//	close.go                              and away from it
//	fresh.go fresh_cut.go                 its first seconds
//	mark.go                               telling an old copy of it
//	sql/                                  the schema, one file per version: read it first
//	tx.go kept.go checkpoint.go errors.go transactions and what can go wrong with them
//	accounts.go mailboxes.go generations.go arrive.go messages.go labels.go problems.go
//	rename.go                             what the engine writes
//	intent.go intent_mail.go intent_box.go
//	                                      what the owner wants: what all of it needs,
//	intent_flags.go intent_flags_set.go intent_flags_many.go
//	intent_move.go intent_copy.go intent_expunge.go
//	                                      messages,
//	intent_mailbox.go intent_rename.go intent_names.go
//	                                      mailboxes,
//	intent_restore.go intent_drop.go      what was there once, and nothing of it after all
//	intent_outcome.go intent_outcome_mailbox.go intent_appended.go intent_bind.go
//	                                      what became of it on the server
//	intent_query.go backlog.go conflicts.go
//	                                      what waits, and what could not be had
//	meanwhile.go traces.go newcomers.go lost.go copies.go
//	                                      what the server did to it, what it moved, what
//	                                      came back
//	rows.go alike.go found.go             what it compares, and finds held already
//	pack.go literals.go header.go envelope.go addresses.go
//	                                      from bytes to a Packed, without I/O
//	put.go body.go stage.go partial.go
//	read.go unpack.go prepared.go         bodies in and out
//	list.go status.go mailbox_query.go holding.go
//	                                      questions people ask,
//	history.go diff.go                    about the past too: a Cut is a moment in it
//	purge.go snapshot.go                  less of it, and another of it
//	contents.go pass.go                   what a migration compares, and the last good one
//	passing.go                            the state of one that keeps no mail
//	check.go checkschema.go checkchunks.go checkbody.go rederive.go
//	invariants.go invariants_intent.go invariants_history.go
//	                                      the invariants in code
//
// # Use
//
// The engine packs bodies on any goroutine and puts a batch in one transaction:
//
//	packed, err := packer.Pack(r)             // up to ChunkSize; larger: store.Stage(ctx, packer, r)
//	...
//	store.Update(ctx, func(tx *localstore.Tx) error {
//		return tx.PutBodies(puts)         // stores them, or links what is held already
//	})
package localstore
