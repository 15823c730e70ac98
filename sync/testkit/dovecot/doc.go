// Package dovecot gives a test a Dovecot of its own.
//
// Each Start has its own ports and mail. Users need not be created: any lower-case
// name logs in with Password. Starting costs more than what most tests do with a
// server, so one that is done with serves the next test that configures it alike, on
// other ports, which lead to other mail; nothing outlives the test process, however it
// ends (package daemon).
//
// Without Dovecot a test is skipped with the reason, or fails when
// MAILSTOW_REQUIRE_SERVERS=1 (as in CI, where a skip would prove nothing).
//
//	dovecot.go  Start, Server, options
//	config.go   the configuration file
//	process.go  running it, for one test after the other
//	mailbox.go  users, doveadm, Maildir paths, UIDVALIDITY
package dovecot
