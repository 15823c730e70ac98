package remote_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/courier"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
)

var noDate time.Time // now, for the server

// mirror is what a caller keeps of a mailbox: enough to test that nothing is lost.
type mirror struct {
	known remote.Known
	flags map[imap.UID]string
}

// update brings the mirror up to date, the way the engine does.
func (m *mirror) update(t testing.TB, c *remote.Conn, box string) (remote.Changes, error) {
	t.Helper()
	if m.flags == nil {
		m.flags = map[imap.UID]string{}
	}
	heard := map[imap.UID]string{}
	sel, ch, err := c.ExamineChanged(t.Context(), box, m.known, remote.Want{Date: true, Size: true}, func(got remote.Meta) error {
		if got.UID > m.known.Last && (!got.HasDate || !got.HasSize) {
			t.Errorf("uid %d is new and has no date or size", got.UID)
		}
		heard[got.UID] = text(got.Flags)
		return nil
	})
	if err != nil || !ch.Exact {
		return ch, err
	}
	for uid, flags := range heard {
		m.flags[uid] = flags
	}
	for _, r := range ch.Vanished {
		for uid := r.Start; uid <= r.Stop; uid++ {
			if _, held := m.flags[uid]; !held {
				t.Errorf("uid %d vanished and was not held", uid)
			}
			delete(m.flags, uid)
		}
	}
	m.known = remote.Known{UIDValidity: sel.UIDValidity, ModSeq: sel.HighestModSeq, Last: m.known.Last}
	for uid := range m.flags {
		m.known.UIDs.AddNum(uid)
		m.known.Last = max(m.known.Last, uid)
	}
	return ch, nil
}

