package cyrus

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

const letter = "From: a@example.org\r\nDate: Thu, 29 Feb 2024 12:00:00 +0000\r\nSubject: hello\r\n\r\nbody\r\n"

func TestRoundTrip(t *testing.T) {
	began := time.Now()
	s := Start(t)
	t.Logf("started in %v", time.Since(began))
	u := s.User(t, "alice")
	u.Create("Archiv/Grüße")
	date := time.Date(2020, 2, 29, 23, 59, 58, 0, time.FixedZone("", -5*3600))
	uid := u.Append("Archiv/Grüße", []imap.Flag{imap.FlagSeen, "$Label1"}, date, []byte(letter))
	got := u.Messages("Archiv/Grüße")
	sum := sha256.Sum256([]byte(letter))
	if len(got) != 1 || got[0].UID != uid || !got[0].Date.Equal(date) || got[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("got %+v", got)
	}
	if d := cmp.Diff([]string{"Archiv", "Archiv/Grüße", "INBOX"}, u.Mailboxes()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"INBOX"}, s.User(t, "bob").Mailboxes()); d != "" {
		t.Errorf("another user sees %s", d)
	}
	if !u.Client().Caps().Has(imap.CapQResync) {
		t.Error("no QRESYNC: is this Cyrus?")
	}
}

func TestTLSAndOptions(t *testing.T) {
	s := Start(t, SuppressCapabilities("QRESYNC CONDSTORE"))
	if caps := s.User(t, "alice").Client().Caps(); caps.Has(imap.CapQResync) || caps.Has(imap.CapCondStore) {
		t.Errorf("capabilities %v", caps)
	}
	c, err := tls.Dial("tcp", s.TLSAddr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"imap"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sum := sha256.Sum256(c.ConnectionState().PeerCertificates[0].Raw)
	if hex.EncodeToString(sum[:]) != s.Fingerprint {
		t.Error("the fingerprint is not that of the certificate")
	}
}

func TestStops(t *testing.T) {
	var addr string
	t.Run("inner", func(t *testing.T) { addr = Start(t).Addr })
	if addr == "" {
		t.Skip("NOT TESTED: see above")
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("still listening")
	}
}
