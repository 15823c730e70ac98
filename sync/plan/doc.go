// Package plan decides what a sync has to do. It is pure: values in, a Plan
// out; no clock, no socket, no database. The engine applies a Plan, --dry-run
// prints the same value.
//
// Four plans: Diff says what a server changed, which the mirror takes over; Push
// says what the mirror's owner changed, which the server is sent; Restore says what
// to queue so that a server has again what it had, Migrate so that it has what another
// one has.
//
// Invariants:
//   - A message is taken for vanished only when a complete listing of its UID
//     range lacks it (I10); the caller vouches for completeness.
//   - Surprising deletions are held back, and nothing else is (I26): Guard
//     moves exactly them from Vanish to Held.
//   - A UIDVALIDITY change links an old message to a new UID only when the
//     match is unique on both sides (I2); content that is surely held is
//     never downloaded again.
//   - Only deltas of flags are sent (I14); nothing is sent twice while the outcome
//     of the first time is not known (I19); nothing is deleted for good that the
//     mirror does not hold, or whose copy was not looked at (I18); what depends
//     on an intent goes after it or not at all (I22).
//   - Restore puts nothing where it is already: each message that is like a wanted one
//     and came after it went is taken for it, once.
//   - Nothing here depends on the order of a map or on the wall clock: equal
//     inputs give equal plans.
//
// Layout: diff.go compares one mailbox's listing with the mirror, guard.go
// holds deletions back, relink.go matches across a UIDVALIDITY change,
// account.go compares the lists of mailboxes, trust.go judges what a server
// says of a mailbox before anything is built on it, pattern.go selects
// mailboxes, batch.go cuts bodies into requests, text.go prints a plan. push.go and
// step.go say what goes into a push and what comes out; queue.go parts what can go
// from what obstacle.go knows to be in its way, needs.go what it has to follow,
// push_guard.go holds deletions back, push_steps.go and push_flags.go order the
// rest, push_text.go prints it. storable.go is about flags that a mailbox does not
// keep, and stores that were held back; moves.go recognises what other clients moved.
// restore.go puts back what is not there; migrate.go compares two accounts,
// migrate_names.go takes names from one to the other.
package plan
