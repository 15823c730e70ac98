package histories

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailstow/localstore"
)

// keywords and system flags that anybody sets.
var flags = []string{`\Flagged`, `\Seen`, "work", `\Answered`}

func flagOf(n int) string { return flags[n%len(flags)] }

// numberOf is the number of a message, by its subject.
func numberOf(subject string) int {
	n, err := strconv.Atoi(strings.TrimSpace(subject))
	if err != nil {
		return -1
	}
	return n
}

// editing is one edit that an owner makes.
type editing struct {
	*machine
	tx    *localstore.Tx
	boxes []localstore.Mailbox
	mail  []localstore.Mail
	Step
}

// owners are the edits by name. An edit returns what the ledger is to hear when it is
// accepted.
var owners = map[string]func(*editing) (note func(), err error){
	"flag":    func(e *editing) (func(), error) { return e.flag(true) },
	"unflag":  func(e *editing) (func(), error) { return e.flag(false) },
	"move":    (*editing).move,
	"copy":    (*editing).copy,
	"expunge": (*editing).expunge,
	"append":  (*editing).append,
	"create":  (*editing).create,
	"rename":  (*editing).rename,
	"remove":  (*editing).remove,

	"subscribe": (*editing).subscribe,
	"drop":      (*editing).drop,
	"flag-all":  (*editing).flagAll,
	"move-all":  (*editing).moveAll,
	"undo":      (*editing).undo,
	"keep":      (*editing).keep,
}

// edit makes an edit. What the store refuses is as if it had not been asked for.
func (m *machine) edit(s Step) {
	m.Helper()
	e := &editing{machine: m, Step: s, boxes: m.boxes(), mail: m.mail()}
	if len(e.mail) == 0 && !slices.Contains([]string{"append", "create", "rename", "remove", "subscribe", "drop"}, s.Do) {
		return
	}
	var note func()
	err := m.store.Edit(context.Background(), func(tx *localstore.Tx) (err error) {
		e.tx = tx
		note, err = owners[s.Do](e)
		return err
	})
	if err != nil {
		m.logf("   refused: %v", err)
		return
	}
	if note != nil {
		note()
	}
}

func (e *editing) one() localstore.Mail { return e.mail[e.A%len(e.mail)] }

func (e *editing) ids() []localstore.MessageID { return []localstore.MessageID{e.one().ID} }

func (e *editing) to() localstore.Mailbox { return e.boxes[e.B%len(e.boxes)] }

func (e *editing) who() actor { return actor(1 + e.number) }

func (e *editing) flag(on bool) (func(), error) {
	add, remove := flagOf(e.B), ""
	if !on {
		add, remove = "", add
	}
	n, who := numberOf(e.one().Subject), e.who()
	e.logf("   %04d in %s: +%s -%s", n, e.one().Folder, add, remove)
	return func() {
		e.ledger.flag(n, who, add+remove, on)
		if e.copies(n) > 1 {
			e.ledger.messages[n].blurred = true
		}
	}, e.tx.EditFlags(e.ids(), add, remove)
}

// copies are how many of a message there are to be seen.
func (e *editing) copies(n int) (all int) {
	for _, m := range e.mail {
		if numberOf(m.Subject) == n {
			all++
		}
	}
	return all
}

func (e *editing) move() (func(), error) {
	n, who := numberOf(e.one().Subject), e.who()
	e.logf("   %04d from %s to %s", n, e.one().Folder, e.to().Shown())
	_, err := e.tx.MoveMessages(e.ids(), e.to().ID)
	return func() { e.ledger.move(n, who) }, err
}

func (e *editing) copy() (func(), error) {
	n := numberOf(e.one().Subject)
	e.logf("   %04d from %s to %s", n, e.one().Folder, e.to().Shown())
	_, err := e.tx.CopyMessages(e.ids(), e.to().ID)
	return func() { e.ledger.copy(n) }, err
}

func (e *editing) expunge() (func(), error) {
	n := numberOf(e.one().Subject)
	e.logf("   %04d in %s", n, e.one().Folder)
	return func() { e.ledger.doom(n) }, e.tx.ExpungeMessages(e.ids())
}

func (e *editing) append() (func(), error) {
	n := e.ledger.next()
	packed, err := localstore.NewPacker().Pack(strings.NewReader(string(text(n))))
	if err != nil {
		return nil, err
	}
	with := []string{"", `\Draft`, `\Seen work`}[e.A%3]
	e.logf("   %04d in %s", n, e.to().Shown())
	_, err = e.tx.AppendMessage(e.to().ID, packed, with, date(n))
	return func() { e.ledger.add(n, strings.Fields(with)) }, err
}

func (e *editing) create() (func(), error) {
	name := e.newName(e.A)
	e.logf("   %s", name)
	_, err := e.tx.CreateMailbox(e.accountID(), localstore.MailboxInfo{Raw: name, Name: name, Delim: "/", Selectable: true})
	return nil, err
}

func (e *editing) rename() (func(), error) {
	name, box := e.newName(e.A), e.to()
	e.logf("   %s to %s", box.Shown(), name)
	return func() { e.within(box, e.ledger.lift) }, e.tx.WantName(box.ID, name, name)
}

// within tells of each message in a mailbox.
func (e *editing) within(box localstore.Mailbox, f func(n int)) {
	for _, m := range e.mail {
		if m.Mailbox == box.ID {
			f(numberOf(m.Subject))
		}
	}
}

// newName is one of a few, so that people choose the same, or one of its own.
func (w *World) newName(n int) string {
	if n%3 == 0 {
		w.names++
		return fmt.Sprint("N", w.names)
	}
	return []string{"P", "Q", "P/R", "M", "X"}[n%5]
}

// remove does not throw away what is here alone: that is refused by the store.
func (e *editing) remove() (func(), error) {
	box := e.to()
	e.logf("   %s", box.Shown())
	_, err := e.tx.RemoveMailbox(box.ID)
	return func() {
		e.within(box, e.ledger.doom)
		e.ledger.removed = true
	}, err
}
