package plan

// Old is a message of a retired generation whose body is held.
type Old struct {
	ID     int64
	Fixed           // as the server announced it then
	Header [32]byte // SHA-256 of the header block
	Body   [32]byte // SHA-256 of the message
}

// New is a message listed after a UIDVALIDITY change.
type New struct {
	UID    uint32
	Fixed           // as the server announces it now
	Header [32]byte // SHA-256 of the header block; only Suspects need it
}

// Link is what is known of a new message without downloading it.
type Link struct {
	UID  uint32
	ID   int64    // the old message that it surely is; 0: several or none
	Body [32]byte // the body that it surely has
}

// Suspects returns the new messages that agree with an old one in size and
// date, in the order given: those whose headers are worth fetching.
func Suspects(old []Old, now []New) []uint32 {
	seen := make(map[Fixed]bool, len(old))
	for _, o := range old {
		seen[o.Fixed] = true
	}
	var uids []uint32
	for _, n := range now {
		if seen[n.Fixed] {
			uids = append(uids, n.UID)
		}
	}
	return uids
}

// identity is what a message is recognised by where UIDs say nothing (I2).
type identity struct {
	Fixed
	header [32]byte
}

// match collects what shares an identity.
type match struct {
	olds int
	news int
	id   int64
	body [32]byte
	same bool // all old bodies are equal
}

// Relink matches new messages with old ones by size, date and header. A unique
// match makes the new message the old one (RFC 4549 section 4.1); among
// several none is taken for another, but a body that they all have is known.
func Relink(old []Old, suspects []New) []Link {
	return links(pair(old, suspects), suspects)
}

// Kept returns those of the suspects that an archive holds already. Messages of
// equal size, date and header are one; where several bodies are known for them,
// no more of them are new than the server has in excess, so that a server may be
// asked for ever without anything being kept twice.
func Kept(old []Old, suspects []New) map[uint32]bool {
	known := pair(old, suspects)
	kept := make(map[uint32]bool, len(suspects))
	for _, n := range suspects {
		if m := known[identity{n.Fixed, n.Header}]; m != nil && (m.same || m.news <= m.olds) {
			kept[n.UID] = true
		}
	}
	return kept
}

// pair counts old and new messages by what they are recognised by.
func pair(old []Old, suspects []New) map[identity]*match {
	matches := make(map[identity]*match, len(old))
	for _, o := range old {
		m, ok := matches[identity{o.Fixed, o.Header}]
		if !ok {
			m = &match{id: o.ID, body: o.Body, same: true}
			matches[identity{o.Fixed, o.Header}] = m
		}
		m.olds++
		m.same = m.same && m.body == o.Body
	}
	for _, n := range suspects {
		if m := matches[identity{n.Fixed, n.Header}]; m != nil {
			m.news++
		}
	}
	return matches
}

func links(matches map[identity]*match, suspects []New) []Link {
	var out []Link
	for _, n := range suspects {
		m := matches[identity{n.Fixed, n.Header}]
		if m == nil || !m.same {
			continue
		}
		l := Link{UID: n.UID, Body: m.body}
		if m.olds == 1 && m.news == 1 {
			l.ID = m.id
		}
		out = append(out, l)
	}
	return out
}
