package sync

import (
	"context"
	"io"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// portions: where a connection was lost over some messages they are sent one by
// one, to see which of them it was.
func (p *pushing) portions(s plan.Step) (out []plan.Step) {
	for _, id := range s.Intents {
		if p.deaths[id] > 0 {
			for _, id := range s.Intents {
				one := s
				one.Intents = []int64{id}
				out = append(out, one)
			}
			return out
		}
	}
	return []plan.Step{s}
}

func (p *pushing) append(ctx context.Context, c *remote.Conn, l *lanes, s plan.Step) error {
	if err := l.alone(func() error { return p.sent(ctx, s) }); err != nil {
		return err
	}
	msgs := make([]remote.Outgoing, len(s.Intents))
	for i, id := range s.Intents {
		msgs[i] = p.outgoing(ctx, p.intents[id].Result)
	}
	answers, lost := c.Append(ctx, p.boxes[localstore.MailboxID(s.Target)].Raw, msgs)
	err := l.alone(func() error {
		return p.commit(ctx, func(tx *localstore.Tx) error {
			for i, a := range answers {
				if err := p.appended(tx, s.Intents[i], a); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return lost
}

func (p *pushing) outgoing(ctx context.Context, row localstore.Row) remote.Outgoing {
	return remote.Outgoing{Flags: conflict.Flags(row.Local).List(), Date: row.Date, Size: row.Size,
		Open: func() (io.Reader, error) {
			body, _, err := p.store.OpenBody(ctx, row.ID)
			return body, err
		}}
}

// appended notes what became of one message. When nobody knows, it is looked for
// before it is sent again.
func (p *pushing) appended(tx *localstore.Tx, id int64, a remote.Appended) error {
	switch a.Outcome {
	case remote.Done:
		o, in := localstore.Outcome{UIDValidity: a.UIDValidity, UID: uint32(a.UID), Flags: p.intents[id].Result.Local}, p.intents[id]
		p.ended(in, o)
		return tx.IntentAppended(p.run.id, in.ID, in.Result.ID, o)
	case remote.NotDone:
		return p.refuse(tx, id, a.Err)
	}
	p.unknown(id, a.Err)
	return nil
}

// uid is the UID of a row for a set.
func uid(row localstore.Row) imap.UID { return imap.UID(row.UID) }
