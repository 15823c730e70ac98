package sync

import (
	"context"
	"fmt"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// duePage is how many rows of missing bodies are read at a time.
const duePage = 4096

// bodies downloads what is missing, in UID order: this goroutine asks and reads,
// others pack and store behind it.
func (m *mailbox) bodies(ctx context.Context, c *remote.Conn) error {
	if m.gen == nil {
		return nil
	}
	m.asked = true
	if _, err := m.expect(ctx); err != nil {
		return err
	}
	c.Expect(m.counter.missing())
	f := &fetcher{m: m, conn: c, out: m.writer, alone: true}
	fetch := func(batches [][]plan.Due) error {
		if err := f.fetch(ctx, batches); err != nil {
			return err
		}
		return f.fetchLarge(ctx)
	}
	if err := f.missing(ctx, fetch); err != nil || !f.putOff {
		return err
	}
	if err := f.out.flush(ctx); err != nil {
		return err
	}
	f.last = true
	return f.missing(ctx, fetch)
}

// fetcher gets bodies in rounds: each asks for batches, the next one for the
// parts of those that were refused.
type fetcher struct {
	m      *mailbox
	conn   *remote.Conn
	out    *writer
	shared bool       // others fetch from the same mailbox
	alone  bool       // nothing else is under way on the connection: questions can be asked
	swift  bool       // mail is known to come fast
	putOff bool       // some messages wait for others
	last   bool       // none may wait any more
	large  []plan.Due // to be fetched in pieces
	behind []plan.Due // large ones, to be asked for once mail is known to come fast
}

// missing walks over what is missing and not held in another place, in batches.
func (f *fetcher) missing(ctx context.Context, ask func([][]plan.Due) error) error {
	for after := uint32(0); ; {
		page, err := f.m.store.Missing(ctx, f.m.gen.ID, after, f.m.due(), duePage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return f.rest(ctx, ask)
		}
		after = page[len(page)-1].UID
		due, err := f.unheld(ctx, page)
		if err != nil {
			return err
		}
		if due, err = f.bearable(ctx, due); err != nil {
			return err
		}
		if err := ask(plan.Batches(due, f.m.poison.limit, plan.FetchBytes)); err != nil {
			return err
		}
	}
}

// bearable sets messages aside that are longer than the account takes: asked for,
// they would end the connection. Sizes are hints (I24), so one may get through.
func (f *fetcher) bearable(ctx context.Context, due []plan.Due) (rest []plan.Due, err error) {
	limit := f.m.acct.MaxMessage
	for _, d := range due {
		if limit <= 0 || d.Size <= limit {
			rest = append(rest, d)
			continue
		}
		if !f.alone {
			f.putOff = true
			continue
		}
		why := fmt.Sprintf("it has %d octets, and the account takes %d at most (max-message)", d.Size, limit)
		if err := f.aside(ctx, d, why); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// fetch gets what can be had of some batches. A refused batch is halved until
// the one message that the server will not give stands alone (row 17).
func (f *fetcher) fetch(ctx context.Context, batches [][]plan.Due) error {
	for len(batches) > 0 {
		n := len(batches)
		if f.m.poison.suspects() {
			n = 1 // nothing else in flight that could be the culprit
		}
		r := f.newRound(batches[:n])
		if err := r.run(ctx); err != nil {
			return err
		}
		batches = batches[n:]
		for _, x := range r.refused {
			more, err := f.split(ctx, x)
			if err != nil {
				return err
			}
			batches = append(batches, more...)
		}
		if err := f.unanswered(ctx, r.unanswered); err != nil {
			return err
		}
	}
	return nil
}

// split halves a refused batch, or sets its only message aside.
func (f *fetcher) split(ctx context.Context, x refusal) ([][]plan.Due, error) {
	f.m.session.progress()
	if half := len(x.due) / 2; half > 0 {
		return [][]plan.Due{x.due[:half], x.due[half:]}, nil
	}
	return nil, f.aside(ctx, x.due[0], reason(x.err))
}

// unanswered looks after messages that an OK came without (row 16): asked for
// alone once more; what is no longer on the server is left to the next listing,
// what is there is set aside.
func (f *fetcher) unanswered(ctx context.Context, due []plan.Due) error {
	for _, d := range due {
		r := f.newRound([][]plan.Due{{d}})
		if err := r.alone(ctx); err != nil {
			return err
		}
		if len(r.refused) > 0 {
			if err := f.aside(ctx, d, reason(r.refused[0].err)); err != nil {
				return err
			}
		}
		if len(r.unanswered) == 0 {
			continue
		}
		there, err := f.there(ctx, d)
		if err != nil {
			return err
		}
		why := "the server answered without the message's bytes"
		if !there {
			if !f.m.old[d.UID] {
				continue // expunged meanwhile; the next listing tells
			}
			why = "the server lists the message and does not answer for it"
		}
		if err := f.aside(ctx, d, why); err != nil {
			return err
		}
	}
	return nil
}

// aside notes a message that cannot be had now, with a time to try again (I12).
func (f *fetcher) aside(ctx context.Context, d plan.Due, why string) error {
	return f.m.fail(ctx, f.m, localstore.Problem{Kind: kindMessage, Message: localstore.MessageID(d.ID), UID: d.UID, Reason: why})
}
