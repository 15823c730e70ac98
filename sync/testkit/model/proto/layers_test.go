package proto

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"

	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/testcert"
)

// listening is a server that programs can reach.
func listening(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go s.Listen(l)
	return l.Addr().String()
}

// Nobody is let in before TLS where LOGINDISABLED says so, nothing said before it
// counts, and then it is offered no more. Compression works within.
func TestLayers(t *testing.T) {
	cert := testcert.New(t, t.TempDir())
	s := NewServer(model.New(), "LOGINDISABLED", "COMPRESS=DEFLATE", "LITERAL+")
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert.TLS}}
	conn, err := net.Dial("tcp", listening(t, s))
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, conn)
	if a := p.do("LOGIN ann secret"); !strings.Contains(a.status, "PRIVACYREQUIRED") {
		t.Error(a.status)
	}
	io.WriteString(conn, "x STARTTLS\r\nx CREATE injected\r\n")
	if line := p.line(); !strings.HasPrefix(line, "x OK") {
		t.Fatal(line)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert.TLS.Leaf)
	p.conn = tls.Client(conn, &tls.Config{RootCAs: pool, ServerName: "localhost"})
	p.r = bufio.NewReader(p.conn)
	if a := p.must("CAPABILITY"); len(a.like("STARTTLS|LOGINDISABLED")) > 0 {
		t.Errorf("%q", a)
	}
	p.must("LOGIN ann secret")
	p.must("COMPRESS DEFLATE")
	squeeze, _ := flate.NewWriter(p.conn, 6)
	p.r = bufio.NewReader(flate.NewReader(p.r))
	p.conn = squeezed{p.conn, squeeze}
	text := strings.Repeat("much of the same ", 10_000)
	p.must("APPEND INBOX {%d+}\r\n%s", len(text), text)
	p.must("SELECT INBOX")
	if a := p.must("FETCH 1 BODY[]"); len(a.like("(?s)"+strings.Repeat("much of the same ", 10))) != 1 {
		t.Errorf("%.100q", a)
	}
	if a := p.do("COMPRESS DEFLATE"); a.outcome() != "NO" {
		t.Error(a.status)
	}
	if a := p.must(`LIST "" *`); len(a.untagged) != 1 {
		t.Errorf("said in plain sight: %q", a)
	}
}

// squeezed writes compressed.
type squeezed struct {
	net.Conn
	w *flate.Writer
}

func (s squeezed) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err == nil {
		err = s.w.Flush()
	}
	return n, err
}

// Who waits hears of others at once.
func TestIdle(t *testing.T) {
	s, p := served(t, "IDLE")
	p.must("SELECT INBOX")
	io.WriteString(p.conn, "x IDLE\r\n")
	if line := p.line(); !strings.HasPrefix(line, "+") {
		t.Fatal(line)
	}
	s.Do(func(a *model.Account) { a.Mailbox("INBOX").Append(nil, epoch, []byte("x")) })
	if line := p.line(); line != "* 4 EXISTS" {
		t.Error(line)
	}
	q := join(t, s)
	q.must("SELECT INBOX")
	q.must(`STORE 2 +FLAGS (\Deleted)`)
	if line := p.line(); line != `* 2 FETCH (FLAGS (\Deleted))` {
		t.Error(line)
	}
	q.must("EXPUNGE")
	if line := p.line(); line != "* 2 EXPUNGE" {
		t.Error(line)
	}
	io.WriteString(p.conn, "done\r\n")
	if line := p.line(); !strings.HasPrefix(line, "x OK") {
		t.Error(line)
	}
	p.must("NOOP")
	io.WriteString(p.conn, "x IDLE\r\n")
	p.line()
	s.Do(func(a *model.Account) { a.Mailbox("INBOX").Renumber() })
	if line := p.line(); !strings.HasPrefix(line, "* BYE") {
		t.Error(line)
	}
	q.conn.Close()
	s.Wait()
}

// Small literals alone come without waiting (RFC 7888 section 5), or none.
func TestLiterals(t *testing.T) {
	for _, x := range []struct {
		cap  string
		size int
		want string
	}{{"LITERAL-", 4096, "OK"}, {"LITERAL-", 4097, "BAD"}, {"LITERAL+", 4097, "OK"}, {"IMAP4rev2", 4096, "OK"}, {"UIDPLUS", 1, "BAD"}} {
		_, p := served(t, x.cap)
		if a := p.do("APPEND INBOX {%d+}\r\n%s", x.size, bytes.Repeat([]byte("x"), x.size)); a.outcome() != x.want {
			t.Errorf("%+v: %s", x, a.status)
		}
		p.must("NOOP")
	}
}

// Who knows IMAP4rev2 is answered so; others have names in modified UTF-7.
func TestRev2(t *testing.T) {
	s, p := served(t, "IMAP4rev2")
	p.must("CREATE Entw&APw-rfe&-so")
	s.Do(func(a *model.Account) {
		if a.Mailbox("Entwürfe&so") == nil {
			t.Error(a.Mailboxes())
		}
	})
	if a := p.must("SELECT Entw&APw-rfe&-so"); len(a.like("0 RECENT")) != 1 {
		t.Errorf("%q", a)
	}
	if a := p.must("SEARCH ALL"); len(a.like(`^\* SEARCH`)) != 1 {
		t.Errorf("%q", a)
	}
	p.must("ENABLE IMAP4rev2")
	if a := p.must(`SELECT "Entwürfe&so"`); len(a.like("RECENT")) > 0 || len(a.like(`LIST \(\) "/" "Entwürfe&so"`)) != 1 {
		t.Errorf("%q", a)
	}
	if a := p.must("SEARCH ALL"); len(a.like("ESEARCH")) != 1 {
		t.Errorf("%q", a)
	}
	for _, name := range []string{"😀x", "a&b", "日本/語", "&", "plain"} {
		if got := fromUTF7(toUTF7(name)); got != name {
			t.Errorf("%q: %q", name, got)
		}
	}
	for _, odd := range []string{"&", "&x-", "&AB-", "a&AOQ"} {
		if got := fromUTF7(odd); got != odd {
			t.Errorf("%q: %q", odd, got)
		}
	}
}
