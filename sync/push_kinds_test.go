package sync_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"mailstow/localstore"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
)

// put appends a message of any size, with what it is to have.
func (f *fixture) put(mailbox string, data []byte, flags string, date time.Time) localstore.MessageID {
	f.Helper()
	packer := localstore.NewPacker()
	body, err := packer.Pack(bytes.NewReader(data))
	if len(data) > localstore.ChunkSize {
		body, err = f.store.Stage(f.Context(), packer, bytes.NewReader(data))
	}
	if err != nil {
		f.Fatal(err)
	}
	var id localstore.MessageID
	f.edit(func(tx *localstore.Tx) (err error) {
		id, err = tx.AppendMessage(f.box(mailbox).ID, body, flags, date)
		return err
	})
	return id
}

// letter is a message of exactly size octets.
func letter(n, size int) []byte {
	head := fmt.Sprintf("Subject: %d of %d\r\nMessage-ID: <%d@letters>\r\n\r\n", n, size, n)
	return append([]byte(head), bytes.Repeat([]byte("x"), size-len(head))...)
}

// What is appended arrives as it is, whatever its size and however literals are sent;
// what Dovecot makes of the message that is none is downloaded.
func TestPushAppends(t *testing.T) {
	t.Parallel()
	dates := []time.Time{
		time.Date(1999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -11*3600)),
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.FixedZone("", 5*3600+45*60)),
	}
	for able, opts := range abled {
		t.Run(able, func(t *testing.T) {
			f := newFixture(t, opts...)
			if hidesUIDs(able) {
				f.hideUIDs()
			}
			f.pull(0)
			for i, size := range []int{60, 4095, 4096, 4097, 100_000, 1 << 20, 1<<20 + 1, 5 << 20} {
				f.put("INBOX", letter(i, size), []string{`\Draft \Seen`, "", "$Forwarded work"}[i%3], dates[i%2])
			}
			f.put("INBOX", []byte("\n\x00 no header, bare lines\n\xff"), "", dates[0])
			rc := f.pull(0)
			if rc.Pushed.Appended != 9 || rc.New != 0 || rc.Bodies > 1 && !hidesUIDs(able) {
				t.Errorf("%+v", rc)
			}
			f.quiet()
			if n := len(f.user.Messages("INBOX")); n != 9 {
				t.Errorf("%d messages", n)
			}
		})
	}
}

// Edits of edits are one thing on the server.
func TestPushChains(t *testing.T) {
	t.Parallel()
	for able, opts := range abled {
		t.Run(able, func(t *testing.T) {
			f := newFixture(t, opts...)
			f.begin()
			if hidesUIDs(able) {
				f.hideUIDs()
			}
			f.move(0, "X") // moved on
			f.move(0, "Y")
			f.flag(0, "a", "")
			f.move(1, "X") // and back
			f.move(1, "INBOX")
			f.move(2, "X") // and deleted
			f.expunge(2)
			f.copy(3, "X") // and moved itself
			f.move0(3, "M")
			f.append("X", "Subject: 20 new\r\n\r\nnew\r\n", "") // flagged, copied, moved
			f.flag(20, `\Flagged`, "")
			f.copy(20, "Y")
			f.append("X", "Subject: 21 new\r\n\r\nnew\r\n", `\Seen`)
			f.move(21, "M")
			f.flag(21, "", `\Seen`)
			f.append("X", "Subject: 22 new\r\n\r\nnew\r\n", "") // and deleted
			f.expunge(22)
			f.flag(50, "x", "") // and not
			f.flag(50, "", "x")
			f.flag(60, "x y", "")
			f.flag(60, `\Flagged`, "y")
			f.pull(0)
			got := f.state()
			if hidesUIDs(able) {
				got = marked.ReplaceAllString(got, "")
			}
			want := "INBOX=1S; M=21 3S 60Fx 61S; X=20F 3S 50; Y=0a 20F"
			if got = strings.ReplaceAll(got, "= ", "="); got != want {
				t.Errorf("the server has\n%s, want\n%s", got, want)
			}
			f.quiet()
		})
	}
}

