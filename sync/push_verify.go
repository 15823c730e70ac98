package sync

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// verify looks at the copies that were made in place of moves: the source goes only
// when the server shows a message of its size where it said that it put it (I18).
func (p *pushing) verify(ctx context.Context, c *remote.Conn) error {
	for _, s := range p.steps(plan.OpCopy) {
		if !s.Verify {
			continue
		}
		if err := p.verifyStep(ctx, c, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *pushing) verifyStep(ctx context.Context, c *remote.Conn, s plan.Step) error {
	want := map[imap.UID]int64{}
	var lo, hi imap.UID
	for _, id := range s.Intents {
		if to := imap.UID(p.found[id]); to != 0 {
			want[to] = id
			hi = max(hi, to)
			if lo == 0 || to < lo {
				lo = to
			}
		}
	}
	if len(want) == 0 {
		return nil
	}
	target := p.boxes[localstore.MailboxID(s.Target)]
	sel, err := c.Examine(ctx, target.Raw)
	if err == nil && target.Generation != nil && sel.UIDValidity == target.Generation.UIDValidity {
		err = c.Metadata(ctx, lo, hi, remote.Want{Size: true}, func(m remote.Meta) error {
			if id, ok := want[m.UID]; ok && m.HasSize && m.Size == p.intents[id].Message.Size {
				delete(want, m.UID)
			}
			return nil
		})
	}
	for _, id := range want {
		delete(p.found, id) // looked for in the next round
	}
	if remote.ClassOf(err) == remote.Refused {
		return nil
	}
	return err
}
