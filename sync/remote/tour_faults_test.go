package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// gossip is news of a mailbox that somebody works on.
const gossip = "* 55 EXISTS\r\n* 3 EXPUNGE\r\n* 1 FETCH (UID 1 FLAGS (not-mine))\r\n* VANISHED 1:3\r\n* OK [HIGHESTMODSEQ 4] h\r\n"

// What comes behind the last answer of a mailbox and ahead of the next one's
// belongs to neither of the two (RFC 7162 section 3.2.11 where the server says
// CLOSED), nor does what a server goes on to tell when it refused to open the next.
func TestTourKeepsMailboxesApart(t *testing.T) {
	for _, caps := range []string{qresync, condstore, ""} {
		first, rest := flagged(caps)[0], flagged(caps)[1:]
		second := func(data string, rest ...exchange) []exchange {
			return append([]exchange{{first.want, data}}, rest...)
		}
		refused := func(answer string) []exchange {
			script := second(answer)
			for i, x := range rest { // of the mailbox before, which is still open
				data := "* 1 FETCH (UID 1 FLAGS (not-mine))\r\n* 2 FETCH (UID 10 FLAGS (not-mine))\r\n* VANISHED 2\r\n* 1 EXPUNGE\r\n"
				if i%2 == 1 {
					data += "$ BAD nothing is open\r\n"
				}
				script = append(script, exchange{x.want, data})
			}
			return script
		}
		uncertain := "alone"       // QRESYNC tells changes ahead of the answer
		fickle := "unusable 2[me]" // heard while it still seemed to be the one
		if caps != qresync {
			uncertain, fickle = changed[caps], "unusable"
		}
		for _, tc := range []struct {
			name   string
			script []exchange
			want   string
		}{
			{"refused", refused("$ NO [NONEXISTENT] gone\r\n"), "alone"},
			{"not understood", refused("$ BAD what\r\n"), "alone"},
			{"refused at the end", refused(first.data + "$ NO locked\r\n"), "alone"},
			{"closed, then refused", refused(gossip + "* OK [CLOSED] c\r\n$ NO locked\r\n"), "alone"},
			{"news, closed", second(gossip+"* OK [CLOSED] c\r\n"+first.data, rest...), changed[caps]},
			{"news, not closed", second(gossip+first.data, rest...), uncertain},
			{"another UIDVALIDITY", second(strings.Replace(first.data, "UIDVALIDITY 7", "UIDVALIDITY 8", 1), rest...), "unusable"},
			{"no UIDVALIDITY", second(strings.Replace(first.data, "UIDVALIDITY 7", "X 7", 1), rest...), "unusable"},
			{"UIDVALIDITY of the one before", second("* OK [UIDVALIDITY 7] v\r\n* OK [CLOSED] c\r\n"+strings.Replace(first.data, "UIDVALIDITY 7", "X 7", 1), rest...), "unusable"},
			{"new mail garbled", append(second(first.data, rest[:len(rest)-1]...), exchange{askNew, "* 9 FETCH (UID 10 FLAGS (\r\n"}), "alone"},
			{"new mail refused", append(second(first.data, rest[:len(rest)-1]...), exchange{askNew, "$ NO [SERVERBUG] x\r\n"}), "alone"},
			{"UIDs that do not last", second(first.data+"* NO [UIDNOTSTICKY] n\r\n", rest...), fickle},
		} {
			t.Run(tc.name+"/"+caps, func(t *testing.T) {
				c := touring(t, caps, func(p *peer) {
					flight(p, at("a", flagged(caps)))
					flight(p, at("b", tc.script))
					flight(p, at("c", flagged(caps)))
				})
				boxes := same(held, "a", "b", "c")
				boxes[0].k.UIDs = imap.UIDSet{{Start: 6, Stop: 12}, {Start: 2, Stop: 4}, {Start: 1, Stop: 2}} // in no order
				out, err := toured(t, c, boxes)
				if want := strings.Join([]string{changed[caps], tc.want, changed[caps]}, "; "); err != nil || told(out) != want {
					t.Errorf("%s, %v; want %s", told(out), err, want)
				}
				if strings.Contains(out[1].heard(), "not-mine") {
					t.Errorf("heard %s", out[1].heard())
				}
			})
		}
	}
}

