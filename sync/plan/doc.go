// Package plan decides what a sync has to do. It is pure: values in, a Plan
// out; no clock, no socket, no database. The engine applies a Plan, --dry-run
// prints the same value.
//
// Invariants:
//   - A message is taken for vanished only when a complete listing of its UID
//     range lacks it (I10); the caller vouches for completeness.
//   - Surprising deletions are held back, and nothing else is (I26): Guard
//     moves exactly them from Vanish to Held.
//   - A UIDVALIDITY change links an old message to a new UID only when the
//     match is unique on both sides (I2); content that is surely held is
//     never downloaded again.
//   - Nothing here depends on the order of a map or on the wall clock: equal
//     inputs give equal plans.
//
// Layout: diff.go compares one mailbox's listing with the mirror, guard.go
// holds deletions back, relink.go matches across a UIDVALIDITY change,
// account.go compares the lists of mailboxes, trust.go judges what a server
// says of a mailbox before anything is built on it, pattern.go selects
// mailboxes, batch.go cuts bodies into requests, text.go prints a plan.
package plan
