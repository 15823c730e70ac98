package remote_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// gathered is what BodiesAll gave of one mailbox.
type gathered struct {
	log   []string
	calls int // of Done
	err   error
}

func (g *gathered) String() string {
	switch {
	case g.calls == 0:
		return "not done: " + strings.Join(g.log, " ")
	case g.err != nil:
		return "void " + strings.Join(g.log, " ") + "(" + g.err.Error() + ")"
	}
	return strings.Join(g.log, " ")
}

// visit asks for sets of one mailbox.
func (g *gathered) visit(raw string, sets iter.Seq[remote.BodySet]) *remote.BodyVisit {
	return &remote.BodyVisit{Raw: raw, UIDValidity: 7, Sets: sets,
		Fn: func(set int, uid imap.UID, size int64, r io.Reader) error {
			b, err := io.ReadAll(r)
			g.log = append(g.log, fmt.Sprintf("%d:%d=%s", set, uid, b))
			return err
		}, Answered: func(set int, err error) error {
			word := "ok"
			if err != nil {
				word = "refused"
			}
			g.log = append(g.log, fmt.Sprintf("%d-%s", set, word))
			return nil
		}, Done: func(err error) error {
			g.err = err
			g.calls++
			return nil
		}}
}

// sets asks for each of these messages in a request of its own.
func sets(uids ...imap.UID) iter.Seq[remote.BodySet] {
	return func(yield func(remote.BodySet) bool) {
		for _, uid := range uids {
			if !yield(remote.BodySet{UIDs: imap.UIDSetNum(uid), Size: 100}) {
				return
			}
		}
	}
}

// gather downloads messages 1 and 2 of each mailbox.
func gather(t testing.TB, c *remote.Conn, names ...string) (string, error) {
	t.Helper()
	out := make([]*gathered, len(names))
	err := c.BodiesAll(t.Context(), func(yield func(*remote.BodyVisit) bool) {
		for i, raw := range names {
			out[i] = &gathered{}
			if !yield(out[i].visit(raw, sets(1, 2))) {
				return
			}
		}
	})
	var all []string
	for i, g := range out {
		if g == nil {
			g = &gathered{}
		}
		if g.calls > 1 {
			t.Errorf("%s was done %d times", names[i], g.calls)
		}
		all = append(all, g.String())
	}
	return strings.Join(all, "; "), err
}

// mail is the answer to a request for one message.
func mail(uid int, text string) string {
	return fmt.Sprintf("* %d FETCH (UID %d BODY[] %s)\r\n", uid, uid, lit(text))
}

// delivery are the three commands for a mailbox and their answers.
func delivery(box string) []exchange {
	return []exchange{{fmt.Sprintf("EXAMINE %q\r", box), opening(9, 10, 0)}, {"UID FETCH 1 (UID BODY.PEEK[])", mail(1, box+"1")}, {"UID FETCH 2 ", mail(2, box+"2")}}
}

func delivered(box string) string { return fmt.Sprintf("0:1=%s1 0-ok 1:2=%s2 1-ok", box, box) }

// A request is taken when it can be sent: another connection may have room for it sooner.
// To wait for that costs a round trip.
func TestRequestsAreNotTakenAhead(t *testing.T) {
	script := delivery("a")
	for uid := 3; uid <= 5; uid++ {
		script = append(script, exchange{fmt.Sprintf("UID FETCH %d ", uid), mail(uid, fmt.Sprint("a", uid))})
	}
	c := touring(t, "", func(p *peer) { flight(p, script) })
	before := c.Stats().RoundTrips
	var g gathered
	var answered []int // when a request is taken
	v := g.visit("a", func(yield func(remote.BodySet) bool) {
		for uid := imap.UID(1); uid <= 5; uid++ {
			answered = append(answered, strings.Count(g.String(), "-ok"))
			if !yield(remote.BodySet{UIDs: imap.UIDSetNum(uid), Size: 7 << 20}) {
				return
			}
		}
	})
	v.Usual = 4 << 20
	err := c.BodiesAll(t.Context(), func(yield func(*remote.BodyVisit) bool) { yield(v) })
	if err != nil || !slices.Equal(answered, []int{0, 0, 1, 2, 3}) || c.Stats().RoundTrips-before != 4 {
		t.Errorf("%v, requests were taken behind %d answers, %d round trips", err, answered, c.Stats().RoundTrips-before)
	}
}

