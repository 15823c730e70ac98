package remote_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// surveyed lists mailboxes, and asks for bodies of those that lack them, as soon as that
// is known.
func surveyed(t *testing.T, c *remote.Conn, names ...string) (listed []*visited, had map[string]*gathered, err error) {
	t.Helper()
	had = map[string]*gathered{}
	var lacking []*remote.BodyVisit
	err = c.ExamineAll(t.Context(), func(yield func(remote.Visit) bool) {
		for _, b := range same(held, names...) {
			seen := &visited{got: map[imap.UID]string{}}
			listed = append(listed, seen)
			v := seen.visit(b)
			done := v.Done
			v.Done = func(sel remote.Selected, ch remote.Changes, err error) error {
				if had[b.raw] = (&gathered{}); err == nil {
					lacking = append(lacking, had[b.raw].visit(b.raw, sets(1, 2)))
				}
				return done(sel, ch, err)
			}
			if !yield(v) {
				return
			}
		}
	}, func(yield func(*remote.BodyVisit) bool) {
		for more := true; more; {
			var next *remote.BodyVisit
			if len(lacking) > 0 {
				next, lacking = lacking[0], lacking[1:]
			}
			more = yield(next)
		}
	})
	return listed, had, err
}

// What the first mailbox lacks is asked for before the second one is listed, in the same
// flight; what a mailbox is that could not be listed says nothing of the others.
func TestBodiesBehindTheListing(t *testing.T) {
	for _, second := range []string{"", "$ NO gone\r\n"} {
		c := touring(t, "", func(p *peer) {
			a, b := at("a", flagged("")), at("b", flagged(""))
			if second != "" {
				for i := range b {
					b[i].data = second
				}
			}
			flight(p, a)
			var tags []string
			for _, x := range b { // answered when the bodies of a have been asked for
				tags = append(tags, p.command(strings.TrimSuffix(x.want, "\r")))
			}
			mail := delivery("a")
			open := p.command(strings.TrimSuffix(mail[0].want, "\r"))
			for i, x := range b {
				p.reply(tags[i], x.data)
			}
			p.reply(open, mail[0].data)
			flight(p, mail[1:])
			if second == "" {
				flight(p, delivery("b"))
			}
		})
		listed, had, err := surveyed(t, c, "a", "b")
		want := []string{changed[""], changed[""], delivered("a"), delivered("b")}
		if second != "" {
			want[1], want[3] = "alone", "not done: "
		}
		got := []string{listed[0].String(), listed[1].String(), had["a"].String(), had["b"].String()}
		if err != nil || !slices.Equal(got, want) || c.Stats().RoundTrips != 2 {
			t.Errorf("%q, want %q; %v in %d round trips", got, want, err, c.Stats().RoundTrips)
		}
	}
}
