package remote_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/testenv"
	"mailstow/sync/wire"
)

// canned is a connection on which the server has said all it will ever say.
type canned struct {
	net.Conn
	r io.Reader
}

func (c canned) Read(p []byte) (int, error)       { return c.r.Read(p) }
func (c canned) Write(p []byte) (int, error)      { return len(p), nil }
func (c canned) Close() error                     { return nil }
func (c canned) RemoteAddr() net.Addr             { return nil }
func (c canned) SetReadDeadline(time.Time) error  { return nil }
func (c canned) SetWriteDeadline(time.Time) error { return nil }

// cannedConfig leads to a server that says stream, whatever it is asked.
func cannedConfig(stream string) remote.Config {
	return remote.Config{
		Host: "x", Security: remote.Plain, User: "joe",
		Password: func(context.Context) (string, error) { return "hunter2hunter2", nil },
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return canned{r: strings.NewReader(stream)}, nil
		},
	}
}

// hear lets every operation loose on a stream, through wire and imapclient.
func hear(t *testing.T, stream string) (list []remote.Mailbox) {
	cfg := cannedConfig(stream)
	var trace bytes.Buffer
	cfg.ListAhead, cfg.Trace = true, wire.NewTrace(&trace)
	defer func() {
		if strings.Contains(trace.String(), "hunter2hunter2") {
			t.Fatalf("the password is in the trace:\n%s", trace.String())
		}
	}()
	by := func(name string) func(c *remote.Conn) error {
		return func(c *remote.Conn) error { return operations[name](t.Context(), c) }
	}
	for _, use := range []func(c *remote.Conn) error{
		func(c *remote.Conn) (err error) { list, err = c.List(t.Context()); return err },
		func(c *remote.Conn) error {
			_, err := c.Examine(t.Context(), "x")
			if err != nil {
				return err
			}
			_, err = c.UIDs(t.Context(), 1, 0)
			return err
		},
		func(c *remote.Conn) error { _, err := c.Namespaces(t.Context()); return err },
		func(c *remote.Conn) error {
			_, err := metadata(t, c, 1, 0, remote.Want{Date: true, Size: true})
			return err
		},
		func(c *remote.Conn) error { _, err := bodies(t, c, imap.UIDSet{{Start: 1, Stop: 9}}); return err },
		func(c *remote.Conn) error {
			_, ch, err := c.ExamineChanged(t.Context(), "x", held, remote.Want{}, func(remote.Meta) error { return nil })
			if !ch.Exact && len(ch.Vanished) > 0 {
				t.Fatalf("deletions in doubt are reported: %+v", ch)
			}
			return err
		},
		func(c *remote.Conn) error { return c.Noop(t.Context()) },
		func(c *remote.Conn) error { return c.Logout(t.Context()) },
		by("tour"), by("bodies of a tour"), by("headers"), by("metadata"), by("pieces"),
		func(c *remote.Conn) error { return c.Create(t.Context(), "x", "drafts") },
		func(c *remote.Conn) error {
			out, err := c.Append(t.Context(), "x", []remote.Outgoing{outgoing("a"), outgoing("b")})
			for _, a := range out {
				if (a.Outcome == remote.Done) != (a.Err == nil) {
					t.Fatalf("%+v", a)
				}
			}
			return err
		},
		func(c *remote.Conn) error {
			change := add("x", 1, 2, 9)
			change.UnchangedSince = 20
			e := remote.Edits{Raw: "x", UIDValidity: 7, Store: []remote.Change{change}, Move: []remote.Relocation{{UIDs: set(3, 4), To: "y"}}, Expunge: set(5)}
			out, err := c.Edit(t.Context(), []remote.Edits{e}, nil, nil)
			for _, o := range []remote.Outcomes{out[0].Stored[0].Outcomes, out[0].Moved[0].Outcomes, out[0].Expunged} {
				n, _ := append(append(append(imap.UIDSet{}, o.Done...), o.NotDone...), append(o.Unknown, out[0].Stored[0].Modified...)...).Nums()
				if len(n) == 0 || o.Err == nil && (len(o.NotDone) > 0 || len(o.Unknown) > 0) {
					t.Fatalf("%+v", o)
				}
			}
			return err
		},
	} {
		c, err := remote.Dial(t.Context(), cfg)
		if err == nil {
			err = use(c)
			c.Close()
		}
		if err != nil && strings.Contains(err.Error(), "hunter2hunter2") {
			t.Fatalf("the password is in %v", err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Fatalf("an error of several lines: %q", err)
		}
		if err != nil && remote.ClassOf(err) == remote.Other {
			t.Fatalf("an error without class: %v", err)
		}
	}
	return list
}

const welcome = "* PREAUTH [CAPABILITY IMAP4rev1 ESEARCH] hi\r\n"

// FuzzServer: whatever a server says, every operation ends, and says why.
func FuzzServer(f *testing.F) {
	f.Add(welcome + "* LIST () \"/\" a\r\nM1 OK\r\nM2 OK\r\n* STATUS a (MESSAGES 1)\r\nM3 OK\r\n")
	f.Add(welcome + "* 3 EXISTS\r\n* OK [UIDVALIDITY 3] x\r\nM1 OK\r\n* ESEARCH (TAG \"T1\") UID ALL 1:4294967295\r\nT1 OK\r\n")
	f.Add(welcome + "* 1 FETCH (UID 1 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 3)\r\nM1 OK\r\n")
	f.Add(welcome + "* 1 FETCH (BODY[] {3}\r\nabc UID 1)\r\n* 2 FETCH (UID 2 BODY[] \"x\")\r\nM1 OK\r\n")
	f.Add(welcome + "* NAMESPACE ((\"\" \"/\" \"X\" (\"y\"))) NIL NIL\r\nM1 NO [X] y\r\n")
	f.Add("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n+\r\nM1 OK\r\n* CAPABILITY IMAP4rev1 (\r\nM2 OK\r\nT1 OK\r\n")
	f.Add(welcome + "* 1 FETCH (FLAGS (x) UID 1)\r\n* SEARCH 1\r\n* OK [ALERT] x\r\n* BYE [X] y\r\nT1 NO [LIMIT] z\r\n")
	f.Add("* PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC] hi\r\n* ENABLED QRESYNC\r\nM1 OK\r\n" + opening(6, 10, 30) +
		"* VANISHED (EARLIER) 2:3,5\r\n* 1 FETCH (UID 1 FLAGS (x) MODSEQ (22))\r\nM2 OK\r\n* VANISHED 4\r\nM3 OK\r\n")
	f.Add("* PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE ESEARCH] hi\r\n" + opening(7, 10, 30) +
		"M1 OK\r\nM2 OK\r\n* ESEARCH UID COUNT 7\r\nM3 OK\r\nM4 OK\r\n* ESEARCH (TAG \"T1\") UID ALL 1:3,6:9\r\nT1 OK\r\n")
	f.Add("* PREAUTH [CAPABILITY IMAP4rev1 CONDSTORE UIDPLUS MOVE] hi\r\n" + opening(9, 10, 30) +
		"M1 OK\r\n* 1 FETCH (UID 1 MODSEQ (31))\r\nM2 OK [MODIFIED 2] x\r\n* OK [COPYUID 8 3:4 1:2] x\r\n* 1 EXPUNGE\r\nM3 NO x\r\nM4 OK\r\n")
	f.Add("* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS] hi\r\n* 2 EXISTS\r\nM1 OK [APPENDUID 3 4:5] x\r\nM2 OK\r\n")
	f.Add("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] Dovecot ready.\r\nM1 OK [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS] in\r\n* LIST () \"/\" a\r\nM2 OK\r\n")
	f.Add("* PREAUTH [CAPABILITY IMAP4rev1 OBJECTID X-GM-EXT-1] hi\r\n* 1 FETCH (UID 1 FLAGS () EMAILID (M1) X-GM-MSGID 12 X-GM-LABELS (\"\\\\Inbox\" a {1}\r\nb) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 3)\r\nM1 OK\r\n")
	f.Add(welcome + opening(9, 100, 30) + "M1 OK\r\n* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\nM2 OK\r\n" + opening(9, 100, 30) + "M3 OK\r\n* 1 FETCH (BODY[] {3}\r\none UID 1)\r\nM4 OK\r\n")
	f.Add("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n+ go\r\nM1 OK [APPENDUID 3 4] x\r\n+ go\r\nM2 NO x\r\n")
	for _, s := range transcripts() {
		f.Add(welcome + tagged(s, "M1", "M2", "M3", "M4"))
	}
	f.Fuzz(func(t *testing.T, stream string) { hear(t, stream) })
}

// transcripts are what real servers said.
func transcripts() map[string]string { return testenv.Transcripts("../..") }
