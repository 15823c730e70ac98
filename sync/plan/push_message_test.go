package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// One row per message, from the pull to the push: the flags both sides last
// agreed on, what the owner made of the message, what the server has now; then
// the capabilities, and what is sent. ">B" is moved, "+B" copied, "x" deleted for
// good; "gone" is expunged. C is CONDSTORE, M is MOVE, U is UIDPLUS, and the
// mailbox keeps \Seen, \Flagged, \Deleted and, with K, any keyword.
func TestOneMessage(t *testing.T) {
	for _, row := range []string{
		// base     | local            | remote         | caps | sent
		`           |                  |                | CMU  | `,
		`           | \Seen            |                | CMU  | store 1 +\Seen if<=50`,
		`           | \Seen            |                | MU   | store 1 +\Seen`,
		`\Seen      |                  | \Seen          | CMU  | store 1 -\Seen if<=50`,
		`           | \Seen            | \Flagged       | CMU  | store 1 +\Seen if<=50`,
		`           | \Seen            | \Seen          | CMU  | `,
		`\Seen      |                  |                | CMU  | `,
		`\Seen      | \Flagged         | \Seen          | CMU  | store 1 +\Flagged if<=50; store 1 -\Seen`,
		`\Seen      | \Flagged         |                | CMU  | store 1 +\Flagged if<=50`,
		`\Seen      | \Seen            |                | CMU  | `,
		`           | work             |                | CMUK | store 1 +work if<=50`,
		`           | work             |                | CMU  | `,
		`           | \Seen,work       |                | CMU  | store 1 +\Seen if<=50`,
		`work       |                  | work           | CMU  | `,
		`           | \Seen            | gone           | CMU  | `,

		`           | >B               |                | CMU  | move 1>B`,
		`           | >B               | \Seen          | CMU  | move 1>B`,
		`           | >B \Seen         | \Flagged       | CMU  | store 1 +\Seen if<=50; move 1>B`,
		`           | >B               |                | CU   | copy 1>B verify; erase 1 verified expunge`,
		`           | >B               |                | C    | copy 1>B verify; erase 1 verified`,
		`           | >B               | gone           | CMU  | `,
		`           | +B               |                | CMU  | copy 1>B`,
		`           | +B \Seen         |                | C    | store 1 +\Seen if<=50; copy 1>B`,
		`           | +B               | gone           | CMU  | append B`,

		`           | x                |                | CMU  | erase 1 expunge`,
		`           | x                | \Flagged       | CMU  | erase 1 expunge`,
		`           | x                |                | CM   | erase 1`,
		`           | x                | gone           | CMU  | `,
	} {
		col := strings.Split(row, "|")
		for n := range col {
			col[n] = strings.TrimSpace(col[n])
		}
		var got []string
		for _, s := range lifetime(col).Steps {
			line, _, _ := strings.Cut(notation(s), " #")
			got = append(got, strings.Replace(line, " A", " ", 1))
		}
		if sent := strings.Join(got, "; "); sent != col[4] {
			t.Errorf("%s\nsent: %s", row, sent)
		}
	}
}

// lifetime pulls, decides and plans for one message.
func lifetime(col []string) PushPlan {
	flags := func(s string) conflict.Flags { return conflict.Flags(strings.ReplaceAll(s, ",", " ")) }
	row := Row{ID: 1001, UID: 1, Base: flags(col[0])}
	kind, target := conflict.Edit(""), int64(0)
	for _, word := range strings.Fields(col[1]) {
		switch word[0] {
		case '>':
			kind, target = conflict.EditMove, 2
		case '+':
			kind, target = conflict.EditCopy, 2
		case 'x':
			kind = conflict.EditDelete
		default:
			row.Local = flags(word)
		}
	}
	in := Input{Rows: []Row{row}, Remote: []Entry{{1, flags(col[2])}}}
	if col[2] == "gone" {
		in.Remote = nil
	}
	return pushed(Diff(in), row, kind, target, col[3])
}

// pushed plans the intents of a message that a pull has been over.
func pushed(pull Plan, row Row, kind conflict.Edit, target int64, caps string) PushPlan {
	c := conflict.Case{Held: true}
	for _, f := range pull.Flags {
		row.Base, row.Local, c.Message = f.Base, f.Local, conflict.FlagsChanged
	}
	if len(pull.Vanish) > 0 {
		c.Message = conflict.Expunged
	}
	in := PushInput{Now: now, Boxes: boxes()[:2], Caps: Caps{
		CondStore: strings.Contains(caps, "C"), Move: strings.Contains(caps, "M"), UIDPlus: strings.Contains(caps, "U")}}
	for n := range in.Boxes {
		b := &in.Boxes[n]
		b.Name, b.HighestModSeq = b.Raw, 50
		b.PermanentFlags = slices.DeleteFunc(b.PermanentFlags, func(f imap.Flag) bool {
			return f == imap.FlagWildcard && !strings.Contains(caps, "K")
		})
	}
	msg := Message{ID: row.ID, UID: row.UID, Base: row.Base, Local: row.Local, Held: true}
	for _, edit := range []conflict.Edit{conflict.EditFlags, kind} {
		i := Intent{ID: int64(len(in.Intents) + 1), Kind: edit, State: Queued, Mailbox: 1, Target: target, Message: msg, Result: Message{Held: true}}
		if c.Edit = edit; edit == "" || edit == conflict.EditFlags && row.Base.Equal(row.Local) {
			continue
		}
		switch conflict.Decide(c).Action {
		case conflict.Push:
			in.Intents = append(in.Intents, i)
		case conflict.Recreate:
			i.Kind, i.Mailbox, i.Message = conflict.EditAppend, 0, Message{}
			in.Intents = append(in.Intents, i)
		}
	}
	return Push(in)
}
