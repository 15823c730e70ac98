// Package imapuser is the person at the other end of a test: it appends, flags,
// expunges, creates, renames and deletes over its own IMAP connection, and lists
// a mailbox as ground truth.
//
// It shares nothing with sync/remote (it drives imapclient directly), so what it
// reports is independent of the code under test. Every method fails the test on
// an error; none is safe for use by several goroutines at once. Each operation
// opens its mailbox anew and closes it again (UNSELECT, where there is one), so
// that the connection never sits on a stale view.
package imapuser
