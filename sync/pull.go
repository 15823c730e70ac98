package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// run is one Pull on its way.
type run struct {
	store   *localstore.Store
	acct    Account
	opt     Options
	session *session
	receipt *Receipt

	account  localstore.AccountID          // 0 in a dry run over an account never synced
	id       localstore.RunID              // 0 in a dry run
	before   []localstore.RunID            // the last runs; see recent
	troubled map[localstore.MailboxID]bool // mailboxes with problems of their own
	counter  counter
	writer   *writer  // of bodies
	underway underway // asked for and not stored yet
	queue
	again    bool                          // this is not the first look
	concerns map[localstore.MailboxID]bool // mailboxes to look at; nil: all
	looked   map[localstore.MailboxID]bool // mailboxes whose mirror is what the server has
	bring    func(context.Context) error   // what a migration does before the rest is sent; nil: nothing
}

// Pull brings the mirror of an account up to what the server has. The receipt
// is valid whatever the error: it tells how far the run came, and its Exit how
// the process should end. The error is nil when the run reached its end, even
// if the receipt lists failures or deletions held back.
func Pull(ctx context.Context, store *localstore.Store, acct Account, opt Options) (Receipt, error) {
	return newRun(store, acct, opt).do(ctx)
}

func newRun(store *localstore.Store, acct Account, opt Options) *run {
	opt = opt.withDefaults()
	r := &run{
		store: store, acct: acct, opt: opt,
		session: &session{acct: acct, opt: opt},
		receipt: &Receipt{Account: acct.Name, DryRun: opt.DryRun, Started: opt.Now()},
		queue:   newQueue(), looked: map[localstore.MailboxID]bool{},
	}
	r.counter.run = r
	return r
}

func (r *run) do(ctx context.Context) (Receipt, error) {
	err := r.begin(ctx)
	if err == nil {
		err = r.remember(ctx)
	}
	if err == nil {
		err = r.troubles(ctx)
	}
	if err == nil {
		err = r.pull(ctx)
		defer r.session.logout(ctx)()
	}
	err = r.end(ctx, err)
	return *r.receipt, err
}

// begin notes the run before anything is done, so that a killed one is seen.
func (r *run) begin(ctx context.Context) error {
	if r.opt.DryRun {
		return r.find(ctx)
	}
	return r.store.Update(ctx, func(tx *localstore.Tx) (err error) {
		if r.account, err = tx.Account(r.acct.Name, r.acct.URL); err != nil {
			return err
		}
		r.id, err = tx.BeginRun(r.account, r.receipt.Started)
		r.receipt.Run = int64(r.id)
		return err
	})
}

// find looks an account up without creating it.
func (r *run) find(ctx context.Context) error {
	accounts, err := r.store.Accounts(ctx)
	for _, a := range accounts {
		if a.Name == r.acct.Name {
			r.account = a.ID
		}
	}
	return err
}

// pull syncs the list of mailboxes, then each of them.
func (r *run) pull(ctx context.Context) error {
	if err := r.concern(ctx); err != nil {
		return err
	}
	boxes, err := r.mailboxes(ctx)
	if err != nil {
		return err
	}
	if err := r.each(ctx, boxes); err != nil || r.account == 0 {
		return err
	}
	if err := r.recognise(ctx); err != nil || r.opt.PullOnly {
		return err
	}
	if r.bring != nil {
		if err := r.bring(ctx); err != nil {
			return err
		}
	}
	return r.push(ctx)
}

// each syncs mailboxes, as far as possible together, then one after the other;
// their bodies are stored behind it.
func (r *run) each(ctx context.Context, boxes []*mailbox) error {
	r.writer = r.startWriter(ctx)
	return r.writer.finish(r.all(r.writer.ctx, boxes))
}

func (r *run) all(ctx context.Context, boxes []*mailbox) error {
	clear(r.looked)
	clear(r.doubted)
	for _, m := range boxes {
		r.fact(m.id).aside = ""
	}
	todo, err := r.changed(ctx, boxes)
	if err == nil && (len(todo) > 1 || r.helpers() > 0) {
		err = r.together(ctx, todo)
	}
	for _, m := range todo {
		if err == nil && !m.settled {
			err = r.mailbox(ctx, m)
		}
	}
	return err
}

// changed leaves out the mailboxes in which nothing happened and to which earlier
// runs owe nothing: bodies whose time has come, or messages that a UIDVALIDITY
// change left behind.
func (r *run) changed(ctx context.Context, boxes []*mailbox) (todo []*mailbox, err error) {
	owing, err := r.store.Owing(ctx, r.account, r.due())
	for _, m := range boxes {
		if err != nil {
			return nil, err
		}
		if !m.unchanged(owing[m.id]) {
			todo = append(todo, m)
			continue
		}
		if !r.again {
			r.receipt.Skipped++
		}
		r.looked[m.id] = true
		err = r.clear(ctx, m.id)
	}
	return todo, err
}

