package dovecot

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mailstow/sync/testkit/imapuser"
)

// User logs in over a connection of its own, to change and list mailboxes
// behind the back of the code under test.
func (s *Server) User(t testing.TB, name string) *imapuser.User {
	t.Helper()
	return imapuser.Dial(t, s.Addr, name, Password)
}

// Doveadm runs an administrator's command against this server.
func (s *Server) Doveadm(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("doveadm", append([]string{"-c", s.run.conf}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("doveadm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// SetUIDValidity gives a mailbox another UIDVALIDITY; messages keep their UIDs.
func (s *Server) SetUIDValidity(t testing.TB, user, mailbox string, value uint32) {
	t.Helper()
	s.Doveadm(t, "mailbox", "update", "-u", user, "--uid-validity", strconv.FormatUint(uint64(value), 10), mailbox)
}

// Renumber gives a mailbox a new UIDVALIDITY and every message a new UID, in the
// same order, as after a restore by an administrator. UIDs start at 1 again, so
// that old and new ones name different messages where something was expunged;
// in INBOX, which cannot be deleted, they go on above the old ones.
func (s *Server) Renumber(t testing.TB, user, mailbox string) {
	t.Helper()
	u := s.User(t, user)
	before := u.Selected(mailbox).UIDValidity
	msgs := u.Messages(mailbox)
	if strings.EqualFold(mailbox, "INBOX") {
		u.Expunge(mailbox, u.UIDs(mailbox)...)
	} else {
		u.Delete(mailbox)
		u.Create(mailbox)
	}
	for _, m := range msgs {
		u.Append(mailbox, m.Flags, m.Date, m.Data)
	}
	if u.Selected(mailbox).UIDValidity == before {
		s.SetUIDValidity(t, user, mailbox, before+1)
	}
}

// MailDir is the folder of a mailbox on disk (Maildir++ and MaildirFS only), for
// tests that damage it. mailbox is the name as the server keeps it: modified
// UTF-7, "/" between levels.
func (s *Server) MailDir(user, mailbox string) string {
	dir := filepath.Join(s.Dir, user, "Maildir")
	switch {
	case mailbox == "INBOX":
		return dir
	case strings.Contains(s.run.cfg.location, "LAYOUT=fs"):
		return filepath.Join(dir, filepath.FromSlash(mailbox))
	}
	return filepath.Join(dir, "."+strings.ReplaceAll(mailbox, "/", "."))
}

// MailFile is the file that holds a message of a Maildir mailbox, found by its
// bytes: the first file that contains mark.
func (s *Server) MailFile(t testing.TB, user, mailbox, mark string) string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(s.MailDir(user, mailbox), "*", "*"))
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil && strings.Contains(string(data), mark) {
			return f
		}
	}
	t.Fatalf("no message of %s contains %q", mailbox, mark)
	return ""
}
