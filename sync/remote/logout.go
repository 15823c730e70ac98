package remote

import (
	"context"
	"errors"
	"io"
	"time"
)

// Logout says goodbye and closes the connection; it is closed whatever happens.
func (c *Conn) Logout(ctx context.Context) error { return c.logout(ctx, func() {}) }

// Leave is Logout that waits no longer than patience for the server's goodbye. RFC
// 9051 section 3.4 has the client read it, which tells nothing any more and costs a
// distant one a whole round trip: the server hears LOGOUT before the end of the
// connection, and answered for all that it did.
func (c *Conn) Leave(ctx context.Context, patience time.Duration) error {
	hurry, cancel := context.WithCancel(ctx)
	defer cancel()
	err := c.logout(hurry, func() { time.AfterFunc(patience, cancel) })
	if ctx.Err() == nil && hurry.Err() != nil {
		return nil
	}
	return err
}

// logout calls sent when LOGOUT has been sent.
func (c *Conn) logout(ctx context.Context, sent func()) error {
	c.mu.Lock()
	err := c.viaClient(ctx, "logout", c.where(), func() error {
		cmd := c.client.Logout()
		sent()
		return cmd.Wait()
	})
	switch {
	case c.wire.Parted() && ClassOf(err) == Connect:
		err = nil // the tagged OK is lost on servers that close at once, and says nothing more
	case c.wire.Compressed() && errors.Is(err, io.ErrUnexpectedEOF):
		err = nil // Dovecot may close a compressed connection before it has flushed its goodbye
	}
	c.mu.Unlock()
	_ = c.Close()
	return err
}
