package localstore

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// sampleMail fills two mailboxes: a UID each, its subject, sender and flags.
func sampleMail(t tb, s *Store) (inbox, other place) {
	inbox = newPlace(t, s, "INBOX")
	other = inbox
	other.box = putMailbox(t, s, inbox, MailboxInfo{Raw: "&Jjo-", Name: "☺"})
	update(t, s, func(tx *Tx) (err error) { other.gen, err = tx.OpenGeneration(other.box, 1, inbox.run); return err })
	add := func(p place, uid uint32, flags, from, subject string, day int) MessageID {
		var id MessageID
		labels := ""
		if p == other {
			labels = LabelText([]string{"a b", `\Inbox`})
		}
		update(t, s, func(tx *Tx) error {
			ids, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: uid, Flags: flags, Size: 1000, Date: testDate.AddDate(0, 0, day),
				Identity: "G:" + subject, Labels: labels}})
			if err != nil {
				return err
			}
			id = ids[0]
			return tx.SetCursor(p.gen, Cursor{Listed: uid})
		})
		if subject != "" {
			put(t, s, id, "From: "+from+"\nTo: me@x\nSubject: "+subject+"\nMessage-Id: <"+subject+"@x>\nDate: Sun, 1 Mar 2020 00:30:00 +0100\n\nhi\n")
		}
		return id
	}
	add(inbox, 10, "", "Ann <ann@x>", "eins", 3)
	add(inbox, 20, `\Seen`, "bob@x", "Zwei", 2)
	add(inbox, 30, `\SeenNot`, "Ann <ann@x>", "ÄRGER", 1)
	gone := add(inbox, 25, `\Seen`, "bob@x", "weg", 0)
	update(t, s, func(tx *Tx) error { return tx.SetCursor(inbox.gen, Cursor{Listed: 30}) })
	add(inbox, 40, "", "", "", 4) // missing
	add(other, 1, `\Flagged \Seen`, "ann@x", "drei", 0)
	update(t, s, func(tx *Tx) error { return tx.Vanish(inbox.run, []MessageID{gone}) })
	return inbox, other
}

func TestList(t *testing.T) {
	s := newStore(t)
	inbox, other := sampleMail(t, s)
	for _, test := range []struct {
		name string
		q    ListQuery
		want []uint32
	}{
		{"all", ListQuery{}, []uint32{10, 20, 30, 40, 1}},
		{"account", ListQuery{Account: inbox.acct}, []uint32{10, 20, 30, 40, 1}},
		{"no account", ListQuery{Account: 99}, nil},
		{"mailbox", ListQuery{Mailbox: other.box}, []uint32{1}},
		{"deleted", ListQuery{Mailbox: inbox.box, Deleted: true}, []uint32{10, 20, 25, 30, 40}},
		{"last", ListQuery{Mailbox: inbox.box, Limit: 2}, []uint32{30, 40}},
		{"last deleted", ListQuery{Mailbox: inbox.box, Limit: 3, Deleted: true}, []uint32{25, 30, 40}},
		{"more than there are", ListQuery{Mailbox: inbox.box, Limit: 9}, []uint32{10, 20, 30, 40}},
		{"unseen", ListQuery{Unseen: true}, []uint32{10, 30, 40}},
		{"since", ListQuery{Mailbox: inbox.box, Since: testDate.AddDate(0, 0, 2)}, []uint32{10, 20, 40}},
		{"before", ListQuery{Mailbox: inbox.box, Before: testDate.AddDate(0, 0, 2)}, []uint32{30}},
		{"between", ListQuery{Mailbox: inbox.box, Since: testDate, Before: testDate.AddDate(0, 0, 2)}, []uint32{30}},
		{"from an id on", ListQuery{First: 3}, []uint32{30, 40, 1}},
		{"up to an id", ListQuery{Last: 2}, []uint32{10, 20}},
		{"one id", ListQuery{First: 2, Last: 2}, []uint32{20}},
		{"from", ListQuery{From: "ANN"}, []uint32{10, 30, 1}},
		{"from in capitals", ListQuery{From: "ANN <A"}, []uint32{10, 30}},
		{"subject", ListQuery{Subject: "ärg"}, []uint32{30}},
		{"last from", ListQuery{From: "ann@", Limit: 2}, []uint32{30, 1}},
	} {
		var got []uint32
		err := s.List(bg, test.q, func(m Mail) error { got = append(got, m.UID); return nil })
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v, %v", test.name, got, test.want, err)
		}
	}
}

