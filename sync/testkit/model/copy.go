package model

// Pair is a message and its copy.
type Pair struct{ From, To uint32 }

// Copy copies messages, with their flags and dates (RFC 9051 section 6.4.7), and
// tells the UIDs (RFC 4315 section 3).
func (a *Account) Copy(from *Mailbox, uids []uint32, to *Mailbox) (pairs []Pair) {
	for _, uid := range uids {
		if msg := from.Message(uid); msg != nil {
			twin := *msg
			pairs = append(pairs, Pair{uid, to.put(&twin).UID})
		}
	}
	return pairs
}

// Move copies messages and removes them in one step (RFC 6851).
func (a *Account) Move(from *Mailbox, uids []uint32, to *Mailbox) []Pair {
	pairs := a.Copy(from, uids, to)
	var moved []uint32
	for _, p := range pairs {
		moved = append(moved, p.From)
	}
	from.Expunge(moved)
	return pairs
}
