package sync

import "mailstow/localstore"

// verdict is what the messages that came into a mailbox say of one that was sent
// there.
type verdict int

const (
	absent  verdict = iota // none is it
	exact                  // one has the same bytes
	unread                 // one may be it, and its bytes are not known yet
	similar                // one looks like it, with other bytes
	twins                  // several do
)

// candidates are the messages of a mailbox that may be what was sent there.
type candidates struct {
	uidvalidity uint32
	list        []localstore.Newcomer
	taken       map[localstore.MessageID]bool // something else was found to be it
}

// from is the first UID that a message can have that was sent: 0 when all are
// numbered anew since.
func (c *candidates) from(s localstore.SentResult) uint32 {
	if s.UIDValidity != c.uidvalidity {
		return 0
	}
	return s.UIDNext
}

// judge takes the first message with the bytes of s that nothing else was found to
// be. A server that rewrites what it takes (I20) is believed when it said that it
// took it, and one message alone looks like it. What has no heading looks like anything
// without one: it may be it, and is taken for it only with the same date.
func (c *candidates) judge(s localstore.SentResult) (localstore.Newcomer, verdict) {
	v, like := absent, localstore.Newcomer{}
	for _, n := range c.list {
		switch {
		case n.UID < c.from(s) || n.ID <= s.ID || c.taken[n.ID]:
		case same(n.Fingerprint, s.Fingerprint):
			c.taken[n.ID] = true
			return n, exact
		case !n.HasBody:
			v = unread
		case n.Heading != s.Heading || v == unread:
		case v == absent:
			v, like = similar, n
		default:
			v = twins
		}
	}
	if v == similar && s.State == localstore.Done && (s.Heading != (localstore.Heading{}) || like.Date.Equal(s.Date)) {
		c.taken[like.ID] = true
		return like, exact
	}
	return like, v
}

// same: what has no body is compared by what does not change.
func same(there, sent localstore.Fingerprint) bool {
	if !sent.HasBody {
		return there.Size == sent.Size && there.Date.Equal(sent.Date)
	}
	return there.HasBody && there.SHA256 == sent.SHA256
}
