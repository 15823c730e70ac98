package localstore

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// state is what a folder holds: flags by "generation/uid", with the message.
type state map[string]string

func key(gen, uid any, id any) string { return fmt.Sprintf("%v/%v #%v", gen, uid, id) }

// stored is the state as the rows have it.
func stored(t tb, s *Store, gens []GenerationID) state {
	t.Helper()
	st := state{}
	for _, g := range gens {
		last := uint32(0)
		err := s.Rows(bg, g, func(r Row) error {
			if r.UID <= last || r.Generation != g {
				t.Errorf("row %+v after %d", r, last)
			}
			last = r.UID
			st[key(g, r.UID, r.ID)] = r.Local
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return st
}

// replayed is the state that the first events give, as event's comment says.
func replayed(t tb, s *Store, upTo int) state {
	t.Helper()
	rows, err := s.reader.Query("SELECT kind, generation, uid, message, ifnull(old, ''), ifnull(new, '') FROM event WHERE message IS NOT NULL AND id <= ? ORDER BY id", upTo)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	st, at := state{}, map[int]string{}
	for rows.Next() {
		var kind, old, now string
		var gen, uid, id int
		if err := rows.Scan(&kind, &gen, &uid, &id, &old, &now); err != nil {
			t.Fatal(err)
		}
		if kind != "arrived" && st[at[id]] != old {
			t.Errorf("event %s of %d from %q, was %q", kind, id, old, st[at[id]])
		}
		delete(st, at[id])
		if at[id] = key(gen, uid, id); kind != "vanished" && kind != "moved" {
			st[at[id]] = now
		}
	}
	return st
}

var flagSets = []string{"", `\Seen`, `\Flagged \Seen`, "keyword"}

// Whatever the engine does, the rows are what a plain map says, ids are never
// used again, and every past state can be read from the events.
func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		s := openStore(t, fmt.Sprint(path, n), Options{Create: true})
		defer s.Close()
		p := newPlace(t, s, "INBOX")
		m := &model{t: t, s: s, p: p, gens: []GenerationID{p.gen}, want: state{}, where: map[MessageID]spot{}, gone: map[spot]MessageID{}, base: map[MessageID]string{}}
		m.remember()
		t.Repeat(map[string]func(*rapid.T){
			"arrive": m.arrive, "flags": m.flags, "vanish": m.vanish, "reset": m.reset, "rebind": m.rebind,
			"": func(t *rapid.T) {
				if got := stored(t, s, m.gens); !maps.Equal(got, m.want) {
					t.Fatalf("stored %v\nwant %v", got, m.want)
				}
			},
		})
		for upTo, want := range m.past {
			if got := replayed(t, s, upTo); !maps.Equal(got, want) {
				t.Fatalf("after event %d: %v\nwant %v", upTo, got, want)
			}
		}
		m.asked()
		checkClean(t, s)
	})
}

type spot struct {
	gen GenerationID
	uid uint32
}

// model is the plain map beside the store.
type model struct {
	t     *rapid.T
	s     *Store
	p     place
	gens  []GenerationID
	want  state
	where map[MessageID]spot // present
	gone  map[spot]MessageID
	base  map[MessageID]string
	kept  map[MessageID]string // vanished with these flags
	last  MessageID
	past  map[int]state
	high  uint32
}

// remember notes the present state under the newest event.
func (m *model) remember() {
	if m.past == nil {
		m.past = map[int]state{}
	}
	m.past[count(m.t, m.s, "SELECT ifnull(max(id), 0) FROM event")] = maps.Clone(m.want)
}

func (m *model) gen() GenerationID { return m.gens[len(m.gens)-1] }

func (m *model) set(id MessageID, at spot, flags string) {
	delete(m.want, key(m.where[id].gen, m.where[id].uid, id))
	m.where[id] = at
	m.want[key(at.gen, at.uid, id)] = flags
}

// present draws one message present, 0 when there is none.
func (m *model) present(t *rapid.T) MessageID {
	ids := slices.Sorted(maps.Keys(m.where))
	if len(ids) == 0 {
		t.Skip("nothing there")
	}
	return rapid.SampledFrom(ids).Draw(t, "id")
}

func (m *model) cursor(tx *Tx, uid uint32) error {
	m.high = max(m.high, uid)
	return tx.SetCursor(m.gen(), Cursor{Listed: m.high})
}

func (m *model) arrive(t *rapid.T) {
	at := spot{m.gen(), rapid.Uint32Range(1, 12).Draw(t, "uid")}
	for _, taken := range m.where {
		if taken == at {
			t.Skip("taken")
		}
	}
	flags := rapid.SampledFrom(flagSets).Draw(t, "flags")
	update(t, m.s, func(tx *Tx) error {
		ids, err := tx.Arrive(m.p.run, at.gen, []Arrival{{UID: at.uid, Flags: flags, Size: 10, Date: testDate}})
		if err != nil {
			return err
		}
		if back, ok := m.gone[at]; ok != (ids[0] <= m.last) || ok && back != ids[0] {
			t.Fatalf("%v got id %d; vanished there: %d; last id %d", at, ids[0], back, m.last)
		}
		delete(m.gone, at)
		m.last = max(m.last, ids[0])
		now := flags
		if kept, ok := m.kept[ids[0]]; ok && kept != m.base[ids[0]] { // an edit waits
			now = mergeFlags(m.base[ids[0]], kept, flags)
		}
		m.base[ids[0]] = flags
		m.set(ids[0], at, now)
		return m.cursor(tx, at.uid)
	})
	m.remember()
}

func (m *model) flags(t *rapid.T) {
	id, flags := m.present(t), rapid.SampledFrom(flagSets).Draw(t, "flags")
	update(t, m.s, func(tx *Tx) error { return tx.SetFlags(m.p.run, []FlagChange{{id, "", flags}}) })
	m.base[id] = ""
	m.set(id, m.where[id], flags)
	m.remember()
}

func (m *model) vanish(t *rapid.T) {
	id := m.present(t)
	update(t, m.s, func(tx *Tx) error { return tx.Vanish(m.p.run, []MessageID{id, id}) })
	at := m.where[id]
	if m.kept == nil {
		m.kept = map[MessageID]string{}
	}
	m.kept[id] = m.want[key(at.gen, at.uid, id)]
	delete(m.want, key(at.gen, at.uid, id))
	delete(m.where, id)
	m.gone[at] = id
	m.remember()
}

func (m *model) reset(t *rapid.T) {
	update(t, m.s, func(tx *Tx) error {
		if err := tx.RetireGeneration(m.gen(), m.p.run); err != nil {
			return err
		}
		gen, err := tx.OpenGeneration(m.p.box, 7, m.p.run)
		m.gens, m.high = append(m.gens, gen), 0
		return err
	})
	m.remember()
}

func (m *model) rebind(t *rapid.T) {
	id := m.present(t)
	m.high++
	at := spot{m.gen(), m.high}
	flags := rapid.SampledFrom(flagSets).Draw(t, "flags")
	update(t, m.s, func(tx *Tx) error {
		if err := tx.Rebind(m.p.run, []Rebind{{ID: id, Generation: at.gen, UID: at.uid, Local: flags}}); err != nil {
			return err
		}
		return m.cursor(tx, at.uid)
	})
	m.base[id] = ""
	m.set(id, at, flags)
	m.remember()
}
