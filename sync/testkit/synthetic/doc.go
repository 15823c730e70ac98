// Package synthetic is an IMAP server whose mail is computed instead of stored:
// a million messages, or one of 150 MB, cost neither disk nor memory. It is there
// for figures, not as an oracle: nothing on it ever changes, it knows only what a
// mirror asks for, and refuses everything else with BAD.
//
// Layout: server.go accepts and greets, commands.go answers, fetch.go tells of
// messages, mail.go makes them up.
package synthetic
