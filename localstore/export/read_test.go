package export

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// files writes a tree: path and text.
func files(t *testing.T, tree map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range tree {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// found reads a tree and gives a line for each message, and what was bad.
func readTree(t *testing.T, dir string, states ...string) (all, bad []string) {
	t.Helper()
	r := &Reader{States: states,
		Found: func(m Message) error {
			f, err := m.Open()
			if err != nil {
				return err
			}
			defer f.Close()
			text, err := io.ReadAll(f)
			all = append(all, fmt.Sprintf("%s %v %d/%d %q", strings.Join(m.Folder, "/"), m.Flags, m.Noted.UIDValidity, m.Noted.UID, text))
			return err
		},
		Bad: func(place string, err error) error {
			bad = append(bad, strings.TrimPrefix(place, dir)+": "+err.Error())
			return nil
		}}
	if err := r.Read(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all, bad
}

// What programs note of UIDs counts where it is surely about the message.
func TestNotedUIDs(t *testing.T) {
	state := files(t, map[string]string{
		":far:Sent_:near:Sent":          "FarUidValidity 90\nNearUidValidity 9\n\n7 1 S\n0 2 \n",
		":far:Other_:near:Other":        "FarUidValidity 91\nNearUidValidity 9\n\n8 1 S\n",
		"Repo-a/FolderValidity/A.B":     "77",
		"Repo-local/FolderValidity/A.B": "42",
		"Repo-a/FolderValidity/Both":    "1",
		"Repo-b/FolderValidity/Both":    "2",
	})
	dir := files(t, map[string]string{
		"INBOX/cur/1.x,U=3:2,S": "a", "INBOX/new/2.x,U=4": "b", "INBOX/new/3.x": "c", "INBOX/.uidvalidity": "5\n4\n",
		"INBOX/.mbsyncstate":    "MasterUidValidity 50\nSlaveUidValidity 5\nMaxPulledUid 9\n\n30 3 FS\n",
		"Stale/cur/1.x,U=3:2,S": "d", "Stale/new/.keep": "", "Stale/.uidvalidity": "6\n4\n", "Stale/.mbsyncstate": "FarUidValidity 50\nNearUidValidity 5\n\n30 3 FS\n",
		"Sent/cur/1.x,U=1:2,RS": "e", "Sent/cur/1.x,U=2:2,": "f", "Sent/new/.keep": "", "Sent/.uidvalidity": "9\n1\n",
		"A/B/cur/1_2.3.h,U=12,FMD5=abc:2,": "g", "A/B/new/.keep": "", "Both/cur/1_2.3.h,U=12,FMD5=abc:2,": "h", "Both/new/.keep": "",
		"back/up.mbox":  "From a Sat Jun  1 08:00:00 2024\nA: b\n\ni\n\nFrom a Sat Jun  1 08:00:00 2024\nA: b\n\nj\n\n",
		"back/up.imap":  `{"version":3,"uid_validity":60,"messages":[{"uid":5,"offset":0,"length":41,"flags":["Seen","work"]},{"uid":6,"offset":41,"length":41,"flags":[]}]}`,
		"back/two.mbox": "From a Sat Jun  1 08:00:00 2024\nA: b\n\nk\n\n", "back/two.imap": `{"version":2,"uid_validity":61,"uids":[9]}`,
		"back/odd.mbox": "From a Sat Jun  1 08:00:00 2024\nA: b\n\nl\n\n", "back/odd.imap": `{`,
	})
	all, bad := readTree(t, dir, state)
	want := []string{
		`A/B [] 77/12 "g"`, `Both [] 0/0 "h"`, `INBOX [\Seen] 50/30 "a"`, `INBOX [] 0/0 "b"`, `INBOX [] 0/0 "c"`,
		`Sent [\Answered \Seen] 90/7 "e"`, `Sent [] 0/0 "f"`, `Stale [\Seen] 0/0 "d"`,
		`back/odd [] 0/0 "A: b\n\nl\n"`, `back/two [] 61/9 "A: b\n\nk\n"`, `back/up [\Seen work] 60/5 "A: b\n\ni\n"`, `back/up [] 60/6 "A: b\n\nj\n"`,
	}
	if !slices.Equal(all, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
	if len(bad) != 1 || !strings.HasPrefix(bad[0], "/back/odd.imap: ") {
		t.Errorf("bad: %q", bad)
	}
}

// What lies beside mail is passed over; no link leads anywhere.
func TestBesideTheMail(t *testing.T) {
	dir := files(t, map[string]string{
		".notmuch/xapian/postlist.glass": "x", ".mbsyncstate": "x", "cur/a": "A: b\n", "new/b:2,F": "C: d\n", "tmp/c": "E: f\n", "cur/.hidden": "x",
		"dovecot.index.log": "x", "subscriptions": "x", ".Sent.Old/cur/d:2,S": "G: h\n", ".Sent.Old/new/.keep": "", ".Sent.Old/maildirfolder": "",
		"letters/x.eml": "I: j\n", "empty.mbox": "",
	})
	outside := files(t, map[string]string{"cur/secret": "S: s\n", "new/.keep": "", "x.eml": "S: s\n"})
	for _, name := range []string{"link", "cur/link"} {
		if err := os.Symlink(outside, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	all, bad := readTree(t, dir)
	want := []string{` [\Flagged] 0/0 "C: d\n"`, ` [] 0/0 "A: b\n"`, `Sent/Old [\Seen] 0/0 "G: h\n"`, `letters [] 0/0 "I: j\n"`}
	if told := []string{"/cur/link: " + errLink.Error(), "/link: " + errLink.Error()}; !slices.Equal(all, want) || !slices.Equal(bad, told) {
		t.Errorf("found\n%s\nbad %q", strings.Join(all, "\n"), bad)
	}
}

func TestFromDates(t *testing.T) {
	want := time.Date(2024, 6, 1, 8, 0, 0, 0, time.UTC)
	for _, line := range []string{"From a@b Sat Jun  1 08:00:00 2024\n", "From a@b Sat Jun 1 08:00:00 2024", "From - Sat Jun 01 08:00:00 2024\r\n",
		"From 17@xxx Sat Jun 01 10:00:00 +0200 2024", "From a b@c Sat Jun  1 10:00:00 2024 +0200", "From a 2024-06-01T08:00:00Z"} {
		if got := fromDate(line); !got.Equal(want) || !isSeparator([]byte(line)) {
			t.Errorf("%q: %v", line, got)
		}
	}
	for _, line := range []string{"From me to you\n", "From a@b yesterday", "Fromage 10:00"} {
		if isSeparator([]byte(line)) || !fromDate(line).IsZero() {
			t.Errorf("%q", line)
		}
	}
	if !isSeparator([]byte("From \r\n")) {
		t.Error("an empty From line")
	}
}

// Every byte of an mbox is in some message, whatever is in it, and reading ends.
func TestAnyMbox(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"From a Sat Jun  1 08:00:00 2024\n", "From ", "\n", "\r\n", "A: b\n", ">From \n", "Status: RO\n", "X-Mailstow: 3 0 0\n",
			"X-Mailstow: 2 " + strings.Repeat("0", 64) + "\n", "body\n", "\x00", " fold\n", strings.Repeat("x", 5000)})).Draw(rt, "words")
		text := "From b Sat Jun  1 08:00:00 2024\n" + strings.Join(words, "")
		all, bad := readTree(t, files(t, map[string]string{"box": text}))
		if len(all) == 0 || len(bad) > 0 {
			rt.Fatalf("%d messages, bad %q", len(all), bad)
		}
		size := 0
		for _, m := range all {
			size += strings.Count(m, "x")
		}
		if size < strings.Count(text, "x") {
			rt.Fatalf("%d of %d bytes", size, strings.Count(text, "x"))
		}
	})
}
