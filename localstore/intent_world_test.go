package localstore

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// imapServer is what a server has, as a plain map, and how often it says so.
type imapServer struct {
	boxes       map[string]*serverBox // by raw name
	uidvalidity uint32
}

type serverBox struct {
	uidvalidity, next uint32
	mail              map[uint32]serverMail
	subscribed        bool
}

// serverMail is known again by its size: no two texts have the same.
type serverMail struct {
	flags string
	size  int64
}

func (v *imapServer) create(raw string) {
	if v.boxes[raw] == nil {
		v.uidvalidity++
		v.boxes[raw] = &serverBox{uidvalidity: v.uidvalidity, next: 1, mail: map[uint32]serverMail{}}
	}
}

func (v *imapServer) rename(from, to string) {
	for raw, b := range maps.Clone(v.boxes) {
		if rest, ok := strings.CutPrefix(raw, from); ok && (rest == "" || rest[0] == '/') {
			delete(v.boxes, raw)
			v.boxes[to+rest] = b
		}
	}
}

func (b *serverBox) add(m serverMail) uint32 {
	uid := b.next
	b.mail[uid], b.next = m, uid+1
	return uid
}

// traveller is an owner who edits, a server that changes, and an engine in its
// simplest form between them.
type traveller struct {
	desk
	t      *rapid.T
	server *imapServer
	size   int
}

// emptyStore is the file of a new store: copying it is faster than making one.
func emptyStore(t *testing.T) []byte {
	path := filepath.Join(t.TempDir(), "mail.db")
	if err := openStore(t, path, Options{Create: true}).Close(); err != nil {
		t.Fatal(err)
	}
	empty, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return empty
}

