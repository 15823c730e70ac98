package remote_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// many is a user's mail in some mailboxes, known to the last octet.
type many struct {
	names []string
	edits []remote.Edits
}

// deliverMany puts n messages into each of some mailboxes, and asks for a flag on
// every third of them.
func deliverMany(t testing.TB, s writeServer, user string, boxes, n int) (m many) {
	t.Helper()
	u := s.user(user)
	c := dial(t, s.config(user))
	for i := range boxes {
		name := fmt.Sprintf("Ordner %d", i)
		u.Create(s.box(name))
		var msgs []remote.Outgoing
		for k := range n {
			out, _ := sending(k, 200*(k%50)+10*i)
			out.Flags = nil
			msgs = append(msgs, out)
		}
		raw := s.raw(t, name)
		if out, err := c.Append(t.Context(), raw, msgs); err != nil {
			t.Fatalf("%s, %v", appended(out), err)
		}
		sel, err := c.Examine(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		e := remote.Edits{Raw: raw, UIDValidity: sel.UIDValidity, Known: map[imap.UID]remote.Fingerprint{}}
		err = c.Metadata(t.Context(), 1, 0, remote.Want{Size: true, Date: true}, func(meta remote.Meta) error {
			e.Known[meta.UID] = remote.Fingerprint{Size: meta.Size, Date: meta.Date}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		m.names, m.edits = append(m.names, name), append(m.edits, e)
	}
	return m
}

// flagged asks for a flag on every third message, under the mod-sequence given.
func (m many) flagged(flag imap.Flag, n int) []remote.Edits {
	edits := append([]remote.Edits{}, m.edits...)
	for i := range edits {
		var uids imap.UIDSet
		for uid := imap.UID(1); uid <= imap.UID(n); uid += 3 {
			uids.AddNum(uid)
		}
		edits[i].Store = []remote.Change{{UIDs: uids, Add: true, Flags: []imap.Flag{flag}}}
	}
	return edits
}

// Flags of many mailboxes leave in one flight where the server can check what they
// are for, and one mailbox at a time elsewhere; the result is the same. A mailbox
// that was deleted and made anew in the moment before keeps its flags (I3), under
// the same UIDs, also where it has the old UIDVALIDITY.
func TestEditManyMailboxes(t *testing.T) {
	everyServer(t, func(t *testing.T, s writeServer) {
		const boxes, n = 4, 12
		m := deliverMany(t, s, "many", boxes, n)
		u, c := s.user("many"), dial(t, away(s.config("many"), 20*time.Millisecond))
		if err := c.Noop(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := c.Stats().RoundTrips
		out, err := c.Edit(t.Context(), m.flagged("first", n), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		trips, most := c.Stats().RoundTrips-before, boxes+1
		if c.Has(imap.CapSearchRes) {
			most = 1
		}
		if trips > most {
			t.Errorf("%d round trips", trips)
		}
		for i, e := range out {
			if got := outcomes(e.Stored[0].Outcomes); got != " done 1,4,7,10" || e.Err != nil || e.Selected.UIDValidity != m.edits[i].UIDValidity {
				t.Errorf("%s: %s, %+v", m.names[i], got, e)
			}
		}
		for _, name := range m.names {
			for _, msg := range u.Messages(s.box(name)) {
				if has := fmt.Sprint(msg.Flags) == "[first]"; has != (msg.UID%3 == 1) {
					t.Errorf("%s: %d%v", name, msg.UID, msg.Flags)
				}
			}
		}

		// Another mailbox of that name, with other mail under the same UIDs.
		u.Delete(s.box(m.names[2]))
		u.Create(s.box(m.names[2]))
		for k := range n {
			u.Append(s.box(m.names[2]), []imap.Flag{"foreign"}, time.Time{}, message(k, 3333))
		}
		anew := u.Selected(s.box(m.names[2])).UIDValidity
		if out, err = c.Edit(t.Context(), m.flagged(imap.FlagDeleted, n), nil, nil); err != nil {
			t.Fatal(err)
		}
		for _, msg := range u.Messages(s.box(m.names[2])) {
			if fmt.Sprint(msg.Flags) != "[foreign]" {
				t.Errorf("foreign mail was changed: %d%v", msg.UID, msg.Flags)
			}
		}
		for i, e := range out {
			if got := outcomes(e.Stored[0].Outcomes); i != 2 && got != " done 1,4,7,10" || i == 2 && anew != m.edits[2].UIDValidity && got[:5] != " not " {
				t.Errorf("%s: %s", m.names[i], got)
			}
		}
	})
}
