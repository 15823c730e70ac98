package sync

import (
	"context"
	"sync"
)

// counter keeps the progress of a run: what was stored, and what is expected
// over all mailboxes as far as the server has told.
type counter struct {
	run *run

	mu       sync.Mutex
	done     tally
	expected map[*mailbox]tally
	total    tally // of expected
}

type tally struct{ messages, bytes int64 }

// usualSize is taken for a message where the server tells no sizes ahead.
const usualSize = 32 << 10

// estimate notes what the list of mailboxes promises, before they are opened.
func (c *counter) estimate(m *mailbox) {
	st := m.info.Status
	if st == nil || c.run.store.Passing() { // nothing is downloaded but what is due
		return
	}
	known := m.cursor()
	n := max(int64(st.Messages)-int64(known.Messages), 0)
	t := tally{messages: n}
	t.bytes = n * usualSize
	if st.Messages > 0 && st.Size > 0 {
		t.bytes = st.Size / int64(st.Messages) * n
	}
	c.expect(m, t)
}

func (c *counter) expect(m *mailbox, t tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expected == nil {
		c.expected = map[*mailbox]tally{}
	}
	was := c.expected[m]
	c.total.messages += t.messages - was.messages
	c.total.bytes += t.bytes - was.bytes
	c.expected[m] = t
}

// linked notes messages that need not be downloaded.
func (c *counter) linked(m *mailbox, t tally) {
	c.mu.Lock()
	was := c.expected[m]
	c.mu.Unlock()
	c.link(int(t.messages))
	c.expect(m, tally{was.messages - t.messages, was.bytes - t.bytes})
}

// link counts messages that came to their bodies without a download.
func (c *counter) link(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run.receipt.Linked += n
}

// stored notes bodies that are safe, and tells it.
func (c *counter) stored(m *mailbox, messages, bytes int64) {
	m.session.progress()
	c.mu.Lock()
	m.got.messages += messages
	m.got.bytes += bytes
	c.done.messages += messages
	c.done.bytes += bytes
	m.receipt.Bodies, m.receipt.BodyBytes = c.done.messages, c.done.bytes
	c.mu.Unlock()
	c.tell(m)
}

// tell tells how far the run has come.
func (c *counter) tell(m *mailbox) {
	c.mu.Lock()
	e := Event{Kind: Progress, Mailbox: m.info.Name, Messages: c.done.messages, Bytes: c.done.bytes,
		MessagesTotal: max(c.total.messages, c.done.messages), BytesTotal: max(c.total.bytes, c.done.bytes)}
	c.mu.Unlock()
	c.run.observe(e)
}

// nothing notes that no mail comes from a mailbox. Where it was awaited, what has come
// so far may be all.
func (c *counter) nothing(m *mailbox) {
	c.mu.Lock()
	awaited := c.expected[m] != tally{} && c.done != tally{}
	c.mu.Unlock()
	if c.expect(m, tally{}); awaited {
		c.tell(m)
	}
}

// expect replaces the estimate for a mailbox by what is really due, once its
// metadata is in. A second connection in one run must not count twice what the
// first one stored. It returns how many messages are due.
func (m *mailbox) expect(ctx context.Context) (int64, error) {
	n, bytes, err := m.store.MissingTotal(ctx, m.gen.ID, m.due())
	if err != nil {
		return 0, err
	}
	m.counter.mu.Lock()
	stored := m.got
	m.counter.mu.Unlock()
	m.counter.expect(m, tally{n + stored.messages, bytes + stored.bytes})
	return n, nil
}

// missing is how many octets are expected and not stored.
func (c *counter) missing() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total.bytes - c.done.bytes
}
