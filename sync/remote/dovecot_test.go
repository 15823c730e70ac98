package remote_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
)

// config reaches srv as user; change adjusts it.
func config(srv *dovecot.Server, user string) remote.Config {
	return remote.Config{
		Host: srv.Host, Port: srv.TLSPort, Security: remote.ImplicitTLS, CAFile: srv.CAFile, User: user,
		Password: func(context.Context) (string, error) { return srv.Password, nil },
		Timeout:  10 * time.Second,
	}
}

func dial(t testing.TB, cfg remote.Config) *remote.Conn {
	t.Helper()
	c, err := remote.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func message(n, size int) []byte {
	head := fmt.Sprintf("From: a@example.org\r\nSubject: message %d\r\nMessage-ID: <%d@example.org>\r\n\r\n", n, n)
	line := strings.Repeat(string(rune('a'+n%26)), 70) + "\r\n"
	return []byte(head + strings.Repeat(line, size/len(line)+1))
}

func TestDovecotReadsWhatIsThere(t *testing.T) {
	srv := dovecot.Start(t)
	u := srv.User(t, "reader")
	u.Create("Entwürfe/2024")
	u.Subscribe("Entwürfe/2024")
	date := time.Date(2020, 2, 3, 4, 5, 6, 0, time.FixedZone("", -5*3600))
	for i := range 5 {
		u.Append("INBOX", []imap.Flag{imap.FlagSeen, "work"}, date, message(i, 1000*i))
	}
	u.Expunge("INBOX", 2)

	c := dial(t, config(srv, "reader"))
	boxes, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]remote.Mailbox{}
	for _, b := range boxes {
		found[b.Raw] = b
	}
	inbox, drafts := found["INBOX"], found["Entw&APw-rfe/2024"]
	if inbox.Status == nil || inbox.Status.Messages != 4 || inbox.Status.UIDNext != 6 || inbox.Status.HighestModSeq == 0 || inbox.Role != "inbox" {
		t.Errorf("INBOX: %+v, status %+v", inbox, inbox.Status)
	}
	if drafts.Name != "Entwürfe/2024" || drafts.Delim != "/" || !drafts.Subscribed || !drafts.Selectable {
		t.Errorf("Entwürfe/2024: %+v", drafts)
	}
	if inbox.Subscribed {
		t.Error("INBOX is reported as subscribed")
	}

	sel, err := c.Examine(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if sel.Messages != 4 || sel.UIDNext != 6 || sel.UIDValidity == 0 || sel.HighestModSeq == 0 || sel.NoModSeq {
		t.Errorf("Examine: %+v", sel)
	}
	want := u.Messages("INBOX")
	checkMetadata(t, c, want[1].UID, want[1:3], 4)
	all := imap.UIDSet{{Start: 1, Stop: 5}}
	bodies := map[imap.UID]string{}
	err = c.Bodies(t.Context(), all, func(uid imap.UID, size int64, r io.Reader) error {
		b, err := io.ReadAll(r)
		if int64(len(b)) != size {
			t.Errorf("uid %d: %d octets announced, %d read", uid, size, len(b))
		}
		sum := sha256.Sum256(b)
		bodies[uid] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil || len(bodies) != len(want) {
		t.Fatalf("Bodies: %d of %d, %v", len(bodies), len(want), err)
	}
	for _, m := range want {
		if bodies[m.UID] != m.SHA256 {
			t.Errorf("uid %d: other bytes", m.UID)
		}
	}
	err = c.Headers(t.Context(), imap.UIDSetNum(3), func(uid imap.UID, h []byte) error {
		if end := []byte("\r\n\r\n"); uid != 3 || !bytes.HasSuffix(h, end) || bytes.Count(h, end) != 1 {
			t.Errorf("header of %d: %q", uid, h)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	uids, err := c.UIDs(t.Context(), 2, 4)
	if err != nil || uids.String() != "3:4" {
		t.Errorf("UIDs: %v, %v", uids, err)
	}
	if ns, err := c.Namespaces(t.Context()); err != nil || len(ns) != 1 || ns[0].Delim != "/" {
		t.Errorf("Namespaces: %+v, %v", ns, err)
	}
	if c.Info().ServerID["name"] != "Dovecot" {
		t.Errorf("server id: %v", c.Info().ServerID)
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("%+v %+v", c.Info(), c.Stats())
}

func checkMetadata(t *testing.T, c *remote.Conn, lo imap.UID, want []imapuser.Message, hi imap.UID) {
	t.Helper()
	var got []remote.Meta
	err := c.Metadata(t.Context(), lo, hi, remote.Want{Date: true, Size: true}, func(m remote.Meta) error {
		got = append(got, m)
		return nil
	})
	if err != nil || len(got) != len(want) {
		t.Fatalf("Metadata: %d of %d, %v", len(got), len(want), err)
	}
	for i, m := range got {
		w := want[i]
		if m.UID != w.UID || m.Size != w.Size || !m.HasSize || !m.HasDate || !m.Date.Equal(w.Date) || len(m.Flags) != len(w.Flags) {
			t.Errorf("got %+v, want %+v", m, w)
		}
		if _, offset := m.Date.Zone(); m.Date.Location() == time.Local || offset != 0 && offset != -5*3600 {
			t.Errorf("zone of %v", m.Date)
		}
	}
}
