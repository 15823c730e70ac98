package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// The tables of this package write a queue as lines, one intent each, numbered
// from 1, and the plan that is made of it likewise:
//
//	flags A1 \Seen>\Flagged   message 1 of mailbox A: base > local
//	move A1>B   copy A1>B     message 1 of A, to B
//	append >B 100             100 bytes
//	delete A1
//	create N   rename A Z   remove A   subscribe A
//
// A word after ! is a circumstance: !sent !parked !later !vanished
// !unheld, !copied: the copy is in its place and the source left to go.

var now = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// boxes are the mailboxes that the tables speak of.
func boxes() []Box {
	all := []imap.Flag{imap.FlagSeen, imap.FlagFlagged, imap.FlagDeleted, imap.FlagWildcard}
	return []Box{
		{ID: 1, Raw: "A", PermanentFlags: all, Messages: 100, Mirrored: 100},
		{ID: 2, Raw: "B", PermanentFlags: all, Messages: 100, Mirrored: 100},
		{ID: 3, Raw: "B/C", Messages: 0},
		{ID: 4, Raw: "N", Unborn: true},                                 // made here
		{ID: 5, Raw: "N/P", Unborn: true},                               // made here
		{ID: 6, Raw: "R", ReadOnly: true, Messages: 100, Mirrored: 100}, // READ-ONLY
		{ID: 7, Raw: "G", Gone: true},                                   // no longer listed
		{ID: 8, Raw: "Q", Aside: "UIDNEXT went back"},                   // quarantined
		{ID: 9, Raw: "F", PermanentFlags: []imap.Flag{imap.FlagSeen}},   // stores \Seen only
		{ID: 10, Raw: "S", AppendLimit: 50},                             // takes 50 bytes
		{ID: 11, Raw: "U", Messages: 9, Mirrored: 8},                    // not wholly mirrored
		{ID: 12, Raw: "E"},
		{ID: 13, Raw: "E/E"},
	}
}

// input reads a queue.
func input(t testing.TB, caps, queue string) PushInput {
	t.Helper()
	in := PushInput{Now: now, Boxes: boxes(), Caps: Caps{
		UIDPlus: strings.Contains(caps, "UIDPLUS"), Move: strings.Contains(caps, "MOVE"), CondStore: strings.Contains(caps, "CONDSTORE"),
	}}
	if strings.Contains(caps, "APPENDLIMIT") {
		in.Caps.AppendLimit = 60
	}
	for n := range in.Boxes {
		b := &in.Boxes[n]
		b.Name, b.Delim, b.UIDValidity, b.HighestModSeq = b.Raw, "/", 7, 50
	}
	for line := range strings.Lines(queue) {
		if f := strings.Fields(line); len(f) > 0 {
			in.Intents = append(in.Intents, intent(t, int64(len(in.Intents)+1), f))
		}
	}
	return in
}

func intent(t testing.TB, id int64, f []string) Intent {
	i := Intent{ID: id, Kind: conflict.Edit(f[0]), State: Queued}
	from, to, _ := strings.Cut(f[1], ">")
	i.Mailbox, i.Message.UID = place(t, from)
	i.Target, _ = place(t, to)
	i.Message.UIDValidity, i.Message.Held, i.Result.Held = 7, true, true
	i.Message.ID, i.Result.ID = i.Mailbox*1000+int64(i.Message.UID), id*10
	for _, word := range f[2:] {
		i.circumstance(t, word)
	}
	if i.Kind == conflict.EditCreate {
		i.Name, i.Shown = from, from
	}
	return i
}

func (i *Intent) circumstance(t testing.TB, word string) {
	base, local, change := strings.Cut(word, ">")
	size, err := strconv.Atoi(word)
	switch {
	case word == "!later":
		i.RetryAt, i.Reason = now.Add(time.Hour), "over quota"
	case word == "!vanished":
		i.Vanished = true
	case word == "!unheld":
		i.Message.Held, i.Result.Held = false, false
	case word == "!renumbered":
		i.Message.UIDValidity = 6
	case word == "!copied":
		i.State, i.Result.UID = Sent, 99
	case word == "!newer":
		i.Message.ModSeq = 90
	case word == "!absent":
		i.Absent = true
	case strings.HasPrefix(word, "!"):
		i.State, i.Reason = word[1:], "its reason"
	case change:
		set := func(s string) conflict.Flags { return conflict.Flags(strings.ReplaceAll(s, ",", " ")) }
		i.Message.Base, i.Message.Local = set(base), set(local)
	case err == nil:
		i.Result.Size = int64(size)
	case i.Kind == conflict.EditRename:
		i.Name, i.Shown = word, word
	default:
		t.Fatalf("%q: not understood", word)
	}
}

// place reads a mailbox with or without the UID of a message in it.
func place(t testing.TB, s string) (int64, imap.UID) {
	name := strings.TrimRight(s, "0123456789")
	uid, _ := strconv.Atoi(s[len(name):])
	for _, b := range boxes() {
		if b.Raw == name {
			return b.ID, imap.UID(uid)
		}
	}
	if name != "" {
		t.Fatalf("mailbox %q is none of the tables'", name)
	}
	return 0, 0
}

// lines writes a plan.
func lines(p PushPlan) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, s := range p.Steps {
		out = append(out, notation(s))
	}
	for _, id := range p.Done {
		say("done #%d", id)
	}
	for _, u := range p.Unpushable {
		say("unpushable #%d %s%s", u.Intent, list(u.Flags), word(u.Alone, " alone"))
	}
	for _, h := range p.Held {
		say("held %s%s %d of %d: %s", h.Name, ids(h.Intents), h.Count, h.Of, h.Reason)
	}
	for _, w := range p.Parked {
		say("park #%d: %s", w.Intent, w.Why)
	}
	for _, w := range p.Waiting {
		say("wait #%d: %s", w.Intent, w.Why)
	}
	return out
}

func notation(s Step) string {
	what := string(s.Op)
	switch s.Op {
	case OpSettle, OpAppend:
		what += " " + s.Dest + ids(s.Intents)
	case OpCreate:
		what += " " + s.Name
	case OpRename:
		what += " " + s.Source + " " + s.Name
	case OpStore:
		what += " " + s.Source + s.UIDs.String() + word(len(s.Add) > 0, " +"+list(s.Add)) + word(len(s.Remove) > 0, " -"+list(s.Remove))
	case OpCopy, OpMove:
		what += " " + s.Source + s.UIDs.String() + ">" + s.Dest
	default:
		what += " " + s.Source + s.UIDs.String()
	}
	if s.UnchangedSince > 0 {
		what += fmt.Sprintf(" if<=%d", s.UnchangedSince)
	}
	what += word(s.Verify, " verify") + word(s.Verified, " verified") + word(s.Expunge, " expunge")
	return what + word(len(s.Needs) > 0, " needs"+ids(s.Needs))
}

func ids(list []int64) string {
	var b strings.Builder
	for _, id := range list {
		fmt.Fprintf(&b, " #%d", id)
	}
	return b.String()
}

func word(yes bool, s string) string {
	if yes {
		return s
	}
	return ""
}

// expect compares a plan with the lines that are wanted.
func expect(t *testing.T, name string, p PushPlan, want string) {
	t.Helper()
	var w []string
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			w = append(w, line)
		}
	}
	if got := lines(p); !slices.Equal(got, w) {
		t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(w, "\n     "))
	}
}
