package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

// Another program reads what was exported: Dovecot serves a Maildir++ and a tree of
// mboxes with the same bytes, flags and dates.
func TestDovecotReadsExports(t *testing.T) {
	g := mailgen.New(13)
	folders := map[string][]mailgen.Message{"INBOX": g.Messages(30), "Entwürfe": g.Messages(10), "Archive/2024": g.Messages(10)}
	from := stow(t, "from.db", folders)
	s := dovecot.Start(t)
	inbox := s.MailDir("ann", "INBOX")
	call(t, from.path, exitOK, "export", "--format", "maildir++", inbox)
	if out, err := exec.Command("chown", "-R", "--reference", s.Dir, filepath.Join(s.Dir, "ann")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	u := s.User(t, "ann")
	boxes := u.Mailboxes()
	slices.Sort(boxes)
	if want := []string{"Archive/2024", "Entwürfe", "INBOX"}; !slices.Equal(boxes, want) {
		t.Errorf("mailboxes %q, want %q", boxes, want)
	}
	for name, want := range folders {
		var got []string
		for _, m := range u.Messages(name) {
			got = append(got, line(m.Data, m.Flags, m.Date.Unix()))
		}
		var wanted []string
		for _, m := range want {
			wanted = append(wanted, line(m.Data, m.Flags, m.Date.Unix()))
		}
		slices.Sort(got)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: Dovecot has\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(wanted, "\n"))
		}
	}
}

func line(data []byte, flags []imap.Flag, date int64) string {
	return fmt.Sprintf("%d %q %.60q %d", date, conflict.Canonical(flags), data, len(data))
}
