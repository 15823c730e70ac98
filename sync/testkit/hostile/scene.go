package hostile

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mailstow/localstore"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// scene is where a conversation takes place: what the server can do, and whether there
// is a mirror already, with edits that wait, or none yet.
type scene struct {
	caps []string
	busy bool

	compress remote.Compress
}

var scenes = []scene{
	{proto.Everything, true, remote.CompressOff},
	{[]string{"UIDPLUS", "ESEARCH", "LIST-STATUS", "LIST-EXTENDED", "CONDSTORE", "ENABLE", "LITERAL+", "UNSELECT"}, true, remote.CompressOff},
	{nil, true, remote.CompressOff},
	{proto.Everything, false, remote.CompressOff},
	{[]string{"LITERAL+", "MOVE", "OBJECTID"}, false, remote.CompressOff},
	{proto.Everything, true, remote.CompressOn},
}

// folders are the mailboxes with the number of messages in each.
var folders = []struct {
	name string
	mail int
}{{"INBOX", 7}, {"M", 3}, {"A/B", 2}, {"X", 1}, {"Empty", 0}}

// begin is the account that a mirror is made of.
func begin(a *model.Account) {
	n := 0
	for _, f := range folders {
		box := a.Mailbox(f.name)
		if box == nil {
			box, _ = a.Create(f.name)
		}
		for range f.mail {
			n++
			box.Append([][]string{nil, {`\Seen`}, {`\Flagged`, "work"}}[n%3], date(n), text(n))
		}
	}
}

// news is what others do before the next run.
func news(a *model.Account) {
	inbox, m := a.Mailbox("INBOX"), a.Mailbox("M")
	for n := 50; n < 53; n++ {
		inbox.Append(nil, date(n), text(n))
	}
	inbox.Store([]uint32{2, 3}, model.Add, []string{`\Answered`, "home"}, 0)
	m.Store([]uint32{1}, model.Remove, []string{`\Seen`}, 0)
	a.Copy(m, []uint32{2}, a.Mailbox("X"))
	box, _ := a.Create("New")
	box.Append(nil, date(60), text(60))
}

// expunged is the number of the one message that the owner removes for good.
const expunged = 5

// edit is what the owner did meanwhile.
func edit(ctx context.Context, s *localstore.Store) error {
	e := &edits{boxes: map[string]localstore.MailboxID{}, mail: map[string][]localstore.MessageID{}}
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return err
	}
	boxes, err := s.Mailboxes(ctx, accounts[0].ID)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		e.boxes[b.Shown()] = b.ID
	}
	err = s.List(ctx, localstore.ListQuery{}, func(m localstore.Mail) error {
		e.mail[numberOf(m.Subject)] = []localstore.MessageID{m.ID}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Edit(ctx, func(tx *localstore.Tx) error { return e.all(tx, accounts[0].ID) })
}

// edits are made on what a store has.
type edits struct {
	boxes map[string]localstore.MailboxID
	mail  map[string][]localstore.MessageID
}

func (e *edits) all(tx *localstore.Tx, acct localstore.AccountID) error {
	for _, do := range []func() error{
		func() error { return tx.EditFlags(e.mail["1"], `\Flagged mine`, "") },
		func() error { return tx.EditFlags(e.mail["2"], "", `\Flagged`) },
		func() error { _, err := tx.MoveMessages(e.mail["3"], e.boxes["X"]); return err },
		func() error { _, err := tx.MoveMessages(e.mail["9"], e.boxes["A/B"]); return err },
		func() error { _, err := tx.CopyMessages(e.mail["4"], e.boxes["M"]); return err },
		func() error { return tx.ExpungeMessages(e.mail[fmt.Sprint(expunged)]) },
		func() error { return e.append(tx, "M", 70) },
		func() error { return e.append(tx, "INBOX", 71) },
		func() error {
			_, err := tx.CreateMailbox(acct, localstore.MailboxInfo{Raw: "Mine", Name: "Mine", Delim: "/", Selectable: true})
			return err
		},
		func() error { return tx.WantName(e.boxes["Empty"], "Void", "Void") },
		func() error { return tx.WantSubscribed(e.boxes["X"], true) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func (e *edits) append(tx *localstore.Tx, box string, n int) error {
	packed, err := localstore.NewPacker().Pack(strings.NewReader(string(text(n))))
	if err != nil {
		return err
	}
	_, err = tx.AppendMessage(e.boxes[box], packed, `\Draft`, date(n))
	return err
}

func date(n int) time.Time { return time.Date(2020, 1, 1, 9, n%60, 0, 0, time.UTC).AddDate(0, 0, n) }

// text is the n-th message; some are odd.
func text(n int) []byte {
	subject := []string{"", " \x1b[31mred\x1b[0m", " \u202eder", " =?utf-8?q?=1B=5B2J?=", " \x00 nul"}[n%5]
	return fmt.Appendf(nil, "From: %q <a@example.org>\r\nSubject: %d%s\r\nMessage-ID: <%d@example.org>\r\nDate: Mon, 02 Jan 2020 03:04:05 +0000\r\n\r\nbody \x1b[5m\u202e %d\r\n%s",
		"Ann \x1b]0;x\a", n, subject, n, n, strings.Repeat("a line of text\r\n", n%4*20))
}

func numberOf(subject string) string {
	n, _, _ := strings.Cut(strings.TrimSpace(subject), " ")
	return n
}