// The same UIDs in three mailboxes, in one flight: whatever a server does with the
// second, its mail and that of the others is not mixed up.
func TestBodiesOfManyMailboxes(t *testing.T) {
	b := delivery("b")
	open, one, two := b[0].data, b[1].data, b[2].data
	foreign := mail(1, "not-mine") + mail(2, "not-mine")
	void := func(data string) [3]string { return [3]string{data, foreign, foreign} }
	for _, tc := range []struct {
		name string
		data [3]string
		want string
	}{
		{"fine", [3]string{open, one, two}, delivered("b")},
		{"refused", void("$ NO [NONEXISTENT] gone\r\n"), "void (examine \"b\": server answered NO [NONEXISTENT] gone)"},
		{"not understood", [3]string{"$ BAD what\r\n", foreign + "$ BAD nothing is open\r\n", foreign + "$ BAD nothing is open\r\n"}, "void (examine \"b\": server answered BAD what)"},
		{"refused at the end", void(open + "$ NO locked\r\n"), "void (examine \"b\": server answered NO locked)"},
		{"another UIDVALIDITY", void(strings.Replace(open, "UIDVALIDITY 7", "UIDVALIDITY 8", 1)), "void (uidvalidity is 8, not 7)"},
		{"no UIDVALIDITY", void(strings.Replace(open, "UIDVALIDITY 7", "X 7", 1)), "void (uidvalidity is 0, not 7)"},
		{"UIDVALIDITY of the one before", void("* OK [UIDVALIDITY 7] v\r\n* OK [CLOSED] c\r\n"), "void (uidvalidity is 0, not 7)"},
		{"UIDs that do not last", void(open + "* NO [UIDNOTSTICKY] no\r\n"), "void (UIDs of this mailbox do not last)"},
		{"mail of the one before, closed", [3]string{foreign + "* OK [CLOSED] c\r\n" + open, one, two}, delivered("b")},
		{"mail of the one before", [3]string{foreign + gossip + open + foreign, one, two}, delivered("b")},
		{"one request refused", [3]string{open, "$ NO [SERVERBUG] x\r\n", two}, "0-refused 1:2=b2 1-ok"},
		{"refused behind the mail", [3]string{open, one + "$ NO [SERVERBUG] x\r\n", two}, "0:1=b1 0-refused 1:2=b2 1-ok"},
		{"no answer, NIL, mail not asked for", [3]string{open, "* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\n", "* 2 FETCH (UID 2 BODY[] NIL)\r\n"}, "0-ok 1-ok"},
		{"mail ahead of its request", [3]string{open, one + two, two}, "0:1=b1 1:2=b2 0-ok 1-ok"},
		{"the UID behind the mail", [3]string{open, "* 1 FETCH (BODY[] {2}\r\nb1 UID 1)\r\n", two}, delivered("b")},
		{"too long for its UID to come behind it", [3]string{open, "* 1 FETCH (BODY[] " + lit(strings.Repeat("0123456789abcdef", 5<<20/16)) + " UID 1)\r\n", two}, "0-ok 1:2=b2 1-ok"},
		{"twice, and news", [3]string{open + "* 3 EXISTS\r\n", "* 1 FETCH (UID 1 FLAGS ())\r\n" + one + mail(1, "other") + "* 4 EXPUNGE\r\n", two}, delivered("b")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := session(t, "", func(p *peer) {
				flight(p, delivery("a"))
				script := delivery("b")
				for i := range script {
					script[i].data = tc.data[i]
				}
				flight(p, script)
				flight(p, delivery("c"))
				p.answer("NOOP", "")
				p.wait()
			})
			got, err := gather(t, c, "a", "b", "c")
			if want := delivered("a") + "; " + tc.want + "; " + delivered("c"); err != nil || got != want || c.Stats().RoundTrips != 1 {
				t.Errorf("%s, %v in %d round trips; want %s", got, err, c.Stats().RoundTrips, want)
			}
			if err := c.Noop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Nothing counts whose tagged OK did not come (I7), wherever the connection ends:
// not the request, and not the mailbox.
func TestBodiesOfManyMailboxesCutAnywhere(t *testing.T) {
	data, marks := "", []struct {
		upTo int
		done string
	}{}
	for i, box := range []string{"a", "b"} {
		for k, x := range delivery(box) {
			data += x.data + fmt.Sprintf("M%d OK done\r\n", 3*i+k+1)
			if k > 0 {
				marks = append(marks, struct {
					upTo int
					done string
				}{len(data), fmt.Sprintf("%d-ok", k-1)})
			}
		}
	}
	for n := range len(data) {
		c := session(t, "", func(p *peer) {
			p.ready(6)
			p.raw(data[:n])
		})
		got, err := gather(t, c, "a", "b")
		wantClass(t, err, remote.Connect, "")
		answered := 0
		for _, m := range marks {
			if n >= m.upTo {
				answered++
			}
		}
		if strings.Count(got, "-ok") != answered || strings.Contains(got[:min(len(got), 8)], "not done") != (answered < 2) || !strings.Contains(got, "; not done") {
			t.Errorf("cut at %d: %s", n, got)
		}
		c.Close()
	}
}

func TestBodiesOfManyMailboxesOutOfOrder(t *testing.T) {
	for order, want := range map[string]string{
		"123456": "", "132465": "",
		"213456": "ahead of the EXAMINE before it", "123546": "ahead of the EXAMINE before it",
		"124356": "ahead of the one before it", "456123": "ahead of the one before it",
	} {
		c := session(t, "", func(p *peer) {
			p.ready(6)
			all := append(delivery("a"), delivery("b")...)
			for _, n := range order {
				p.raw(all[n-'1'].data)
				p.send("M%c OK done\r\n", n)
			}
			p.r.ReadByte()
		})
		got, err := gather(t, c, "a", "b")
		if want == "" {
			if err != nil || strings.Count(got, "-ok") != 4 || strings.Count(got, "=") != 4 {
				t.Errorf("%s: %s, %v", order, got, err)
			}
			continue
		}
		wantClass(t, err, remote.Protocol, want)
		if strings.Contains(got, "=b") || !strings.Contains(got, "; not done") {
			t.Errorf("%s: %s", order, got)
		}
		c.Close()
	}
}

func TestBodiesUIDValidityChangesUnderway(t *testing.T) {
	c := session(t, "", func(p *peer) {
		p.ready(6)
		for i, x := range append(delivery("a"), delivery("b")...) {
			p.send("%sM%d OK done\r\n", x.data, i+1)
			if i == 3 {
				p.raw("* OK [UIDVALIDITY 8] other\r\n")
			}
		}
		p.r.ReadByte()
	})
	got, err := gather(t, c, "a", "b")
	wantClass(t, err, remote.Protocol, `examine "b": uidvalidity changed from 7 to 8`)
	if got != delivered("a")+"; not done: " {
		t.Error(got)
	}
}

// deliver answers whatever is asked of mailboxes with a thousand messages; in one
// named "gone" nothing.
func deliver(p *peer) (asked int) {
	for gone := false; ; asked++ {
		tag, rest, ok := p.next()
		var uid int
		switch _, err := fmt.Sscanf(rest, "UID FETCH %d ", &uid); {
		case !ok:
			return asked
		case strings.HasPrefix(rest, "EXAMINE"):
			if gone = strings.Contains(rest, "gone"); gone {
				p.reply(tag, "$ NO [NONEXISTENT] gone\r\n")
				continue
			}
			p.reply(tag, opening(1000, 1001, 0))
		case gone && err == nil:
			p.reply(tag, "$ BAD nothing is open\r\n")
		case err == nil:
			p.reply(tag, mail(uid, "text"))
		default:
			p.reply(tag, "")
		}
	}
}

// What is asked for is made as it is sent; of a mailbox that cannot be opened, and
// after an error of the caller, nothing more is.
func TestBodiesAreAskedForAsTheyAreSent(t *testing.T) {
	stop := errors.New("disk full")
	for _, where := range []string{"", "fn", "done", "answered"} {
		c := session(t, "", func(p *peer) { deliver(p) })
		made, answered, most := map[string]int{}, 0, 0
		var outcome []string
		err := c.BodiesAll(t.Context(), func(yield func(*remote.BodyVisit) bool) {
			for _, raw := range []string{"a", "gone", "c"} {
				g := &gathered{}
				v := g.visit(raw, func(yield func(remote.BodySet) bool) {
					for set := range sets(numbers(300)...) {
						made[raw]++
						if raw != "gone" {
							most = max(most, made["a"]+made["c"]-answered)
						}
						if !yield(set) {
							return
						}
					}
				})
				fn := v.Fn
				v.Fn = func(set int, uid imap.UID, size int64, r io.Reader) error {
					if where == "fn" && uid == 5 {
						return stop
					}
					return fn(set, uid, size, r)
				}
				v.Answered = func(set int, err error) error {
					if answered++; where == "answered" && set == 5 {
						return stop
					}
					return nil
				}
				v.Done = func(err error) error {
					outcome = append(outcome, fmt.Sprint(raw, err == nil))
					if where == "done" {
						return stop
					}
					return nil
				}
				if !yield(v) {
					return
				}
			}
		})
		switch {
		case where == "" && (err != nil || made["a"] != 300 || made["c"] != 300 || answered != 600 || fmt.Sprint(outcome) != "[atrue gonefalse ctrue]"):
			t.Errorf("%v, %v, %d answered, %v", err, made, answered, outcome)
		case where != "" && !errors.Is(err, stop), made["gone"] > 32, most > 33:
			t.Errorf("%s: %v, %v, %d at a time", where, err, made, most)
		case where == "fn" && (err != stop || made["a"] > 40 || len(outcome) > 0), where == "done" && (err != stop || made["c"] > 0 || len(outcome) != 1),
			where == "answered" && (made["a"] > 40 || len(outcome) > 0):
			t.Errorf("%s: %v, %v, %v", where, err, made, outcome)
		}
		if err := c.Noop(t.Context()); (err != nil) != (where == "answered") { // which ends the connection
			t.Errorf("%s: afterwards: %v", where, err)
		}
		c.Close()
	}
}

func numbers(n int) (uids []imap.UID) {
	for i := range n {
		uids = append(uids, imap.UID(i+1))
	}
	return uids
}

func TestBodiesOfNothing(t *testing.T) {
	c := session(t, qresync+" ID", func(p *peer) { p.wait() })
	if got, err := gather(t, c); err != nil || got != "" {
		t.Errorf("%s, %v", got, err)
	}
	got, err := gather(t, c, "a\x00b", "a\r\nM9 LOGOUT")
	if err != nil || strings.Count(got, "void (") != 2 || c.Stats().RoundTrips != 0 {
		t.Errorf("%s, %v", got, err)
	}
}

// Of a mailbox whose set does not fit into one command, all parts must be answered.
func TestBodiesOfALongSet(t *testing.T) {
	var uids imap.UIDSet
	for uid := imap.UID(100_001); len(uids) < 1500; uid += 2 {
		uids.AddNum(uid)
	}
	c := session(t, "", func(p *peer) {
		for i := 0; ; i++ {
			tag, rest, ok := p.next()
			if !ok {
				return
			}
			data := opening(2000, 200_000, 0)
			if first, set, _ := strings.Cut(rest, "UID FETCH "); first == "" {
				data = ""
				for uid := range strings.SplitSeq(strings.Fields(set)[0], ",") {
					data += fmt.Sprintf("* 1 FETCH (UID %s BODY[] {1}\r\nx)\r\n", uid)
				}
				if i == 2 {
					data += "$ NO the second part is broken\r\n"
				}
			}
			p.reply(tag, data)
		}
	})
	bodies, answers := 0, []string{}
	err := c.BodiesAll(t.Context(), func(yield func(*remote.BodyVisit) bool) {
		v := (&gathered{}).visit("a", func(yield func(remote.BodySet) bool) { yield(remote.BodySet{UIDs: uids}) })
		v.Fn = func(int, imap.UID, int64, io.Reader) error { bodies++; return nil }
		v.Answered = func(set int, err error) error { answers = append(answers, fmt.Sprint(set, err)); return nil }
		yield(v)
	})
	if err != nil || bodies != 1500 || len(answers) != 1 || !strings.Contains(answers[0], "second part") {
		t.Errorf("%d bodies, %q, %v", bodies, answers, err)
	}
}

func TestBodiesThrottled(t *testing.T) {
	c := session(t, "", func(p *peer) {
		flight(p, delivery("a"))
		p.send("%s NO [THROTTLED] slowly\r\n", p.command("EXAMINE \"b\""))
		io.Copy(io.Discard, p.r)
	})
	got, err := gather(t, c, "a", "b", "c")
	wantClass(t, err, remote.Connect, "slowly")
	if got != delivered("a")+"; not done: ; not done: " {
		t.Error(got)
	}
}
