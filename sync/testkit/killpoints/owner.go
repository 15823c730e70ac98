package killpoints

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/testkit/model"
)

// Owner does things to one account of a store; in Prepare, others do things on its
// server, too.
type Owner struct {
	*process
	account string
}

// On is the same owner with another account.
func (o *Owner) On(account string) *Owner { return &Owner{process: o.process, account: account} }

// Others is what other people do on the server.
func (o *Owner) Others(do func(*model.Account)) {
	o.steps = append(o.steps, change{o.account, do})
	o.servers[o.account].Do(do)
}

// Put delivers messages; the mailbox is made if it is not there.
func (o *Owner) Put(box string, numbers ...int) {
	o.Others(func(a *model.Account) {
		m := a.Mailbox(box)
		if m == nil {
			m, _ = a.Create(box)
		}
		for _, n := range numbers {
			m.Append(nil, date(n), Text(n))
		}
	})
}

// Run is a run over the account.
func (o *Owner) Run() error {
	_, err := o.pull(o.account, nil)
	return err
}

// Fill is a run over the account that carries out the plan of a migration to it.
func (o *Owner) Fill(m mailsync.Migrated) error {
	_, err := o.run(m.Bring, o.account, nil)
	return err
}

// Pull is one that sends nothing, for preparing.
func (o *Owner) Pull() {
	o.Helper()
	if rc, err := o.pull(o.account, func(opt *mailsync.Options) { opt.PullOnly = true }); err != nil || rc.Exit != 0 {
		o.Fatalf("%s: %v, %+v", o.Name, err, rc)
	}
}

// Edit is an edit that is accepted.
func (o *Owner) Edit(do func(*Editing) error) {
	o.Helper()
	if err := o.TryEdit(do); err != nil {
		o.Fatalf("%s: %v", o.Name, err)
	}
}

// TryEdit is one that may be refused.
func (o *Owner) TryEdit(do func(*Editing) error) error {
	return o.store.Edit(o.ctx, func(tx *localstore.Tx) error { return do(&Editing{Tx: tx, Owner: o}) })
}

// Store is the open store, Ctx for how long it is.
func (o *Owner) Store() *localstore.Store { return o.store }
func (o *Owner) Ctx() context.Context     { return o.ctx }

// Bring puts a message into a mailbox unless it holds it, as an import does.
func (o *Owner) Bring(box string, n int) error {
	packed, err := o.store.Stage(o.ctx, localstore.NewPacker(), bytes.NewReader(Text(n)))
	if err != nil {
		return err
	}
	defer o.store.Discard(context.WithoutCancel(o.ctx), packed)
	id, err := o.Account()
	if err != nil {
		return err
	}
	return o.TryEdit(func(e *Editing) error {
		b, err := o.store.MailboxByName(o.ctx, id, box)
		if err != nil {
			return err
		}
		if held, err := e.Holding(b.ID, packed.SHA256); err != nil || held > 0 {
			return err
		}
		_, err = e.AppendMessage(b.ID, packed, "", date(n))
		return err
	})
}

// ID is that of the account, where no disk keeps it from being read.
func (o *Owner) ID() localstore.AccountID {
	o.Helper()
	id, err := o.Account()
	if err != nil {
		o.Fatalf("%s: %v", o.Name, err)
	}
	return id
}

// Account is its id where one may.
func (o *Owner) Account() (localstore.AccountID, error) {
	all, err := o.store.Accounts(o.ctx)
	if err != nil {
		return 0, err
	}
	for _, a := range all {
		if a.Name == o.account {
			return a.ID, nil
		}
	}
	return 0, fmt.Errorf("no account %s", o.account)
}

// Editing is an edit under way, in words that are short.
type Editing struct {
	*localstore.Tx
	*Owner
}

// Box is the mailbox with a name.
func (e *Editing) Box(name string) localstore.MailboxID {
	b, err := e.store.MailboxByName(e.ctx, e.ID(), name)
	if err != nil {
		e.Fatalf("%s: mailbox %s: %v", e.Name, name, err)
	}
	return b.ID
}

// Mail are the messages with these numbers in a mailbox; none: all.
func (e *Editing) Mail(box string, numbers ...int) (ids []localstore.MessageID) {
	for _, m := range e.messages(box) {
		if len(numbers) == 0 || in(m.Subject, numbers) {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) < len(numbers) {
		e.Fatalf("%s: %d of %v in %s", e.Name, len(ids), numbers, box)
	}
	return ids
}

// Append puts messages into a mailbox here.
func (e *Editing) Append(box string, numbers ...int) error { return e.AppendTo(e.Box(box), numbers...) }

// AppendTo is the same where a mailbox has no name yet.
func (e *Editing) AppendTo(box localstore.MailboxID, numbers ...int) error {
	for _, n := range numbers {
		packed, err := localstore.NewPacker().Pack(bytes.NewReader(Text(n)))
		if err != nil {
			return err
		}
		if _, err := e.AppendMessage(box, packed, "", date(n)); err != nil {
			return err
		}
	}
	return nil
}

func (e *Editing) messages(box string) (all []localstore.Mail) {
	err := e.store.List(e.ctx, localstore.ListQuery{}, func(m localstore.Mail) error {
		if m.Account == e.account && m.Folder == box {
			all = append(all, m)
		}
		return nil
	})
	if err != nil {
		e.Fatalf("%v", err)
	}
	return all
}

func in(subject string, numbers []int) bool {
	n, err := strconv.Atoi(subject)
	return err == nil && slices.Contains(numbers, n)
}
