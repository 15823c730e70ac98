package sync

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

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
	v.session.logout(ctx)()
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
	var whole bool
	err = v.session.do(ctx, func(ctx context.Context, c *remote.Conn) (err error) {
		listed, whole, err = c.ListAll(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if !whole {
		v.differ("", 0, 0, "%s", unreadable)
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
