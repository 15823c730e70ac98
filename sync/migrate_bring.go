package sync

import (
	"context"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// Bring carries a plan out in a run over the target: it makes the mailboxes, fills them,
// and pushes flags and deletions. Messages are not queued for the push: of some hundred
// at a time it is noted, durably, that they are sent, just before they leave (I19), which
// spares to plan them twice and to read thousands of intents again and again. What an
// interrupted run or a lost connection leaves open is found out like that of any push.
// Whatever is not as simple as can be is queued, and left to the push of the run.
func (m Migrated) Bring(ctx context.Context, store *localstore.Store, acct Account, opt Options) (Receipt, error) {
	r := newRun(store, acct, opt)
	r.bring = func(ctx context.Context) error { return m.bring(ctx, r) }
	return r.do(ctx)
}

func (m Migrated) bring(ctx context.Context, r *run) error {
	r.queued = true
	targets, made, err := m.prepare(ctx, r.store)
	if err == nil && made {
		err = r.push(ctx)
	}
	if err != nil {
		return err
	}
	b := &bringing{pushing: r.newPushing()}
	rest, err := b.bring(ctx, m.Put, targets)
	if err != nil {
		return err
	}
	return m.queue(ctx, r.store, targets, rest)
}

// bringing is the round of a run that fills the mailboxes of a migration.
type bringing struct {
	*pushing
	loads       []*load
	done, total tally
}

// load is what is still to go into one mailbox.
type load struct {
	to   localstore.MailboxID
	puts []plan.MigratePut
}

// bring fills the mailboxes of which all is known, and gives what is left.
func (b *bringing) bring(ctx context.Context, puts []plan.MigratePut, targets []localstore.MailboxID) (rest []plan.MigratePut, err error) {
	if len(puts) == 0 || b.acct.ReadOnly || b.stale != "" {
		return puts, nil
	}
	if rest, err = b.part(ctx, puts, targets); err != nil || len(b.loads) == 0 {
		return rest, err
	}
	if b.known, err = b.store.Conflicts(ctx, b.account, true); err != nil {
		return nil, err
	}
	err = b.round(ctx, func(ctx context.Context, c *remote.Conn) error { return b.fill(ctx, c, newLanes(b.fillings())) })
	for _, l := range b.loads {
		rest = append(rest, l.puts...)
	}
	return rest, err
}

// part makes the loads; what is not fit for one is the rest.
func (b *bringing) part(ctx context.Context, puts []plan.MigratePut, targets []localstore.MailboxID) (rest []plan.MigratePut, err error) {
	open, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	caps, err := b.caps(ctx)
	if err != nil {
		return nil, err
	}
	loads := map[localstore.MailboxID]*load{}
	for _, p := range puts {
		to := targets[p.Target]
		if !open[to] || caps.AppendLimit > 0 && p.Size > caps.AppendLimit {
			rest = append(rest, p)
			continue
		}
		if loads[to] == nil {
			loads[to] = &load{to: to}
			b.loads = append(b.loads, loads[to])
		}
		loads[to].puts = append(loads[to].puts, p)
		b.total.messages, b.total.bytes = b.total.messages+1, b.total.bytes+p.Size
	}
	return rest, nil
}

// open are the mailboxes that the run has just looked at and for which nothing waits:
// what was sent there before, and may have arrived, must be found first.
func (b *bringing) open(ctx context.Context) (map[localstore.MailboxID]bool, error) {
	if err := b.loadBoxes(ctx); err != nil {
		return nil, err
	}
	waiting, err := b.store.Waiting(ctx, b.account)
	open := map[localstore.MailboxID]bool{}
	for id, x := range b.boxes {
		there := x.Generation != nil && !x.Detached && x.Leaving == 0 && x.Wanted == ""
		open[id] = there && !waiting[id] && b.looked[id] && b.fact(id).aside == "" && b.selected(id, x.Name, x.Delim)
	}
	return open, err
}

func (b *bringing) fillings() (all []filling) {
	for _, x := range b.loads {
		f := filling{fill: func(ctx context.Context, c *remote.Conn, l *lanes) error { return b.ship(ctx, c, l, x) }}
		for _, p := range x.puts {
			f.octets += p.Size
		}
		all = append(all, f)
	}
	return all
}

// ship sends a load, some hundred messages after the other.
func (b *bringing) ship(ctx context.Context, c *remote.Conn, l *lanes, x *load) error {
	for _, puts := range plan.Batches(x.puts, plan.AppendMessages, plan.AppendBytes) {
		s := plan.Step{Op: plan.OpAppend, Target: int64(x.to)}
		if err := l.alone(func() (err error) { s.Intents, s.Bytes, err = b.depart(ctx, x.to, puts); return err }); err != nil {
			return err
		}
		x.puts = x.puts[len(puts):]
		if err := b.deliver(ctx, c, l, s); err != nil {
			return err
		}
		_ = l.alone(func() error { b.arrived(s); return nil })
	}
	return nil
}

// depart notes that messages leave.
func (b *bringing) depart(ctx context.Context, to localstore.MailboxID, puts []plan.MigratePut) (ids []int64, octets int64, err error) {
	var sent []localstore.Intent
	err = b.store.Edit(ctx, func(tx *localstore.Tx) (err error) {
		uidvalidity, uidnext := b.before(to)
		sent, err = tx.RestoreSent(restorings(puts), to, uidvalidity, uidnext)
		return err
	})
	for _, in := range sent {
		b.intents[int64(in.ID)] = in
		ids, octets = append(ids, int64(in.ID)), octets+in.Result.Size
	}
	b.touched = true
	return ids, octets, err
}

// arrived forgets what has been answered.
func (b *bringing) arrived(s plan.Step) {
	for _, id := range s.Intents {
		delete(b.intents, id)
	}
	b.done.messages, b.done.bytes = b.done.messages+int64(len(s.Intents)), b.done.bytes+s.Bytes
	b.observe(Event{Kind: Progress, Mailbox: b.boxes[localstore.MailboxID(s.Target)].Shown(),
		Messages: b.done.messages, MessagesTotal: b.total.messages, Bytes: b.done.bytes, BytesTotal: b.total.bytes})
}
