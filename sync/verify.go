package sync

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// VerifyOptions of a comparison with the server.
type VerifyOptions struct {
	Folders []string // patterns as plan.Selected reads them
	// Sample is how many bodies are downloaded again and compared, by chance
	// over all mailboxes; SamplePercent is the same as a share of each mailbox.
	Sample        int
	SamplePercent float64
	Observer      Observer
	Seed          uint64 // of the chance; equal seeds pick equal messages
}

// Difference is something in which mirror and server do not agree.
type Difference struct {
	Mailbox string `json:"mailbox"`
	UID     uint32 `json:"uid,omitempty"` // 0: the mailbox as a whole
	ID      int64  `json:"id,omitempty"`  // in the mirror; 0: not there
	What    string `json:"what"`
}

// Verified is the outcome of a comparison.
type Verified struct {
	Account     string       `json:"account"`
	Mailboxes   int          `json:"mailboxes"` // compared
	Messages    int          `json:"messages"`  // compared by UID, flags, size and date
	Sampled     int          `json:"sampled"`   // bodies downloaded again
	Differences []Difference `json:"differences,omitempty"`
}

// VerifyRemote proves that the mirror equals the server, or lists exactly where
// it does not: mailboxes, UIDVALIDITY, UIDs, flags, announced sizes, internal
// dates, and the bytes of a sample. It changes neither side. What happened on
// the server since the last sync is a difference like any other.
func VerifyRemote(ctx context.Context, store *localstore.Store, acct Account, opt VerifyOptions) (Verified, error) {
	o := Options{Folders: opt.Folders, Observer: opt.Observer, DryRun: true}.withDefaults()
	v := &verifier{opt: opt, out: Verified{Account: acct.Name},
		run: &run{store: store, acct: acct, opt: o, receipt: &Receipt{}, session: &session{acct: acct, opt: o}},
		rng: rand.New(rand.NewPCG(opt.Seed, opt.Seed))}
	err := v.verify(ctx)
	v.session.logout(ctx)
	slices.SortFunc(v.out.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Mailbox, b.Mailbox), cmp.Compare(a.UID, b.UID), cmp.Compare(a.What, b.What))
	})
	return v.out, err
}

type verifier struct {
	*run
	opt VerifyOptions
	out Verified
	rng *rand.Rand
}

func (v *verifier) verify(ctx context.Context) error {
	if err := v.find(ctx); err != nil {
		return err
	}
	held, err := v.held(ctx)
	if err != nil {
		return err
	}
	var listed []remote.Mailbox
	err = v.session.do(ctx, func(ctx context.Context, c *remote.Conn) (err error) {
		listed, err = c.List(ctx)
		return err
	})
	if err != nil {
		return err
	}
	v.lists(listed, held)
	var total uint32
	for _, l := range listed {
		if l.Status != nil {
			total += l.Status.Messages
		}
	}
	for _, l := range listed {
		m, known := held[l.Raw]
		if !known || m.Detached || !v.chosen(l) {
			continue
		}
		if err := v.mailbox(ctx, l, m, int(total)); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) chosen(l remote.Mailbox) bool {
	return l.Selectable && plan.Selected(v.run.opt.Folders, l.Name, l.Delim)
}

func (v *verifier) differ(box string, uid uint32, id int64, format string, args ...any) {
	v.out.Differences = append(v.out.Differences, Difference{Mailbox: box, UID: uid, ID: id, What: fmt.Sprintf(format, args...)})
}

// lists compares the names of mailboxes.
func (v *verifier) lists(listed []remote.Mailbox, held map[string]localstore.Mailbox) {
	there := map[string]bool{}
	for _, l := range listed {
		m, known := held[l.Raw]
		there[l.Raw] = l.Selectable || m.Generation == nil // a name without mail is no mailbox
		if v.chosen(l) && (!known || m.Detached) {
			v.differ(l.Name, 0, 0, "mailbox is not in the mirror")
		}
	}
	for raw, m := range held {
		if !m.Detached && !there[raw] && plan.Selected(v.run.opt.Folders, m.Name, m.Delim) {
			v.differ(m.Name, 0, 0, "mailbox is not on the server")
		}
	}
}

// mailbox compares one mailbox; one that cannot be opened is a difference.
func (v *verifier) mailbox(ctx context.Context, l remote.Mailbox, m localstore.Mailbox, total int) error {
	v.observe(Event{Kind: Opened, Mailbox: l.Name})
	differences, messages, sampled := len(v.out.Differences), v.out.Messages, v.out.Sampled
	err := v.session.do(ctx, func(ctx context.Context, c *remote.Conn) error {
		// After a lost connection the mailbox is compared from its start.
		v.out.Differences = v.out.Differences[:differences]
		v.out.Messages, v.out.Sampled = messages, sampled
		return v.compare(ctx, c, l, m, total)
	})
	if err != nil {
		if v.ends(ctx, err) {
			return err
		}
		if m.Generation != nil || !phantom(l, err) {
			v.differ(l.Name, 0, 0, "cannot be compared: %v", err)
		}
		return nil
	}
	v.out.Mailboxes++
	return nil
}

func (v *verifier) compare(ctx context.Context, c *remote.Conn, l remote.Mailbox, m localstore.Mailbox, total int) error {
	sel, err := c.Examine(ctx, l.Raw)
	if err != nil {
		return err
	}
	switch {
	case m.Generation == nil && sel.Messages == 0:
		return nil
	case m.Generation == nil:
		v.differ(l.Name, 0, 0, "was never synced")
		return nil
	case sel.UIDValidity == 0 || sel.UIDNotSticky:
		v.differ(l.Name, 0, 0, "the server's UIDs do not last: mail is kept by content only and cannot be compared")
		return nil
	case m.Generation.UIDValidity != sel.UIDValidity:
		v.differ(l.Name, 0, 0, "UIDVALIDITY is %d on the server and %d in the mirror", sel.UIDValidity, m.Generation.UIDValidity)
		return nil
	}
	now, err := listAll(ctx, c)
	if err != nil {
		return err
	}
	same, err := v.rows(ctx, l.Name, m.Generation.ID, now)
	if err == nil {
		err = v.stale(ctx, l.Name, m.ID)
	}
	if err != nil {
		return err
	}
	return v.bytes(ctx, c, l.Name, v.sample(same, total))
}

// listed is a message as the server has it.
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
