// Package cyrus starts a private Cyrus IMAP server for one test: another reading
// of the RFCs than Dovecot's, with CONDSTORE, QRESYNC, OBJECTID and a mail store
// of its own.
//
// Debian's IMAP servers exclude each other, so cyrus-common is installed and
// cyrus-imapd only unpacked, below /opt/mailstow-servers/cyrus or where
// MAILSTOW_CYRUS points (.ci/run does both). Cyrus gives up root for its user
// cyrus, so tests need root; without either they are skipped with the reason, or
// fail when MAILSTOW_REQUIRE_SERVERS=1.
//
// Users must exist: User makes them. The interface is dovecot's where it can be.
package cyrus
