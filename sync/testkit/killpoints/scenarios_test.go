package killpoints_test

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	. "mailstow/sync/testkit/killpoints"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// without is a server that can do everything but this; IMAP4rev2 would have much of it.
func without(names ...string) []string {
	names = append(names, "IMAP4rev2")
	return slices.DeleteFunc(slices.Clone(proto.Everything), func(c string) bool { return slices.Contains(names, c) })
}

var plain = []string{} // nothing beyond IMAP4rev1

// synced is an account with INBOX, A and B, and its mirror.
func synced(then func(o *Owner)) func(*Owner) {
	return func(o *Owner) {
		o.Put("INBOX", 1, 2, 3)
		o.Put("A", 4, 5)
		o.Put("B", 6)
		o.Pull()
		then(o)
	}
}

// edited is the same with edits of its owner.
func edited(edit func(e *Editing) error) func(*Owner) {
	return synced(func(o *Owner) { o.Edit(edit) })
}

// others is the same with what other people did.
func others(do func(a *model.Account)) func(*Owner) {
	return synced(func(o *Owner) { o.Others(do) })
}

func flag(a *model.Account, box string, uid uint32, flags ...string) {
	a.Mailbox(box).Store([]uint32{uid}, model.Add, flags, 0)
}

// changes is some of all that others do.
func changes(a *model.Account) {
	flag(a, "INBOX", 1, `\Seen`, "work")
	a.Mailbox("INBOX").Expunge([]uint32{2})
	a.Move(a.Mailbox("A"), []uint32{1}, a.Mailbox("B"))
	a.Mailbox("A").Append(nil, time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC), Text(7))
}

const changed = `A: 5 7; B: 4 6; INBOX: 1\Seenwork 3`

func moveTwo(e *Editing) error {
	_, err := e.MoveMessages(e.Mail("INBOX", 1, 3), e.Box("A"))
	return err
}

func info(name string) localstore.MailboxInfo {
	return localstore.MailboxInfo{Raw: name, Name: name, Delim: "/", Selectable: true}
}

// again queues what puts back what vanished in the last run, as mailstow undo does.
func again(run localstore.RunID) func(o *Owner) error {
	return func(o *Owner) error {
		from, err := o.Store().CutBefore(o.Ctx(), run)
		if err != nil {
			return err
		}
		to, err := o.Store().CutAfter(o.Ctx(), run)
		if err != nil {
			return err
		}
		acct, err := o.Account()
		if err != nil {
			return err
		}
		want, err := mailsync.Undo(o.Ctx(), o.Store(), acct, 0, from, to)
		if err != nil {
			return err
		}
		r, err := mailsync.PlanRestore(o.Ctx(), o.Store(), want)
		if err != nil {
			return err
		}
		if err := o.TryEdit(func(e *Editing) error { _, err := r.Queue(e.Tx, acct); return err }); err != nil {
			return err
		}
		return o.Run()
	}
}

// migrate copies everything to the other account, as mailstow migrate does.
func migrate(o *Owner) error {
	to, want, err := emigrate(o)
	if err != nil {
		return err
	}
	p, err := mailsync.PlanMigration(o.Ctx(), o.Store(), want)
	if err != nil {
		return err
	}
	return to.Fill(p)
}

// emigrate looks at both accounts.
func emigrate(o *Owner) (to *Owner, want mailsync.Migration, err error) {
	to, want.SourceSpace.Delim, want.TargetSpace.Delim = o.On("new"), "/", "/"
	if err = o.Run(); err == nil {
		err = to.Run()
	}
	if err == nil {
		want.Source, err = o.Account()
	}
	if err == nil {
		want.Target, err = to.Account()
	}
	return to, want, err
}

// pass does the same without keeping a body, one message at a time, as mailstow migrate
// --no-store does.
func pass(o *Owner) error {
	to, want, err := emigrate(o)
	if err != nil {
		return err
	}
	fill := func(m *mailsync.Migrated) error {
		if m == nil {
			return to.Run()
		}
		return to.Fill(*m)
	}
	p := mailsync.Passage{Budget: 1, Want: want, Sides: mailsync.Sides{Source: o.Run, Target: fill}}
	return p.Do(o.Ctx(), o.Store())
}