// scanned is a script for mailboxes of a server without extensions, as one text
// with the tags from M1 on: it answers three commands for each.
func scanned(names ...string) (script string, perBox int) {
	for i := range names {
		tag := func(k int) string { return fmt.Sprintf("M%d OK done\r\n", 3*i+k) }
		script += opening(2, 10, 0) + tag(1) + listed(1, 2) + tag(2) + "* 3 EXISTS\r\n" + listed(10) + tag(3)
	}
	return script, 3
}

// two is what is known of each of them.
var two = remote.Known{UIDValidity: 7, Last: 9}

// ready reads commands without answering any.
func (p *peer) ready(n int) {
	for range n {
		if _, _, ok := p.next(); !ok {
			p.t.Error("fewer commands than expected")
			return
		}
	}
}

// Wherever the connection ends, the mailboxes whose last answer was in are done,
// and no other.
func TestTourCutAnywhere(t *testing.T) {
	data, per := scanned("a", "b", "c")
	for n := range len(data) {
		for _, bye := range []string{"", "* BYE Lost mailbox lock\r\n"} {
			if bye != "" && n > 0 && data[n-1] != '\n' {
				continue
			}
			c := session(t, "", func(p *peer) {
				p.ready(3 * per)
				p.raw(data[:n] + bye)
			})
			out, err := toured(t, c, same(two, "a", "b", "c"))
			wantClass(t, err, remote.Connect, "")
			whole := strings.Count(data[:n], "M3 OK done\r\n") + strings.Count(data[:n], "M6 OK done\r\n") + strings.Count(data[:n], "M9 OK done\r\n")
			want := strings.Repeat("scan 1[]2[]10[]; ", whole) + strings.Repeat("nothing; ", 3-whole)
			if told(out)+"; " != want {
				t.Errorf("cut at %d: %s, %v", n, told(out), err)
			}
			c.Close()
		}
	}
}

// Within a mailbox answers may come in any order behind that to EXAMINE; an answer
// for a mailbox ahead of the one before it cannot be told from a lie.
func TestTourOutOfOrder(t *testing.T) {
	for order, want := range map[string]string{
		"123456": "", "132456": "", "123465": "",
		"213456": "ahead of the EXAMINE before it", "123546": "ahead of the EXAMINE before it", "123645": "ahead of the EXAMINE before it",
		"142356": "ahead of the one before it", "124356": "ahead of the one before it", "456123": "ahead of the one before it", "123": "EOF",
	} {
		c := session(t, "", func(p *peer) {
			p.ready(6)
			data := map[rune]string{'1': opening(2, 10, 0), '2': listed(1, 2), '3': listed(10), '4': opening(2, 10, 0), '5': listed(1, 2), '6': listed(10)}
			for _, n := range order {
				p.raw(data[n])
				p.send("M%c OK done\r\n", n)
			}
		})
		out, err := toured(t, c, same(two, "a", "b"))
		if want == "" {
			if err != nil || told(out) != "scan 1[]2[]10[]; scan 1[]2[]10[]" {
				t.Errorf("%s: %s, %v", order, told(out), err)
			}
			continue
		}
		class := remote.Protocol
		if want == "EOF" {
			class = remote.Connect
		}
		wantClass(t, err, class, want)
		if last := out[1]; last.calls > 0 || out[0].calls > 0 && order[:3] != "123" {
			t.Errorf("%s: %s", order, told(out))
		}
	}
}

// An answer that nobody waits for, or the same one twice, is none.
func TestTourAnswersTwice(t *testing.T) {
	c := session(t, "", func(p *peer) {
		p.ready(6)
		data, _ := scanned("a", "b")
		p.raw(strings.Replace(strings.Replace(data, "M2 OK", "M77 OK what\r\nM1 OK again\r\nM2 OK", 1), "M4 OK", "M3 NO again\r\nM4 OK", 1))
		p.wait()
	})
	if out, err := toured(t, c, same(two, "a", "b")); err != nil || told(out) != "scan 1[]2[]10[]; scan 1[]2[]10[]" {
		t.Errorf("%s, %v", told(out), err)
	}
}

