package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/dovecot"
)

const offlineimapConfig = `[general]
accounts = a
metadata = %[1]s/state
ui = quiet
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = %[1]s/mail
[Repository far]
type = IMAP
remotehost = %[2]s
remoteport = %[3]d
remoteuser = ann
remotepass = %[4]s
ssl = no
starttls = no
`

// What offlineimap downloaded is not downloaded again.
func TestAdoptFromOfflineimap(t *testing.T) {
	daemon.Require(t, "Debian: apt-get install offlineimap3", "offlineimap")
	s, total := plainMail(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "offlineimaprc")
	text := fmt.Sprintf(offlineimapConfig, dir, s.Host, s.Port, s.Password)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("offlineimap", "-o", "-c", config).CombinedOutput(); err != nil {
		t.Fatalf("offlineimap: %v\n%s", err, out)
	}
	got := adopted(t, s, filepath.Join(t.TempDir(), "mail.db"), plainCount, "--state", filepath.Join(dir, "state"), filepath.Join(dir, "mail"))
	if got.Linked != plainCount || got.Bodies != 0 || got.BytesIn > total/20 {
		t.Errorf("%+v of %d octets", got, total)
	}
}

const getmailConfig = `[retriever]
type = SimpleIMAPRetriever
server = %s
port = %d
username = ann
password = %s
mailboxes = ALL
[destination]
type = Maildir
path = %s/
%s
[options]
read_all = true
delete = false
`

// getmail puts fields of its own into the header, which servers know nothing of, and
// all mail into one folder.
func TestAdoptFromGetmail(t *testing.T) {
	daemon.Require(t, "Debian: apt-get install getmail6", "getmail")
	s, total := plainMail(t)
	dir := daemon.TempDir(t)
	mail, user := filepath.Join(dir, "mail"), ""
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(mail, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 { // whom it delivers nothing to
		user = "user = nobody"
		for _, name := range []string{"", "cur", "new", "tmp"} {
			if err := os.Chmod(filepath.Join(mail, name), 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := fmt.Sprintf(getmailConfig, s.Host, s.Port, s.Password, mail, user)
	if err := os.WriteFile(filepath.Join(dir, "getmailrc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("getmail", "--quiet", "--getmaildir="+dir).CombinedOutput(); err != nil {
		t.Fatalf("getmail: %v\n%s", err, out)
	}
	got := adopted(t, s, filepath.Join(t.TempDir(), "mail.db"), plainCount, mail)
	if got.Linked != plainCount || got.Bodies != 0 || got.BytesIn > total/10 {
		t.Errorf("%+v of %d octets", got, total)
	}
}

const plainCount = 12

// plainMail is a server with mail that no program has a reason to write otherwise.
func plainMail(t *testing.T) (s *dovecot.Server, total int64) {
	t.Helper()
	s = dovecot.Start(t)
	u := s.User(t, "ann")
	u.Create("Archive/2024")
	for i := range plainCount {
		box, path := "INBOX", ""
		if i%3 == 0 {
			box, path = "Archive/2024", "Return-Path: <bob@example.org>\r\n"
		}
		text := fmt.Appendf(nil, "%sReceived: from a.example.org\r\n\tby b.example.org; Fri, 01 Mar 2024 12:00:00 +0000\r\n"+
			"From: bob@example.org\r\nTo: ann@example.org\r\nSubject: number %d\r\nMessage-ID: <%d@example.org>\r\n\r\n", path, i, i)
		for range 400 + i {
			text = append(text, "From what I hear, all is well.\r\n"...)
		}
		u.Append(box, nil, time.Date(2024, 3, 1, 12, i, 0, 0, time.UTC), text)
		total += int64(len(text))
	}
	return s, total
}