// mailbox syncs what is left to do in one mailbox; an error ends the run, a
// mailbox that cannot be synced does not.
func (r *run) mailbox(ctx context.Context, m *mailbox) error {
	var err error
	if !m.done {
		m.announce()
		err = r.session.do(ctx, m.sync)
	}
	m.settled = true
	if !m.asked {
		r.counter.nothing(m) // nothing comes of what the list promised
	}
	if err == nil {
		if m.failed {
			return nil
		}
		r.looked[m.id] = true
		return r.clear(ctx, m.id)
	}
	if r.ends(ctx, err) {
		return err
	}
	if phantom(m.info, err) {
		return r.gone(ctx, localstore.Mailbox{MailboxInfo: info(m.info), ID: m.id, Generation: m.gen}, true)
	}
	return r.fail(ctx, m, localstore.Problem{Kind: kindMailbox, Reason: reason(err)})
}

// ends reports whether an error leaves nothing to do for the other mailboxes.
func (r *run) ends(ctx context.Context, err error) bool {
	if _, dial := errors.AsType[dialError](err); dial || ctx.Err() != nil {
		return true
	}
	switch remote.ClassOf(err) {
	case remote.Refused, remote.Connect, remote.Protocol:
		return false
	}
	return true
}

// end closes the books: what is still wrong, how the run ended, and when.
func (r *run) end(ctx context.Context, err error) error {
	ctx = context.WithoutCancel(ctx) // an interrupted run is recorded all the same
	for _, list := range []func(context.Context) error{r.outstanding, r.reckon} {
		if listErr := list(ctx); err == nil {
			err = listErr
		}
	}
	rc, st := r.receipt, r.session.stats
	rc.BytesIn, rc.BytesOut = st.BytesIn, st.BytesOut
	rc.Commands, rc.RoundTrips = int64(st.Commands), int64(st.RoundTrips)
	rc.Reconnects = r.session.redial
	rc.Seconds = r.opt.Now().Sub(rc.Started).Seconds()
	rc.Exit = rc.exitCode(err)
	if err != nil {
		rc.Error = err.Error()
	}
	if r.id == 0 {
		return err
	}
	if endErr := r.store.Update(ctx, r.record); err == nil && endErr != nil {
		rc.Exit = ExitFailed
		err = fmt.Errorf("record the run: %w", endErr)
	}
	if markErr := r.leaveMark(); err == nil && markErr != nil {
		rc.Exit = ExitFailed
		err = fmt.Errorf("note the end of the run: %w", markErr)
	}
	return err
}

// record writes the end of the run.
func (r *run) record(tx *localstore.Tx) error {
	text, err := json.Marshal(r.receipt)
	if err != nil {
		return err
	}
	return tx.EndRun(r.id, localstore.RunEnd{
		At: r.opt.Now(), Outcome: r.outcome(), Exit: r.receipt.Exit, Receipt: text,
	})
}

// outcome is how the run is remembered. One that was good as far as it looked
// must not pass for a good backup of the account.
func (r *run) outcome() string {
	switch r.receipt.Exit {
	case ExitOK:
		if r.opt.Narrow || r.opt.PushOnly {
			return localstore.OutcomePartial
		}
		return localstore.OutcomeOK
	case ExitPartial:
		return localstore.OutcomePartial
	case ExitGuard:
		return localstore.OutcomeGuard
	case ExitInterrupted:
		return localstore.OutcomeInterrupted
	}
	return localstore.OutcomeFailed
}

// observe tells of an event of this account.
func (r *run) observe(e Event) {
	e.Account = r.acct.Name
	r.opt.Observer.Event(e)
}

// note tells people something that is no failure.
func (r *run) note(box, text string) {
	line := text
	if box != "" {
		line = box + ": " + text
	}
	if slices.Contains(r.receipt.Notes, line) {
		return // from the first look
	}
	r.receipt.Notes = append(r.receipt.Notes, line)
	r.observe(Event{Kind: Note, Mailbox: box, Text: text})
}

// planned tells what will be done to a mailbox and keeps what people must know.
func (r *run) planned(p plan.MailboxPlan) {
	r.observe(Event{Kind: Planned, Mailbox: p.Mailbox, Plan: &p})
	if p.Held != nil {
		r.receipt.Held = append(r.receipt.Held, Held{
			Mailbox: p.Mailbox, Held: *p.Held, Percent: p.Held.Percent(), Override: p.Held.Override()})
	}
	if r.opt.DryRun && (p.New > 0 || p.Due > 0 || p.Why != "" || !p.Empty()) {
		r.receipt.Plans = append(r.receipt.Plans, p)
	}
}
