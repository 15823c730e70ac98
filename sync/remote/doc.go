// Package remote is an IMAP account as the rest of mailstow sees it.
package remote
