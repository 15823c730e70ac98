package remote

import (
	"context"
)

// Compress says whether to use COMPRESS=DEFLATE (RFC 4978), where the server
// offers it.
type Compress int

const (
	// CompressAuto begins to compress in the middle of a transfer that proves to be
	// slow: mail that arrives at less than 4 MB/s for longer than a second.
	CompressAuto Compress = iota
	// CompressOn compresses from the end of the login on.
	CompressOn
	// CompressOff never compresses.
	CompressOff
)

// compress does what the Config says, on a connection that is ready to use.
func (c *Conn) compress(ctx context.Context) error {
	switch {
	case c.cfg.Compress == CompressOff:
	case !c.caps["COMPRESS=DEFLATE"]:
		if c.cfg.Compress == CompressOn {
			c.notice("the server offers no compression")
		}
	case c.cfg.Compress == CompressAuto:
		c.wire.CompressWhenSlow()
	default:
		_, err := c.wire.Compress(ctx)
		return fail(ctx, "compress", c.where(), err)
	}
	return nil
}

// Compressed reports whether the connection is compressed by now.
func (c *Conn) Compressed() bool { return c.wire != nil && c.wire.Compressed() }
