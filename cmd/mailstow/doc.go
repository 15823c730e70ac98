// Command mailstow keeps a complete, verified, offline copy of IMAP accounts
// in one SQLite file.
//
// Invariants:
//   - stdout is data, stderr is conversation. A run in which all is fine says
//     nothing on stderr unless a person is watching: a terminal, or -v.
//   - Exit codes come from the one switch in exit.go.
//   - Whatever a server or a message said passes through package term first.
//   - A password is never an argument, never in a log and never in an error.
//   - A command that edits changes all it was asked to or nothing, and returns
//     only once that outlasts a power cut.
//   - Streams, clock and environment come in through host; nothing below main
//     reads the process.
//
// Layout: main.go wires the process to run; app.go holds what all commands
// share; args.go lets flags stand after arguments; exit.go and explain.go turn
// errors into codes and words; account.go, password.go and stores.go find
// accounts, secrets and files; select*.go says which messages are meant, and
// edit*.go is what all commands that edit have in common; then one file for each
// command, with its helpers beside it (sync_*.go and so on).
package main
