package proto

import (
	"io"
	"strings"
	"testing"

	"mailstow/sync/testkit/model"
)

// A fault can happen between any two responses of an answer.
func TestFaultWithin(t *testing.T) {
	s, p := served(t)
	p.must("SELECT INBOX")
	var next Fault
	s.Fault = func(string) (f Fault) { f, next = next, Fault{}; return f }
	next = Fault{At: 2, Ahead: "* NONSENSE\r\n"}
	if a := p.must("FETCH 1:3 BODY.PEEK[]"); len(a.untagged) != 4 || a.untagged[2] != "* NONSENSE" || !strings.HasSuffix(a.untagged[3], "three\r\n)") {
		t.Errorf("%q", a)
	}
	next = Fault{At: 1, Says: "%s NO [LIMIT] that was all"}
	if a := p.do("FETCH 1:3 BODY.PEEK[]"); len(a.untagged) != 1 || a.outcome() != "NO" {
		t.Errorf("%q", a)
	}
	for _, x := range []struct {
		f    Fault
		want int
	}{{Fault{At: 1, Cut: true}, 1}, {Fault{At: 2, Says: "* BYE %s", Lost: true}, 3}, {Fault{At: 9, Cut: true}, 4}} {
		p := join(t, s)
		p.must("EXAMINE INBOX")
		next = x.f
		io.WriteString(p.conn, "x FETCH 1:3 UID\r\n")
		all, err := io.ReadAll(p.r)
		if n := strings.Count(string(all), "\r\n"); n != x.want || err != nil {
			t.Errorf("%+v: %q %v", x.f, all, err)
		}
	}
}

// A server that falls silent is silent until the client goes.
func TestStall(t *testing.T) {
	s, p := served(t)
	s.Fault = func(string) Fault { return Fault{At: 1, Stall: true} }
	io.WriteString(p.conn, "x CAPABILITY\r\nx NOOP\r\n")
	if line := p.line(); !strings.HasPrefix(line, "* CAPABILITY") {
		t.Error(line)
	}
	p.conn.Close()
	s.Wait()
}

// Each habit shows, and tells the truth.
func TestHabits(t *testing.T) {
	for _, x := range []struct {
		lies    Lies
		command string
		want    string
		times   int
	}{
		{Lies{NoUIDNext: true}, "SELECT INBOX", "UIDNEXT", 0},
		{Lies{NoUIDNext: true}, "STATUS INBOX (UIDNEXT MESSAGES)", `\(MESSAGES 3\)`, 1},
		{Lies{NoModSeqs: true}, "SELECT INBOX", "NOMODSEQ", 1},
		{Lies{NoModSeqs: true}, "STATUS INBOX (HIGHESTMODSEQ)", "HIGHESTMODSEQ 0", 1},
		{Lies{Backwards: true}, "FETCH 1:3 UID", `^\* \d FETCH`, 3},
		{Lies{Split: true}, "UID FETCH 1:2 (FLAGS INTERNALDATE)", `^\* \d FETCH`, 4},
		{Lies{Twice: true}, "UID FETCH 1:2 (FLAGS INTERNALDATE)", `^\* \d FETCH`, 4},
		{Lies{Unasked: true}, "NOOP", `^\* 1 FETCH \(FLAGS`, 1},
		{Lies{Echoes: true}, `STORE 1 +FLAGS.SILENT (\Seen)`, `FLAGS \(\\Seen\)`, 1},
		{Lies{LowerCase: true}, `STORE 1 +FLAGS (\Seen)`, `FLAGS \(\\seen\)`, 1},
		{Lies{WrongSizes: true}, "FETCH 1 RFC822.SIZE", "RFC822.SIZE 22", 1},
		{Lies{LeavesOut: true}, `LIST "" * RETURN (STATUS (MESSAGES))`, "^\\* STATUS", 1},
		{Lies{Unreadable: 2}, "UID FETCH 1,3 BODY.PEEK[]", "FETCH", 2},
	} {
		s, p := served(t, "CONDSTORE", "LIST-STATUS", "LIST-EXTENDED")
		p.must("CREATE A")
		p.must("SELECT INBOX")
		s.Do(func(*model.Account) { s.Lies = x.lies })
		if a := p.must("%s", x.command); len(a.like(x.want)) != x.times {
			t.Errorf("%+v: %s: %q", x.lies, x.command, a.untagged)
		}
		if a := p.do("UID FETCH 2 BODY.PEEK[]"); (a.outcome() == "NO") != (x.lies.Unreadable > 0) {
			t.Errorf("%+v: %q", x.lies, a)
		}
	}
}