// UIDs are worth nothing once UIDVALIDITY changes under an open mailbox (I3); those
// before it are done, those behind it are not.
func TestTourUIDValidityChangesUnderway(t *testing.T) {
	c := session(t, "", func(p *peer) {
		p.ready(9)
		data, _ := scanned("a", "b", "c")
		p.raw(strings.Replace(data, "M5 OK", "* OK [UIDVALIDITY 8] other\r\nM5 OK", 1))
		p.r.ReadByte()
	})
	out, err := toured(t, c, same(two, "a", "b", "c"))
	wantClass(t, err, remote.Protocol, `examine "b": uidvalidity changed from 7 to 8`)
	if told(out) != "scan 1[]2[]10[]; nothing; nothing" {
		t.Error(told(out))
	}
}

// serve answers whatever a tour asks of mailboxes without extensions.
func serve(p *peer) (asked int) {
	for ; ; asked++ {
		tag, rest, ok := p.next()
		switch {
		case !ok:
			return asked
		case strings.HasPrefix(rest, "EXAMINE"):
			p.reply(tag, opening(2, 10, 0))
		case strings.HasPrefix(rest, "UID FETCH 1:9"):
			p.reply(tag, listed(1, 2))
		case strings.HasPrefix(rest, "UID FETCH 10:*"):
			p.reply(tag, listed(10))
		default:
			p.reply(tag, "")
		}
	}
}

// numbered are n mailboxes.
func numbered(n int) []box {
	var boxes []box
	for i := range n {
		boxes = append(boxes, box{fmt.Sprint("m", i), two})
	}
	return boxes
}

// However many mailboxes there are, those not answered yet are few: memory stays
// flat, and neither side is kept waiting.
func TestTourOfManyMailboxes(t *testing.T) {
	c := session(t, "", func(p *peer) { serve(p) })
	boxes := numbered(500)
	out := make([]*visited, len(boxes))
	done, most := 0, 0
	err := examineAll(t.Context(), c, func(yield func(remote.Visit) bool) {
		for i, b := range boxes {
			out[i] = &visited{got: map[imap.UID]string{}}
			v := out[i].visit(b)
			end := v.Done
			v.Done = func(sel remote.Selected, ch remote.Changes, err error) error {
				if done != i {
					t.Errorf("%d done instead of %d", i, done)
				}
				done++
				return end(sel, ch, err)
			}
			if most = max(most, i-done); !yield(v) {
				return
			}
		}
	})
	if err != nil || done != 500 || strings.Count(told(out), "scan 1[]2[]10[]") != 500 {
		t.Fatalf("%d done, %v", done, err)
	}
	if st := c.Stats(); most > 32/3+1 || st.Commands != 1500 || st.RoundTrips > 1500/16+1 {
		t.Errorf("%d mailboxes waited; %+v", most, st)
	}
}

// An error of the caller ends the asking, wherever it comes from; what is under way
// is read and dropped, nothing more is heard, and the connection goes on.
func TestTourCallerFails(t *testing.T) {
	stop := errors.New("disk full")
	for _, where := range []string{"fn", "done"} {
		var asked int
		ended := make(chan struct{})
		c := session(t, "", func(p *peer) {
			defer close(ended)
			asked = serve(p)
		})
		boxes, made, calls := numbered(200), 0, 0
		err := examineAll(t.Context(), c, func(yield func(remote.Visit) bool) {
			for i, b := range boxes {
				made++
				v := remote.Visit{Raw: b.raw, Known: b.k, Fn: func(remote.Meta) error {
					if calls++; where == "fn" && i == 2 {
						return stop
					}
					return nil
				}, Done: func(remote.Selected, remote.Changes, error) error {
					if calls++; where == "done" && i == 2 {
						return stop
					}
					return nil
				}}
				if !yield(v) {
					return
				}
			}
		})
		if err != stop {
			t.Errorf("%s: %v", where, err)
		}
		want := 2*4 + 1 // three messages and Done of two mailboxes
		if where == "done" {
			want = 3 * 4
		}
		if made != 32/3+1 || calls != want { // the window was full once
			t.Errorf("%s: %d mailboxes were asked for, %d calls", where, made, calls)
		}
		if err := c.Noop(t.Context()); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		c.Close()
		<-ended
		if asked > 3*made+1 {
			t.Errorf("%s: %d commands for %d mailboxes", where, asked, made)
		}
	}
}

