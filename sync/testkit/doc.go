// Package testkit is the root of what only tests use: nothing here is linked
// into the mailstow binary, except mailgen, which cmd/mailstow/demo uses for
// its sample mail. An architecture test holds that line.
//
//	dovecot/    a private Dovecot per test
//	cyrus/      a private Cyrus per test
//	courier/    a private Courier per test
//	daemon/     what such servers share: ports, start, stop, skip
//	imapuser/   a person at the other end: changes and lists mailboxes over IMAP
//	synthetic/  a server whose mail is computed, for figures
//	model/      an account as the RFCs describe it; model/proto speaks IMAP about it
//	histories/  random work on both sides, runs that meet faults, and what must hold
//	killpoints/ processes that die at every point, power cuts, and disks that fail
//	mirror/     a store compared with its server, and what may be sent at all
//	hostile/    servers whose words are garbled, made up, or without end
//	memconn/    a net.Conn in memory
//	faultconn/  a net.Conn that cuts, stalls, drips and counts
//	faultfile/  SQLite's files, seen, cut short, full or broken
//	mailgen/    deterministic sample mail, ordinary and odd
//	testcert/   a throwaway certificate
//	testenv/    settings, room in memory, and odd mail where there is some
//
// Its own tests hold the architecture (arch_test.go) and the proof: which test shows
// which invariant, failure and published attack, and what none shows yet
// (proof_*_test.go). Whoever renames such a test, or shows more, says so there.
package testkit
