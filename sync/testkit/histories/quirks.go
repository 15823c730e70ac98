package histories

import (
	"maps"
	"slices"

	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// quirks are what the server does as few others do. All of it must hold in spite of them.
var quirks = map[string]func(*proto.Lies){
	"forgetful":     func(l *proto.Lies) { l.Forgetful = true },
	"no-keywords":   func(l *proto.Lies) { l.NoKeywords = true },
	"rounded-dates": func(l *proto.Lies) { l.RoundedDates = true },
	"rewrites-mail": func(l *proto.Lies) { l.RewritesMail = true },
	"no-uidnext":    func(l *proto.Lies) { l.NoUIDNext = true },
	"no-modseqs":    func(l *proto.Lies) { l.NoModSeqs = true },
	"backwards":     func(l *proto.Lies) { l.Backwards = true },
	"split":         func(l *proto.Lies) { l.Split = true },
	"twice":         func(l *proto.Lies) { l.Twice = true },
	"unasked":       func(l *proto.Lies) { l.Unasked = true },
	"echoes":        func(l *proto.Lies) { l.Echoes = true },
	"wrong-sizes":   func(l *proto.Lies) { l.WrongSizes = true },
	"leaves-out":    func(l *proto.Lies) { l.LeavesOut = true },
	"lower-case":    func(l *proto.Lies) { l.LowerCase = true },
}

// Quirks are the names of all there are.
func Quirks() []string { return slices.Sorted(maps.Keys(quirks)) }

func (w *World) has(quirk string) bool { return slices.Contains(w.Quirks, quirk) }

func (w *World) quirky() {
	w.server.Lies.HideUIDs = w.Hide
	for _, name := range w.Quirks {
		quirks[name](&w.server.Lies)
	}
}

// lock lets nobody change a mailbox any more, or everybody again.
func (w *World) lock(_ *model.Account, box *model.Mailbox, _ Step) { box.ReadOnly = !box.ReadOnly }

// quota leaves room for one message or two, or for all there may be.
func (w *World) quota(a *model.Account, _ *model.Mailbox, s Step) {
	if a.Quota > 0 {
		a.Quota = 0
		return
	}
	for _, box := range a.Mailboxes() {
		a.Quota += len(box.Messages)
	}
	a.Quota += s.A % 3
}

// heal takes away what keeps the server from doing what it is told.
func heal(a *model.Account) {
	a.Quota = 0
	for _, box := range a.Mailboxes() {
		box.ReadOnly = false
	}
}
