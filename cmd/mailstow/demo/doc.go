// Package demo is a small mail server with sample mail, for `mailstow demo`: it
// needs no network, no account and no configuration.
//
// The server is go-imap's own, listening on loopback for the length of a demo.
// Beside it lies a ledger of what it holds (UID, flags, internal date, bytes per
// mailbox), kept from the generator's output, from the demo's own changes and from the
// commands that change something, never from what the client under show says: Check
// compares a store with the ledger, so that a demo that ends well has proven something.
//
// imapmemserver takes messages apart and puts them together again when it serves
// BODY[], which empties or mends odd ones; whole bodies are therefore served from
// the ledger, byte for byte (session.go). Mail changes only between runs of the
// client: sequence numbers are positions in the ledger.
//
//	server.go   Start, Close, the listener
//	session.go  one connection
//	client.go   what a client changes
//	ledger.go   what the server holds
//	sample.go   the mailboxes and their mail
//	change.go   what happens on the server between two syncs
//	check.go    is the store equal to the server?
package demo
