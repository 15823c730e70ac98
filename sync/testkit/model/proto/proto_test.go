package proto

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mailstow/sync/testkit/model"
)

// served is a model with INBOX of three messages, and a client that is logged in.
func served(t *testing.T, caps ...string) (*Server, *peer) {
	t.Helper()
	a := model.New()
	for i, text := range []string{"one", "two", "three"} {
		a.Mailbox("INBOX").Append(nil, time.Date(2020, 1, 1+i, 0, 0, 0, 0, time.UTC), []byte("Subject: "+text+"\r\n\r\n"+text+"\r\n"))
	}
	s := NewServer(a, caps...)
	return s, join(t, s)
}

func join(t *testing.T, s *Server) *peer {
	t.Helper()
	conn, _ := s.Dial(t.Context(), "", "")
	p := newPeer(t, conn)
	p.must("LOGIN ann secret")
	return p
}

// What others do is told when it may be, as numbers or as UIDs.
func TestNews(t *testing.T) {
	s, p := served(t, "QRESYNC", "CONDSTORE", "ENABLE")
	q := join(t, s)
	q.must("ENABLE QRESYNC")
	p.must("SELECT INBOX")
	q.must("SELECT INBOX")
	s.Do(func(a *model.Account) {
		box := a.Mailbox("INBOX")
		box.Expunge([]uint32{1, 3})
		box.Store([]uint32{2}, model.Add, []string{`\seen`}, 0)
		box.Append(nil, time.Unix(0, 0), []byte("four"))
	})
	if a := p.must("FETCH 1:3 UID"); len(a.like(`EXPUNGE`)) > 0 || !slices.Equal(a.like(`FETCH \(UID (\d+)`), []string{"2"}) {
		t.Errorf("numbers moved: %q", a)
	}
	if a := p.must("NOOP"); !slices.Equal(a.untagged, []string{"* 1 EXPUNGE", "* 2 EXPUNGE"}) {
		t.Errorf("%q", a)
	}
	if a := q.must("NOOP"); !slices.Equal(a.untagged, []string{"* VANISHED 1,3", "* 2 EXISTS", `* 1 FETCH (FLAGS (\Seen) UID 2 MODSEQ (6))`}) {
		t.Errorf("%q", a)
	}
	s.Do(func(a *model.Account) { a.Mailbox("INBOX").Renumber() })
	if _, err := p.conn.Write([]byte("x NOOP\r\n")); err != nil || !strings.HasPrefix(p.line(), "* BYE") {
		t.Error("a session goes on in a mailbox whose UIDs mean others now")
	}
}

// Whatever is not offered is not understood; neither is nonsense.
func TestNotUnderstood(t *testing.T) {
	_, p := served(t)
	p.must("SELECT INBOX")
	for _, line := range []string{"UID EXPUNGE 1", "MOVE 1 INBOX", "ENABLE QRESYNC", "ID NIL", "NAMESPACE", "UNSELECT", "SELECT INBOX (CONDSTORE)",
		`LIST "" * RETURN (SUBSCRIBED)`, "SEARCH RETURN (COUNT) ALL", "FETCH 1 MODSEQ", "FETCH 1 (FLAGS", "FETCH 0 FLAGS", "FETCH a FLAGS",
		"FETCH 1 BODY[HEADER.FIELDS (DATE)]", "STORE 1 FLAGS", `STORE 1 +FLAGS "a"`, "SEARCH", "SEARCH OR ALL", "SEARCH NOT", "STATUS INBOX (HIGHESTMODSEQ)",
		"APPEND INBOX", strings.Repeat("(", 100), "NONSENSE", "UID", `LOGIN "a`, "SEARCH (((", "UID STORE 1 (UNCHANGEDSINCE 1) +FLAGS x"} {
		if a := p.do("%s", line); a.outcome() != "BAD" {
			t.Errorf("%s: %q", line, a)
		}
	}
	if a := p.must("FETCH 1:* FLAGS"); len(a.untagged) != 3 {
		t.Errorf("%q", a)
	}
}

// Faults come instead of answers or behind them.
func TestFaults(t *testing.T) {
	s, p := served(t)
	var next Fault
	s.Fault = func(string) (f Fault) { f, next = next, Fault{}; return f }
	for _, f := range []Fault{{Says: "%s NO [LIMIT] no"}, {First: func(a *model.Account) { _, _ = a.Create("N") }}} {
		next = f
		if a := p.do("CREATE N"); a.outcome() != "NO" {
			t.Errorf("%q", a)
		}
	}
	for _, f := range []Fault{{Cut: true}, {Lost: true}} {
		p := join(t, s)
		s.Do(func(*model.Account) { next = f })
		p.conn.Write([]byte("x CREATE O\r\n"))
		if rest, err := p.r.ReadString('\n'); err == nil {
			t.Errorf("%+v: %q", f, rest)
		}
		s.Do(func(a *model.Account) {
			if made := a.Mailbox("O") != nil; made != f.Lost {
				t.Errorf("%+v: made %v", f, made)
			}
		})
	}
}

// Lies are told where they are asked for.
func TestLies(t *testing.T) {
	s, p := served(t, "UIDPLUS", "LITERAL+")
	s.Lies = Lies{HideUIDs: true, NoKeywords: true, RewritesMail: true, RoundedDates: true}
	if a := p.must("APPEND INBOX {1+}\r\nx"); strings.Contains(a.status, "APPENDUID") {
		t.Error(a.status)
	}
	a := p.must("SELECT INBOX")
	if len(a.like(`PERMANENTFLAGS.*\\\*`)) > 0 {
		t.Errorf("%q", a)
	}
	p.must("STORE 1 +FLAGS (work)")
	if a := p.must("FETCH 1,4 (FLAGS BODY[])"); len(a.like("work")) > 0 || len(a.like("X-Seen-By: model\r\nx")) == 0 {
		t.Errorf("%q", a)
	}
}

// Lines and literals beyond measure end the connection, and nothing else.
func TestBeyondMeasure(t *testing.T) {
	s, _ := served(t)
	for _, text := range []string{"x APPEND INBOX {99999999999}\r\n", "x APPEND INBOX {999999999+}\r\n", strings.Repeat("x", maxLine+1<<13)} {
		p := join(t, s)
		p.conn.Write([]byte(text))
		if line, err := p.r.ReadString('\n'); err == nil && !strings.HasPrefix(line, "x BAD") {
			t.Errorf("%.40q: %q", text, line)
		}
	}
}
