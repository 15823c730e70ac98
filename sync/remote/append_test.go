package remote_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

var literalEnd = regexp.MustCompile(`\{(\d+)(\+?)\}\r\n$`)

// whole reads a command with its literals and returns its tag and the rest, each
// literal in < and >. Literals that are not sent unasked are asked for, but for the
// one that refuse names, counted from 1: there it stops.
func (p *peer) whole(refuse int) (tag, text string) {
	for n := 1; ; n++ {
		line, err := p.r.ReadString('\n')
		text += line
		m := literalEnd.FindStringSubmatch(line)
		if err != nil || m == nil {
			break
		}
		if n == refuse {
			break
		}
		if m[2] == "" {
			p.raw("+ go\r\n")
		}
		size, _ := strconv.Atoi(m[1])
		b := make([]byte, size)
		if _, err := io.ReadFull(p.r, b); err != nil {
			break
		}
		text += "<" + string(b) + ">"
	}
	tag, text, _ = strings.Cut(strings.TrimSuffix(text, "\r\n"), " ")
	return tag, strings.ReplaceAll(text, "\r\n", "")
}

func outgoing(text string) remote.Outgoing {
	return remote.Outgoing{Size: int64(len(text)), Open: func() (io.Reader, error) { return strings.NewReader(text), nil }}
}

