package export

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// backupSample is what imap-backup 16.2.0 made of messages of Dovecot: the texts as the
// server has them, and its two files.
type backupSample struct {
	Messages   []string
	Mbox, Imap string
}

func readBackupSample(t *testing.T) (s backupSample) {
	t.Helper()
	text, err := os.ReadFile("testdata/imap-backup.json")
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What imap-backup wrote is read as what the server has, with its UID, its flags and
// the name of its folder: in one of two forms where the file does not say how it
// ended, and only those that are looked for on a server in both.
func TestImapBackup(t *testing.T) {
	s := readBackupSample(t)
	dir := files(t, map[string]string{"A%3a;/50%25;%3b;.mbox": s.Mbox, "A%3a;/50%25;%3b;.imap": s.Imap})
	for _, downloaded := range []bool{true, false} {
		forms, flags := map[uint32][]string{}, map[uint32][]string{}
		r := &Reader{Downloaded: downloaded, Bad: func(place string, err error) error { return fmt.Errorf("%s: %w", place, err) }, Found: func(m Message) error {
			f, err := m.Open()
			if err != nil {
				return err
			}
			defer f.Close()
			text, err := io.ReadAll(f)
			uid := m.Noted.UID
			if m.Noted.UIDValidity != 1796041757 || strings.Join(m.Folder, "/") != "A:/50%;" || !m.Date.IsZero() || m.Other != (len(forms[uid]) > 0) {
				t.Errorf("%+v", m)
			}
			forms[uid], flags[uid] = append(forms[uid], string(text)), m.Flags
			return err
		}}
		if err := r.Read(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		if want := []string{`\Answered`, `\Seen`, "$Forwarded", "work"}; !slices.Equal(flags[2], want) || len(flags[9]) != 0 {
			t.Errorf("flags %v and %v", flags[2], flags[9])
		}
		for i, want := range s.Messages {
			got, want := forms[uint32(i+2)], strings.ReplaceAll(want, "\r\n", "\n")
			lost := strings.Contains(want, "Subject: no end") || !downloaded && strings.Contains(want, "Subject: an empty line")
			if slices.Contains(got, want) == lost {
				t.Errorf("%q is none of %q", want, got)
			}
			if most := map[bool]int{true: 2, false: 1}[downloaded]; len(got) > most || strings.Contains(want, "\r") && len(got) > 1 {
				t.Errorf("%d forms: %q", len(got), got)
			}
		}
		if len(forms) != len(s.Messages) {
			t.Errorf("%d messages of %d", len(forms), len(s.Messages))
		}
	}
}

// The store need not keep what is large in two forms.
func TestImapBackupLarge(t *testing.T) {
	line := strings.Repeat("x", 1023) + "\n"
	for lines, want := range map[int]int{1000: 2, 1100: 1} {
		text := "From a@b\nA: b\n\n" + strings.Repeat(line, lines) + "\n"
		dir, n := files(t, map[string]string{"a.mbox": text, "a.imap": `{"version":3,"uid_validity":1,"messages":[{"uid":1,"offset":0,"flags":[]}]}`}), 0
		r := &Reader{Downloaded: true, Bad: func(_ string, err error) error { return err }, Found: func(Message) error { n++; return nil }}
		if err := r.Read(t.Context(), dir); err != nil || n != want {
			t.Errorf("%d lines: %d forms, %v", lines, n, err)
		}
	}
}
