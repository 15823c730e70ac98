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
	return p.deliver(ctx, c, l, s)
}

// deliver appends messages of which it is noted that they are sent.
func (p *pushing) deliver(ctx context.Context, c *remote.Conn, l *lanes, s plan.Step) error {
	msgs := p.outgoings(ctx, l, s.Intents)
	answers, lost := c.Append(ctx, p.boxes[localstore.MailboxID(s.Target)].Raw, msgs)
	err := l.alone(func() error {
		return p.commit(ctx, func(tx *localstore.Tx) error { return p.appended(tx, s.Intents, answers) })
	})
	if err != nil {
		return err
	}
	return lost
}

func (p *pushing) outgoings(ctx context.Context, l *lanes, ids []int64) []remote.Outgoing {
	l.mu.Lock()
	defer l.mu.Unlock()
	msgs := make([]remote.Outgoing, len(ids))
	for i, id := range ids {
		msgs[i] = p.outgoing(ctx, p.intents[id].Result)
	}
	return msgs
}

func (p *pushing) outgoing(ctx context.Context, row localstore.Row) remote.Outgoing {
	return remote.Outgoing{Flags: conflict.Flags(row.Local).List(), Date: row.Date, Size: row.Size,
		Open: func() (io.Reader, error) {
			body, _, err := p.store.OpenBody(ctx, row.ID)
			return body, err
		}}
}

// appended notes what became of messages. When nobody knows, one is looked for before
// it is sent again.
func (p *pushing) appended(tx *localstore.Tx, ids []int64, answers []remote.Appended) error {
	var done []localstore.Appended
	for i, a := range answers {
		in := p.intents[ids[i]]
		switch a.Outcome {
		case remote.Done:
			o := localstore.Outcome{UIDValidity: a.UIDValidity, UID: uint32(a.UID), Flags: in.Result.Local}
			p.ended(in, o)
			done = append(done, localstore.Appended{Intent: in.ID, Result: in.Result.ID, Outcome: o})
		case remote.NotDone:
			if err := p.refuse(tx, ids[i], a.Err); err != nil {
				return err
			}
		default:
			p.unknown(ids[i], a.Err)
		}
	}
	return tx.IntentsAppended(p.run.id, done)
}

// uid is the UID of a row for a set.
func uid(row localstore.Row) imap.UID { return imap.UID(row.UID) }
