package localstore

// Holding tells how many messages of a mailbox, as people see it, have the body with
// this SHA-256.
func (tx *Tx) Holding(mailbox MailboxID, sum [32]byte) (n int, err error) {
	_, err = tx.get(`SELECT count(*) FROM body b JOIN message m ON m.body = b.id JOIN generation g ON g.id = m.generation
		WHERE b.sha256 = ? AND g.mailbox = ? AND m.vanished_run IS NULL AND m.leaving IS NULL`, []any{sum[:], mailbox}, &n)
	return n, err
}
