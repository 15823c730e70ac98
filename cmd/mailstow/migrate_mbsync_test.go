package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

// Another program finds at the target what the source had: mbsync pulls what migrate
// wrote, with the same bytes and flags in the same folders.
func TestMbsyncPullsWhatMigrateWrote(t *testing.T) {
	daemon.Require(t, "Debian: apt-get install isync", "mbsync")
	s := dovecot.Start(t)
	bob := s.User(t, "bob")
	flags := [][]imap.Flag{nil, {imap.FlagSeen}, {imap.FlagFlagged, imap.FlagAnswered}, {imap.FlagDraft, imap.FlagSeen}}
	boxes := []string{"INBOX", "Entwürfe", "Work/Deep"}
	bob.Create(boxes[1])
	bob.Create(boxes[2])
	for i, m := range mailgen.New(21).Messages(60) {
		bob.Append(boxes[i%3], flags[i%4], m.Date, m.Data)
	}
	want := map[string][]string{}
	for _, box := range boxes {
		for _, m := range bob.Messages(box) {
			want[box] = append(want[box], fmt.Sprintf("%x %s", sha256.Sum256(m.Data), lettersOf(m.Flags)))
		}
		slices.Sort(want[box])
	}
	at := "@" + s.Addr
	callWith(t, s.Password, filepath.Join(t.TempDir(), "mail.db"), exitOK, "migrate", "imap+insecure://bob"+at, "imap+insecure://ann"+at)
	dir := t.TempDir()
	mbsync(t, s, dir, "*")
	got := map[string][]string{}
	for box, folder := range map[string]string{"INBOX": "INBOX", "Entwürfe": "Entw&APw-rfe", "Work/Deep": "Work/Deep"} {
		got[box] = maildir(t, filepath.Join(dir, folder))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-source +mbsync):\n%s", d)
	}
}

// lettersOf are flags as Maildir writes them.
func lettersOf(flags []imap.Flag) string {
	letters := ""
	for _, x := range []struct {
		letter string
		flag   imap.Flag
	}{{"D", imap.FlagDraft}, {"F", imap.FlagFlagged}, {"R", imap.FlagAnswered}, {"S", imap.FlagSeen}} {
		if slices.Contains(flags, x.flag) {
			letters += x.letter
		}
	}
	return letters
}

// maildir gives hash and flags of every message that mbsync has put there.
func maildir(t *testing.T, dir string) (all []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "[cn][ue][rw]", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		r, err := asDownloaded(f)
		if err == nil {
			_, err = io.Copy(sum, r)
		}
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		_, letters, _ := strings.Cut(filepath.Base(name), ":2,")
		all = append(all, fmt.Sprintf("%x %s", sum.Sum(nil), letters))
	}
	slices.Sort(all)
	return all
}
