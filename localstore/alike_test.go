package localstore

import (
	"strings"
	"testing"
	"time"
)

// A body is offered for a message only where account, size and date agree, and
// the identity or, for large ones, still the header; never a damaged one, and
// none whose size is not what was announced.
func TestSameAndAlike(t *testing.T) {
	large := mailText(1, LargeSize+2)[:LargeSize]
	small := "Subject: small\n\nhi\n"
	now := testDate
	for name, test := range map[string]struct {
		held, due Arrival
		text      string
		change    func(t *testing.T, s *Store, p place, held MessageID)
		account   string
		same      bool
		alike     int
	}{
		"identity":          {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1"}, text: small, same: true},
		"another identity":  {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:2"}, text: small},
		"no identity":       {text: small},
		"another kind":      {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "G:1"}, text: small},
		"another size":      {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1", Size: 7}, text: small},
		"size unknown":      {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1", Size: -1}, text: small},
		"another date":      {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1", Date: now.Add(time.Second)}, text: small},
		"another account":   {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1"}, text: small, account: "home"},
		"wrongly announced": {held: Arrival{Identity: "E:1", Size: 7}, due: Arrival{Identity: "E:1", Size: 7}, text: small},
		"vanished": {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1"}, text: small, same: true,
			change: func(t *testing.T, s *Store, p place, held MessageID) {
				update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, []MessageID{held}) })
			}},
		"vanished and damaged": {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1"}, text: small,
			change: func(t *testing.T, s *Store, p place, held MessageID) {
				update(t, s, func(tx *Tx) error {
					if err := tx.Vanish(p.run, []MessageID{held}); err != nil {
						return err
					}
					_, err := tx.MarkDamaged(held)
					return err
				})
				t.Cleanup(func() { put(t, s, held, small) }) // heals it: the store is checked in the end
			}},
		"large":                     {text: large, alike: 1},
		"large, identity":           {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:1"}, text: large, same: true, alike: 1},
		"large, another identity":   {held: Arrival{Identity: "E:1"}, due: Arrival{Identity: "E:2"}, text: large, alike: 1},
		"large, another date":       {due: Arrival{Date: now.Add(time.Second)}, text: large},
		"large, another account":    {text: large, account: "home"},
		"large, another size":       {due: Arrival{Size: LargeSize + 1}, text: large},
		"large, wrongly announced":  {held: Arrival{Size: LargeSize + 1}, due: Arrival{Size: LargeSize + 1}, text: large},
		"large, without Message-ID": {text: strings.Replace(large, "Message-ID", "Massage-ID", 1)},
		"nearly large":              {text: large[:LargeSize-1]},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			p := newPlace(t, s, "INBOX")
			other := place{acct: p.acct, run: p.run}
			if test.account != "" {
				update(t, s, func(tx *Tx) (err error) {
					other.acct, err = tx.Account(test.account, "imaps://x@y")
					if err == nil {
						other.run, err = tx.BeginRun(other.acct, now)
					}
					return err
				})
			}
			other.box = putMailbox(t, s, other, MailboxInfo{Raw: "Other", Name: "Other", Selectable: true})
			update(t, s, func(tx *Tx) (err error) { other.gen, err = tx.OpenGeneration(other.box, 1, other.run); return err })
			add := func(p place, a Arrival) (id MessageID) {
				a.UID = 1
				if a.Size == 0 {
					a.Size = int64(len(test.text))
				}
				if a.Date.IsZero() {
					a.Date = now
				}
				update(t, s, func(tx *Tx) error {
					ids, err := tx.Arrive(p.run, p.gen, []Arrival{a})
					if err != nil {
						return err
					}
					id = ids[0]
					return tx.SetCursor(p.gen, Cursor{Listed: 1})
				})
				return id
			}
			held := add(p, test.held)
			due := add(other, test.due)
			missing := func() MissingRow {
				page, err := s.Missing(bg, other.gen, 0, now, 9)
				if err != nil || len(page) != 1 || page[0].ID != due {
					t.Fatalf("%+v %v", page, err)
				}
				return page[0]
			}
			if m := missing(); m.Same != nil || m.Alike {
				t.Errorf("before anything is held: %+v", m)
			}
			put(t, s, held, test.text)
			if test.change != nil {
				test.change(t, s, p, held)
			}
			m := missing()
			b := pack(t, test.text)
			if (m.Same != nil) != test.same || test.same && *m.Same != b.SHA256 || m.Alike != (test.alike > 0) {
				t.Errorf("%+v", m)
			}
			all, err := s.Alike(bg, due)
			if err != nil {
				t.Fatal(err)
			}
			if test.alike > 0 && (len(all) != test.alike || all[0].HeaderSHA256 != b.HeaderSHA256 || all[0].SHA256 != b.SHA256 ||
				all[0].Size != m.Size || !all[0].Date.Equal(m.Date)) {
				t.Errorf("%+v", all)
			}
		})
	}
}