// A caller's error is no leave to keep the client busy for ever.
func TestTourFloodBehindAnError(t *testing.T) {
	stop := errors.New("disk full")
	c := session(t, "", func(p *peer) {
		p.ready(3)
		p.raw(opening(2, 10, 0) + "M1 OK\r\n")
		flood(p, strings.Repeat(listed(1), 1<<12))
	})
	v := (&visited{}).visit(box{"a", two})
	v.Fn = func(remote.Meta) error { return stop }
	err := examineAll(t.Context(), c, func(yield func(remote.Visit) bool) { yield(v) })
	wantClass(t, err, remote.Protocol, "unwanted responses")
}

func TestTourCancelled(t *testing.T) {
	for _, at := range []string{"in the middle", "before"} {
		ctx, cancel := context.WithCancel(t.Context())
		c := session(t, "", func(p *peer) {
			if at != "before" {
				p.ready(6)
				p.raw(opening(2, 10, 0) + "M1 OK\r\n" + listed(1))
				cancel()
			}
			io.Copy(io.Discard, p.r)
		})
		if at == "before" {
			cancel()
		}
		v := &visited{got: map[imap.UID]string{}}
		err := examineAll(ctx, c, func(yield func(remote.Visit) bool) {
			_ = yield(v.visit(box{"a", two})) && yield(v.visit(box{"b", two}))
		})
		wantClass(t, err, remote.Canceled, "context canceled")
		if v.calls > 0 {
			t.Errorf("%s: %d done", at, v.calls)
		}
		cancel()
	}
}

// A tour without mailboxes, or of a name that cannot be sent, costs nothing.
func TestTourOfNothing(t *testing.T) {
	c := session(t, qresync+" ID", func(p *peer) { p.wait() })
	if out, err := toured(t, c, nil); err != nil || len(out) > 0 {
		t.Errorf("%v, %v", out, err)
	}
	out, err := toured(t, c, append(same(held, "a\x00b", "a\r\nM9 LOGOUT"), box{"never seen\n", remote.Known{}}))
	if err != nil || told(out) != "alone; alone; alone" || c.Stats().RoundTrips != 0 {
		t.Errorf("%s, %v, %+v", told(out), err, c.Stats())
	}
	c.Close()
	c = touring(t, condstore, func(p *peer) {
		flight(p, at("a", flagged(condstore)))
		flight(p, at("c", flagged(condstore)))
	})
	out, err = toured(t, c, same(held, "a", "b\x00", "c"))
	if err != nil || told(out) != changed[condstore]+"; alone; "+changed[condstore] {
		t.Errorf("%s, %v", told(out), err)
	}
}

// An 8-bit name goes as a literal, which a server may want to be asked about, or
// refuse ahead of it.
func TestTourOfLiterals(t *testing.T) {
	c := session(t, "", func(p *peer) {
		a := p.command("EXAMINE {5}")
		p.raw("+ go\r\n")
		if line, _ := p.r.ReadString('\n'); line != "Gr\xfcn1\r\n" {
			p.t.Errorf("literal %q", line)
		}
		p.reply(a, opening(2, 10, 0))
		p.answer("UID FETCH 1:9", listed(1, 2))
		p.answer("UID FETCH 10:*", listed(10))
		p.send("%s NO [CANNOT] no such name\r\n", p.command("EXAMINE {5}"))
		p.reply(p.command("UID FETCH 1:9"), "$ BAD nothing is open\r\n")
		p.reply(p.command("UID FETCH 10:*"), "* 1 FETCH (UID 10 FLAGS (not-mine))\r\n$ BAD nothing is open\r\n")
		serve(p)
	})
	out, err := toured(t, c, same(two, "Gr\xfcn1", "Gr\xfcn2", "c"))
	if err != nil || told(out) != "scan 1[]2[]10[]; alone; scan 1[]2[]10[]" {
		t.Errorf("%s, %v", told(out), err)
	}
}

