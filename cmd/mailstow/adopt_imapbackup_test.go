package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mailstow/sync/testkit/dovecot"
)

// What imap-backup (16.2.0, whose files are recorded) downloaded is not downloaded
// again, but for the message that ended amid a line, which its files do not show.
func TestAdoptFromImapBackup(t *testing.T) {
	var sample struct {
		Messages   []string
		Mbox, Imap string
	}
	text, err := os.ReadFile("../../localstore/export/testdata/imap-backup.json")
	if err == nil {
		err = json.Unmarshal(text, &sample)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := dovecot.Start(t)
	u := s.User(t, "ann")
	u.Create("Re: 2024/50%")
	for i, m := range sample.Messages {
		uid := u.Append("Re: 2024/50%", nil, time.Time{}, []byte(m))
		if i == 0 {
			u.Expunge("Re: 2024/50%", uid)
			u.Append("Re: 2024/50%", nil, time.Time{}, []byte(m))
		}
	}
	s.SetUIDValidity(t, "ann", "Re: 2024/50%", 1796041757)
	dir := filepath.Join(t.TempDir(), "ann_example.org")
	if err := os.MkdirAll(filepath.Join(dir, "Re%3a; 2024"), 0o700); err != nil {
		t.Fatal(err)
	}
	for end, text := range map[string]string{".mbox": sample.Mbox, ".imap": sample.Imap} {
		if err := os.WriteFile(filepath.Join(dir, "Re%3a; 2024", "50%25;"+end), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	store, account := filepath.Join(t.TempDir(), "mail.db"), "imap+insecure://ann@"+s.Addr
	got := adopted(t, s, store, len(sample.Messages), dir)
	if got.Linked != len(sample.Messages)-1 || got.Bodies != 1 {
		t.Errorf("%+v", got)
	}
	callWith(t, s.Password, store, exitOK, "verify", "--remote", "--sample", "100%", account)
	callWith(t, s.Password, store, exitOK, "adopt", "--forget", account)
	callWith(t, s.Password, store, exitOK, "verify")
}
