package remote_test

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
)

// Whatever happened in how many mailboxes, one flight through all of them finds what
// visits one by one find; what it leaves to these takes them more than one question.
func TestTourFindsWhatVisitsFind(t *testing.T) {
	for i, caps := range []string{"", "IMAP4rev1 UIDPLUS UNSELECT CONDSTORE ESEARCH ENABLE", "IMAP4rev1 UIDPLUS UNSELECT CONDSTORE", "IMAP4rev1 UIDPLUS UNSELECT"} {
		t.Run(caps, func(t *testing.T) {
			opts := []dovecot.Option{dovecot.SDBox()} // a deleted mailbox with children stays a name
			if caps != "" {
				opts = append(opts, dovecot.Capability(caps))
			}
			srv := dovecot.Start(t, opts...)
			w := &worked{T: t, rng: rand.New(rand.NewPCG(uint64(i), 7)), srv: srv, u: srv.User(t, "joe"), there: map[string]bool{"INBOX": true}}
			held := map[string]*mirror{}
			for _, raw := range workplaces {
				held[raw] = &mirror{flags: map[imap.UID]string{}}
			}
			together, alone := 0, 0
			for range 12 {
				for range w.rng.IntN(9) {
					w.change()
				}
				c, by1 := dial(t, config(srv, "joe")), dial(t, config(srv, "joe"))
				var boxes []box
				for _, raw := range workplaces {
					boxes = append(boxes, box{raw, held[raw].known})
				}
				before := c.Stats().RoundTrips
				out, err := toured(t, c, boxes)
				if trips := c.Stats().RoundTrips - before; err != nil || trips > 2 { // seven times four commands, and the window
					t.Fatalf("%v after %d round trips", err, trips)
				}
				for n, b := range boxes {
					if w.same(by1, b, out[n], held[b.raw]) {
						together++
					} else {
						alone++
					}
				}
				w.u = w.srv.User(t, "joe")
				for raw := range w.there {
					held[raw].compare(t, w.u, raw)
				}
				c.Close()
				by1.Close()
			}
			if t.Logf("%d together, %d alone", together, alone); together < 40 || alone == 0 {
				t.Error("that proves little")
			}
		})
	}
}

// same visits one mailbox of a tour again, alone, and compares. It reports whether
// the tour sufficed.
func (w *worked) same(c *remote.Conn, b box, toured *visited, held *mirror) bool {
	w.Helper()
	before := c.Stats().RoundTrips
	v := &visited{got: map[imap.UID]string{}}
	visit := v.visit(b)
	sel, ch, err := c.ExamineChanged(w.Context(), b.raw, b.k, remote.Want{}, visit.Fn)
	_ = visit.Done(sel, ch, err)
	if err == nil && ch.Exact {
		held.take(sel, ch, v.got)
	} else if err == nil && ch.Method == remote.Unusable {
		*held = mirror{flags: map[imap.UID]string{}}
		if _, err := held.update(w.T, c, b.raw); err != nil {
			w.Fatal(err)
		}
	}
	if toured.String() == "alone" {
		if err == nil && c.Stats().RoundTrips == before+1 {
			w.Errorf("%s was left for alone; one question did: %+v", b.raw, ch)
		}
		return false
	}
	if toured.String() != v.String() || fmt.Sprint(toured.ch, toured.sel) != fmt.Sprint(v.ch, v.sel) || toured.err != nil {
		w.Errorf("%s: in the tour %v %+v %+v; alone %v %+v %+v, %v", b.raw, toured, toured.ch, toured.sel, v, v.ch, v.sel, err)
	}
	return true
}

// take applies what was found.
func (m *mirror) take(sel remote.Selected, ch remote.Changes, heard map[imap.UID]string) {
	maps.Copy(m.flags, heard)
	for _, r := range ch.Vanished {
		for uid := r.Start; uid <= r.Stop; uid++ {
			delete(m.flags, uid)
		}
	}
	m.known = remote.Known{UIDValidity: sel.UIDValidity, ModSeq: sel.HighestModSeq, Last: m.known.Last, UIDNext: sel.UIDNext}
	for _, uid := range slices.Sorted(maps.Keys(m.flags)) {
		m.known.UIDs.AddNum(uid)
		m.known.Last = max(m.known.Last, uid)
	}
}

