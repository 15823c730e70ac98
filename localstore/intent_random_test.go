package localstore

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	s := openStore(t, file.Name(), Options{})
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
	done := func(o Outcome) { update(w.t, w.s, func(tx *Tx) error { return tx.IntentDone(w.run, in.ID, o) }) }
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

func (w *traveller) intents() (all []Intent) {
	if err := w.s.Intents(bg, w.acct, func(in Intent) error { all = append(all, in); return nil }); err != nil {
		w.t.Fatal(err)
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

var refusals = []error{ErrVanished, ErrNotSelectable, ErrExists, ErrNotEmpty, ErrImpossible, ErrUnsettled, ErrNotHeld}

// try does something that may be refused, with a reason.
func (w *traveller) try(fn func(*Tx) error) {
	err := w.s.Edit(bg, fn)
	if err != nil && !slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) }) {
		w.t.Fatal(err)
	}
}

// somebody draws messages that there ever were.
func (w *traveller) drawMail(t *rapid.T) (ids []MessageID) {
	rows, err := w.s.reader.Query("SELECT id FROM message ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id MessageID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, min(3, len(ids)), rapid.ID).Draw(t, "ids")
}

func (w *traveller) drawBox(t *rapid.T) MailboxID {
	all, err := w.s.Mailboxes(bg, w.acct)
	if err != nil {
		t.Fatal(err)
	}
	var ids []MailboxID
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(t, "box")
}

var names = []string{"a", "a/b", "c", "c/d", "e"}

// edits are what the owner can do.
func (w *traveller) edits() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"flags": func(t *rapid.T) {
			ids := w.drawMail(t)
			add, remove := rapid.SampledFrom(flagSets).Draw(t, "add"), rapid.SampledFrom(flagSets).Draw(t, "remove")
			w.try(func(tx *Tx) error { return tx.EditFlags(ids, add, remove) })
		},
		"move": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.MoveMessages(ids, box); return err })
		},
		"move once more": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.MoveMessages(ids, box); return err })
		},
		"copy": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.CopyMessages(ids, box); return err })
		},
		"restore": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.RestoreMessages(ids[:1], box); return err })
		},
		"expunge": func(t *rapid.T) {
			ids := w.drawMail(t)
			w.try(func(tx *Tx) error { return tx.ExpungeMessages(ids) })
		},
		"append": func(t *rapid.T) {
			box, m := w.drawBox(t), w.newMail(rapid.SampledFrom(flagSets).Draw(t, "flags"))
			w.try(func(tx *Tx) error {
				_, err := tx.AppendMessage(box, pack(t, textOf(m.size)), m.flags, testDate)
				return err
			})
		},
		"create": func(t *rapid.T) {
			name := rapid.SampledFrom(names).Draw(t, "name")
			w.try(func(tx *Tx) error { _, err := tx.CreateMailbox(w.acct, info(name)); return err })
		},
		"rename": func(t *rapid.T) {
			box, name := w.drawBox(t), rapid.SampledFrom(names).Draw(t, "name")
			w.try(func(tx *Tx) error { return tx.WantName(box, name, name) })
		},
		"remove": func(t *rapid.T) {
			box := w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.RemoveMailbox(box); return err })
		},
		"subscribe": func(t *rapid.T) {
			box, on := w.drawBox(t), rapid.Bool().Draw(t, "on")
			w.try(func(tx *Tx) error { return tx.WantSubscribed(box, on) })
		},
		"drop": func(t *rapid.T) {
			if all := w.intents(); len(all) > 0 {
				id := all[rapid.IntRange(0, len(all)-1).Draw(t, "intent")].ID
				w.try(func(tx *Tx) error { _, err := tx.DropIntent(id); return err })
			}
		},
	}
}