func newTraveller(t *rapid.T, dir string, empty []byte) *traveller {
	file, err := os.CreateTemp(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(empty); err != nil {
		t.Fatal(err)
	}
	file.Close()
	s := openStore(t, file.Name(), Options{lazy: true})
	w := &traveller{t: t, server: &imapServer{boxes: map[string]*serverBox{}}}
	w.desk = desk{t: t, s: s}
	update(t, s, func(tx *Tx) (err error) {
		if w.acct, err = tx.Account("work", "imaps://x"); err == nil {
			w.run, err = tx.BeginRun(w.acct, testDate)
		}
		return err
	})
	for _, raw := range []string{"INBOX", "a", "a/b"} {
		w.server.create(raw)
	}
	for range 3 {
		w.server.boxes["INBOX"].add(w.newMail(""))
		w.server.boxes["a"].add(w.newMail(`\Seen`))
	}
	w.pull()
	return w
}

func (w *traveller) newMail(flags string) serverMail {
	w.size++
	return serverMail{flags, int64(w.size + 20)}
}

func textOf(size int64) string { return "Subject: x\n\n" + strings.Repeat("x", int(size)-12) }

// pull brings the mirror to what the server has.
func (w *traveller) pull() {
	held, err := w.s.Mailboxes(bg, w.acct)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range held {
		if !m.Detached && w.server.boxes[m.Raw] == nil {
			w.detach(m)
		}
	}
	for _, raw := range slices.Sorted(maps.Keys(w.server.boxes)) {
		i := info(raw)
		i.Subscribed = w.server.boxes[raw].subscribed
		w.listed(i)
	}
	if held, err = w.s.Mailboxes(bg, w.acct); err != nil {
		w.t.Fatal(err)
	}
	for _, m := range held {
		if !m.Detached {
			w.pullBox(m, w.server.boxes[m.Raw])
		}
	}
}

func (w *traveller) detach(m Mailbox) {
	update(w.t, w.s, func(tx *Tx) error {
		if err := tx.Vanish(w.run, idsOf(w.rows(m.Generation))); err != nil {
			return err
		}
		if m.Generation != nil {
			if err := tx.RetireGeneration(m.Generation.ID, w.run); err != nil {
				return err
			}
		}
		return tx.DetachMailbox(m.ID, w.run)
	})
}

func (w *traveller) rows(g *Generation) (all []Row) {
	if g == nil {
		return nil
	}
	if err := w.s.Rows(bg, g.ID, func(r Row) error { all = append(all, r); return nil }); err != nil {
		w.t.Fatal(err)
	}
	return all
}

func idsOf(rows []Row) (ids []MessageID) {
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func (w *traveller) pullBox(m Mailbox, there *serverBox) {
	old := w.rows(m.Generation)
	gen := m.Generation
	reset := gen != nil && gen.UIDValidity != there.uidvalidity
	if gen == nil || reset {
		gen = w.open(m, there.uidvalidity)
	}
	sizes := map[MessageID]int64{}
	for _, r := range old {
		var size int64
		if err := w.s.reader.QueryRow("SELECT size FROM message WHERE id = ?", r.ID).Scan(&size); err != nil {
			w.t.Fatal(err)
		}
		sizes[r.ID] = size
	}
	update(w.t, w.s, func(tx *Tx) error {
		known := map[uint32]bool{}
		for _, r := range old {
			uid := r.UID
			if reset {
				uid = there.only(sizes[r.ID], known)
			}
			now, ok := there.mail[uid]
			if !ok {
				if err := tx.Vanish(w.run, []MessageID{r.ID}); err != nil {
					return err
				}
				continue
			}
			if known[uid] = true; r.Size < 0 && !reset {
				known[uid] = false // listed again
				continue
			}
			merged := mergeFlags(r.Base, r.Local, now.flags)
			var err error
			if reset {
				err = tx.Rebind(w.run, []Rebind{{ID: r.ID, Generation: gen.ID, UID: uid, Base: now.flags, Local: merged}})
			} else {
				err = tx.SetFlags(w.run, []FlagChange{{r.ID, now.flags, merged}})
			}
			if err != nil {
				return err
			}
		}
		return w.arriveRest(tx, gen, there, known)
	})
}

// only is the one UID with that size, 0 when there are more.
func (b *serverBox) only(size int64, taken map[uint32]bool) (found uint32) {
	for uid, m := range b.mail {
		if m.size == size {
			if found != 0 || taken[uid] {
				return 0
			}
			found = uid
		}
	}
	return found
}

func (w *traveller) open(m Mailbox, uidvalidity uint32) *Generation {
	g := &Generation{Mailbox: m.ID, UIDValidity: uidvalidity}
	update(w.t, w.s, func(tx *Tx) (err error) {
		if m.Generation != nil {
			if err := tx.RetireGeneration(m.Generation.ID, w.run); err != nil {
				return err
			}
		}
		g.ID, err = tx.OpenGeneration(m.ID, uidvalidity, w.run)
		return err
	})
	return g
}

func (w *traveller) arriveRest(tx *Tx, gen *Generation, there *serverBox, known map[uint32]bool) error {
	for _, uid := range slices.Sorted(maps.Keys(there.mail)) {
		if known[uid] {
			continue
		}
		m := there.mail[uid]
		ids, err := tx.Arrive(w.run, gen.ID, []Arrival{{UID: uid, Flags: m.flags, Size: m.size, Date: testDate}})
		if err != nil {
			return err
		}
		var held bool
		if _, err := tx.get("SELECT body IS NOT NULL FROM message WHERE id = ?", []any{ids[0]}, &held); err != nil {
			return err
		}
		if !held && uid%5 != 0 {
			if err := tx.PutBody(ids[0], pack(w.t, textOf(m.size))); err != nil {
				return err
			}
		}
	}
	return tx.SetCursor(gen.ID, Cursor{Listed: there.next - 1})
}

// push carries out one intent and tells the store as much as it pleases.
func (w *traveller) push(in Intent) {
	if in.State == Parked || in.State == Done || in.Needs != 0 {
		return
	}
	boxes := map[MailboxID]Mailbox{}
	held, err := w.s.Mailboxes(bg, w.acct)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range held {
		boxes[m.ID] = m
	}
	box, target := boxes[in.Mailbox], boxes[in.Target]
	from, to := w.server.boxes[box.Raw], w.server.boxes[target.Raw]
	if in.Target != 0 && target.Generation == nil {
		w.pull()
		held, _ = w.s.Mailboxes(bg, w.acct)
		target = held[slices.IndexFunc(held, func(m Mailbox) bool { return m.ID == in.Target })]
	}
	update := func(fn func(*Tx) error) { update(w.t, w.s, fn) }
	fail := func() { update(func(tx *Tx) error { return tx.IntentFailed(in.ID, "no", testDate) }) }
	edit(w.t, w.s, func(tx *Tx) error {
		var next uint32
		if to != nil {
			next = to.next
		}
		return tx.IntentSent([]IntentID{in.ID}, 1, next)
	})
	there, ok := serverMail{}, false
	if from != nil {
		there, ok = from.mail[in.Message.UID]
	}
	if rapid.IntRange(0, 5).Draw(w.t, "refused") == 0 {
		fail()
		return
	}
	switch in.Kind {
	case IntentFlags:
		if !ok || in.Vanished {
			fail()
			return
		}
		there.flags = mergeFlags(in.Message.Base, in.Message.Local, there.flags)
		from.mail[in.Message.UID] = there
		update(func(tx *Tx) error { return tx.SetFlags(w.run, []FlagChange{{in.Message.ID, there.flags, there.flags}}) })
	case IntentMove, IntentCopy, IntentAppend:
		if in.Kind == IntentAppend {
			there, ok = serverMail{in.Result.Local, in.Result.Size}, true
		}
		if !ok || in.Vanished || to == nil || target.Generation == nil {
			fail()
			return
		}
		uid := to.add(there)
		if in.Kind == IntentMove {
			delete(from.mail, in.Message.UID)
		}
		w.tell(in, target, uid, there.flags)
	case IntentExpunge:
		if ok {
			delete(from.mail, in.Message.UID)
		}
		update(func(tx *Tx) error { return tx.IntentDone(w.run, in.ID, Outcome{}) })
	case IntentCreate:
		w.server.create(in.Name)
		update(func(tx *Tx) error { return tx.IntentDone(w.run, in.ID, Outcome{}) })
	case IntentRename:
		if from == nil || w.server.boxes[in.Name] != nil || strings.HasPrefix(in.Name, box.Raw+"/") {
			fail()
			return
		}
		w.server.rename(box.Raw, in.Name)
		update(func(tx *Tx) error { return tx.IntentDone(w.run, in.ID, Outcome{}) })
	case IntentRemove:
		delete(w.server.boxes, box.Raw)
		update(func(tx *Tx) error { return tx.IntentDone(w.run, in.ID, Outcome{}) })
	default:
		if from == nil {
			fail()
			return
		}
		from.subscribed = in.Kind == IntentSubscribe
		update(func(tx *Tx) error { return tx.IntentDone(w.run, in.ID, Outcome{}) })
	}
}

// tell says where a message came to: at once, or after others saw it there.
func (w *traveller) tell(in Intent, target Mailbox, uid uint32, flags string) {
	o := Outcome{UIDValidity: target.Generation.UIDValidity, UID: uid, Flags: flags}
	done := func(o Outcome) {
		update(w.t, w.s, func(tx *Tx) error {
			if in.Kind == IntentAppend {
				return tx.IntentsAppended(w.run, []Appended{{in.ID, in.Result.ID, o}})
			}
			return tx.IntentDone(w.run, in.ID, o)
		})
	}
	switch rapid.IntRange(0, 3).Draw(w.t, "told") {
	case 0:
		done(o)
	case 1: // OK without UID, found before it is listed
		done(Outcome{})
		done(o)
	case 2: // OK without UID, listed first
		done(Outcome{})
		w.pull()
		done(o)
	case 3: // no answer, listed, then found
		w.pull()
		done(o)
	}
}

// intents are all that wait; those of flags and the others are the same.
func (w *traveller) intents() (all []Intent) {
	var parts []Intent
	err := w.s.Intents(bg, w.acct, func(in Intent) error { all = append(all, in); return nil })
	if err == nil {
		err = w.s.FlagsIntents(bg, w.acct, func(in Intent) error { parts = append(parts, in); return nil })
	}
	if err == nil {
		err = w.s.IntentsBut(bg, w.acct, IntentFlags, func(in Intent) error { parts = append(parts, in); return nil })
	}
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(parts, func(a, b Intent) int { return cmp.Compare(a.ID, b.ID) })
	if d := gocmp.Diff(all, parts); d != "" {
		w.t.Fatalf("(-all +flags and others):\n%s", d)
	}
	return all
}

// visible is what people see, without what tells rows apart: folder, size, flags.
func (w *traveller) visible() (all []string) {
	err := w.s.List(bg, ListQuery{Account: w.acct}, func(m Mail) error {
		all = append(all, fmt.Sprintf("%s %d [%s]", m.Folder, m.Size, m.Flags))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.boxes()
	folders, err := w.s.Folders(bg, w.acct)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range folders {
		if !f.away() {
			all = append(all, f.Shown(), fmt.Sprint(f.Shown(), f.WantsSubscribed))
		}
	}
	slices.Sort(all)
	return all
}

// actual is the same of what the server has.
func (v *imapServer) actual() (all []string) {
	for raw, b := range v.boxes {
		all = append(all, raw, fmt.Sprint(raw, b.subscribed))
		for _, m := range b.mail {
			all = append(all, fmt.Sprintf("%s %d [%s]", raw, m.size, m.flags))
		}
	}
	slices.Sort(all)
	return all
}
