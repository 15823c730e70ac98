// Package proto speaks IMAP about a model.Account: IMAP4rev1 and, where a client asks for
// it, IMAP4rev2 (RFC 3501, 9051), with those extensions that it is told to have, each of which can be left out. It knows
// nothing of how mail is kept, and the account nothing of it.
//
// Invariants:
//   - One command is carried out at a time, over all sessions, so that what a test
//     sees through Do is always a state between two commands.
//   - A command that is not understood is answered BAD and changes nothing. What is
//     not offered is not understood.
//   - Nothing a client sends ends the process or takes memory without bound.
//
// Layout: server.go takes connections and holds the switches, offers.go says what is
// offered to whom; session.go is one connection, layers.go what it goes on within (TLS,
// compression); reader.go and node.go read commands, set.go sets of messages, called.go
// names; commands.go lists commands, and what is named after them answers them; news.go
// tells what others did, idle.go at once; fault.go is what a test may let happen
// instead, lies.go what a server may get wrong for good.
package proto
