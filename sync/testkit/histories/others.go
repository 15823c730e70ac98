package histories

import (
	"bytes"
	"strconv"

	"mailstow/sync/testkit/model"
)

// others are what other clients do on the server.
var others = map[string]func(*World, *model.Account, *model.Mailbox, Step){
	"deliver":       func(w *World, _ *model.Account, box *model.Mailbox, _ Step) { w.deliver(box) },
	"deliver-twin":  (*World).deliverTwin,
	"their-mark":    (*World).theirMark,
	"their-flag":    func(w *World, _ *model.Account, box *model.Mailbox, s Step) { w.theirFlag(box, s, true) },
	"their-unflag":  func(w *World, _ *model.Account, box *model.Mailbox, s Step) { w.theirFlag(box, s, false) },
	"their-move":    (*World).theirMove,
	"their-copy":    (*World).theirCopy,
	"their-expunge": (*World).theirExpunge,
	"their-create":  (*World).theirCreate,
	"their-rename":  (*World).theirRename,
	"their-delete":  (*World).theirDelete,
	"renumber":      (*World).renumber,
	"their-lock":    (*World).lock,
	"their-quota":   (*World).quota,
}

// other does one of these things, while no session is at work.
func (w *World) other(a *model.Account, s Step) {
	boxes := a.Mailboxes()
	box := boxes[s.B%len(boxes)]
	w.logf("   in %s", box.Name)
	others[s.Do](w, a, box, s)
}

func (w *World) deliver(box *model.Mailbox) {
	n := w.ledger.next()
	with := [][]string{nil, {`\Seen`}}[n%2]
	box.Append(with, date(n), text(n))
	w.ledger.add(n, with)
}

// pick is a message of a mailbox, with its number; nil: there is none.
func pick(box *model.Mailbox, n int) (*model.Message, int) {
	if len(box.Messages) == 0 {
		return nil, 0
	}
	m := box.Messages[n%len(box.Messages)]
	return m, numberIn(m.Body)
}

func numberIn(body []byte) int {
	_, rest, _ := bytes.Cut(body, []byte("Subject: "))
	line, _, _ := bytes.Cut(rest, []byte("\r\n"))
	n, err := strconv.Atoi(string(line))
	if err != nil {
		return -1
	}
	return n
}

func (w *World) theirFlag(box *model.Mailbox, s Step, on bool) {
	if m, n := pick(box, s.A); m != nil {
		box.Store([]uint32{m.UID}, map[bool]model.Op{true: model.Add, false: model.Remove}[on], []string{flagOf(s.C)}, 0)
		w.ledger.flag(n, someone, flagOf(s.C), on)
		w.logf("   %04d: %s %v", n, flagOf(s.C), on)
	}
}

func (w *World) theirMove(a *model.Account, box *model.Mailbox, s Step) {
	boxes := a.Mailboxes()
	to := boxes[s.C%len(boxes)]
	if m, n := pick(box, s.A); m != nil && to != box {
		a.Move(box, []uint32{m.UID}, to)
		w.ledger.move(n, someone)
		w.logf("   %04d to %s", n, to.Name)
	}
}

func (w *World) theirCopy(a *model.Account, box *model.Mailbox, s Step) {
	boxes := a.Mailboxes()
	if m, n := pick(box, s.A); m != nil {
		to := boxes[s.C%len(boxes)]
		a.Copy(box, []uint32{m.UID}, to)
		w.ledger.copy(n)
		w.logf("   %04d to %s", n, to.Name)
	}
}

func (w *World) theirExpunge(_ *model.Account, box *model.Mailbox, s Step) {
	if m, n := pick(box, s.A); m != nil {
		box.Expunge([]uint32{m.UID})
		w.ledger.doom(n)
		w.logf("   %04d", n)
	}
}

func (w *World) theirCreate(a *model.Account, _ *model.Mailbox, s Step) {
	_, _ = a.Create(w.newName(s.A))
}

func (w *World) theirRename(a *model.Account, box *model.Mailbox, s Step) {
	if box.Name != "INBOX" && a.Rename(box.Name, w.newName(s.A)) == nil {
		for _, m := range box.Messages {
			w.ledger.lift(numberIn(m.Body))
		}
		w.logf("   it is now %s", box.Name)
	}
}

func (w *World) theirDelete(a *model.Account, box *model.Mailbox, _ Step) {
	if a.Delete(box.Name) != nil {
		return
	}
	for _, m := range box.Messages {
		w.ledger.doom(numberIn(m.Body))
	}
}

func (w *World) renumber(_ *model.Account, box *model.Mailbox, _ Step) { box.Renumber() }

// deliverTwin brings a message once more, as mailing lists do.
func (w *World) deliverTwin(_ *model.Account, box *model.Mailbox, _ Step) {
	if m, n := pick(box, 0); m != nil {
		box.Append(nil, m.Date, m.Body)
		w.ledger.copy(n)
		w.logf("   %04d", n)
	}
}

// theirMark marks a message as deleted, or takes the mark away.
func (w *World) theirMark(_ *model.Account, box *model.Mailbox, s Step) {
	if m, n := pick(box, s.A); m != nil {
		op := model.Op(s.C % 2)
		box.Store([]uint32{m.UID}, op, []string{`\Deleted`}, 0)
		w.ledger.mark(n, op == model.Add)
		w.logf("   %04d", n)
	}
}
