package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

const (
	// maxMessages bounds one Metadata: ten times the largest mailbox known.
	maxMessages = 1 << 26
	// maxPartial is how many messages may be known in part at a time, when the
	// server splits answers or reports flags ahead of the answer.
	maxPartial = 1024
)

// Metadata streams UID and FLAGS, and what else is wanted, of the messages with
// lo <= UID <= hi (hi == 0: no upper end) in one UID FETCH. fn is called at most
// once per UID, from the calling goroutine, in the order of the server. Answers
// outside the range are dropped: "n:*" always names the last message (RFC 9051
// section 6.4.8).
//
// Returning nil means that the enumeration is complete: the tagged OK came and
// no response was beyond understanding. An error of fn ends the calls and is
// returned as it is, after the rest of the answer was read and dropped.
func (c *Conn) Metadata(ctx context.Context, lo, hi imap.UID, want Want, fn func(Meta) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	lo = max(lo, 1)
	if hi != 0 && hi < lo || c.opened.counted && c.opened.Messages == 0 {
		return nil // some servers refuse "*" in an empty mailbox
	}
	m := newMetadata(c, lo, hi, want, fn)
	if err := c.refetch(ctx, imap.UIDSet{{Start: lo, Stop: hi}}, m); err != nil {
		return err
	}
	return m.end()
}

// metadata is one Metadata call under way.
type metadata struct {
	c       *Conn
	lo, hi  imap.UID
	want    Want
	fn      func(Meta) error
	err     error // of fn
	broken  error // the first response beyond understanding
	seen    seen
	count   int
	partial map[imap.UID]*Meta // known in part, to be merged
	order   []imap.UID         // of partial, oldest first
	flags   flagCache
	cut     bool // flags were left out, and it was said
}

func newMetadata(c *Conn, lo, hi imap.UID, want Want, fn func(Meta) error) *metadata {
	return &metadata{c: c, lo: lo, hi: hi, want: want, fn: fn, partial: map[imap.UID]*Meta{}, flags: flagCache{}}
}

func (m *metadata) take(resp *wire.Response) error {
	if !resp.HasNum || resp.Name != "FETCH" {
		return m.c.unasked(resp)
	}
	got, err := readMeta(resp, m.flags)
	if err != nil {
		m.noteBroken(got.UID, err)
		return err
	}
	return m.offer(got)
}

// offer takes what one response says of a message, if it was asked for.
func (m *metadata) offer(got Meta) error {
	if got.UID < m.lo || m.hi != 0 && got.UID > m.hi || m.seen.has(got.UID) {
		return wire.ErrStray
	}
	return m.merge(got)
}

// noteBroken remembers that a message may be missing from the enumeration.
func (m *metadata) noteBroken(uid imap.UID, err error) {
	if m.broken == nil {
		m.broken = &Error{Class: Refused, Op: "fetch", Where: m.c.box, UID: uid, Err: fmt.Errorf("the server's answer for a message: %w", err)}
	}
}

// merge emits a message once everything wanted is known of it, but for identity
// and labels, which come with the rest or not at all.
func (m *metadata) merge(got Meta) error {
	p := m.partial[got.UID]
	if p == nil && m.complete(&got) {
		return m.emit(got)
	}
	if p == nil {
		m.makeRoom()
		m.partial[got.UID] = &got
		m.order = append(m.order, got.UID)
		return nil
	}
	p.add(got)
	if !m.complete(p) {
		return nil
	}
	delete(m.partial, got.UID)
	return m.emit(*p)
}

func (m *metadata) complete(p *Meta) bool {
	return p.has&hasFlags != 0 && (!m.want.Date || p.has&hasDate != 0) && (!m.want.Size || p.has&hasSize != 0)
}

// makeRoom drops the oldest message known in part: flags reported ahead of the
// answer, which will come; a server that splits answers does not split them so far.
func (m *metadata) makeRoom() {
	for len(m.order) > 0 && (len(m.partial) >= maxPartial || m.partial[m.order[0]] == nil) {
		delete(m.partial, m.order[0])
		m.order = m.order[1:]
	}
}

func (m *metadata) emit(got Meta) error {
	m.seen.add(got.UID)
	if m.count++; m.count > maxMessages {
		return &wire.LimitError{What: "count of messages", Limit: maxMessages}
	}
	if got.has&moreFlags != 0 && !m.cut {
		m.cut = true
		m.c.notice(fmt.Sprintf("uid %d has more flags than any message needs: %d of them were kept", got.UID, len(got.Flags)))
	}
	if m.err == nil {
		m.err = m.fn(got)
	}
	return nil
}

// end emits what the server gave only in part: without a date or size a message
// can still be mirrored, without flags its state is unknown.
func (m *metadata) end() error {
	for _, uid := range m.order {
		p := m.partial[uid]
		if p == nil || m.seen.has(uid) {
			continue
		}
		if p.has&hasFlags == 0 {
			m.noteBroken(uid, errors.New("no FLAGS in it"))
			continue
		}
		if err := m.emit(*p); err != nil {
			return err
		}
	}
	if m.err != nil {
		return m.err
	}
	return m.broken
}
