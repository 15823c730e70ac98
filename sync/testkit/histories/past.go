package histories

import (
	"context"
	"slices"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/model"
)

// undo wants back what the last run saw vanish, or one before. What it puts back must
// be there in the end, where nobody else is at work.
func (e *editing) undo() (func(), error) {
	ctx, acct := context.Background(), e.accountID()
	runs, err := e.store.Runs(ctx, acct, 3)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	from, err1 := e.store.CutBefore(ctx, runs[e.A%len(runs)].ID)
	to, err2 := e.store.CutAfter(ctx, runs[0].ID)
	want, err3 := mailsync.Undo(ctx, e.store, acct, 0, from, to)
	plan, err4 := mailsync.PlanRestore(ctx, e.store, want)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return nil, err
		}
	}
	_, err = plan.Queue(e.tx, acct)
	return func() {
		for _, p := range plan.Put {
			i := slices.IndexFunc(want.Messages, func(m localstore.Mail) bool { return int64(m.ID) == p.ID })
			if n := numberOf(want.Messages[i].Subject); n > 0 {
				e.ledger.back(n, len(e.machines) == 1)
				e.logf("   %04d", n)
			}
		}
	}, err
}

// keep makes a backup of the store, behind the edit that this is.
func (e *editing) keep() (func(), error) {
	return func() {
		e.place.keep()
		e.kept = e.ledger.steps
	}, nil
}

// revert puts the backup in the place of the store. What was done here since, and what
// waited then, may be lost, undone, or done again.
func (m *machine) revert(Step) {
	m.Helper()
	if m.kept == 0 {
		return
	}
	m.putBack()
	m.held = m.bodies()
	for n, e := range m.ledger.messages {
		if e.touched >= m.kept {
			m.ledger.unsure(n)
		}
	}
	err := m.store.Intents(context.Background(), m.accountID(), func(in localstore.Intent) error {
		if mail, err := m.store.Message(context.Background(), in.Message.ID); err == nil && numberOf(mail.Subject) > 0 {
			m.ledger.unsure(numberOf(mail.Subject))
		}
		return nil
	})
	if err != nil {
		m.Fatalf("%v", err)
	}
	m.runAs(func(o *mailsync.Options) { o.MaxDeletes = plan.Limit{} })
}

// guarded is a run that may delete nothing, on either side (I26).
func (m *machine) guarded(Step) {
	m.Helper()
	none, err := plan.ParseLimit("0")
	if err != nil {
		m.Fatalf("%v", err)
	}
	here, there := m.contents()
	m.runAs(func(o *mailsync.Options) { o.MaxDeletes = none })
	hereNow, thereNow := m.contents()
	for what := range here {
		if !hereNow[what] && !m.ledger.removed { // what its owner removed as well is not held back
			m.Errorf("machine %d: a run that may delete nothing took %s from the mirror", m.number, what)
		}
	}
	for what := range there {
		if !thereNow[what] {
			m.Errorf("machine %d: a run that may delete nothing took %s from the server", m.number, what)
		}
	}
}

// contents are the bodies that mirror and server have anywhere.
func (m *machine) contents() (here, there map[string]bool) {
	m.Helper()
	here, there = map[string]bool{}, map[string]bool{}
	for _, r := range m.present() {
		if r.SHA != "" {
			here[r.SHA] = true
		}
	}
	m.server.Do(func(a *model.Account) {
		for _, box := range a.Mailboxes() {
			for _, msg := range box.Messages {
				there[string(msg.Body)] = true
			}
		}
	})
	return here, there
}