func TestMessageAndFolders(t *testing.T) {
	s := newStore(t)
	inbox, other := sampleMail(t, s)
	text := "From: Ann <ann@x>\nTo: me@x\nSubject: eins\nMessage-Id: <eins@x>\nDate: Sun, 1 Mar 2020 00:30:00 +0100\n\nhi\n"
	m, err := s.Message(bg, 1)
	want := Mail{ID: 1, Mailbox: inbox.box, Account: "work", Folder: "INBOX", UID: 10, Date: time.Date(2020, 2, 29, 23, 30, 0, 0, time.UTC),
		InternalDate: m.InternalDate, MessageID: "<eins@x>", From: "Ann <ann@x>", To: "me@x", Subject: "eins",
		Size: int64(len(text)), SHA256: hexSum(text), State: StatePresent}
	if err != nil || m != want || !m.InternalDate.Equal(testDate.AddDate(0, 0, 3)) {
		t.Errorf("%+v\nwant %+v %v", m, want, err)
	}
	folders, err := s.Folders(bg, inbox.acct)
	if err != nil || len(folders) != 2 {
		t.Fatalf("%+v %v", folders, err)
	}
	in, out := folders[0], folders[1]
	if in.Messages != 4 || in.Unseen != 3 || in.Missing != 1 || in.Size != 1000+3*int64(len(text))-2 || in.Name != "INBOX" {
		t.Errorf("%+v", in)
	}
	if out.Messages != 1 || out.Unseen != 0 || out.Missing != 0 || out.ID != other.box || out.Name != "☺" {
		t.Errorf("%+v", out)
	}
	st, err := s.Status(bg, Account{ID: inbox.acct})
	if err != nil || st.Last == nil || st.Good != nil || st.Problems != 0 || len(st.Folders) != 2 {
		t.Errorf("%+v %v", st, err)
	}
}

// The view is for everyone with a sqlite3 shell, so it is read with that, which
// is also older than our SQLite. Its columns are a promise.
func TestViewInShell(t *testing.T) {
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("NOT TESTED: no sqlite3 shell here")
	}
	s := newStore(t)
	sampleMail(t, s)
	query := func(q string) string {
		out, err := exec.Command(shell, "-readonly", "-header", "-nullvalue", "NULL", s.Path(), q).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	want := "account|folder|uid|message_id|subject|sender|recipients|date|internal_date|flags|size|sha256|state|id|labels\n" +
		"work|INBOX|20|<Zwei@x>|Zwei|bob@x|me@x|2020-02-29T23:30:00Z|2020-03-03T05:00:00Z|\\Seen|97|SUM|present|2|NULL\n" +
		"work|INBOX|25|<weg@x>|weg|bob@x|me@x|2020-02-29T23:30:00Z|2020-03-01T05:00:00Z|\\Seen|95|SUM|vanished|4|NULL\n" +
		"work|INBOX|40|NULL|NULL|NULL|NULL|NULL|2020-03-05T05:00:00Z||1000|NULL|missing|5|NULL\n" +
		"work|☺|1|<drei@x>|drei|ann@x|me@x|2020-02-29T23:30:00Z|2020-03-01T05:00:00Z|\\Flagged \\Seen|97|SUM|present|6|[\"\\\\Inbox\",\"a b\"]\n"
	for _, subject := range []string{"Zwei", "weg", "drei"} {
		from := map[string]string{"drei": "ann@x"}[subject]
		if from == "" {
			from = "bob@x"
		}
		sum := hexSum("From: " + from + "\nTo: me@x\nSubject: " + subject + "\nMessage-Id: <" + subject + "@x>\nDate: Sun, 1 Mar 2020 00:30:00 +0100\n\nhi\n")
		want = strings.Replace(want, "SUM", sum, 1)
	}
	if got := query("SELECT * FROM mail WHERE uid NOT IN (10, 30) ORDER BY id"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := query("PRAGMA integrity_check"); got != "integrity_check\nok\n" {
		t.Error(got)
	}
}
