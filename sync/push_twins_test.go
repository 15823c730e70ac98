package sync_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// twins are two machines with one account, and all that anybody did.
type twins struct {
	*testing.T
	rng    *rand.Rand
	both   [2]*fixture
	next   int             // the number of the next new message
	copies map[string]int  // of a message, made by anybody
	doomed map[string]bool // messages that somebody deleted, or whose mailbox
	faults bool
}

func newTwins(t *testing.T, server *dovecot.Server, name string, rng *rand.Rand) *twins {
	w := &twins{T: t, rng: rng, next: 100, copies: map[string]int{}, doomed: map[string]bool{}}
	for i := range w.both {
		w.both[i] = newFixtureOn(t, server, name)
	}
	a, b := w.both[0], w.both[1]
	for _, box := range []string{"M", "X", "Y"} {
		a.user.Create(box)
		for range 4 {
			w.deliver(box)
		}
	}
	for range 8 {
		w.deliver("INBOX")
	}
	for _, f := range w.both {
		f.noLimit()
		f.pull(0)
	}
	b.equal()
	return w
}

func (w *twins) deliver(box string) {
	w.next++
	w.both[0].user.Append(box, [][]imap.Flag{nil, {imap.FlagSeen}}[w.rng.IntN(2)], day(w.next), message("all", w.next))
}