// meanwhile is what happens on the server, and between it and the mirror.
func (w *traveller) meanwhile() map[string]func(*rapid.T) {
	draw := func(t *rapid.T) (*serverBox, uint32, bool) {
		raw := rapid.SampledFrom(slices.Sorted(maps.Keys(w.server.boxes))).Draw(t, "raw")
		b := w.server.boxes[raw]
		if len(b.mail) == 0 {
			return b, 0, false
		}
		return b, rapid.SampledFrom(slices.Sorted(maps.Keys(b.mail))).Draw(t, "uid"), true
	}
	return map[string]func(*rapid.T){
		"pull": func(*rapid.T) { w.pull() },
		"push": func(t *rapid.T) {
			if all := w.intents(); len(all) > 0 {
				w.push(all[rapid.IntRange(0, len(all)-1).Draw(t, "intent")])
			}
		},
		"new mail": func(t *rapid.T) {
			b, _, _ := draw(t)
			b.add(w.newMail(rapid.SampledFrom(flagSets).Draw(t, "flags")))
			w.pull()
		},
		"other flags": func(t *rapid.T) {
			if b, uid, ok := draw(t); ok {
				b.mail[uid] = serverMail{rapid.SampledFrom(flagSets).Draw(t, "flags"), b.mail[uid].size}
				w.pull()
			}
		},
		"expunged": func(t *rapid.T) {
			if b, uid, ok := draw(t); ok {
				delete(b.mail, uid)
				w.pull()
			}
		},
		"reset": func(t *rapid.T) {
			b, _, _ := draw(t)
			w.server.uidvalidity++
			now := &serverBox{uidvalidity: w.server.uidvalidity, next: 1, mail: map[uint32]serverMail{}, subscribed: b.subscribed}
			for _, uid := range slices.Sorted(maps.Keys(b.mail)) {
				now.add(b.mail[uid])
			}
			*b = *now
			w.pull()
		},
		"mailbox made": func(t *rapid.T) { w.server.create(rapid.SampledFrom(names).Draw(t, "name")); w.pull() },
		"mailbox gone": func(t *rapid.T) { delete(w.server.boxes, rapid.SampledFrom(names).Draw(t, "name")); w.pull() },
		"mailbox renamed": func(t *rapid.T) {
			from, to := rapid.SampledFrom(names).Draw(t, "from"), rapid.SampledFrom(names).Draw(t, "to")
			held, err := w.s.Mailboxes(bg, w.acct)
			i := slices.IndexFunc(held, func(m Mailbox) bool { return m.Raw == from && !m.Detached })
			if err != nil || i < 0 || w.server.boxes[to] != nil || w.server.boxes[from+"/b"] != nil || w.server.boxes[from+"/d"] != nil {
				return
			}
			w.server.rename(from, to)
			update(t, w.s, func(tx *Tx) error { return tx.RenameMailbox(held[i].ID, to, w.run) })
			w.pull()
		},
	}
}

// settled ends what is on its way, and gives every wish up.
func (w *traveller) giveUp() {
	for _, in := range w.intents() {
		update(w.t, w.s, func(tx *Tx) error { return tx.ParkIntent(in.ID, "given up") })
	}
	for all := w.intents(); len(all) > 0; all = w.intents() {
		edit(w.t, w.s, func(tx *Tx) error { _, err := tx.DropIntent(all[0].ID); return err })
	}
}

// Whatever the owner and the server do, nothing in the store contradicts anything
// else, and when every wish is given up people see what the server has.
func TestEditsAreWishes(t *testing.T) {
	dir, empty := t.TempDir(), emptyStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newTraveller(t, dir, empty)
		defer w.s.Close()
		actions := w.edits()
		maps.Copy(actions, w.meanwhile())
		actions["look"] = func(t *rapid.T) {
			w.people()
			checkClean(t, w.s)
		}
		t.Repeat(actions)
		checkClean(t, w.s)
		w.giveUp()
		w.pull()
		want(t, "people", w.visible(), w.server.actual())
		checkClean(t, w.s)
		want(t, "history", w.replayed(), w.present())
	})
}

// present are the rows not vanished, and replayed what history says of them.
func (w *traveller) present() []string {
	return w.lines(`SELECT m.id, m.generation, ifnull(m.uid, 0), m.local FROM message m WHERE m.vanished_run IS NULL ORDER BY m.id`)
}

func (w *traveller) replayed() []string {
	return w.lines(`SELECT message, generation, ifnull(uid, 0), new FROM event e WHERE message IS NOT NULL AND kind NOT IN ('vanished', 'moved')
		AND id = (SELECT max(id) FROM event WHERE message = e.message) ORDER BY message`)
}

func (w *traveller) lines(q string) (all []string) {
	rows, err := w.s.reader.Query(q)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, gen, uid int
		var flags string
		if err := rows.Scan(&id, &gen, &uid, &flags); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d at %d/%d [%s]", id, gen, uid, flags))
	}
	return all
}

// pushAll carries out what waits of some kinds, once, in order, and tells whether
// there was anything.
func (w *traveller) pushAll(kinds []IntentKind) bool {
	for last := IntentID(0); ; {
		all := w.intents() // the one before may have changed them
		i := slices.IndexFunc(all, func(in Intent) bool { return in.ID > last && slices.Contains(kinds, in.Kind) })
		if i < 0 {
			return last > 0
		}
		last = all[i].ID
		w.push(all[i])
	}
}

// While nobody else changes anything, the server has, when all wishes are carried
// out, what people saw before; they see no change.
func TestEditsComeTrue(t *testing.T) {
	dir, empty := t.TempDir(), emptyStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newTraveller(t, dir, empty)
		defer w.s.Close()
		t.Repeat(w.edits())
		before := w.visible()
		for round := 0; len(w.intents()) > 0; round++ {
			if round > 100 {
				t.Fatalf("never ends: %v", w.waits())
			}
			for _, kinds := range [][]IntentKind{{IntentCreate, IntentRename}, {IntentFlags, IntentCopy, IntentAppend},
				{IntentMove, IntentExpunge, IntentSubscribe, IntentUnsubscribe}, {IntentRemove}} {
				for i := 0; i < 100 && w.pushAll(kinds); i++ {
				}
				w.pull()
			}
		}
		want(t, "people", w.visible(), before)
		want(t, "server", w.server.actual(), before)
		checkClean(t, w.s)
	})
}
