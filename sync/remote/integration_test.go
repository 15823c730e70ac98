package remote_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// A TLS connection to a real server, cut at many places without close_notify:
// either everything was read and the OK had come, or there is an error; and what
// was read whole is right (row 1).
func TestCutTLS(t *testing.T) {
	checkLeaks(t)
	srv := dovecot.Start(t)
	const n = 20
	octets := fill(t, srv, "cut", n, 3000)
	base := 0
	for cut := int64(0); ; cut += 1777 {
		cfg := config(srv, "cut")
		d := faultconn.Dialer{Faults: func(int) []faultconn.Option { return []faultconn.Option{faultconn.CutRead(cut)} }}
		cfg.Dial = d.Dial
		count, sum, err := readAll(t, cfg)
		if err == nil {
			if count != n || sum != octets {
				t.Fatalf("cut at %d: no error, but %d messages of %d octets", cut, count, sum)
			}
			break
		}
		if class := remote.ClassOf(err); class != remote.Connect && class != remote.TLS {
			t.Fatalf("cut at %d: %v: %v", cut, class, err)
		}
		base++
	}
	if base < 20 {
		t.Errorf("only %d cuts", base)
	}
}

func readAll(t *testing.T, cfg remote.Config) (count int, sum int64, err error) {
	c, err := remote.Dial(t.Context(), cfg)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	if _, err := c.Examine(t.Context(), "INBOX"); err != nil {
		return 0, 0, err
	}
	err = c.Bodies(t.Context(), imap.UIDSet{{Start: 1}}, func(_ imap.UID, size int64, r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		if err == nil && n != size {
			t.Errorf("%d octets of %d and no error", n, size)
		}
		count, sum = count+1, sum+n
		return err
	})
	return count, sum, err
}

// The same mailboxes come out of a server with every extension and of the same
// server without.
func TestListWithFewerCapabilities(t *testing.T) {
	var first string
	for _, caps := range []string{
		"", "IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE", "IMAP4rev1 LIST-EXTENDED SPECIAL-USE", "IMAP4rev1 LIST-STATUS", "IMAP4rev1 LITERAL+", "IMAP4rev1",
	} {
		opts := []dovecot.Option{dovecot.MaildirFS()}
		if caps != "" {
			opts = append(opts, dovecot.Capability(caps))
		}
		srv := dovecot.Start(t, opts...)
		u := srv.User(t, "lister")
		u.Create("parent/Kinder")
		u.Create("Entwürfe")
		u.Create(`quo"te\`)
		u.Subscribe("Entwürfe")
		u.Append("parent/Kinder", nil, time.Time{}, message(1, 100))
		c := dial(t, config(srv, "lister"))
		boxes, err := c.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, b := range boxes {
			got += fmt.Sprintf("%s %s %s %v %v", b.Raw, b.Name, b.Delim, b.Selectable, b.Subscribed)
			if b.Status != nil {
				got += fmt.Sprintf(" %d %d %v", b.Status.Messages, b.Status.UIDNext, b.Status.UIDValidity > 0)
			}
			got += "\n"
			if b.Selectable {
				if _, err := c.Examine(t.Context(), b.Raw); err != nil {
					t.Error(err)
				}
			}
		}
		if first == "" {
			first = got
			t.Log(got)
		} else if got != first {
			t.Errorf("with %s:\n%s", caps, got)
		}
	}
}