// edit does something offline on one machine.
func (w *twins) edit(f *fixture) {
	w.Helper()
	boxes := w.shown(f)
	var mail []localstore.Mail
	err := f.store.List(w.Context(), localstore.ListQuery{Account: f.accountID()}, func(m localstore.Mail) error {
		mail = append(mail, m)
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	if len(mail) == 0 {
		return
	}
	m := mail[w.rng.IntN(len(mail))]
	ids, to := []localstore.MessageID{m.ID}, boxes[w.rng.IntN(len(boxes))]
	f.edit(func(tx *localstore.Tx) (err error) {
		switch w.rng.IntN(12) {
		case 0, 1, 2:
			flags := []string{`\Flagged`, `\Seen`, "work", "home", `\Answered`}
			add, remove := flags[w.rng.IntN(len(flags))], flags[w.rng.IntN(len(flags))]
			if add == remove {
				remove = ""
			}
			return tx.EditFlags(ids, add, remove)
		case 3, 4, 5:
			_, err = tx.MoveMessages(ids, to.ID)
		case 6:
			w.copies[m.SHA256]++
			_, err = tx.CopyMessages(ids, to.ID)
		case 7:
			w.doomed[m.SHA256] = true
			return tx.ExpungeMessages(ids)
		case 8, 9:
			w.next++
			packed, err := localstore.NewPacker().Pack(strings.NewReader(string(message("new", w.next))))
			if err != nil {
				return err
			}
			_, err = tx.AppendMessage(to.ID, packed, `\Draft`, day(w.next))
			return err
		case 10:
			w.next++
			name := fmt.Sprint("N", w.next)
			_, err = tx.CreateMailbox(f.accountID(), localstore.MailboxInfo{Raw: name, Name: name, Delim: "/", Selectable: true})
		case 11:
			if to.Name == "INBOX" {
				return nil
			}
			if w.rng.IntN(2) == 0 {
				w.next++
				name := fmt.Sprint("R", w.next)
				return tx.WantName(to.ID, name, name)
			}
			if slices.ContainsFunc(mail, func(m localstore.Mail) bool { return m.Mailbox == to.ID && m.UID == 0 }) {
				return nil // what is only here is not thrown away
			}
			for _, m := range mail {
				if m.Mailbox == to.ID {
					w.doomed[m.SHA256] = true
				}
			}
			_, err = tx.RemoveMailbox(to.ID)
		}
		return err
	})
}

// shown are the mailboxes that people see.
func (w *twins) shown(f *fixture) (out []localstore.Mailbox) {
	for _, b := range f.boxes() {
		if b.Selectable && b.Leaving == 0 && (!b.Detached || b.Unborn) {
			out = append(out, b)
		}
	}
	return out
}

// run syncs one machine, perhaps over a bad line.
func (w *twins) run(f *fixture) {
	w.Helper()
	f.reconnect()
	if w.faults && w.rng.IntN(2) == 0 {
		f.dialer.Faults = func(n int) []faultconn.Option {
			if n > 2 {
				return nil
			}
			if w.rng.IntN(2) == 0 {
				return []faultconn.Option{faultconn.CutWrite(int64(200 + w.rng.IntN(2500)))}
			}
			return []faultconn.Option{faultconn.CutRead(int64(500 + w.rng.IntN(12_000)))}
		}
	}
	rc, err := mailsync.Pull(w.Context(), f.store, f.account(), f.opt)
	if rc.Exit != 0 && rc.Exit != mailsync.ExitPartial && !(w.faults && rc.Exit == mailsync.ExitConnect) {
		w.Fatalf("exit %d, %v, %+v", rc.Exit, err, rc)
	}
	f.whole()
}

// Two machines that work offline and sync in any order agree with the server and with
// each other, and nothing is lost or doubled on the way.
func TestTwoMachines(t *testing.T) {
	t.Parallel()
	servers := map[string]*dovecot.Server{}
	kinds := slices.Sorted(maps.Keys(abled))
	rounds := 6
	if testing.Short() {
		rounds = 3
	}
	for seed := range uint64(seeds(t)) {
		for _, policy := range []conflict.Policy{conflict.Server, conflict.Local, conflict.Both} {
			if testing.Short() && uint64(policy) != seed%3 {
				continue
			}
			able := kinds[(seed+1)%uint64(len(kinds))]
			if servers[able] == nil {
				servers[able] = dovecot.Start(t, abled[able]...)
			}
			t.Run(fmt.Sprint(seed, " ", policy), func(t *testing.T) {
				t.Parallel()
				w := newTwins(t, servers[able], fmt.Sprintf("u%d%s", seed, policy), rand.New(rand.NewPCG(seed, 7)))
				w.faults = seed%2 == 1
				for _, f := range w.both {
					f.opt.Policy = policy
					if hidesUIDs(able) {
						f.hideUIDs()
					}
				}
				for range rounds {
					for range 1 + w.rng.IntN(12) {
						w.edit(w.both[w.rng.IntN(2)])
					}
					order := []int{0, 0, 1, 1}
					w.rng.Shuffle(4, func(i, j int) { order[i], order[j] = order[j], order[i] })
					for _, i := range order {
						w.run(w.both[i])
					}
				}
				w.agree(policy)
			})
		}
	}
}

// agree wants both to be equal to the server, and everything to be there that nobody
// deleted, as often as somebody copied it.
func (w *twins) agree(policy conflict.Policy) {
	w.Helper()
	w.faults = false
	for range 2 {
		for _, f := range w.both {
			w.run(f)
		}
	}
	there := map[string]int{}
	removed := w.met("remove-arrived") && policy == conflict.Local // with what nobody had seen
	for _, f := range w.both {
		f.another()
		f.equal()
	}
	f := w.both[0]
	for _, name := range f.user.Mailboxes() {
		for _, m := range f.user.Messages(name) {
			if !slices.Contains(m.Flags, imap.FlagDeleted) { // which is all that can be done without UIDPLUS
				there[m.SHA256]++
			}
		}
	}
	for n := 101; n <= w.next; n++ {
		for _, kind := range []string{"all", "new"} {
			sum := f.sum(message(kind, n))
			held := f.everHeld(sum) || w.both[1].everHeld(sum)
			switch {
			case !held:
			case there[sum] == 0 && !w.doomed[sum] && !removed:
				w.Errorf("message %d is lost", n)
			case there[sum] > 1+w.copies[sum] && policy == conflict.Server:
				w.Errorf("message %d is there %d times, with %d copies", n, there[sum], w.copies[sum])
			}
		}
	}
	for _, f := range w.both {
		exit := 0
		if len(f.waits()) > 0 {
			exit = 3 // something waits for its owner
		}
		f.silent(exit)
	}
}

// met reports whether a rule was needed on one machine.
func (w *twins) met(rule string) bool {
	w.Helper()
	for _, f := range w.both {
		all, err := f.store.Conflicts(w.Context(), f.accountID(), true)
		if err != nil {
			w.Fatal(err)
		}
		if slices.ContainsFunc(all, func(c localstore.Conflict) bool { return c.Rule == rule }) {
			return true
		}
	}
	return false
}

// everHeld reports whether a mirror ever had a message.
func (f *fixture) everHeld(sum string) (held bool) {
	f.Helper()
	err := f.store.List(f.Context(), localstore.ListQuery{Deleted: true}, func(m localstore.Mail) error {
		held = held || m.SHA256 == sum
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return held
}