// purge removes what vanished, and writes the file anew.
func purge(o *Owner) error {
	var gone []localstore.MessageID
	err := o.Store().List(o.Ctx(), localstore.ListQuery{Gone: true}, func(m localstore.Mail) error {
		gone = append(gone, m.ID)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := o.Store().Purge(o.Ctx(), gone, func(int) {}); err != nil {
		return err
	}
	_, err = o.Store().Compact(o.Ctx(), true)
	return err
}

// snapshot replaces one beside the store, if it is whole.
func snapshot(o *Owner) error {
	path := filepath.Join(filepath.Dir(o.Store().Path()), "snapshot")
	wrong := func(f localstore.Finding) { o.Errorf("%s of the snapshot: %s", f.Kind, f.What) }
	if _, err := os.Stat(path); err == nil {
		old, err := localstore.Open(o.Ctx(), path, localstore.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer old.Close()
		if err := old.Check(o.Ctx(), localstore.CheckOptions{}, wrong); err != nil {
			return err
		}
	}
	return o.Store().Snapshot(o.Ctx(), path, true, localstore.CheckOptions{}, wrong)
}

// bring puts two messages into a mailbox, each once, as mailstow import does.
func bring(o *Owner) error {
	for _, n := range []int{7, 2000} {
		if err := o.Bring("A", n); err != nil {
			return err
		}
	}
	return o.Run()
}

func fillAndBring(o *Owner) error {
	if err := o.Run(); err != nil {
		return err
	}
	return bring(o)
}

var scenarios = []Scenario{
	{Name: "first sync", Want: "INBOX: 1 2 3", Prepare: func(o *Owner) { o.Put("INBOX", 1, 2, 3) }},
	{Name: "new store", Bare: true, Want: "A: 3; INBOX: 1 2", Prepare: func(o *Owner) {
		o.Put("INBOX", 1, 2)
		o.Put("A", 3)
	}},
	{Name: "new store for much mail, and an import", Bare: true, Large: 20, Does: fillAndBring, Want: "A: 2000 3 7; INBOX: 1 109000 109001", Prepare: func(o *Owner) {
		o.Put("INBOX", 1, 109000, 109001)
		o.Put("A", 3)
	}},
	{Name: "first sync of several mailboxes", Want: "A: 3 4; A/B: 5; C:; INBOX: 1 2", Prepare: func(o *Owner) {
		o.Put("INBOX", 1, 2)
		o.Put("A", 3, 4)
		o.Put("A/B", 5)
		o.Put("C")
	}},
	{Name: "first sync, plain server", Caps: plain, Want: "A: 3 4; INBOX: 1 2", Prepare: func(o *Owner) {
		o.Put("INBOX", 1, 2)
		o.Put("A", 3, 4)
	}},
	{Name: "first sync of a large message", Large: 4, Want: "INBOX: 1 9000", Prepare: func(o *Owner) { o.Put("INBOX", 1, 9000) }},
	{Name: "first sync over several connections", Large: 10, Want: "A: 8001 8002; B: 8003 8004; C: 8005 8006; INBOX: 1", Prepare: func(o *Owner) {
		o.Put("INBOX", 1)
		o.Put("A", 8001, 8002)
		o.Put("B", 8003, 8004)
		o.Put("C", 8005, 8006)
	}},
	{Name: "new mail", Want: "A: 4 5; B: 6; INBOX: 1 2 3 7 8", Prepare: synced(func(o *Owner) { o.Put("INBOX", 7, 8) })},
	{Name: "flags of others", Want: `A: 4work 5; B: 6; INBOX: 1\Seen 2 3\Flagged`, Prepare: others(func(a *model.Account) {
		flag(a, "INBOX", 1, `\Seen`)
		flag(a, "INBOX", 3, `\Flagged`)
		flag(a, "A", 1, "work")
	})},
	{Name: "expunged by others", Want: "A: 4 5; B:; INBOX: 3", Prepare: others(func(a *model.Account) {
		a.Mailbox("INBOX").Expunge([]uint32{1, 2})
		a.Mailbox("B").Expunge([]uint32{1})
	})},
	{Name: "moved by others", Want: "A: 1 5; B: 4 6; INBOX: 2 3", Prepare: others(func(a *model.Account) {
		a.Move(a.Mailbox("A"), []uint32{1}, a.Mailbox("B"))
		a.Move(a.Mailbox("INBOX"), []uint32{1}, a.Mailbox("A"))
	})},
	{Name: "new UIDVALIDITY", Want: "A: 4 5; B: 6; INBOX: 1 2 3", Prepare: others(func(a *model.Account) {
		a.Mailbox("INBOX").Renumber()
		a.Mailbox("A").Renumber()
	})},
	{Name: "new UIDVALIDITY and edits", Want: `A: 4 5; B: 1 6; INBOX: 2\Seen 3`, Prepare: synced(func(o *Owner) {
		o.Edit(func(e *Editing) error {
			if _, err := e.MoveMessages(e.Mail("INBOX", 1), e.Box("B")); err != nil {
				return err
			}
			return e.EditFlags(e.Mail("INBOX", 2), `\Seen`, "")
		})
		o.Others(func(a *model.Account) { a.Mailbox("INBOX").Renumber() })
	})},
	{Name: "renamed by others", Want: "B: 6; C: 4 5; INBOX: 1 2 3", Prepare: others(func(a *model.Account) { a.Rename("A", "C") })},
	{Name: "renamed by others, no ids", Caps: without("OBJECTID"), Want: "B: 6; C: 4 5; INBOX: 1 2 3",
		Prepare: others(func(a *model.Account) { a.Rename("A", "C") })},
	{Name: "made and deleted by others", Want: "B: 6; C: 7; INBOX: 1 2 3", Prepare: synced(func(o *Owner) {
		o.Others(func(a *model.Account) { a.Delete("A") })
		o.Put("C", 7)
	})},
	{Name: "all at once", Want: changed, Prepare: others(changes)},
	{Name: "all at once, no QRESYNC", Caps: without("QRESYNC"), Want: changed, Prepare: others(changes)},
	{Name: "all at once, plain server", Caps: plain, Want: changed, Prepare: others(changes)},

	{Name: "flags", Want: `A: 4 5; B: 6\Seenwork; INBOX: 1\Seen 2\Seen 3\Flagged\Seen`, Prepare: edited(func(e *Editing) error {
		if err := e.EditFlags(e.Mail("INBOX"), `\Seen`, ""); err != nil {
			return err
		}
		if err := e.EditFlags(e.Mail("INBOX", 3), `\Flagged`, ""); err != nil {
			return err
		}
		return e.EditFlags(e.Mail("B"), `\Seen work`, "")
	})},
	{Name: "flags, plain server", Caps: plain, Want: `A: 4 5; B: 6; INBOX: 1\Seen 2\Seen 3\Seen`, Prepare: edited(func(e *Editing) error {
		return e.EditFlags(e.Mail("INBOX"), `\Seen`, "")
	})},
	{Name: "move", Want: "A: 1 3 4 5; B: 6; INBOX: 2", Prepare: edited(moveTwo)},
	{Name: "move without MOVE", Caps: without("MOVE"), Want: "A: 1 3 4 5; B: 6; INBOX: 2", Prepare: edited(moveTwo)},
	{Name: "move without MOVE, UIDs hidden", Caps: without("MOVE"), Lies: proto.Lies{HideUIDs: true}, Want: "A: 1 3 4 5; B: 6; INBOX: 2", Prepare: edited(moveTwo)},
	{Name: "move without MOVE and UIDPLUS", Caps: without("MOVE", "UIDPLUS"), Want: `A: 1 3 4 5; B: 6; INBOX: 1\Deleted 2 3\Deleted`, Prepare: edited(moveTwo)},
	{Name: "copy", Want: "A: 1 2 4 5; B: 6; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error {
		_, err := e.CopyMessages(e.Mail("INBOX", 1, 2), e.Box("A"))
		return err
	})},
	{Name: "copy, plain server", Caps: plain, Want: "A: 1 2 4 5; B: 6; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error {
		_, err := e.CopyMessages(e.Mail("INBOX", 1, 2), e.Box("A"))
		return err
	})},
	{Name: "delete", Want: "A: 4; B: 6; INBOX: 1 3; Trash: 2 5", Prepare: func(o *Owner) {
		o.Others(func(a *model.Account) {
			trash, _ := a.Create("Trash")
			trash.Use = `\Trash`
		})
		synced(func(o *Owner) {
			o.Edit(func(e *Editing) error {
				_, err := e.MoveMessages(append(e.Mail("INBOX", 2), e.Mail("A", 5)...), e.Box("Trash"))
				return err
			})
		})(o)
	}},
	{Name: "expunge", Want: "A:; B: 6; INBOX: 2 3", Prepare: edited(func(e *Editing) error {
		return e.ExpungeMessages(append(e.Mail("INBOX", 1), e.Mail("A")...))
	})},
	{Name: "expunge of what others mark as deleted", Want: "A: 4 5; B: 6; INBOX: 2 3", Prepare: synced(func(o *Owner) {
		o.Edit(func(e *Editing) error { return e.ExpungeMessages(e.Mail("INBOX", 1)) })
		o.Others(func(a *model.Account) { flag(a, "INBOX", 1, `\Deleted`) })
	})},
	{Name: "append", Want: "A: 4 5 7 8; B: 6; INBOX: 1 2 3 9", Prepare: edited(func(e *Editing) error {
		if err := e.Append("A", 7, 8); err != nil {
			return err
		}
		return e.Append("INBOX", 9)
	})},
	{Name: "append without UIDPLUS", Caps: without("UIDPLUS"), Want: "A: 4 5 7 8; B: 6; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error { return e.Append("A", 7, 8) })},
	{Name: "append of a twin without UIDPLUS", Caps: plain, Want: "A: 4 5; B: 6; INBOX: 1 1 1 2 3", Prepare: edited(func(e *Editing) error { return e.Append("INBOX", 1, 1) })},
	{Name: "append to a server that rewrites", Caps: without("UIDPLUS"), Lies: proto.Lies{RoundedDates: true}, Want: "A: 4 5 7; B: 6; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error { return e.Append("A", 7) })},
	{Name: "append of a large message", Want: "A: 4 5; B: 2000 6; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error { return e.Append("B", 2000) })},
	{Name: "mkdir with mail", Want: "A: 4 5; B: 6; C (subscribed): 7; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error {
		c := info("C")
		c.Subscribed = true
		box, err := e.CreateMailbox(e.ID(), c)
		if err != nil {
			return err
		}
		return e.AppendTo(box, 7)
	})},
	{Name: "rename", Want: "B: 6; C: 4 5; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error { return e.WantName(e.Box("A"), "C", "C") })},
	{Name: "swap of names, plain server", Caps: plain, Want: "A: 6; B: 4 5; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error {
		a, b := e.Box("A"), e.Box("B")
		for _, x := range []struct {
			id   localstore.MailboxID
			name string
		}{{a, "T"}, {b, "A"}, {a, "B"}} {
			if err := e.WantName(x.id, x.name, x.name); err != nil {
				return err
			}
		}
		return nil
	})},
	{Name: "rmdir", Want: "B: 6; INBOX: 1 2 3", Prepare: edited(func(e *Editing) error { _, err := e.RemoveMailbox(e.Box("A")); return err })},
	{Name: "subscribe", Want: "A (subscribed): 4 5; B: 6; INBOX (subscribed): 1 2 3", Prepare: edited(func(e *Editing) error {
		if err := e.WantSubscribed(e.Box("A"), true); err != nil {
			return err
		}
		return e.WantSubscribed(e.Box("INBOX"), true)
	})},
	{Name: "clash", Want: `A: 4 5; D: 3 6; INBOX: 12 13 2\Flagged\Seen`, Conflicts: 5, Prepare: clash},
	{Name: "clash, local wins", Policy: conflict.Local, Want: `A: 10 3 4 5; C: 6; INBOX: 12 13 1\Seen 2\Flagged\Seen`, Conflicts: 5, Prepare: clash},
	{Name: "clash, both are kept", Policy: conflict.Both, Want: `A: 10 3 4 5; D: 3 6; INBOX: 12 13 2\Flagged\Seen`, Conflicts: 5, Prepare: clash},
	{Name: "undo", Want: "A: 4 5; B: 6; INBOX: 1 2 3", Does: again(2), Prepare: synced(func(o *Owner) {
		o.Others(func(a *model.Account) {
			a.Mailbox("INBOX").Expunge([]uint32{1, 2})
			a.Delete("A")
		})
		o.Pull()
	})},
	{Name: "undo, plain server", Caps: plain, Want: "A: 4 5; B: 6; INBOX: 1 2 3", Does: again(2), Prepare: synced(func(o *Owner) {
		o.Others(func(a *model.Account) {
			a.Mailbox("INBOX").Expunge([]uint32{1, 2})
			a.Delete("A")
		})
		o.Pull()
	})},
	{Name: "migrate", Does: migrate, Want: `A: 4 5; B: 6; INBOX: 1\Seen 2 3 | A: 4 5; B: 6; INBOX: 1\Seen 2 3`, Prepare: synced(func(o *Owner) {
		o.Others(func(a *model.Account) { flag(a, "INBOX", 1, `\Seen`) })
		to := o.On("new")
		to.Put("A", 4)
		to.Pull()
	})},
	{Name: "migrate to a plain server", Caps: plain, Does: migrate, Want: "A: 4 5; B: 6; INBOX: 1 2 3 | A: 4 5; B: 6; INBOX: 1 2 3", Prepare: synced(func(o *Owner) {
		to := o.On("new")
		to.Put("A", 4)
		to.Pull()
	})},
	{Name: "migrate without a store", Passing: true, Forgets: true, Does: pass, Prepare: synced(func(o *Owner) {
		o.Others(func(a *model.Account) { flag(a, "INBOX", 1, `\Seen`) })
		to := o.On("new")
		to.Put("A", 4)
		to.Pull()
	}), Want: `A: 4 5; B: 6; INBOX: 1\Seen 2 3 | A: 4 5; B: 6; INBOX: 1\Seen 2 3`},
	{Name: "migrate without a store to a plain server", Caps: plain, Passing: true, Forgets: true, Does: pass, Prepare: synced(func(o *Owner) {
		to := o.On("new")
		to.Put("A", 4)
		to.Pull()
	}), Want: "A: 4 5; B: 6; INBOX: 1 2 3 | A: 4 5; B: 6; INBOX: 1 2 3"},
	{Name: "purge", Does: purge, Forgets: true, Want: "A:; B: 6; INBOX: 2 3", Prepare: synced(func(o *Owner) {
		o.Others(func(a *model.Account) {
			a.Mailbox("INBOX").Expunge([]uint32{1})
			a.Mailbox("A").Expunge([]uint32{1, 2})
		})
		o.Pull()
	})},
	{Name: "snapshot", Does: snapshot, Want: "A: 4 5; B: 6; INBOX: 1 2 3", Prepare: synced(func(o *Owner) {
		if err := snapshot(o); err != nil { // to be replaced
			o.Fatalf("%v", err)
		}
	})},
	{Name: "import", Does: bring, Want: "A: 2000 4 5 7; B: 6; INBOX: 1 2 3", Prepare: synced(func(*Owner) {})},
}

// clash is much that both sides do to the same things.
func clash(o *Owner) {
	o.Put("INBOX", 10, 11, 12, 13)
	synced(func(o *Owner) {
		o.Edit(func(e *Editing) error {
			if err := e.EditFlags(e.Mail("INBOX", 1, 2), `\Seen`, ""); err != nil {
				return err
			}
			if _, err := e.MoveMessages(e.Mail("INBOX", 3, 10), e.Box("A")); err != nil {
				return err
			}
			if err := e.ExpungeMessages(e.Mail("INBOX", 11)); err != nil {
				return err
			}
			return e.WantName(e.Box("B"), "C", "C")
		})
		o.Others(func(a *model.Account) {
			inbox := a.Mailbox("INBOX")
			uid := map[string]uint32{}
			for _, m := range inbox.Messages {
				uid[Number(m.Body)] = m.UID
			}
			inbox.Expunge([]uint32{uid["1"]})
			flag(a, "INBOX", uid["2"], `\Flagged`)
			a.Move(inbox, []uint32{uid["3"]}, a.Mailbox("B"))
			inbox.Expunge([]uint32{uid["10"]})
			flag(a, "INBOX", uid["11"], `\Flagged`)
			a.Rename("B", "D")
		})
	})(o)
}