// Mailboxes below mailboxes, in any letters, made, renamed and removed.
func TestPushMailboxes(t *testing.T) {
	t.Parallel()
	for able, opts := range abled {
		t.Run(able, func(t *testing.T) {
			f := newFixture(t, append(opts, dovecot.MaildirFS())...)
			f.begin()
			if hidesUIDs(able) {
				f.hideUIDs()
			}
			for _, name := range []string{"Alt", "Alt/Köln", "Alt/Köln/Dom", "Weg", "Weg/Ab"} {
				f.user.Create(name)
				f.user.Append(name, nil, day(80), message("A", 80))
			}
			f.pull(0)
			f.createAs("Grüße")
			f.createAs("Grüße/日本語")
			f.createAs("Grüße/日本語/& so")
			f.append("Grüße/日本語", "Subject: 9 new\r\n\r\nnew\r\n", "")
			f.move(1, "Grüße/日本語/& so")
			f.renameAs("Alt/Köln", "Neu/Größe")
			f.renameAs("X", "X und Y")
			f.renameAs("Y", "X")
			f.move(2, "X")
			f.remove("Weg/Ab")
			f.remove("Weg")
			rc := f.pull(0)
			if rc.Pending != 0 || rc.Pushed.Mailboxes != 8 {
				t.Errorf("%+v", rc)
			}
			got := f.state()
			if hidesUIDs(able) {
				got = marked.ReplaceAllString(got, "")
			}
			want := "Alt=80; Grüße=; Grüße/日本語=9; Grüße/日本語/& so=1S; INBOX=0 3S; M=60 61S; Neu/Größe=80; Neu/Größe/Dom=80; X=2; X und Y=50"
			if got != want {
				t.Errorf("the server has\n%s, want\n%s", got, want)
			}
			f.quiet()
		})
	}
}

func raw(t *testing.T, name string) string {
	t.Helper()
	raw, err := remote.EncodeName(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (f *fixture) createAs(name string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error {
		_, err := tx.CreateMailbox(f.accountID(), localstore.MailboxInfo{Raw: raw(f.T, name), Name: name, Delim: "/", Selectable: true})
		return err
	})
}

func (f *fixture) renameAs(from, to string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { return tx.WantName(f.box(from).ID, raw(f.T, to), to) })
}

// Thousands of edits are few commands, and flat in what they take.
func TestPushMany(t *testing.T) {
	t.Parallel()
	doublings := 4
	if os.Getenv(seedsEnv) != "" {
		doublings = 7
	}
	f := newFixture(t)
	f.user.Create("X")
	f.seed("INBOX", 100)
	for range doublings {
		f.user.Copy("INBOX", "INBOX", f.user.UIDs("INBOX")...)
	}
	f.pull(0)
	ids := f.seen("INBOX")
	n := len(ids)
	f.edit(func(tx *localstore.Tx) error { return tx.EditFlags(ids, `\Flagged`, "") })
	var odd []localstore.MessageID
	for i, id := range ids {
		if i%2 == 1 {
			odd = append(odd, id)
		}
	}
	f.edit(func(tx *localstore.Tx) error { return tx.EditFlags(odd, "work", "") })
	rc := f.pull(0)
	if rc.Pushed.Flags != n || rc.Commands > 60 {
		t.Errorf("%+v", rc)
	}
	f.edit(func(tx *localstore.Tx) error { _, err := tx.MoveMessages(odd, f.box("X").ID); return err })
	if rc := f.pull(0); rc.Pushed.Moved != n/2 || rc.Commands > 60 || rc.Bodies > 0 || rc.New > 0 {
		t.Errorf("%+v", rc)
	}
	f.quiet()
}