func appended(all []remote.Appended) string {
	var parts []string
	for _, a := range all {
		s := a.Outcome.String()
		if a.UID != 0 {
			s += fmt.Sprintf(" %d/%d", a.UIDValidity, a.UID)
		}
		if e, ok := errors.AsType[*remote.Error](a.Err); ok {
			s += " (" + e.Class.String() + " " + e.Code + ")"
		} else if a.Err != nil {
			s += " (" + a.Err.Error() + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// appending is one command that a script expects, with its literals in < and >, and
// the answer without tag, OK if empty; at the literal numbered refuse the answer
// comes instead of "+".
type appending struct {
	want, answer string
	refuse       int
}

func TestAppendToServersThatLie(t *testing.T) {
	const plus, multi = "LITERAL+ UIDPLUS", "LITERAL+ UIDPLUS MULTIAPPEND"
	long, longer := strings.Repeat("l", 4096), strings.Repeat("m", 4097)
	broken := remote.Outgoing{Size: 5, Open: func() (io.Reader, error) { return nil, errors.New("no body here") }}
	shrunk := remote.Outgoing{Size: 5, Open: func() (io.Reader, error) { return strings.NewReader("1234"), nil }}
	grown := remote.Outgoing{Size: 5, Open: func() (io.Reader, error) { return strings.NewReader("123456"), nil }}
	for _, tc := range []struct {
		name, caps string
		msgs       []remote.Outgoing
		script     []appending
		want       string
		trips      int
	}{
		{"one", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "OK [APPENDUID 7 12] x", 0}}, "done 7/12", 1},
		{"nothing told", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "", 0}}, "done", 1},
		{"three without waiting", plus, []remote.Outgoing{outgoing("a"), outgoing("b"), outgoing("c")},
			[]appending{{`APPEND "b" {1+}<a>`, "OK [APPENDUID 7 12] x", 0}, {`APPEND "b" {1+}<b>`, "NO [OVERQUOTA] x", 0}, {`APPEND "b" {1+}<c>`, "OK [APPENDUID 7 13] x", 0}},
			"done 7/12, not done (refused OVERQUOTA), done 7/13", 1},
		{"together", multi, []remote.Outgoing{outgoing("a"), outgoing("bb"), outgoing("c")},
			[]appending{{`APPEND "b" {1+}<a> {2+}<bb> {1+}<c>`, "OK [APPENDUID 7 12:13,15] x", 0}}, "done 7/12, done 7/13, done 7/15", 1},
		{"refused together", multi, []remote.Outgoing{outgoing("a"), outgoing("bb"), outgoing("c")},
			[]appending{{`APPEND "b" {1+}<a> {2+}<bb> {1+}<c>`, "NO [OVERQUOTA] x", 0}, {`APPEND "b" {1+}<a>`, "OK [APPENDUID 7 1] x", 0}, {`APPEND "b" {2+}<bb>`, "NO [OVERQUOTA] x", 0}, {`APPEND "b" {1+}<c>`, "", 0}},
			"done 7/1, not done (refused OVERQUOTA), done", 2},
		{"MULTIAPPEND not understood", multi, []remote.Outgoing{outgoing("a"), outgoing("b")},
			[]appending{{`APPEND "b" {1+}<a> {1+}<b>`, "BAD x", 0}, {`APPEND "b" {1+}<a>`, "", 0}, {`APPEND "b" {1+}<b>`, "", 0}}, "done, done", 2},
		{"refused together for good", multi, []remote.Outgoing{outgoing("a"), outgoing("b"), outgoing("")},
			[]appending{{`APPEND "b" {1+}<a> {1+}<b>`, "NO [TRYCREATE] x", 0}, {`APPEND "b" {0+}<>`, "NO [TRYCREATE] x", 0}},
			"not done (refused TRYCREATE), not done (refused TRYCREATE), not done (refused TRYCREATE)", 1},
		{"empty ones alone", multi, []remote.Outgoing{outgoing("a"), outgoing("b"), outgoing(""), outgoing("c"), outgoing("d")},
			[]appending{{`APPEND "b" {1+}<a> {1+}<b>`, "", 0}, {`APPEND "b" {0+}<>`, "BAD x", 0}, {`APPEND "b" {1+}<c> {1+}<d>`, "", 0}}, "done, done, not done (refused ), done, done", 1},
		{"asked first", "UIDPLUS MULTIAPPEND", []remote.Outgoing{outgoing("a"), outgoing("b")},
			[]appending{{`APPEND "b" {1}<a>`, "", 0}, {`APPEND "b" {1}<b>`, "", 0}}, "done, done", 3},
		{"refused before it is sent", "", []remote.Outgoing{outgoing("a"), outgoing("b"), outgoing("c")},
			[]appending{{`APPEND "b" {1}<a>`, "", 0}, {`APPEND "b" {1}`, "NO [TOOBIG] x", 1}, {`APPEND "b" {1}<c>`, "OK [APPENDUID 7 9] x", 0}},
			"done, not done (refused TOOBIG), done 7/9", 4},
		{"refused before any is sent", "", []remote.Outgoing{outgoing("a"), outgoing("b")},
			[]appending{{`APPEND "b" {1}`, "NO [TRYCREATE] x", 1}}, "not done (refused TRYCREATE), not done (refused TRYCREATE)", 1},
		{"OK before it is sent", "", []remote.Outgoing{outgoing("a"), outgoing("b")},
			[]appending{{`APPEND "b" {1}`, "OK [APPENDUID 7 9] x", 1}, {`APPEND "b" {1}<b>`, "", 0}}, "not done (refused ), done", 3},
		{"LITERAL-", "LITERAL- MULTIAPPEND", []remote.Outgoing{outgoing("a"), outgoing(long), outgoing(longer), outgoing("c")},
			[]appending{{`APPEND "b" {1+}<a> {4096+}<` + long + `>`, "", 0}, {`APPEND "b" {4097}<` + longer + `>`, "", 0}, {`APPEND "b" {1+}<c>`, "", 0}}, "done, done, done, done", 2},
		{"others that cannot be read", multi, []remote.Outgoing{broken, outgoing("a"), shrunk, outgoing("b"), grown},
			[]appending{{`APPEND "b" {1+}<a> {1+}<b>`, "OK [APPENDUID 7 1:2] x", 0}},
			"not done (no body here), done 7/1, not done (reading what was to be sent: unexpected EOF), done 7/2, not done (reading what was to be sent: it is longer than announced)", 1},
		{"none that can be read", plus, []remote.Outgoing{broken, shrunk}, nil, "not done (no body here), not done (reading what was to be sent: unexpected EOF)", 0},
		{"no messages", plus, nil, nil, "", 0},
		{"too big", plus + " APPENDLIMIT=3", []remote.Outgoing{outgoing("1234"), outgoing("123")}, []appending{{`APPEND "b" {3+}<123>`, "", 0}}, "not done (refused TOOBIG), done", 1},
		{"flags and dates", multi, []remote.Outgoing{
			{Flags: []imap.Flag{imap.FlagSeen, "work"}, Date: time.Date(2020, 2, 3, 4, 5, 6, 0, time.FixedZone("", -5*3600)), Size: 1, Open: outgoing("a").Open},
			{Date: time.Date(1890, 12, 13, 14, 15, 16, 0, time.FixedZone("LMT", 53*60+28)), Size: 1, Open: outgoing("b").Open},
			{Date: time.Date(12020, 2, 3, 4, 5, 6, 0, time.UTC), Size: 1, Open: outgoing("c").Open},
			{Flags: []imap.Flag{"a\r\nM2 DELETE b"}, Size: 1, Open: outgoing("d").Open},
			{Flags: []imap.Flag{`\Recent`}, Size: 1, Open: outgoing("e").Open},
			{Size: -1, Open: outgoing("f").Open}},
			[]appending{{`APPEND "b" (\Seen work) " 3-Feb-2020 04:05:06 -0500" {1+}<a> "13-Dec-1890 13:21:48 +0000" {1+}<b> {1+}<c>`, "", 0}},
			"done, done, done, not done (refused ), not done (refused ), not done (refused )", 1},
		{"many UIDs for one", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "OK [APPENDUID 7 12:13] x", 0}}, "done", 1},
		{"UIDs without end", multi, []remote.Outgoing{outgoing("a"), outgoing("b")}, []appending{{`APPEND "b" {1+}<a> {1+}<b>`, "OK [APPENDUID 7 1:4294967295] x", 0}}, "done, done", 1},
		{"UIDs backwards", multi, []remote.Outgoing{outgoing("a"), outgoing("b")}, []appending{{`APPEND "b" {1+}<a> {1+}<b>`, "OK [APPENDUID 7 2:1] x", 0}}, "done, done", 1},
		{"UIDs out of order", multi, []remote.Outgoing{outgoing("a"), outgoing("b")}, []appending{{`APPEND "b" {1+}<a> {1+}<b>`, "OK [APPENDUID 7 2,1] x", 0}}, "done, done", 1},
		{"one UID and a range backwards", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "OK [APPENDUID 7 5,2:1] x", 0}}, "done", 1},
		{"the highest UID", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "OK [APPENDUID 7 4294967295] x", 0}}, "done 7/4294967295", 1},
		{"no era", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "OK [APPENDUID 0 12] x", 0}}, "done", 1},
		{"UID 0", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "OK [APPENDUID 7 0] x", 0}}, "done", 1},
		{"another code", plus, []remote.Outgoing{outgoing("a")}, []appending{{`APPEND "b" {1+}<a>`, "OK [COPYUID 7 12] x", 0}}, "done", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := session(t, tc.caps, func(p *peer) {
				for _, x := range tc.script {
					tag, text := p.whole(x.refuse)
					if text != x.want {
						p.t.Errorf("%.300s\nwant %.300s", text, x.want)
					}
					if x.answer == "" {
						x.answer = "OK"
					}
					p.raw("* 9 EXISTS\r\n" + tag + " " + x.answer + "\r\n")
				}
				p.wait()
			})
			out, err := c.Append(t.Context(), "b", tc.msgs)
			if got := appended(out); err != nil || got != tc.want || c.Stats().RoundTrips != tc.trips {
				t.Errorf("%s, %d round trips, %v\nwant %s, %d", got, c.Stats().RoundTrips, err, tc.want, tc.trips)
			}
		})
	}
}

