package remote_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
)

// sending is message n of about size octets with flags and a date of its own.
func sending(n, size int) (remote.Outgoing, []byte) {
	data := message(n, size)
	return remote.Outgoing{
		Flags: []imap.Flag{imap.FlagSeen, imap.Flag(fmt.Sprintf("n%d", n))},
		Date:  time.Date(2001+n, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600*(n%5))),
		Size:  int64(len(data)),
		Open:  func() (io.Reader, error) { return bytes.NewReader(data), nil },
	}, data
}

// Messages of all sizes arrive octet for octet, with flags and dates, in order and
// under the UIDs that are told; a mailbox that is missing costs nothing.
func TestAppendToRealServers(t *testing.T) {
	everyServer(t, func(t *testing.T, s writeServer) {
		u := s.user("writer")
		u.Create(s.box("Ausgang"))
		c := dial(t, s.config("writer"))
		var msgs []remote.Outgoing
		var want []string
		for n, size := range []int{100, 5000, 3 << 20, 200, 300, 70_000} {
			m, data := sending(n, size)
			sum := sha256.Sum256(data)
			msgs, want = append(msgs, m), append(want, hex.EncodeToString(sum[:]))
		}
		out, err := c.Append(t.Context(), s.raw(t, "nowhere"), msgs[:2])
		if err != nil || appended(out) != "not done (refused TRYCREATE), not done (refused TRYCREATE)" {
			t.Fatalf("%s, %v", appended(out), err)
		}
		if out, err = c.Append(t.Context(), s.raw(t, "Ausgang"), msgs); err != nil {
			t.Fatal(err)
		}
		got := u.Messages(s.box("Ausgang"))
		if len(got) != len(msgs) {
			t.Fatalf("%d messages, %s", len(got), appended(out))
		}
		validity := u.Selected(s.box("Ausgang")).UIDValidity
		for i, m := range got {
			if m.SHA256 != want[i] || !m.Date.Equal(msgs[i].Date) || fmt.Sprint(m.Flags) != fmt.Sprintf(`[\Seen n%d]`, i) {
				t.Errorf("message %d: %v %v, %d octets; want %v, %d", i, m.Flags, m.Date, m.Size, msgs[i].Date, msgs[i].Size)
			}
			told := out[i].UID != 0
			if out[i].Outcome != remote.Done || told && (out[i].UID != m.UID || out[i].UIDValidity != validity) || told != c.Has(imap.CapUIDPlus) && s.name != "dovecot with nothing" {
				t.Errorf("message %d: %+v, but uid %d", i, out[i], m.UID)
			}
		}
		if err := c.Noop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A full mailbox (row 36): what does not fit is refused, the rest arrives, also when
// both leave together.
func TestAppendOverQuota(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Config("mail_plugins = quota\nplugin {\n  quota = maildir:User\n  quota_rule = *:bytes=20000\n  quota_grace = 0\n}"))
	c := dial(t, config(srv, "writer"))
	var msgs []remote.Outgoing
	for n, size := range []int{5000, 50_000, 5000} {
		m, _ := sending(n, size)
		msgs = append(msgs, m)
	}
	out, err := c.Append(t.Context(), "INBOX", msgs)
	if err != nil || out[0].Outcome != remote.Done || out[1].Outcome != remote.NotDone || out[2].Outcome != remote.Done {
		t.Errorf("%s, %v", appended(out), err)
	}
	if e, ok := out[1].Err.(*remote.Error); !ok || e.Code != "OVERQUOTA" {
		t.Errorf("%v", out[1].Err)
	}
	if n := len(srv.User(t, "writer").UIDs("INBOX")); n != 2 {
		t.Errorf("%d messages arrived", n)
	}
}
