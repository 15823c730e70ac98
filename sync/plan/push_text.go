package plan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// Text is the plan for people: a line for each step, and one for each thing that
// is not sent. Names are as the server gave them: not to be shown raw.
func (p PushPlan) Text() string {
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintln(&b, s)
	}
	for _, h := range p.Held {
		fmt.Fprintln(&b, h)
	}
	for _, u := range p.Unpushable {
		fmt.Fprintf(&b, "%s: %s\n", u.Mailbox, u)
	}
	for _, w := range p.Parked {
		fmt.Fprintf(&b, "#%d is parked: %s\n", w.Intent, w.Why)
	}
	for _, w := range p.Waiting {
		fmt.Fprintf(&b, "#%d waits: %s\n", w.Intent, w)
	}
	return b.String()
}

// String says which flags stay here.
func (u Unpushable) String() string {
	return fmt.Sprintf("%s of message %d stays here: the server cannot store it", list(u.Flags), u.Message)
}

// String says why an intent waits, and until when.
func (w Waiting) String() string {
	if w.Until.IsZero() {
		return w.Why
	}
	return w.Why + "; again from " + w.Until.Format("2006-01-02 15:04:05 MST")
}

// String is a line for people.
func (s Step) String() string {
	n := count(max(len(s.Messages), len(s.Intents)), "message")
	line := ""
	switch s.Op {
	case OpSettle:
		line = fmt.Sprintf("%s: look what became of %s sent before", s.Dest, n)
	case OpCreate:
		line = "create mailbox " + s.Dest
	case OpRename:
		line = fmt.Sprintf("rename mailbox %s to %s", s.Source, s.Dest)
	case OpAppend:
		line = fmt.Sprintf("%s: append %s (%d bytes)", s.Dest, n, s.Bytes)
	case OpStore:
		line = fmt.Sprintf("%s: %s on %s", s.Source, edits(s.Add, s.Remove), n)
	case OpCopy, OpMove:
		line = fmt.Sprintf("%s: %s %s to %s", s.Source, s.Op, n, s.Dest)
	case OpErase:
		line = s.Source + ": " + s.erasing(n)
	case OpSubscribe:
		line = "subscribe to " + s.Source
	case OpUnsubscribe:
		line = "unsubscribe from " + s.Source
	case OpRemove:
		line = "remove mailbox " + s.Source
	}
	if s.Note != "" {
		line += " (" + s.Note + ")"
	}
	return line
}

func (s Step) erasing(n string) string {
	what := "delete " + n + " for good"
	if !s.Expunge {
		what = "mark " + n + ` \Deleted`
	}
	if s.Verified {
		what += ", those whose copy was found good"
	}
	return what
}

// Describe is a line for people: what an intent will do.
func (in PushInput) Describe(i Intent) string {
	box := func(id int64) Box {
		for _, b := range in.Boxes {
			if b.ID == id {
				return b
			}
		}
		return Box{Name: fmt.Sprintf("mailbox %d", id)}
	}
	s := Step{Op: Op(i.Kind), Source: box(i.Mailbox).Name, Dest: box(i.Target).Name, Messages: []int64{i.Message.ID}}
	switch i.Kind {
	case conflict.EditFlags:
		s.Op = OpStore
		s.Add, s.Remove = conflict.Added(i.Message.Base, i.Message.Local), conflict.Added(i.Message.Local, i.Message.Base)
	case conflict.EditDelete:
		s.Op, s.Expunge = OpErase, true
	case conflict.EditAppend:
		s.Bytes = i.Result.Size
	case conflict.EditCreate, conflict.EditRename:
		s.Source, s.Dest = cmp.Or(box(i.Mailbox).Was, s.Source), i.Shown
	}
	return s.String()
}

// edits writes a change of flags: add \Seen, remove \Flagged.
func edits(add, remove []imap.Flag) string {
	var parts []string
	if len(add) > 0 {
		parts = append(parts, "add "+list(add))
	}
	if len(remove) > 0 {
		parts = append(parts, "remove "+list(remove))
	}
	return strings.Join(parts, ", ")
}

func list(flags []imap.Flag) string {
	names := make([]string, len(flags))
	for i, f := range flags {
		names[i] = string(f)
	}
	return strings.Join(names, " ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
