// Package conflict decides what becomes of a message or a mailbox that changed on
// both sides. It is pure: values in, values out; no clock, no I/O.
//
// A decision always looks at three states, never at two: the base (what mirror
// and server last agreed on), the local state (base plus the user's offline
// edits) and the remote state (what the server says now).
//
// Invariants:
//   - Flags are sets of booleans, each merged by itself, so that a flag change
//     can never conflict (RFC 4549 section 4.2.3, invariant I14).
//   - Flags compare without regard to case (RFC 9051 section 2.3.2); \Recent
//     belongs to a session and is never part of a set (I16).
//   - Merging is idempotent, and a side that did not change never wins over
//     one that did.
//   - Under every policy nothing is lost: the message stays somewhere, on the
//     server or in the mirror, and an edit that is neither carried out nor queued
//     any more is recorded. What the mirror has no copy of is not deleted.
//   - A rule's name is stored with each conflict, so that names only ever come
//     in addition.
//
// Layout: flags.go is the set type, merge.go the three-way merge; case.go has the
// words for what was done, what it met and what is to be done, policy.go whose
// state stands; rules*.go are the table, decide.go looks a case up in it,
// resolve.go says what taking one side means, record.go how both are kept.
package conflict
