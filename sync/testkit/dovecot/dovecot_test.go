package dovecot

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"
)

const letter = "From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n"

func TestRoundTrip(t *testing.T) {
	began := time.Now()
	s := Start(t)
	t.Logf("started in %v", time.Since(began))
	u := s.User(t, "alice")
	u.Create("Archiv/Grüße")
	date := time.Date(2020, 2, 29, 23, 59, 58, 0, time.FixedZone("", -5*3600))
	uid := u.Append("Archiv/Grüße", []imap.Flag{imap.FlagSeen, "$Label1"}, date, []byte(letter))
	got := u.Messages("Archiv/Grüße")
	if len(got) != 1 {
		t.Fatalf("%d messages", len(got))
	}
	sum := sha256.Sum256([]byte(letter))
	if got[0].UID != uid || !got[0].Date.Equal(date) || got[0].SHA256 != hex.EncodeToString(sum[:]) || got[0].Size != int64(len(letter)) {
		t.Errorf("got %+v", got[0])
	}
	if d := cmp.Diff([]imap.Flag{"$Label1", imap.FlagSeen}, got[0].Flags); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Archiv/Grüße", "INBOX"}, u.Mailboxes()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"INBOX"}, s.User(t, "bob").Mailboxes()); d != "" {
		t.Errorf("another user sees %s", d)
	}
}

func TestChanges(t *testing.T) {
	s := Start(t)
	u := s.User(t, "alice")
	a := u.Append("INBOX", nil, time.Time{}, []byte(letter))
	b := u.Append("INBOX", nil, time.Time{}, []byte(letter))
	c := u.Append("INBOX", nil, time.Time{}, []byte(letter))
	u.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged, imap.FlagSeen}, a)
	u.RemoveFlags("INBOX", []imap.Flag{imap.FlagSeen}, a)
	u.Expunge("INBOX", b)
	if d := cmp.Diff([]imap.UID{a, c}, u.UIDs("INBOX")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]imap.Flag{imap.FlagFlagged}, u.Messages("INBOX")[0].Flags); d != "" {
		t.Error(d)
	}
	u.Create("Old")
	u.Copy("INBOX", "Old", a)
	u.Move("INBOX", "Old", c)
	u.Rename("Old", "New")
	if n := len(u.UIDs("New")); n != 2 {
		t.Errorf("%d messages in New", n)
	}
	u.Delete("New")
	if d := cmp.Diff([]string{"INBOX"}, u.Mailboxes()); d != "" {
		t.Error(d)
	}
}

