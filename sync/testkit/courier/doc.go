// Package courier starts a private Courier IMAP for one test: the server with the
// least. "." between levels, everything below INBOX, no UNSELECT, no CONDSTORE,
// no LIST-STATUS, no UIDNEXT in SELECT; what a client pipelines behind LOGIN is
// lost; and an ALERT greets every login, since its file monitor is not there.
//
// The packages are only unpacked, below /opt/mailstow-servers/courier or where
// MAILSTOW_COURIER points (.ci/run does it). The real imaplogin and imapd answer
// each connection; this package takes the place of couriertcpd and authdaemond
// (the socket protocol is described in courier-authlib's documentation, "Courier
// authentication daemon"). The place of authdaemond's socket is compiled in, so
// one server runs at a time on a machine: Start waits for a file lock. Courier
// wants root to become the user of the mail; without root or the programs tests
// are skipped with the reason, or fail when MAILSTOW_REQUIRE_SERVERS=1.
//
//	courier.go  Start, Server
//	accept.go   one imaplogin for each connection, TLS
//	auth.go     who may log in, and where the mail is
package courier
