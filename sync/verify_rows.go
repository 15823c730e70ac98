package sync

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// listedMessage is a message as the server has it.
type listedMessage struct {
	uid        uint32
	flags      conflict.Flags
	size, date int64
}

func listAll(ctx context.Context, c *remote.Conn) (map[uint32]listedMessage, error) {
	flags := flagTable{}
	now := map[uint32]listedMessage{}
	err := c.Metadata(ctx, 1, 0, remote.Want{Date: true, Size: true}, func(r remote.Meta) error {
		now[uint32(r.UID)] = listedMessage{uint32(r.UID), flags.set(r.Flags), r.Size, r.Date.Unix()}
		return nil
	})
	return now, err
}

// rows compares the messages of a mailbox and returns those that agree and
// whose bodies are held.
func (v *verifier) rows(ctx context.Context, box string, gen localstore.GenerationID, now map[uint32]listedMessage) ([]localstore.Fingerprint, error) {
	var same []localstore.Fingerprint
	err := v.store.Fingerprints(ctx, []localstore.GenerationID{gen}, func(f localstore.Fingerprint) error {
		v.out.Messages++
		there, ok := now[f.UID]
		delete(now, f.UID)
		if !ok {
			v.differ(box, f.UID, int64(f.ID), "is not on the server")
			return nil
		}
		if what := unlike(f, there); what != "" {
			v.differ(box, f.UID, int64(f.ID), "%s", what)
		} else {
			same = append(same, f)
		}
		return nil
	})
	for uid := range now {
		v.differ(box, uid, 0, "is not in the mirror")
	}
	return same, err
}

// stale finds messages that a UIDVALIDITY change left behind, whose deletion the
// guard holds back.
func (v *verifier) stale(ctx context.Context, box string, id localstore.MailboxID) error {
	return v.store.Stale(ctx, id, func(r localstore.Row) error {
		v.out.Messages++
		v.differ(box, 0, int64(r.ID), "is not on the server since UIDVALIDITY changed")
		return nil
	})
}

// unlike says in what a row and its message differ.
func unlike(f localstore.Fingerprint, now listedMessage) string {
	var what []string
	if base := conflict.Flags(f.Base); !base.Equal(now.flags) {
		what = append(what, fmt.Sprintf("flags are %q on the server and %q in the mirror", now.flags, base))
	}
	if f.Size >= 0 && f.Size != now.size {
		what = append(what, fmt.Sprintf("size is %d on the server and %d in the mirror", now.size, f.Size))
	}
	if !f.Date.IsZero() && f.Date.Unix() != now.date {
		what = append(what, "internal date differs")
	}
	if !f.HasBody {
		what = append(what, "its body is not held")
	}
	return strings.Join(what, "; ")
}

// sample picks the messages whose bytes are compared.
func (v *verifier) sample(same []localstore.Fingerprint, total int) []localstore.Fingerprint {
	n := float64(len(same)) * v.opt.SamplePercent / 100
	if v.opt.Sample > 0 {
		n = float64(v.opt.Sample) * float64(len(same)) / float64(max(total, 1))
	}
	k := int(n)
	if v.rng.Float64() < n-float64(k) {
		k++ // so that small mailboxes get their share on average
	}
	v.rng.Shuffle(len(same), func(i, j int) { same[i], same[j] = same[j], same[i] })
	return same[:min(k, len(same))]
}

// bytes downloads the sampled messages again and compares every byte by hash.
func (v *verifier) bytes(ctx context.Context, c *remote.Conn, box string, sample []localstore.Fingerprint) error {
	for len(sample) > 0 {
		n := min(len(sample), plan.BatchMessages)
		if err := v.batch(ctx, c, box, sample[:n]); err != nil {
			return err
		}
		sample = sample[n:]
	}
	return nil
}

func (v *verifier) batch(ctx context.Context, c *remote.Conn, box string, sample []localstore.Fingerprint) error {
	want := map[imap.UID]localstore.Fingerprint{}
	uids := make([]uint32, len(sample))
	for i, f := range sample {
		want[imap.UID(f.UID)] = f
		uids[i] = f.UID
	}
	sums, err := download(ctx, c, uids)
	if err != nil {
		return err
	}
	v.out.Sampled += len(sample)
	for uid, f := range want {
		switch sum, ok := sums[uid]; {
		case !ok:
			v.differ(box, f.UID, int64(f.ID), "the server did not give its bytes")
		case sum != f.SHA256:
			v.differ(box, f.UID, int64(f.ID), "bytes differ: SHA-256 is %x on the server and %x in the mirror", sum, f.SHA256)
		}
	}
	return nil
}

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
