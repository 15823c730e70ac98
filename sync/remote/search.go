package remote

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// UIDs enumerates the messages with lo <= UID <= hi (hi == 0: no upper end) by UID
// SEARCH, in ranges with ESEARCH. A nil error means the tagged OK came. Walk the
// ranges of the result: expanding them could take for ever.
func (c *Conn) UIDs(ctx context.Context, lo, hi imap.UID) (imap.UIDSet, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.uids(ctx, lo, hi)
}

func (c *Conn) uids(ctx context.Context, lo, hi imap.UID) (imap.UIDSet, error) {
	lo = max(lo, 1)
	if hi != 0 && hi < lo {
		return nil, nil
	}
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{{{Start: lo, Stop: hi}}}}
	var options *imap.SearchOptions
	if c.Has(imap.CapESearch) {
		options = &imap.SearchOptions{ReturnAll: true} // RFC 4731
	}
	var found imap.UIDSet
	err := c.viaClient(ctx, "search", c.box, func() error {
		data, err := c.client.UIDSearch(criteria, options).Wait()
		if err != nil {
			return err
		}
		found, _ = data.All.(imap.UIDSet)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return clip(found, lo, hi), nil
}

// Noop keeps the session from being dropped as idle.
func (c *Conn) Noop(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.viaClient(ctx, "noop", c.where(), func() error { return c.client.Noop().Wait() })
}

// viaClient runs f, which uses imapclient, and makes an *Error of its error.
func (c *Conn) viaClient(ctx context.Context, op, where string, f func() error) error {
	err := c.wire.Guard(ctx, f)
	if err == nil {
		return nil
	}
	if no, ok := errors.AsType[*imap.Error](err); ok {
		return refused(op, where, wire.Status{Type: string(no.Type), Code: string(no.Code), Text: no.Text})
	}
	if cause := c.wire.Err(); cause != nil {
		err = cause // imapclient's own text says less
	}
	return fail(ctx, op, where, err)
}