// A server that wants to be left alone is not asked for hundreds of mailboxes more.
func TestTourThrottled(t *testing.T) {
	for _, at := range []string{"EXAMINE", "UID FETCH 1:9"} {
		c := session(t, "", func(p *peer) {
			if tag := p.command("EXAMINE"); at == "EXAMINE" {
				p.send("%s NO Request is throttled. Suggested Backoff Time: 2000 milliseconds\r\n", tag)
			} else {
				p.reply(tag, opening(2, 10, 0))
				p.send("%s NO Request is throttled. Suggested Backoff Time: 2000 milliseconds\r\n", p.command(at))
			}
			io.Copy(io.Discard, p.r)
		})
		out, err := toured(t, c, numbered(100))
		wantClass(t, err, remote.Connect, "throttled")
		if e, _ := errors.AsType[*remote.Error](err); e.RetryAfter.Seconds() != 2 {
			t.Errorf("after %v", e.RetryAfter)
		}
		for _, v := range out {
			if v.calls > 0 {
				t.Errorf("%v", v)
			}
		}
	}
}

// A server that offers QRESYNC and does not enable it is asked in another way; it
// costs the mailboxes of that one flight a visit of their own.
func TestTourEnableRefused(t *testing.T) {
	for _, answer := range []string{"$ NO not now\r\n", "* ENABLED CONDSTORE\r\n"} {
		c := session(t, qresync, func(p *peer) {
			p.reply(p.command("ENABLE QRESYNC"), answer)
			flight(p, at("a", []exchange{{examineQ, "$ BAD what\r\n"}, {askNew, "$ BAD what\r\n"}}))
			flight(p, at("b", flagged(condstore)))
			flight(p, at("box", flagged(condstore)))
			p.wait()
		})
		out, err := toured(t, c, same(held, "a"))
		if err != nil || told(out) != "alone" {
			t.Errorf("%s, %v", told(out), err)
		}
		out, err = toured(t, c, same(held, "b"))
		if err != nil || told(out) != changed[condstore] {
			t.Errorf("%s, %v", told(out), err)
		}
		_, ch, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, func(remote.Meta) error { return nil })
		if err != nil || ch.Method != remote.ByModSeq || c.Stats().RoundTrips != 3 {
			t.Errorf("%+v, %v", ch, err)
		}
	}
}

// A mailbox that could not be opened must not pass for the empty one before it.
func TestTourLeavesNothingOpen(t *testing.T) {
	empty := "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n"
	for _, before := range []string{"examined", "in the tour"} {
		c := session(t, "", func(p *peer) {
			if p.answer("EXAMINE", empty); before != "examined" {
				p.answer("UID FETCH 1:9", "")
				p.answer("UID FETCH 10:*", "")
			}
			flight(p, []exchange{{"EXAMINE", "$ NO gone\r\n"}, {"UID FETCH 1:9", "$ BAD x\r\n"}, {"UID FETCH 10:*", "$ BAD x\r\n"}})
			flight(p, []exchange{{"UID FETCH 1:*", "$ BAD nothing is open\r\n"}})
		})
		boxes := same(two, "a", "b")
		if before == "examined" {
			if _, err := c.Examine(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			boxes = boxes[1:]
		}
		if out, err := toured(t, c, boxes); err != nil || out[len(out)-1].String() != "alone" {
			t.Fatalf("%s, %v", told(out), err)
		}
		_, err := metadata(t, c, 1, 0, remote.Want{})
		wantClass(t, err, remote.Refused, "nothing is open")
	}
}
