package sync

import (
	"context"
	"crypto/sha256"
	"io"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// download hashes the bodies of messages without keeping them.
func download(ctx context.Context, c *remote.Conn, uids []uint32) (map[imap.UID][32]byte, error) {
	sums := map[imap.UID][32]byte{}
	err := c.Bodies(ctx, uidSet(uids), func(uid imap.UID, _ int64, r io.Reader) error {
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return err
		}
		sums[uid] = [32]byte(sum.Sum(nil))
		return nil
	})
	return sums, err
}
