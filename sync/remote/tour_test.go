package remote_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// visited is what a tour tells of one mailbox.
type visited struct {
	sel   remote.Selected
	ch    remote.Changes
	err   error
	calls int // of Done
	got   map[imap.UID]string
}

// heard is what was reported of messages, the last report of each.
func (v *visited) heard() (s string) {
	for _, uid := range slices.Sorted(maps.Keys(v.got)) {
		s += fmt.Sprintf("%d%s", uid, v.got[uid])
	}
	return s
}

func (v *visited) String() string {
	switch {
	case v.calls == 0:
		return "nothing"
	case errors.Is(v.err, remote.ErrAlone):
		return "alone"
	case v.err != nil:
		return v.err.Error()
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%v %s %s", v.ch.Method, v.ch.Vanished, v.heard())), " ")
}

// box is a mailbox to visit, and what is known of it.
type box struct {
	raw string
	k   remote.Known
}

func same(k remote.Known, names ...string) (out []box) {
	for _, raw := range names {
		out = append(out, box{raw, k})
	}
	return out
}

// toured goes through mailboxes.
func toured(t testing.TB, c *remote.Conn, boxes []box) ([]*visited, error) {
	t.Helper()
	out := make([]*visited, len(boxes))
	err := examineAll(t.Context(), c, func(yield func(remote.Visit) bool) {
		for i, b := range boxes {
			out[i] = &visited{got: map[imap.UID]string{}}
			if !yield(out[i].visit(b)) {
				return
			}
		}
	})
	for i, v := range out {
		if v == nil {
			out[i] = &visited{} // never asked for
		} else if v.calls > 1 {
			t.Errorf("%q was done %d times", boxes[i].raw, v.calls)
		}
	}
	return out, err
}

// examineAll asks for no bodies.
func examineAll(ctx context.Context, c *remote.Conn, visits iter.Seq[remote.Visit]) error {
	return c.ExamineAll(ctx, visits, func(func(*remote.BodyVisit) bool) {})
}

func (v *visited) visit(b box) remote.Visit {
	return remote.Visit{Raw: b.raw, Known: b.k, Fn: func(m remote.Meta) error {
		v.got[m.UID] = text(m.Flags)
		return nil
	}, Done: func(sel remote.Selected, ch remote.Changes, err error) error {
		v.sel, v.ch, v.err = sel, ch, err
		v.calls++
		return nil
	}}
}

// told are the outcomes as text.
func told(out []*visited) string {
	var all []string
	for _, v := range out {
		all = append(all, v.String())
	}
	return strings.Join(all, "; ")
}

// flight is a script that expects commands and answers them, $ being the tag.
func flight(p *peer, script []exchange) {
	for _, x := range script {
		p.reply(p.command(strings.TrimSuffix(x.want, "\r")), x.data)
	}
}

// reply sends data, and OK behind it unless it holds a tagged answer.
func (p *peer) reply(tag, data string) {
	data = strings.ReplaceAll(data, "$", tag)
	if !strings.HasPrefix(data, tag+" ") && !strings.Contains(data, "\n"+tag+" ") {
		data += tag + " OK done\r\n"
	}
	p.raw(data)
}

// next reads one command line.
func (p *peer) next() (tag, rest string, ok bool) {
	line, err := p.r.ReadString('\n')
	tag, rest, _ = strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	return tag, rest, err == nil
}

// touring is a session with these capabilities, past the prelude.
func touring(t testing.TB, caps string, script func(p *peer)) *remote.Conn {
	return session(t, caps, func(p *peer) {
		if strings.Contains(caps, "QRESYNC") {
			p.answer("ENABLE QRESYNC", "* ENABLED QRESYNC\r\n")
		}
		script(p)
		p.wait()
	})
}

// at makes an exchange about box one about another mailbox.
func at(box string, script []exchange) []exchange {
	out := slices.Clone(script)
	for i := range out {
		out[i].want = strings.Replace(out[i].want, `EXAMINE "box"`, fmt.Sprintf("EXAMINE %q", box), 1)
	}
	return out
}

// changed is the outcome of flagged.
var changed = map[string]string{qresync: "qresync 2[me]", condstore: "condstore 2[me]", "": "scan 1[]2[me]3[]4[]6[]7[]8[]9[]"}

// flagged is the first flight in a mailbox where one flag changed, by the
// capabilities.
func flagged(caps string) []exchange {
	switch caps {
	case qresync:
		return []exchange{{examineQ, opening(8, 10, 30) + "* 2 FETCH (UID 2 FLAGS (me))\r\n"}, {askNew, ""}}
	case condstore:
		return []exchange{{examineC, opening(8, 10, 30)}, {askSince, "* 2 FETCH (UID 2 FLAGS (me))\r\n"},
			{askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}}
	}
	return []exchange{{`EXAMINE "box"`, opening(8, 10, 0)}, {askScan, strings.Replace(listed(1, 2, 3, 4, 6, 7, 8, 9), "(UID 2 FLAGS ()", "(UID 2 FLAGS (me)", 1)}, {askNew, ""}}
}

// What a server says of one mailbox of a tour is believed as far as it would be
// alone, and costs the others nothing; what needs a second question is left to a
// visit of its own.
func TestTourWithALiar(t *testing.T) {
	for _, tc := range lies() {
		t.Run(tc.name, func(t *testing.T) {
			c := touring(t, tc.caps, func(p *peer) {
				flight(p, at("a", flagged(tc.caps)))
				last := at("c", flagged(tc.caps))
				for script := at("box", tc.script); ; script = script[1:] {
					tag, rest, _ := p.next()
					if strings.HasPrefix(rest, last[0].want) {
						p.reply(tag, last[0].data)
						break
					}
					if len(script) == 0 || !strings.HasPrefix(rest+"\r", script[0].want) {
						p.t.Errorf("command %q; left: %v", rest, script)
						return
					}
					p.reply(tag, script[0].data)
				}
				flight(p, last[1:])
			})
			out, err := toured(t, c, []box{{"a", held}, {"box", tc.k}, {"c", held}})
			if err != nil || c.Stats().RoundTrips != 1 {
				t.Fatalf("%v in %d round trips", err, c.Stats().RoundTrips)
			}
			for _, i := range []int{0, 2} {
				if told(out[i:i+1]) != changed[tc.caps] || !out[i].ch.Exact {
					t.Errorf("%v, %+v", out[i], out[i].ch)
				}
			}
			v := out[1]
			if tc.trips > 1 {
				if v.String() != "alone" {
					t.Errorf("%v, %+v", v, v.ch)
				}
				return
			}
			if v.err != nil || v.calls != 1 || v.ch.Method != tc.method || v.ch.Vanished.String() != tc.vanished || v.heard() != tc.heard ||
				(v.ch.Why == "") != (tc.why == "") || !strings.Contains(v.ch.Why, tc.why) {
				t.Errorf("%v, %+v", v, v.ch)
			}
		})
	}
}
