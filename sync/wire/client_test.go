package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// heard writes what imapclient would send and reads what it would get, up to the answer
// to tag or the end.
func heard(cc net.Conn, send, tag string) (lines []string, err error) {
	if _, err := io.WriteString(cc, send); err != nil {
		return nil, err
	}
	for r := bufio.NewReader(cc); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return lines, err
		}
		lines = append(lines, strings.TrimSpace(line))
		if strings.HasPrefix(line, tag+" ") {
			return lines, nil
		}
	}
}

// answering is a server that answers every line with what follows in answers.
func answering(answers ...string) func(*bufio.Reader, net.Conn) {
	return func(r *bufio.Reader, w net.Conn) {
		for _, a := range answers {
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
			fmt.Fprint(w, a)
		}
		io.Copy(io.Discard, r)
	}
}

// imapclient finds a session that is logged in, with what is safe for it to know.
func TestClientGreeting(t *testing.T) {
	c := talk(t, answering("* 1 EXISTS\r\nT1 OK done\r\n"))
	cc := c.Client([]string{"imap4rev1", "IMAP4rev2", "move", "ENABLE", "X-EVIL"})
	lines, err := heard(cc, "T1 NOOP\r\n", "T1")
	want := "* PREAUTH [CAPABILITY IMAP4rev1 MOVE] ready|* 1 EXISTS|T1 OK done"
	if got := strings.Join(lines, "|"); err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if cc.LocalAddr().String() != c.sock.LocalAddr().String() || cc.RemoteAddr().String() != c.sock.RemoteAddr().String() {
		t.Errorf("from %v to %v", cc.LocalAddr(), cc.RemoteAddr())
	}
}

// No raw exchange and no compression begins while imapclient waits for an answer.
func TestClientBusy(t *testing.T) {
	c := talk(t, answering(""))
	cc := c.Client(nil)
	if _, err := io.WriteString(cc, "T1 NOOP\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), Cmd("NOOP"), ignore); !errors.Is(err, ErrBusy) {
		t.Errorf("exchange: %v", err)
	}
	if on, err := c.Compress(t.Context()); on || !errors.Is(err, ErrBusy) {
		t.Errorf("compression: %v, %v", on, err)
	}
	cc.Close()
	if _, err := cc.Read(make([]byte, 100)); err != nil {
		t.Errorf("the greeting is gone: %v", err)
	}
	if _, err := cc.Read(make([]byte, 100)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read after the end: %v", err)
	}
	if _, err := cc.Write([]byte("T2 NOOP\r\n")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write after the end: %v", err)
	}
}

// What imapclient did not ask for does not reach it; an answer it cannot do without ends
// the connection when it is broken.
func TestClientFilters(t *testing.T) {
	for _, tc := range []struct{ name, send, answer, want, err string }{
		{"answers to nobody", "T1 NOOP\r\n", "T7 OK who\r\n+ go on\r\nT1 OK done\r\n", "T1 OK done", ""},
		{"a search that is broken", "T1 UID SEARCH ALL\r\n", "* SEARCH 1 (x\r\nT1 OK done\r\n", "", "malformed SEARCH response"},
		{"nobody searched", "T1 NOOP\r\n", "* SEARCH 1 (x\r\nT1 OK done\r\n", "T1 OK done", ""},
		{"the end", "T1 NOOP\r\n", "* BYE enough\r\n", "", "server said goodbye: enough"},
	} {
		c := talk(t, answering(tc.answer))
		lines, err := heard(c.Client(nil), tc.send, "T1")
		if got := strings.Join(lines[1:], "|"); got != tc.want || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
			t.Errorf("%s: %q, %v, want %q, %q", tc.name, got, err, tc.want, tc.err)
		}
	}
}

// Only a LOGOUT makes BYE a goodbye.
func TestClientParted(t *testing.T) {
	c := talk(t, answering("* BYE see you\r\nT1 OK done\r\n"))
	lines, err := heard(c.Client(nil), "T1 LOGOUT\r\n", "T1")
	if err != nil || lines[len(lines)-1] != "T1 OK done" || !c.Parted() || c.Err() != nil {
		t.Errorf("%q, %v, parted %v, %v", lines, err, c.Parted(), c.Err())
	}
}
