package courier

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

const letter = "From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n"

func TestRoundTrip(t *testing.T) {
	began := time.Now()
	s := Start(t)
	t.Logf("started in %v", time.Since(began))
	u := s.User(t, "alice")
	u.Create("INBOX.Grüße")
	date := time.Date(2020, 2, 29, 23, 59, 58, 0, time.FixedZone("", -5*3600))
	uid := u.Append("INBOX.Grüße", []imap.Flag{imap.FlagSeen, "$Label1"}, date, []byte(letter))
	gone := u.Append("INBOX.Grüße", nil, date, []byte(letter))
	u.Expunge("INBOX.Grüße", gone)
	got := u.Messages("INBOX.Grüße")
	sum := sha256.Sum256([]byte(letter))
	if len(got) != 1 || got[0].UID != uid || !got[0].Date.Equal(date) || got[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("got %+v", got)
	}
	if d := cmp.Diff([]imap.Flag{"$Label1", imap.FlagSeen}, got[0].Flags); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"INBOX", "INBOX.Grüße"}, u.Mailboxes()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"INBOX"}, s.User(t, "bob").Mailboxes()); d != "" {
		t.Errorf("another user sees %s", d)
	}
}

func TestWrongPassword(t *testing.T) {
	s := Start(t)
	c, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* OK") {
		t.Fatalf("%q, %v", line, err)
	}
	c.Write([]byte("a LOGIN alice wrong\r\n"))
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "a NO") {
		t.Errorf("%q, %v", line, err)
	}
}

func TestTLS(t *testing.T) {
	s := Start(t)
	c, err := tls.Dial("tcp", s.TLSAddr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.Contains(line, "Courier-IMAP") {
		t.Errorf("%q, %v", line, err)
	}
	sum := sha256.Sum256(c.ConnectionState().PeerCertificates[0].Raw)
	if hex.EncodeToString(sum[:]) != s.Fingerprint {
		t.Error("the fingerprint is not that of the certificate")
	}
}

func TestStops(t *testing.T) {
	var addr string
	t.Run("inner", func(t *testing.T) {
		s := Start(t)
		s.User(t, "alice")
		addr = s.Addr
	})
	if addr == "" {
		t.Skip("NOT TESTED: see above")
	}
	for _, place := range [][2]string{{"tcp", addr}, {"unix", socket}} {
		if c, err := net.Dial(place[0], place[1]); err == nil {
			c.Close()
			t.Errorf("%s is still listening", place[1])
		}
	}
}