// What leaves together is bounded in number and in octets.
func TestAppendTogetherWithinLimits(t *testing.T) {
	half := strings.Repeat("h", 1<<19)
	for _, tc := range []struct {
		text string
		n    int
		want string
	}{{"a", 130, "[64 64 2]"}, {half, 17, "[8 8 1]"}, {half + half + "h", 2, "[1 1]"}} {
		var msgs []remote.Outgoing
		for range tc.n {
			msgs = append(msgs, outgoing(tc.text))
		}
		var counts []int
		c := session(t, "LITERAL+ MULTIAPPEND", func(p *peer) {
			for {
				tag, text := p.whole(0)
				if text == "" {
					return
				}
				counts = append(counts, strings.Count(text, "<"))
				p.send("%s OK\r\n", tag)
			}
		})
		out, err := c.Append(t.Context(), "b", msgs)
		c.Close()
		if got := fmt.Sprint(counts); err != nil || got != tc.want || out[tc.n-1].Outcome != remote.Done {
			t.Errorf("%s, %v; want %s", got, err, tc.want)
		}
	}
}

// Where the connection ends, and what is known of each message then. Only one that
// left as a whole may have been taken.
func TestAppendCutShort(t *testing.T) {
	huge := strings.Repeat("h", 3<<20)
	failing := remote.Outgoing{Size: int64(len(huge)), Open: func() (io.Reader, error) {
		return io.MultiReader(strings.NewReader(huge[:2<<20]), iotest.ErrReader(errors.New("bit rot"))), nil
	}}
	a, b := outgoing("a"), outgoing("b")
	for _, tc := range []struct {
		name, caps string
		msgs       []remote.Outgoing
		script     func(p *peer)
		class      remote.Class
		text, want string
	}{
		{"before the answer", "LITERAL+", []remote.Outgoing{a, b}, func(p *peer) {
			tag, _ := p.whole(0)
			p.send("%s OK\r\n", tag)
			p.whole(0)
		}, remote.Connect, "EOF", "done, unknown (connect )"},
		{"before the answer to all of them", "LITERAL+ MULTIAPPEND", []remote.Outgoing{a, b}, func(p *peer) { p.whole(0) },
			remote.Connect, "EOF", "unknown (connect ), unknown (connect )"},
		{"before it was asked for", "", []remote.Outgoing{a, b}, func(p *peer) {
			tag, _ := p.whole(0)
			p.send("%s OK\r\n", tag)
			p.whole(1)
		}, remote.Connect, "EOF", "done, not done (connect )"},
		{"goodbye to what was announced", "", []remote.Outgoing{a, b}, func(p *peer) {
			p.whole(1)
			p.raw("* BYE [OVERQUOTA] enough\r\n")
		}, remote.Connect, "goodbye", "not done (connect OVERQUOTA), not done (connect OVERQUOTA)"},
		{"throttled", "LITERAL+", []remote.Outgoing{a, outgoing(huge), b}, func(p *peer) {
			tag, _ := p.whole(0)
			p.send("%s NO [THROTTLED] x\r\n", tag)
			tag, _ = p.whole(1)
			p.send("%s NO [THROTTLED] x\r\n", tag)
			p.wait()
		}, remote.Connect, "THROTTLED", "not done (connect THROTTLED), not done (connect THROTTLED), not done (connect THROTTLED)"},
		{"a source that fails", "LITERAL+", []remote.Outgoing{a, failing, b}, func(p *peer) {
			tag, _ := p.whole(0)
			p.send("%s OK [APPENDUID 7 3] x\r\n", tag)
			_, text := p.whole(0) // ends with the connection
			if !strings.HasSuffix(text, "{3145728}") {
				p.t.Errorf("%.200s", text)
			}
		}, remote.Connect, "bit rot", "done 7/3, not done (reading what was to be sent: bit rot), not done (connect )"},
		{"a source that fails before the one ahead of it is answered", "LITERAL+", []remote.Outgoing{a, failing}, func(p *peer) {
			p.whole(0)
			p.whole(0)
		}, remote.Connect, "bit rot", "unknown (connect ), not done (reading what was to be sent: bit rot)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := session(t, tc.caps, tc.script)
			out, err := c.Append(t.Context(), "b", tc.msgs)
			wantClass(t, err, tc.class, tc.text)
			if got := appended(out); got != tc.want {
				t.Errorf("%s\nwant %s", got, tc.want)
			}
		})
	}
}

// Sources are closed, whatever becomes of them.
func TestAppendClosesSources(t *testing.T) {
	var open int
	source := func(size int, r io.Reader) remote.Outgoing {
		return remote.Outgoing{Size: int64(size), Open: func() (io.Reader, error) {
			open++
			return closing{r, &open}, nil
		}}
	}
	huge := strings.Repeat("h", 3<<20)
	msgs := []remote.Outgoing{source(1, strings.NewReader("a")), source(2, strings.NewReader("a")), source(len(huge), strings.NewReader(huge)), source(len(huge), strings.NewReader("b")), source(1, strings.NewReader("a"))}
	c := session(t, "LITERAL+", func(p *peer) {
		for range 2 {
			tag, _ := p.whole(0)
			p.send("%s OK\r\n", tag)
		}
		p.whole(0)
	})
	out, err := c.Append(t.Context(), "b", msgs)
	if err == nil || open != 0 || out[2].Outcome != remote.Done {
		t.Errorf("%d left open, %s, %v", open, appended(out), err)
	}
}

type closing struct {
	io.Reader
	open *int
}

func (c closing) Close() error { *c.open--; return nil }
