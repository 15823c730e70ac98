package remote_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// selected is a session with an open mailbox of UIDVALIDITY 7.
func selected(t testing.TB, script func(p *peer)) *remote.Conn {
	t.Helper()
	c := session(t, "ESEARCH", func(p *peer) {
		p.answer("EXAMINE", "* 9 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 100] ok\r\n")
		script(p)
	})
	if _, err := c.Examine(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	return c
}

func bodies(t testing.TB, c *remote.Conn, uids imap.UIDSet) (map[imap.UID]string, error) {
	got := map[imap.UID]string{}
	err := c.Bodies(t.Context(), uids, func(uid imap.UID, size int64, r io.Reader) error {
		b, err := io.ReadAll(r)
		if _, again := got[uid]; again {
			t.Errorf("uid %d twice", uid)
		}
		if err == nil && int64(len(b)) != size {
			t.Errorf("uid %d: %d octets of %d and no error", uid, len(b), size)
		}
		got[uid] = string(b)
		return err
	})
	return got, err
}

func lit(s string) string { return fmt.Sprintf("{%d}\r\n%s", len(s), s) }

// What servers send around a body, and what imapclient loses or mixes up.
func TestBodiesAreRouted(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       map[imap.UID]string
	}{
		{"plain", "* 1 FETCH (UID 1 BODY[] " + lit("one") + ")\r\n* 2 FETCH (UID 2 BODY[] " + lit("two") + ")\r\n", map[imap.UID]string{1: "one", 2: "two"}},
		{"uid after the literal", "* 1 FETCH (BODY[] " + lit("one") + " UID 1)\r\n* 2 FETCH (BODY[] " + lit("two") + " UID 2 FLAGS ())\r\n", map[imap.UID]string{1: "one", 2: "two"}},
		{"news of flags ahead", "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 BODY[] " + lit("one") + ")\r\n", map[imap.UID]string{1: "one"}},
		{"split answer", "* 1 FETCH (UID 1 RFC822.SIZE 3)\r\n* 2 EXPUNGE\r\n* 1 FETCH (UID 1 BODY[] " + lit("one") + ")\r\n", map[imap.UID]string{1: "one"}},
		{"repeated answer", "* 1 FETCH (UID 1 BODY[] " + lit("first") + ")\r\n* 1 FETCH (UID 1 BODY[] " + lit("second") + ")\r\n* 1 FETCH (UID 1 BODY[] NIL)\r\n", map[imap.UID]string{1: "first"}},
		{"other order", "* 2 FETCH (UID 2 BODY[] " + lit("two") + ")\r\n* 1 FETCH (UID 1 BODY[] " + lit("one") + ")\r\n", map[imap.UID]string{1: "one", 2: "two"}},
		{"NIL is no body", "* 1 FETCH (UID 1 BODY[] NIL)\r\n* 2 FETCH (UID 2 BODY[] nil)\r\n", map[imap.UID]string{}},
		{"empty is a body", "* 1 FETCH (UID 1 BODY[] {0}\r\n)\r\n* 2 FETCH (UID 2 BODY[] \"\")\r\n", map[imap.UID]string{1: "", 2: ""}},
		{"quoted", "* 1 FETCH (UID 1 BODY[] \"a \\\"b\\\" \\\\\")\r\n", map[imap.UID]string{1: `a "b" \`}},
		{"literal8", "* 1 FETCH (UID 1 BODY[] ~{3}\r\na\x00b)\r\n", map[imap.UID]string{1: "a\x00b"}},
		{"non-synchronizing literal", "* 1 FETCH (UID 1 BODY[] {3+}\r\none)\r\n", map[imap.UID]string{1: "one"}},
		{"no space before the literal", "* 1 FETCH(UID 1 BODY[]{3}\r\none)\r\n", map[imap.UID]string{1: "one"}},
		{"lower case", "* 1 fetch (uid 1 body[] " + lit("one") + ")\r\n", map[imap.UID]string{1: "one"}},
		{"uid not asked for", "* 9 FETCH (UID 9 BODY[] " + lit("nine") + ")\r\n* 0 FETCH (UID 0 BODY[] " + lit("zero") + ")\r\n", map[imap.UID]string{}},
		{"no uid", "* 1 FETCH (BODY[] " + lit("whose") + ")\r\n", map[imap.UID]string{}},
		{"other sections", "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (FROM TO)] " + lit("x") + " BODY[1]<0> " + lit("y") + " BODY[]<5> " + lit("z") + " RFC822.HEADER " + lit("h") + ")\r\n", map[imap.UID]string{}},
		{"unknown items", "* 1 FETCH (UID 1 X-GM-LABELS (\"\\\\Inbox\" {3}\r\nfoo) X ((a) (b)) BODY[] " + lit("one") + " Y \"q\")\r\n", map[imap.UID]string{1: "one"}},
		{"deep structure", "* 1 FETCH (UID 1 BODYSTRUCTURE " + strings.Repeat("(", 100000) + ")\r\n* 2 FETCH (UID 2 BODY[] " + lit("two") + ")\r\n", map[imap.UID]string{2: "two"}},
		{"literals that look like answers", "* 1 FETCH (UID 1 BODY[] " + lit("M4 OK\r\n* BYE\r\n)\r\n") + ")\r\n", map[imap.UID]string{1: "M4 OK\r\n* BYE\r\n)\r\n"}},
		{"nothing", "", map[imap.UID]string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := selected(t, func(p *peer) {
				p.answer("UID FETCH 1:3 (UID BODY.PEEK[])", tc.data)
				p.answer("UID FETCH 3 (UID BODY.PEEK[])", "* 3 FETCH (UID 3 BODY[] {5}\r\nthree)\r\n")
				p.wait()
			})
			got, err := bodies(t, c, imap.UIDSet{{Start: 1, Stop: 3}})
			if err != nil || !maps.Equal(got, tc.want) {
				t.Errorf("%v, %v", got, err)
			}
			got, err = bodies(t, c, imap.UIDSetNum(3)) // the connection is as good as before
			if err != nil || got[3] != "three" {
				t.Errorf("afterwards: %v, %v", got, err)
			}
		})
	}
}

// NIL is an answer, not a defect.
func TestNILIsNoDefect(t *testing.T) {
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		p.answer("UID FETCH", "* 1 FETCH (UID 1 BODY[] NIL FLAGS ())\r\n")
	})
	cfg.Notice = func(text string) { t.Errorf("notice: %s", text) }
	if got, err := bodies(t, dial(t, cfg), imap.UIDSetNum(1)); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// Several sets in flight: bodies go to the set they were asked for in, one that is
// refused fails alone, and answers may overtake one another.
func TestBodySets(t *testing.T) {
	c := selected(t, func(p *peer) {
		one, two, three := p.command("UID FETCH 1:2 "), p.command("UID FETCH 3 "), p.command("UID FETCH 2,5 ")
		p.raw("* 1 FETCH (UID 1 BODY[] {1}\r\na)\r\n* 3 FETCH (BODY[] {1}\r\nc UID 3)\r\n" + two + " NO [SERVERBUG] three is broken\r\n" +
			"* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\n* 3 FETCH (UID 3 BODY[] {1}\r\nC)\r\n* 2 FETCH (UID 2 BODY[] {1}\r\nb)\r\n" + one + " OK\r\n" +
			"* 5 FETCH (UID 5 BODY[] {1}\r\ne)\r\n* 2 FETCH (UID 2 BODY[] {1}\r\nb)\r\n" + three + " OK\r\n")
		p.answer("UID FETCH 7", "")
	})
	var log []string
	sets := []remote.BodySet{{UIDs: imap.UIDSetNum(1, 2)}, {UIDs: imap.UIDSetNum(3)}, {}, {UIDs: imap.UIDSetNum(2, 5)}}
	err := c.BodySets(t.Context(), sets, func(set int, uid imap.UID, _ int64, r io.Reader) error {
		b, err := io.ReadAll(r)
		log = append(log, fmt.Sprintf("%d:%d%s", set, uid, b))
		return err
	}, func(set int, err error) error {
		if (err != nil) != (set == 1) || err != nil && remote.ClassOf(err) != remote.Refused {
			t.Errorf("set %d: %v", set, err)
		}
		log = append(log, fmt.Sprintf("%d done", set))
		return nil
	})
	if got := strings.Join(log, ", "); err != nil || got != "2 done, 0:1a, 1:3c, 1 done, 0:2b, 0 done, 3:5e, 3 done" {
		t.Errorf("%s, %v", got, err)
	}
	stop := errors.New("stop")
	err = c.BodySets(t.Context(), []remote.BodySet{{UIDs: imap.UIDSetNum(7)}}, nil, func(int, error) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

// A body too long to hold until its UID comes is asked for alone.
func TestLongBodyAheadOfItsUID(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 5<<20/16)
	data := "* 2 FETCH (BODY[] " + lit(long) + " UID 2)\r\n"
	c := selected(t, func(p *peer) {
		p.answer("UID FETCH 1:3", "* 1 FETCH (BODY[] {3}\r\none UID 1)\r\n"+data)
		p.answer("UID FETCH 2 ", data)
		p.answer("UID FETCH 1:3", data)
		p.answer("UID FETCH 2 ", "* 2 FETCH (BODY[] "+lit(long)+" UID 3)\r\n")
	})
	got, err := bodies(t, c, imap.UIDSet{{Start: 1, Stop: 3}})
	if err != nil || len(got) != 2 || got[1] != "one" || got[2] != long {
		t.Errorf("%d bodies, %v", len(got), err)
	}
	_, err = bodies(t, c, imap.UIDSet{{Start: 1, Stop: 3}})
	wantClass(t, err, remote.Protocol, "another message")
}

// Of two different answers the first counts, and the difference is told, wherever it is.
func TestDifferentAnswersAreReported(t *testing.T) {
	for _, before := range []string{"", strings.Repeat("x", 100<<10)} {
		differentAnswers(t, before+"one", before+"uno")
		differentAnswers(t, "one"+before, "uno"+before)
		differentAnswers(t, before+"one"+before, before+"uno"+before)
	}
}

func differentAnswers(t *testing.T, first, second string) {
	t.Helper()
	var notices []string
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		var answer string
		for _, text := range []string{first, first, second} {
			answer += fmt.Sprintf("* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n", len(text), text)
		}
		p.answer("UID FETCH", answer)
	})
	cfg.Notice = func(text string) { notices = append(notices, text) }
	c := dial(t, cfg)
	got, err := bodies(t, c, imap.UIDSetNum(1))
	if err != nil || got[1] != first || len(notices) != 1 || !strings.Contains(notices[0], "two different answers") {
		t.Errorf("%d octets, %q, %v", len(got[1]), notices, err)
	}
}

// What does not parse behind a literal means that its length was a lie: nothing
// of it may count.
func TestLyingLiteralsEndTheConnection(t *testing.T) {
	for _, data := range []string{
		"* 1 FETCH (UID 1 BODY[] {3}\r\nlonger than announced)\r\n",
		"* 1 FETCH (UID 1 BODY[] {3}\r\none\r\n",
		"* 1 FETCH (UID 1 BODY[] {3}\r\none \"\r\n",
	} {
		c := selected(t, func(p *peer) { p.answer("UID FETCH", data) })
		_, err := bodies(t, c, imap.UIDSetNum(1))
		wantClass(t, err, remote.Protocol, "uid 1")
		_, err = bodies(t, c, imap.UIDSetNum(1))
		wantClass(t, err, remote.Protocol, "")
	}
}

func TestErrorsOfTheCallerLeaveTheConnectionWhole(t *testing.T) {
	c := selected(t, func(p *peer) {
		for range 2 {
			p.answer("UID FETCH", "* 1 FETCH (UID 1 FLAGS () BODY[] {3}\r\none)\r\n* 2 FETCH (UID 2 FLAGS () BODY[] {3}\r\ntwo)\r\n")
		}
		p.answer("UID FETCH", "* 1 FETCH (UID 1 BODY[HEADER] {3}\r\none)\r\n* 2 FETCH (UID 2 BODY[HEADER] {3}\r\ntwo)\r\n")
	})
	full, calls := errors.New("disk full"), 0
	err := c.Bodies(t.Context(), imap.UIDSetNum(1, 2), func(imap.UID, int64, io.Reader) error { calls++; return full })
	if err != full || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	err = c.Metadata(t.Context(), 1, 0, remote.Want{}, func(remote.Meta) error { calls++; return full })
	if err != full || calls != 2 {
		t.Errorf("%v after %d calls", err, calls)
	}
	var got []string
	err = c.Headers(t.Context(), imap.UIDSetNum(1, 2), func(_ imap.UID, h []byte) error { got = append(got, string(h)); return nil })
	if err != nil || !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// NO to a FETCH is the failure of that command alone; what came before it stands
// to be fetched again (invariant I12).
func TestFetchRefused(t *testing.T) {
	c := selected(t, func(p *peer) {
		p.send("* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\n%s NO [SERVERBUG] cannot read message 2\r\n", p.command("UID FETCH"))
		p.answer("UID FETCH", "* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\n")
	})
	_, err := bodies(t, c, imap.UIDSetNum(1, 2))
	wantClass(t, err, remote.Refused, "cannot read message 2")
	if got, err := bodies(t, c, imap.UIDSetNum(1)); err != nil || got[1] != "one" {
		t.Errorf("%v, %v", got, err)
	}
}

// A set too long for one command goes in several, sent ahead of the answers.
func TestLongSetsAreSplit(t *testing.T) {
	var uids imap.UIDSet
	for uid := imap.UID(100_001); len(uids) < 3000; uid += 2 {
		uids.AddNum(uid)
	}
	c := selected(t, func(p *peer) {
		for sent := 0; sent < 3000; {
			line, err := p.r.ReadString('\n')
			if err != nil || len(line) > 8000 {
				p.t.Errorf("line of %d octets, %v", len(line), err)
				return
			}
			f := strings.Fields(line)
			for u := range strings.SplitSeq(f[3], ",") {
				p.send("* 1 FETCH (UID %s BODY[] {1}\r\nx)\r\n", u)
				sent++
			}
			p.send("%s OK\r\n", f[0])
		}
	})
	if got, err := bodies(t, c, uids); err != nil || len(got) != 3000 {
		t.Errorf("%d, %v", len(got), err)
	}
	if got, err := bodies(t, c, nil); err != nil || len(got) != 0 { // no command at all
		t.Errorf("%d, %v", len(got), err)
	}
}

func metadata(t testing.TB, c *remote.Conn, lo, hi imap.UID, want remote.Want) (string, error) {
	var b strings.Builder
	err := c.Metadata(t.Context(), lo, hi, want, func(m remote.Meta) error {
		fmt.Fprintf(&b, "%d %v", m.UID, m.Flags)
		if m.HasSize {
			fmt.Fprintf(&b, " %d", m.Size)
		}
		if m.HasDate {
			b.WriteString(m.Date.Format(" 2006-01-02T15:04:05Z07:00"))
		}
		b.WriteString(";")
		return nil
	})
	return b.String(), err
}

func TestMetadata(t *testing.T) {
	const date = `INTERNALDATE "17-Jul-1996 02:44:25 -0700"`
	all := remote.Want{Date: true, Size: true}
	for _, tc := range []struct {
		name   string
		lo, hi imap.UID
		want   remote.Want
		cmd    string
		data   string
		out    string
	}{
		{"all", 1, 0, all, "1:* (UID FLAGS INTERNALDATE RFC822.SIZE)", "* 1 FETCH (UID 5 FLAGS (\\Seen) " + date + " RFC822.SIZE 44)\r\n", "5 [\\Seen] 44 1996-07-17T02:44:25-07:00;"},
		{"padded day, other order", 1, 0, all, "1:*", `* 1 FETCH (RFC822.SIZE 44 INTERNALDATE " 7-Jul-1996 02:44:25 +0000" FLAGS () UID 5)` + "\r\n", "5 [] 44 1996-07-07T02:44:25Z;"},
		{"the last message beyond the range", 10, 0, remote.Want{}, "10:* (UID FLAGS)", "* 1 FETCH (UID 5 FLAGS ())\r\n", ""},
		{"outside, zero and huge", 3, 6, remote.Want{}, "3:6", "* 1 FETCH (UID 2 FLAGS ())\r\n* 1 FETCH (UID 7 FLAGS ())\r\n* 4 FETCH (UID 4 FLAGS (a))\r\n* 3 FETCH (FLAGS (x))\r\n", "4 [a];"},
		{"split", 1, 0, all, "1:*", "* 1 FETCH (UID 1 FLAGS (a))\r\n* 2 FETCH (UID 2 FLAGS (b))\r\n* 1 FETCH (UID 1 RFC822.SIZE 10)\r\n* 1 FETCH (UID 1 " + date + ")\r\n* 2 FETCH (UID 2 RFC822.SIZE 20 " + date + ")\r\n",
			"1 [a] 10 1996-07-17T02:44:25-07:00;2 [b] 20 1996-07-17T02:44:25-07:00;"},
		{"flags change while listing", 1, 0, remote.Want{Size: true}, "1:*", "* 2 FETCH (UID 2 FLAGS (old))\r\n* 1 FETCH (UID 1 FLAGS (a) RFC822.SIZE 1)\r\n* 2 FETCH (UID 2 FLAGS (new) RFC822.SIZE 2)\r\n* 2 FETCH (UID 2 FLAGS (newer))\r\n", "1 [a] 1;2 [new] 2;"},
		{"repeated", 1, 0, remote.Want{}, "1:*", "* 1 FETCH (UID 1 FLAGS (a))\r\n* 3 FETCH (UID 3 FLAGS (c))\r\n* 2 FETCH (UID 2 FLAGS (b))\r\n* 1 FETCH (UID 1 FLAGS (z))\r\n* 2 FETCH (UID 2 FLAGS (z))\r\n", "1 [a];3 [c];2 [b];"},
		{"bad date and size", 1, 0, all, "1:*", "* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"31-Feb-2000\" RFC822.SIZE -1)\r\n* 2 FETCH (UID 2 FLAGS () INTERNALDATE NIL RFC822.SIZE 99999999999999999999)\r\n* 3 FETCH (UID 3 FLAGS () INTERNALDATE {3}\r\nbad RFC822.SIZE 5)\r\n", "1 [];2 [];3 [] 5;"},
		{"date missing", 1, 0, all, "1:*", "* 1 FETCH (UID 1 FLAGS (a) RFC822.SIZE 5)\r\n", "1 [a] 5;"},
		{"odd keywords", 1, 0, remote.Want{}, "1:*", "* 1 FETCH (UID 1 FLAGS (\\Seen a]b [c \\Recent {3}\r\nd e \"f\" $g))\r\n", "1 [\\Seen a]b [c \\Recent d e f $g];"},
		{"stray data", 1, 0, remote.Want{}, "1:*", "* 5 EXISTS\r\n* 2 EXPUNGE\r\n* VANISHED 1:4294967295\r\n* OK still here\r\n* 1 FETCH (UID 1 FLAGS (a) MODSEQ (12) ENVELOPE (\"x\" ((NIL NIL))))\r\n* XFOO {2}\r\nab\r\n", "1 [a];"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := selected(t, func(p *peer) { p.answer("UID FETCH "+tc.cmd, tc.data) })
			if got, err := metadata(t, c, tc.lo, tc.hi, tc.want); err != nil || got != tc.out {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

// A response beyond understanding may be that of any message: the enumeration is
// not complete then, and absence from it proves nothing (invariant I10).
func TestMetadataNeverHidesAMessage(t *testing.T) {
	for _, bad := range []string{
		"* 2 FETCH (UID 2 FLAGS (a \"b))\r\n", "* 2 FETCH (UID x FLAGS (a))\r\n", "* 2 FETCH (UID 2)\r\n", "* 2 FETCH UID 2\r\n",
		"* 2 FETCH (UID 0 FLAGS ())\r\n", "* 2 FETCH (UID 4294967296 FLAGS ())\r\n", "* 2 FETCH (UID 2 FLAGS NIL)\r\n", "* 2 FETCH (FLAGS (" + strings.Repeat("(", 99) + "\r\n",
	} {
		c := selected(t, func(p *peer) {
			p.answer("UID FETCH", "* 1 FETCH (UID 1 FLAGS (a))\r\n"+bad+"* 3 FETCH (UID 3 FLAGS (c))\r\n")
			p.answer("UID FETCH", "* 1 FETCH (UID 1 FLAGS (a))\r\n")
		})
		got, err := metadata(t, c, 1, 0, remote.Want{})
		if got != "1 [a];3 [c];" {
			t.Errorf("%q: %s", bad, got)
		}
		wantClass(t, err, remote.Refused, "answer for a message")
		if got, err := metadata(t, c, 1, 1, remote.Want{}); err != nil || got != "1 [a];" {
			t.Errorf("afterwards: %s, %v", got, err)
		}
	}
}

// UIDs of one mailbox are worth nothing once its UIDVALIDITY changes (I3).
func TestUIDValidityChangesUnderway(t *testing.T) {
	c := selected(t, func(p *peer) {
		p.answer("UID FETCH", "* OK [UIDVALIDITY 7] same\r\n* OK [UIDVALIDITY 8] other\r\n* 1 FETCH (UID 1 FLAGS (a))\r\n")
	})
	_, err := metadata(t, c, 1, 0, remote.Want{})
	wantClass(t, err, remote.Protocol, "uidvalidity changed from 7 to 8")
}

func TestUIDs(t *testing.T) {
	for _, tc := range []struct {
		data   string
		lo, hi imap.UID
		want   string
	}{
		{"* ESEARCH (TAG \"T1\") UID ALL 1:4294967295\r\n", 5, 0, "5:4294967295"},
		{"* ESEARCH (TAG \"T1\") UID ALL 4294967295:7,3\r\n", 1, 9, "3,7:9"},
		{"* ESEARCH (TAG \"T1\") UID\r\n", 1, 0, ""},
		{"* SEARCH 9 3 4 5\r\n", 1, 0, "3:5,9"},
		{"* SEARCH\r\n", 1, 0, ""},
		{"* SEARCH 1 2 (MODSEQ 9)\r\n", 1, 0, "1:2"},
		{"* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 5000) + ")\r\n* LIST () \"/\" \"R&D\"\r\n* VANISHED 3\r\n* XUNKNOWN {3}\r\nabc\r\n+ what\r\n* CAPABILITY ((((\r\n* 2 EXISTS\r\n* 2 FETCH (FLAGS (a]) UID 4)\r\n* OK [CAPABILITY (] x\r\n* OK [HIGHESTMODSEQ -1] x\r\n* OK [COPYUID 1 2:x 3] x\r\n* ENABLED (\r\n* SEARCH 8\r\n", 1, 0, "8"},
	} {
		c := selected(t, func(p *peer) { p.answer("UID SEARCH RETURN (ALL) UID", tc.data); p.answer("NOOP", "") })
		got, err := c.UIDs(t.Context(), tc.lo, tc.hi)
		if err != nil || got.String() != tc.want {
			t.Errorf("%q: %v, %v", tc.data, got, err)
		}
		if err := c.Noop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	// A malformed answer must not look like an empty mailbox.
	for _, data := range []string{"* SEARCH 1 x\r\n", "* SEARCH 0\r\n", "* ESEARCH (TAG \"T1\") UID ALL 0:*\r\n", "* ESEARCH (TAG (\r\n", "* ESEARCH (TAG \"T1\") UID WHAT 1\r\n"} {
		c := selected(t, func(p *peer) { p.answer("UID SEARCH", data) })
		_, err := c.UIDs(t.Context(), 1, 0)
		wantClass(t, err, remote.Protocol, "malformed")
	}
	c := selected(t, func(p *peer) {
		p.send("%s NO [LIMIT (x)] too much\r\n", p.command("UID SEARCH"))
		p.answer("NOOP", "")
	})
	_, err := c.UIDs(t.Context(), 1, 0)
	wantClass(t, err, remote.Refused, "too much")
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// An empty mailbox is not asked about: some servers refuse "*" in it. One whose
// EXISTS never came is no empty mailbox.
func TestEmptyMailbox(t *testing.T) {
	c := session(t, "", func(p *peer) {
		p.answer("EXAMINE", "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n")
		p.answer("UID FETCH 3", "* 1 EXISTS\r\n")
		p.answer("UID FETCH 1:*", "* 1 FETCH (UID 1 FLAGS (new))\r\n")
		p.answer("EXAMINE", "* OK [UIDVALIDITY 7] ok\r\n")
		p.answer("UID FETCH 1:*", "* 1 FETCH (UID 1 FLAGS (old))\r\n")
	})
	want := []string{"", "1 [new];", "1 [old];"}
	for i, w := range want {
		if i != 1 {
			if _, err := c.Examine(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := metadata(t, c, 1, 0, remote.Want{}); err != nil || got != w {
			t.Errorf("%d: %q, %v", i, got, err)
		}
		if i == 0 {
			if _, err := bodies(t, c, imap.UIDSetNum(3)); err != nil { // news of a message arrives
				t.Fatal(err)
			}
		}
	}
}
