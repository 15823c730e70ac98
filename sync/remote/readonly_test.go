package remote_test

import (
	"errors"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// On a read-only connection nothing that could change the server is sent, by any
// method; reading goes on as ever. The script fails on every command it does not
// expect.
func TestReadOnlySendsNoChange(t *testing.T) {
	cfg := play(t, func(p *peer) {
		p.send("* PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS MOVE MULTIAPPEND LITERAL+ CREATE-SPECIAL-USE] hello\r\n")
		p.answer(`EXAMINE "a"`, era(7))
		p.answer("UID FETCH 1:* (UID FLAGS)", "")
		p.wait()
	})
	cfg.ReadOnly = true
	c := dial(t, cfg)
	everything := remote.Edits{Raw: "a", UIDValidity: 7, Store: []remote.Change{add(imap.FlagSeen, 1)},
		Copy: []remote.Relocation{{UIDs: set(1), To: "b"}}, Move: []remote.Relocation{{UIDs: set(1), To: "b"}}, Expunge: set(1)}
	for name, change := range map[string]func() error{
		"select":      func() error { _, err := c.Select(t.Context(), "a"); return err },
		"create":      func() error { return c.Create(t.Context(), "a", "drafts") },
		"rename":      func() error { return c.Rename(t.Context(), "a", "b") },
		"delete":      func() error { return c.Delete(t.Context(), "a") },
		"subscribe":   func() error { return c.Subscribe(t.Context(), "a") },
		"unsubscribe": func() error { return c.Unsubscribe(t.Context(), "a") },
		"append": func() error {
			out, err := c.Append(t.Context(), "a", []remote.Outgoing{outgoing("x")})
			if got := appended(out); got != "not done (refused )" {
				t.Error(got)
			}
			return err
		},
		"edit": func() error {
			out, err := c.Edit(t.Context(), []remote.Edits{everything}, nil, nil)
			if got, want := rendered(out[0]), "store not 1 (refused ); copy not 1 (refused ); move not 1 (refused ); expunge not 1 (refused ); err "+err.Error(); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			return err
		},
	} {
		err := change()
		if !errors.Is(err, remote.ErrReadOnly) || remote.ClassOf(err) != remote.Refused || remote.OutcomeOf(err) != remote.NotDone {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Examine(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if err := c.Metadata(t.Context(), 1, 0, remote.Want{}, func(remote.Meta) error { return nil }); err != nil {
		t.Error(err)
	}
	c.Close()
}
