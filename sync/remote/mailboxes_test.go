package remote_test

import (
	"testing"

	"mailstow/sync/remote"
)

// A mailbox for a purpose, as servers want to hear of it, or not.
func TestCreateForAPurpose(t *testing.T) {
	const use = `CREATE "b" (USE (\Drafts))`
	for _, tc := range []struct {
		name, caps, role string
		script           []exchange
		outcome          remote.Outcome
	}{
		{"told", "CREATE-SPECIAL-USE", "drafts", []exchange{{use + "\r", ""}}, remote.Done},
		{"not offered", "", "drafts", []exchange{{`CREATE "b"` + "\r", ""}}, remote.Done},
		{"no role", "CREATE-SPECIAL-USE", "", []exchange{{`CREATE "b"` + "\r", ""}}, remote.Done},
		{"no role to create with", "CREATE-SPECIAL-USE", "inbox", []exchange{{`CREATE "b"` + "\r", ""}}, remote.Done},
		{"role refused", "CREATE-SPECIAL-USE", "drafts", []exchange{{use + "\r", "$ NO [USEATTR] x\r\n"}, {`CREATE "b"` + "\r", ""}}, remote.Done},
		{"mailbox refused", "CREATE-SPECIAL-USE", "drafts", []exchange{{use + "\r", "$ NO [ALREADYEXISTS] x\r\n"}}, remote.NotDone},
		{"both refused", "CREATE-SPECIAL-USE", "drafts", []exchange{{use + "\r", "$ NO [USEATTR] x\r\n"}, {`CREATE "b"` + "\r", "$ NO x\r\n"}}, remote.NotDone},
		{"lost", "", "", []exchange{{`CREATE "b"` + "\r", "hang up"}}, remote.Unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := session(t, tc.caps, func(p *peer) {
				for _, x := range tc.script {
					tag := p.exactly(x.want)
					switch x.data {
					case "hang up":
						return
					case "":
						p.send("%s OK\r\n", tag)
					default:
						p.raw(tag + x.data[1:])
					}
				}
				p.wait()
			})
			if err := c.Create(t.Context(), "b", tc.role); remote.OutcomeOf(err) != tc.outcome {
				t.Errorf("%v: %v", remote.OutcomeOf(err), err)
			}
		})
	}
}

// Names that cannot be sent leave the connection as it is (row 35).
func TestMailboxNamesThatCannotBeSent(t *testing.T) {
	c := session(t, "", func(p *peer) {
		p.answer(`RENAME "a" "b"`, "")
		p.wait()
	})
	for _, err := range []error{c.Create(t.Context(), "a\r\nM2 DELETE b", ""), c.Delete(t.Context(), "a\x00"), c.Rename(t.Context(), "a", "b\n"), c.Subscribe(t.Context(), "\r")} {
		if remote.OutcomeOf(err) != remote.NotDone || remote.ClassOf(err) != remote.Refused {
			t.Errorf("%v", err)
		}
	}
	if err := c.Rename(t.Context(), "a", "b"); err != nil {
		t.Error(err)
	}
}
