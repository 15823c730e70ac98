package sync_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/emersion/go-imap/v2"

	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
	"mailstow/sync/testkit/testenv"
)

// Whatever happens on the server between runs, and wherever their connections
// are cut: no run breaks the store, and one that is left in peace ends with the
// mirror equal to the server.
func TestRandomHistory(t *testing.T) {
	t.Parallel()
	rounds := 12
	if testing.Short() {
		rounds = 6
	}
	for seed := range uint64(seeds(t)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			opts := []dovecot.Option{dovecot.SDBox()} // a deleted mailbox with children stays a name
			rng := rand.New(rand.NewPCG(seed, 1))
			if able := capabilities[int(seed+rng.Uint64N(2)*3)%len(capabilities)]; able != "" {
				t.Log("the server can", able)
				opts = append(opts, dovecot.Capability(able))
			}
			h := history{fixture: newFixture(t, opts...), rng: rng, there: map[string]bool{"INBOX": true}, places: places[seed%2]}
			h.opt.MaxDeletes = plan.NoLimit
			for range rounds {
				for range h.rng.IntN(6) * len(h.places) / 4 {
					h.change()
				}
				h.disturbed()
			}
			h.reconnect()
			h.pull(0)
			h.equal()
		})
	}
}

// seedsEnv asks for more histories than every test run can afford.
const seedsEnv = "MAILSTOW_TEST_SEEDS"

func seeds(t *testing.T) int { return testenv.Number(t, seedsEnv, 3) }

// capabilities are what servers of all ages can do; "" is all that Dovecot can.
var capabilities = []string{
	"",
	"IMAP4rev1 LITERAL+ UIDPLUS UNSELECT LIST-EXTENDED LIST-STATUS",
	"IMAP4rev1 LITERAL+ SASL-IR ENABLE NAMESPACE UIDPLUS UNSELECT ESEARCH LIST-EXTENDED LIST-STATUS CONDSTORE SPECIAL-USE",
	"IMAP4rev1 LITERAL+ ENABLE UIDPLUS UNSELECT LIST-EXTENDED LIST-STATUS CONDSTORE",
	"IMAP4rev1 ENABLE UIDPLUS UNSELECT CONDSTORE QRESYNC ESEARCH",
	"IMAP4rev1 UIDPLUS UNSELECT", // without these the client that plays the others trips
}

// history is a server that somebody works on at random.
type history struct {
	*fixture
	rng    *rand.Rand
	places []string
	there  map[string]bool
	sent   int
}

// places are few for some histories, so that much happens in each, and many for
// others, so that they are asked together.
var places = [][]string{{"INBOX", "A", "A/B", "C"}, {"INBOX", "A", "A/B", "C", "D", "D/E", "F", "G", "H", "I"}}

// disturbed is a run whose first connections are cut somewhere; a third are not.
// Somebody may be at work meanwhile, and the run be one that does not do all.
func (h *history) disturbed() {
	h.Helper()
	h.reconnect()
	h.dialer.Faults = func(n int) []faultconn.Option {
		var opts []faultconn.Option
		if n == 0 && h.rng.IntN(3) == 0 {
			opts = append(opts, faultconn.OnWrite([]string{"EXAMINE", "UID FETCH", "BODY.PEEK"}[h.rng.IntN(3)], h.change))
		}
		if h.rng.IntN(3) == 0 || n > 2 {
			return opts
		}
		return append(opts, faultconn.CutRead(int64(h.rng.IntN(20_000))))
	}
	opt := h.opt
	switch h.rng.IntN(10) {
	case 0:
		opt.DryRun = true
	case 1:
		opt.Full = true
	case 2, 3:
		opt.MaxDeletes = limit(h.T, "1")
	case 4:
		opt.Folders, opt.Narrow = []string{"INBOX", "C"}, true
	}
	rc, err := mailsync.Pull(h.Context(), h.store, h.account(), opt)
	if rc.Exit != mailsync.ExitOK && rc.Exit != mailsync.ExitConnect && rc.Exit != mailsync.ExitPartial && rc.Exit != mailsync.ExitGuard {
		h.Fatalf("exit %d, %v, %+v", rc.Exit, err, rc)
	}
	h.whole()
}

// change does one thing to one mailbox.
func (h *history) change() {
	h.Helper()
	h.user = h.server.User(h.T, h.name) // Dovecot's old sessions trip over mailboxes made anew
	name := h.places[h.rng.IntN(len(h.places))]
	if !h.there[name] {
		h.user.Create(name)
		h.there[name] = true
	}
	what, few := h.rng.IntN(10), h.some(name)
	if len(few) == 0 && what != 6 && what != 7 {
		what = 0 // nothing to work on
	}
	switch what {
	case 0, 1, 2:
		for range 1 + h.rng.IntN(40) {
			h.sent++
			data := message(name, h.sent)
			if h.rng.IntN(8) == 0 {
				data = large(h.sent / 3) // there may be others like it
			}
			h.user.Append(name, nil, day(h.sent/3%500), data)
		}
	case 3:
		h.user.AddFlags(name, []imap.Flag{imap.FlagFlagged, "Work"}, few...)
	case 4:
		h.user.Expunge(name, few...)
	case 5:
		h.user.RemoveFlags(name, []imap.Flag{imap.FlagSeen}, few...)
	case 6:
		if name != "INBOX" {
			h.server.Renumber(h.T, h.name, name)
		}
	case 7:
		if name != "INBOX" {
			h.user.Delete(name) // A with A/B below it becomes \NoSelect
			h.there[name] = false
		}
	case 8, 9:
		to := h.places[h.rng.IntN(len(h.places))]
		if !h.there[to] {
			to = name
		}
		if what == 8 || to == name {
			h.user.Copy(name, to, few...)
		} else {
			h.user.Move(name, to, few...)
		}
	}
}

// some are a few messages of a mailbox.
func (h *history) some(name string) []imap.UID {
	h.Helper()
	var few []imap.UID
	for _, uid := range h.user.UIDs(name) {
		if h.rng.IntN(4) == 0 {
			few = append(few, uid)
		}
	}
	return few
}
