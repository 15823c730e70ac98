package remote

import "context"

// Select opens a mailbox to change it. Selected.ReadOnly tells that the server
// lets nothing be changed all the same (RFC 9051 section 6.3.2); it is no error.
func (c *Conn) Select(ctx context.Context, raw string) (Selected, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mayChange("select", raw); err != nil {
		return Selected{}, err
	}
	return c.openBox(ctx, "SELECT", raw)
}
