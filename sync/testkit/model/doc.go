// Package model is a mail account as RFC 9051 and 7162 describe it, and nothing of
// a server: mailboxes, messages, UIDVALIDITY, mod-sequences, the memory of what was
// expunged, and what one session has been told so far. Package proto beneath it
// speaks IMAP about it; tests act on it directly, as other clients would.
//
// Invariants:
//   - It is pure and deterministic: no clock, no chance, no I/O. Equal calls give
//     equal accounts. It is not safe for use by several goroutines; proto.Server
//     lets one at a time in.
//   - A UID is given once in the life of a UIDVALIDITY, upwards (RFC 9051 2.3.1.1);
//     a UIDVALIDITY once in the life of the account, upwards.
//   - Every change of a mailbox raises its mod-sequence and marks what it changed;
//     what was expunged is remembered with the mod-sequence of its end.
//   - A message never changes but for its flags and its mod-sequence; a copy is a
//     message of its own that shares bytes and EMAILID (RFC 8474).
//
// Layout: account.go is the list of mailboxes, names.go what may be done to it;
// mailbox.go one mailbox and its messages, flags.go sets of flags, copy.go what goes
// from one mailbox to another, view.go a session's view of one mailbox.
package model
