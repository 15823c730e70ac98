// Package dovecot starts a private Dovecot for one test.
//
// Each Start has its own folder, ports, certificate and mail; nothing outlives
// the test, however it ends (package daemon). Users need not be created: any
// lower-case name logs in with Password.
//
// Without Dovecot a test is skipped with the reason, or fails when
// MAILSTOW_REQUIRE_SERVERS=1 (as in CI, where a skip would prove nothing).
//
//	dovecot.go  Start, Server, options
//	config.go   the configuration file
//	process.go  running it
//	mailbox.go  users, doveadm, Maildir paths, UIDVALIDITY
package dovecot