func TestUIDValidity(t *testing.T) {
	for name, opts := range map[string][]Option{"maildir": nil, "sdbox": {SDBox()}} {
		t.Run(name, func(t *testing.T) {
			s := Start(t, opts...)
			u := s.User(t, "alice")
			u.Append("INBOX", nil, time.Time{}, []byte(letter))
			u.Append("INBOX", nil, time.Time{}, []byte(letter))
			uids := u.UIDs("INBOX")
			s.SetUIDValidity(t, "alice", "INBOX", 4711)
			if v := u.Selected("INBOX").UIDValidity; v != 4711 {
				t.Errorf("UIDVALIDITY %d", v)
			}
			if d := cmp.Diff(uids, u.UIDs("INBOX")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRenumber(t *testing.T) {
	s := Start(t)
	u := s.User(t, "alice")
	u.Create("Old")
	for mailbox, want := range map[string][]imap.UID{"INBOX": {4, 5}, "Old": {1, 2}} {
		for range 3 {
			u.Append(mailbox, nil, time.Time{}, []byte(letter))
		}
		u.Expunge(mailbox, 1)
		before := u.Selected(mailbox)
		s.Renumber(t, "alice", mailbox)
		after := u.Selected(mailbox)
		if after.UIDValidity == before.UIDValidity || after.NumMessages != 2 {
			t.Errorf("%s: before %+v after %+v", mailbox, before, after)
		}
		if d := cmp.Diff(want, u.UIDs(mailbox)); d != "" {
			t.Errorf("%s: %s", mailbox, d)
		}
	}
}

func TestTLS(t *testing.T) {
	s := Start(t)
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c, err := tls.Dial("tcp", s.TLSAddr, &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "* OK") {
		t.Errorf("greeting %q, %v", line, err)
	}
	sum := sha256.Sum256(c.ConnectionState().PeerCertificates[0].Raw)
	if hex.EncodeToString(sum[:]) != s.Fingerprint {
		t.Error("the fingerprint is not that of the certificate")
	}
	if c, err := tls.Dial("tcp", s.TLSAddr, nil); err == nil {
		c.Close()
		t.Error("verified without the CA")
	}
}

func TestOptions(t *testing.T) {
	s := Start(t, MaildirFS(), Capability("IMAP4rev1 UIDPLUS MOVE UNSELECT"), Config("mail_max_keyword_length = 10"))
	u := s.User(t, "alice")
	u.Create("a.b/c")
	if caps := u.Client().Caps(); caps.Has(imap.CapCondStore) || !caps.Has(imap.CapUIDPlus) {
		t.Errorf("capabilities %v", caps)
	}
	if d := cmp.Diff([]string{"INBOX", "a.b/c"}, u.Mailboxes()); d != "" {
		t.Error(d)
	}
	u.Append("a.b/c", nil, time.Time{}, []byte(letter))
	if f := s.MailFile(t, "alice", "a.b/c", "hello"); !strings.Contains(f, "a.b/c") {
		t.Error(f)
	}
}

// A server serves one test after the other: none sees the mail of another, or what the
// server said to it.
func TestServesSeveralTests(t *testing.T) {
	Require(t)
	mine := Config("# " + t.TempDir()) // a server that served nobody before
	var runs []*running
	for range loans + 1 {
		t.Run("", func(t *testing.T) {
			s := Start(t, mine)
			runs = append(runs, s.run)
			u := s.User(t, "alice")
			if n, boxes := len(u.UIDs("INBOX")), u.Mailboxes(); n != 0 || len(boxes) != 1 || strings.Count(s.Log(), "Login:") > 1 { // ours may be logged behind its answer
				t.Errorf("%d messages, mailboxes %q, log:\n%s", n, boxes, s.Log())
			}
			u.Create("Old")
			u.Append("INBOX", nil, time.Time{}, []byte(letter))
			s.SetUIDValidity(t, "alice", "INBOX", 4711) // of the same user, for doveadm
			if v := u.Selected("INBOX").UIDValidity; v != 4711 {
				t.Errorf("UIDVALIDITY %d", v)
			}
		})
	}
	if t.Failed() {
		return
	}
	if runs[0] != runs[1] || runs[0] == runs[loans] {
		t.Errorf("%p", runs)
	}
	if c, err := net.Dial("tcp", address(runs[0].Ports[0])); err == nil {
		c.Close()
		t.Error("a server that has served enough still listens")
	}
}

// What another test may have spoilt is not used again.
func TestServesNoMore(t *testing.T) {
	Require(t)
	var runs []*running
	for _, password := range []string{"wrong", Password} {
		t.Run(password, func(t *testing.T) {
			s := Start(t, Config("auth_failure_delay = 0"))
			runs = append(runs, s.run)
			c, err := imapclient.DialInsecure(s.Addr, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Login("alice", password).Wait(); (err == nil) != (password == Password) {
				t.Errorf("%s: %v", password, err)
			}
		})
	}
	if !t.Failed() && runs[0] == runs[1] {
		t.Error("lent again after a wrong password")
	}
}

// No server outlives the test process, nor does its folder.
func TestStops(t *testing.T) {
	Require(t)
	if os.Getenv("MAILSTOW_TEST_SERVER") != "" {
		s := Start(t)
		s.User(t, "alice")
		fmt.Printf("server %s %s\n", s.Addr, s.run.cfg.dir)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestStops$", "-test.v")
	cmd.Env = append(os.Environ(), "MAILSTOW_TEST_SERVER=1")
	out, err := cmd.Output()
	_, found, ok := strings.Cut(string(out), "server ")
	if err != nil || !ok {
		t.Fatalf("%v\n%s", err, out)
	}
	words := strings.Fields(found)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) { // a poll for foreign processes
		if left := leftOf(words[0], words[1]); left == "" {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(left)
		}
	}
}

// leftOf tells what is left of a server.
func leftOf(addr, dir string) string {
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		return "still listening"
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		return dir + " is left"
	}
	if out, _ := exec.Command("ps", "-eo", "args").Output(); strings.Contains(string(out), dir) {
		return "a process is left"
	}
	return ""
}