// worked is an account in which somebody works at random.
type worked struct {
	*testing.T
	rng   *rand.Rand
	srv   *dovecot.Server
	u     *imapuser.User
	there map[string]bool
	sent  int
}

var workplaces = []string{"INBOX", "A", "B", "A/C", "D", "E", "F"}

// change does one thing to one mailbox.
func (w *worked) change() {
	w.Helper()
	w.u = w.srv.User(w.T, "joe")
	raw := workplaces[w.rng.IntN(len(workplaces))]
	if !w.there[raw] {
		w.u.Create(raw)
		w.there[raw] = true
	}
	var few []imap.UID
	for _, uid := range w.u.UIDs(raw) {
		if w.rng.IntN(3) == 0 {
			few = append(few, uid)
		}
	}
	what := w.rng.IntN(9)
	if len(few) == 0 && what < 7 {
		what = 0
	}
	switch what {
	case 0, 1:
		for range 1 + w.rng.IntN(12) {
			w.sent++
			w.u.Append(raw, nil, noDate, message(w.sent, 50))
		}
	case 2, 3:
		w.u.AddFlags(raw, []imap.Flag{imap.FlagFlagged, imap.Flag(fmt.Sprint("k", w.rng.IntN(3)))}, few...)
	case 4:
		w.u.RemoveFlags(raw, []imap.Flag{imap.FlagFlagged}, few...)
	case 5, 6:
		w.u.Expunge(raw, few...)
	case 7:
		if raw != "INBOX" {
			w.srv.Renumber(w.T, "joe", raw)
		}
	case 8:
		if raw != "INBOX" {
			w.u.Delete(raw)
			delete(w.there, raw)
		}
	}
}

// Every server carries out a tour, and a download from several mailboxes, in one
// round trip each.
func TestToursOfRealServers(t *testing.T) {
	for _, srv := range realServers() {
		t.Run(srv.name, func(t *testing.T) {
			cfg, u := srv.start(t)
			names := []string{"INBOX", "A", "B", "C"}
			if srv.name == "courier" {
				names = []string{"INBOX", "INBOX.A", "INBOX.B", "INBOX.C"}
			}
			for n, raw := range names {
				if n > 0 {
					u.Create(raw)
				}
				for i := range 3 + n {
					u.Append(raw, nil, noDate, message(10*n+i, 100))
				}
			}
			c := dial(t, cfg)
			if _, err := c.List(t.Context()); err != nil { // with the prelude
				t.Fatal(err)
			}
			before := c.Stats().RoundTrips
			out, err := toured(t, c, same(remote.Known{}, names...))
			if trips := c.Stats().RoundTrips - before; err != nil || trips != 1 || told(out) != "scan 1[]2[]3[]; scan 1[]2[]3[]4[]; scan 1[]2[]3[]4[]5[]; scan 1[]2[]3[]4[]5[]6[]" {
				t.Fatalf("%s, %v, %d round trips", told(out), err, trips)
			}
			got := map[string]int{}
			err = c.BodiesAll(t.Context(), func(yield func(*remote.BodyVisit) bool) {
				for i, raw := range names {
					v := (&gathered{}).visit(raw, sets(numbers(3+i)...))
					v.UIDValidity = out[i].sel.UIDValidity
					v.Fn = func(_ int, uid imap.UID, _ int64, r io.Reader) error {
						b, err := io.ReadAll(r)
						if strings.Contains(string(b), fmt.Sprintf("Subject: message %d\r\n", 10*i+int(uid)-1)) {
							got[raw]++
						}
						return err
					}
					if !yield(v) {
						return
					}
				}
			})
			if trips := c.Stats().RoundTrips - before; err != nil || trips != 2 || got[names[0]] != 3 || got[names[3]] != 6 {
				t.Errorf("%v, %v, %d round trips", got, err, trips)
			}
		})
	}
}