func text(flags []imap.Flag) string {
	var list []string
	for _, f := range flags {
		if f != `\Recent` {
			list = append(list, string(f))
		}
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

// compare holds the mirror against a scan of everything.
func (m *mirror) compare(t testing.TB, u *imapuser.User, box string) {
	t.Helper()
	want := u.Messages(box)
	for _, w := range want {
		if got, ok := m.flags[w.UID]; !ok || got != text(w.Flags) {
			t.Errorf("uid %d: %q, held: %v; the server has %s", w.UID, got, ok, text(w.Flags))
		}
	}
	if len(want) != len(m.flags) {
		t.Errorf("%d messages, the server has %d", len(m.flags), len(want))
	}
}

// realServer is one of those that changes are retrieved from.
type realServer struct {
	name   string
	method remote.Method
	// enumerates: one more round trip tells which messages vanished.
	enumerates bool
	start      func(t *testing.T) (remote.Config, *imapuser.User)
}

func onDovecot(caps string) func(t *testing.T) (remote.Config, *imapuser.User) {
	return func(t *testing.T) (remote.Config, *imapuser.User) {
		var opts []dovecot.Option
		if caps != "" {
			opts = append(opts, dovecot.Capability(caps))
		}
		srv := dovecot.Start(t, opts...)
		return config(srv, "joe"), srv.User(t, "joe")
	}
}

func realServers() []realServer {
	plain := func(host string, port int, password string) remote.Config {
		return remote.Config{Host: host, Port: port, Security: remote.Plain, User: "joe", Timeout: 10 * time.Second,
			Password: func(context.Context) (string, error) { return password, nil }}
	}
	onCyrus := func(opts ...cyrus.Option) func(t *testing.T) (remote.Config, *imapuser.User) {
		return func(t *testing.T) (remote.Config, *imapuser.User) {
			srv := cyrus.Start(t, opts...)
			u := srv.User(t, "joe")
			return plain(srv.Host, srv.Port, srv.Password), u
		}
	}
	return []realServer{
		{"dovecot", remote.ByQResync, false, onDovecot("")},
		{"dovecot without QRESYNC", remote.ByModSeq, true, onDovecot("IMAP4rev1 UIDPLUS CONDSTORE ESEARCH ENABLE")},
		{"dovecot without ESEARCH", remote.ByModSeq, true, onDovecot("IMAP4rev1 UIDPLUS CONDSTORE")},
		{"dovecot without ENABLE", remote.ByModSeq, true, onDovecot("IMAP4rev1 UIDPLUS CONDSTORE QRESYNC ESEARCH ID")},
		{"dovecot without all", remote.ByScan, false, onDovecot("IMAP4rev1 UIDPLUS")},
		{"cyrus", remote.ByQResync, false, onCyrus()},
		{"cyrus without QRESYNC", remote.ByModSeq, true, onCyrus(cyrus.SuppressCapabilities("QRESYNC"))},
		{"courier", remote.ByScan, false, func(t *testing.T) (remote.Config, *imapuser.User) {
			srv := courier.Start(t)
			return plain(srv.Host, srv.Port, srv.Password), srv.User(t, "joe")
		}},
	}
}

// What changed is found whatever the server offers, in the round trips it takes:
// one, and with CONDSTORE alone a second one when messages vanished.
func TestChangesFromRealServers(t *testing.T) {
	const box = "INBOX"
	for _, srv := range realServers() {
		t.Run(srv.name, func(t *testing.T) {
			cfg, u := srv.start(t)
			for i := range 40 {
				u.Append(box, nil, noDate, message(i, 100))
			}
			c := dial(t, cfg)
			var m mirror
			for _, step := range []struct {
				name    string
				change  func()
				vanish  bool
				nothing bool
			}{
				{"first", func() {}, false, false},
				{"nothing", func() {}, false, false},
				{"flags", func() { u.AddFlags(box, []imap.Flag{imap.FlagSeen, "work"}, 3, 4, 5, 17) }, false, false},
				{"flags gone", func() { u.RemoveFlags(box, []imap.Flag{imap.FlagSeen}, 4) }, false, false},
				{"expunged", func() { u.Expunge(box, 7, 8, 30) }, true, false},
				{"both", func() { u.AddFlags(box, []imap.Flag{imap.FlagFlagged}, 1, 39); u.Expunge(box, 3, 40) }, true, false},
				{"arrived", func() { u.Append(box, []imap.Flag{imap.FlagSeen}, noDate, message(1, 100)) }, false, false},
				{"all at once", func() {
					u.Append(box, nil, noDate, message(1, 100))
					u.Append(box, nil, noDate, message(2, 100))
					u.Expunge(box, 1, 41, 42)
					u.AddFlags(box, []imap.Flag{imap.FlagSeen}, 10, 11, 43)
				}, true, false},
				{"emptied", func() { u.Expunge(box, u.UIDs(box)...) }, true, false},
				{"still empty", func() {}, false, false},
				{"again", func() { u.Append(box, nil, noDate, message(1, 100)) }, false, false},
			} {
				step.change()
				before := c.Stats()
				ch, err := m.update(t, c, box)
				if err != nil || !ch.Exact || ch.Why != "" {
					t.Fatalf("%s: %+v, %v", step.name, ch, err)
				}
				after, want := c.Stats(), 1
				if step.vanish && srv.enumerates {
					want = 2
				}
				if got := after.RoundTrips - before.RoundTrips; got != want {
					t.Errorf("%s: %d round trips, want %d", step.name, got, want)
				}
				if step.name != "first" && ch.Method != srv.method {
					t.Errorf("%s: by %v, want %v", step.name, ch.Method, srv.method)
				}
				m.compare(t, u, box)
				t.Logf("%s: %v, vanished %v, new %d; %d commands, %d round trips, %d bytes in, %d out", step.name, ch.Method, ch.Vanished,
					ch.New, after.Commands-before.Commands, after.RoundTrips-before.RoundTrips, after.BytesIn-before.BytesIn, after.BytesOut-before.BytesOut)
			}
		})
	}
}
