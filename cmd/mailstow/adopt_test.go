package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

const mbsyncConfig = `IMAPAccount a
Host %s
Port %d
User ann
Pass %s
SSLType None
AuthMechs PLAIN LOGIN

IMAPStore far
Account a

MaildirStore near
Path %[4]s/
Inbox %[4]s/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Near
Sync Pull
SyncState %[5]s
`

// mbsync mirrors ann's mail into dir, as its users do.
func mbsync(t *testing.T, s *dovecot.Server, dir, state string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "mbsyncrc")
	text := fmt.Sprintf(mbsyncConfig, s.Host, s.Port, s.Password, dir, state)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mbsync", "-c", config, "-a").CombinedOutput(); err != nil {
		t.Fatalf("mbsync: %v\n%s", err, out)
	}
}

// What mbsync downloaded is not downloaded again: where its state is there, next to
// nothing is; without it, the headers.
func TestAdoptFromMbsync(t *testing.T) {
	daemon.Require(t, "Debian: apt-get install isync", "mbsync")
	s := dovecot.Start(t)
	u := s.User(t, "ann")
	g := mailgen.New(11)
	total, count := int64(0), 0
	for _, box := range []string{"INBOX", "Entwürfe", "Archive/2024"} {
		if box != "INBOX" {
			u.Create(box)
		}
		messages := append(g.Messages(40), g.Large(200<<10), g.Large(1200<<10))
		for i, m := range messages {
			uid := u.Append(box, m.Flags, m.Date, m.Data)
			if i%7 == 0 {
				u.Expunge(box, uid) // so that UIDs here and there differ
				continue
			}
			total += int64(len(m.Data))
			count++
		}
	}
	for name, test := range map[string]struct {
		state string
		most  int64 // octets
	}{
		"state beside the mail": {"*", total / 20},
		"state of its own":      {t.TempDir() + "/", total / 20},
		"no state":              {"*", total / 4},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "state beside the mail" {
				t.Skip("one will do")
			}
			dir, store := t.TempDir(), filepath.Join(t.TempDir(), "mail.db")
			mbsync(t, s, dir, test.state)
			if name == "no state" {
				for _, box := range []string{"INBOX", "Entw&APw-rfe", "Archive/2024"} {
					if err := os.Remove(filepath.Join(dir, box, ".mbsyncstate")); err != nil {
						t.Fatal(err)
					}
				}
			}
			args := []string{dir}
			if test.state != "*" {
				args = append(args, "--state", test.state)
			}
			got := adopted(t, s, store, count, args...)
			t.Logf("%d of %d messages linked, %d downloaded; %d octets read for %d of mail", got.Linked, count, got.Bodies, got.BytesIn, total)
			if got.Bodies != 0 || got.Linked != count || got.BytesIn > test.most {
				t.Errorf("%+v", got)
			}
			account := "imap+insecure://ann@" + s.Addr
			callWith(t, s.Password, store, exitOK, "verify", "--remote", "--sample", "100%", account)
			if out := callWith(t, s.Password, store, exitOK, "adopt", "--forget", account); !strings.HasPrefix(out, "dropped 0 bodies") {
				t.Error(out)
			}
			callWith(t, s.Password, store, exitOK, "verify")
		})
	}
}

// adoption is what a first sync did after mail was taken over.
type adoption struct {
	Bodies, Linked int
	BytesIn        int64 `json:"bytes_in"`
}

// adopted takes over what another program downloaded of ann's mail, and syncs.
func adopted(t *testing.T, s *dovecot.Server, store string, count int, args ...string) (got adoption) {
	t.Helper()
	account := "imap+insecure://ann@" + s.Addr
	out := callWith(t, s.Password, store, exitOK, append([]string{"adopt", account}, args...)...)
	if !strings.HasPrefix(out, fmt.Sprintf("took over %d messages ", count)) {
		t.Error(out)
	}
	out = callWith(t, s.Password, store, exitOK, "sync", "--json", account)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err, out)
	}
	return got
}
