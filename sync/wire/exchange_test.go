package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// talk connects a Conn to a script on loopback.
func talk(t *testing.T, script func(r *bufio.Reader, w net.Conn)) *Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		script(bufio.NewReader(server), server)
	}()
	c := New(NewSocket(client, 20*time.Second), Options{})
	t.Cleanup(func() { c.Close(); <-done })
	return c
}

func ignore(*Response) error { return ErrStray }

// Thousands of commands whose answers are long: neither side may end up waiting
// for the other to read.
func TestPipelineNeverBlocks(t *testing.T) {
	const n = 3000
	answer := strings.Repeat("* X "+strings.Repeat("y", 1000)+"\r\n", 100)
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		for range n {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprintf(w, "%s%s OK\r\n", answer, strings.Fields(line)[0])
		}
	})
	var cmds []*Command
	for range n {
		cmds = append(cmds, Cmd("NOOP").Raw(strings.Repeat("z", 8000)))
	}
	got, done := 0, 0
	err := c.Pipeline(t.Context(), slices.Values(cmds), func(*Response) error { got++; return nil }, func(cmd *Command, s Status) error {
		if cmd != cmds[done] || !s.OK() {
			t.Errorf("answer %d: %+v", done, s)
		}
		done++
		return nil
	})
	if err != nil || got != 100*n || done != n {
		t.Errorf("%d responses, %d answers, %v", got, done, err)
	}
	if commands, trips := c.Counts(); commands != n || trips > n {
		t.Errorf("%d commands, %d round trips", commands, trips)
	}
}

// A literal goes out after the server's leave, with other answers coming first,
// and not at all when the server answers the command instead.
func TestSynchronizingLiterals(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		expect := func(want string) {
			if line, _ := r.ReadString('\n'); line != want {
				t.Errorf("got %q, want %q", line, want)
			}
		}
		expect("M1 A\r\n")
		expect("M2 B {2}\r\n")
		fmt.Fprint(w, "* X\r\nM1 OK\r\n+ go\r\n")
		expect("ü {4}\r\n")
		fmt.Fprint(w, "+ go\r\n")
		expect("öä tail\r\n")
		expect("M3 C {2}\r\n")
		fmt.Fprint(w, "M2 OK\r\nM3 NO not that\r\n")
		expect("M4 D\r\n")
		fmt.Fprint(w, "M4 OK\r\n")
	})
	cmds := []*Command{Cmd("A"), Cmd("B").String("ü").String("öä").Raw("tail"), Cmd("C").String("ü").String("never"), Cmd("D")}
	var answers []string
	err := c.Pipeline(t.Context(), slices.Values(cmds), ignore, func(cmd *Command, s Status) error {
		answers = append(answers, cmd.Name()+s.Type)
		return nil
	})
	if got := strings.Join(answers, " "); err != nil || got != "AOK BOK CNO DOK" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestLiteralsSentUnasked(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		var got strings.Builder
		for range 4 {
			line, _ := r.ReadString('\n')
			got.WriteString(line)
		}
		if want := "M1 A {2+}\r\nü\r\nM2 A {2+}\r\nü\r\n"; got.String() != want {
			t.Errorf("%q", got.String())
		}
		fmt.Fprint(w, "M2 OK\r\nM1 OK\r\n") // answers may overtake one another
	})
	c.NonSync = 2
	cmds := []*Command{Cmd("A").String("ü"), Cmd("A").String("ü")}
	if err := c.Pipeline(t.Context(), slices.Values(cmds), ignore, func(*Command, Status) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestChallenges(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, "+ one\r\n")
		first, _ := r.ReadString('\n')
		fmt.Fprint(w, "+\r\n")
		second, _ := r.ReadString('\n')
		fmt.Fprintf(w, "M1 OK %q %q\r\n", first, second)
	})
	s, err := c.Do(t.Context(), Cmd("AUTHENTICATE").OnContinue(func(challenge []byte) ([]byte, error) {
		return append([]byte("re:"), challenge...), nil
	}), ignore)
	if err != nil || s.Text != `"re:one\r\n" "re:\r\n"` {
		t.Errorf("%q, %v", s.Text, err)
	}
}

// A raw exchange must not meet the reader of imapclient.
func TestRawWaitsForTheClient(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, "* LIST () \"/\" x\r\nT1 OK done\r\n")
		line, _ := r.ReadString('\n')
		fmt.Fprintf(w, "%s OK\r\n", strings.Fields(line)[0])
	})
	nc := c.Client([]string{"X-UNKNOWN", "ESEARCH", "IMAP4rev2", "literal-", "QRESYNC"})
	r := bufio.NewReader(nc)
	if line, _ := r.ReadString('\n'); line != "* PREAUTH [CAPABILITY IMAP4rev1 ESEARCH LITERAL-] ready\r\n" {
		t.Errorf("greeting %q", line)
	}
	if _, err := nc.Write([]byte("T1 NOOP\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), Cmd("X"), ignore); !errors.Is(err, ErrBusy) {
		t.Errorf("raw exchange while busy: %v", err)
	}
	if line, _ := r.ReadString('\n'); line != "T1 OK done\r\n" {
		t.Errorf("answer %q", line)
	}
	ended := make(chan error)
	go func() {
		_, err := r.ReadByte() // as imapclient's reader: it must not take the next answer
		ended <- err
	}()
	if s, err := c.Do(t.Context(), Cmd("X"), ignore); err != nil || !s.OK() {
		t.Errorf("%+v, %v", s, err)
	}
	c.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the client's reader ended with %v", err)
	}
}

// However welcome responses are, there is an end to them, for imapclient too.
func TestResponsesWithoutEnd(t *testing.T) {
	script := func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		for {
			if _, err := fmt.Fprint(w, "* 1 EXISTS\r\n"); err != nil {
				return
			}
		}
	}
	nearly := func(c *Conn) { c.responses.Store(MaxResponses - 10) }
	c := talk(t, script)
	n := 0
	_, err := c.Do(t.Context(), Cmd("X"), func(*Response) error {
		if n++; n == 1 {
			nearly(c)
		}
		return nil
	})
	if limit, ok := errors.AsType[*LimitError](err); !ok || limit.Limit != MaxResponses || n != 11 {
		t.Errorf("after %d: %v", n, err)
	}
	c = talk(t, script)
	nc := c.Client(nil)
	fmt.Fprint(nc, "T1 NOOP\r\n")
	nearly(c)
	_, err = io.Copy(io.Discard, nc)
	if limit, ok := errors.AsType[*LimitError](err); !ok || limit.Limit != MaxResponses {
		t.Errorf("%v", err)
	}
}

// Whoever reads learns why the connection ended, and the socket is closed.
func TestFirstErrorSticks(t *testing.T) {
	gone := make(chan struct{})
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		defer close(gone)
		fmt.Fprint(w, "* BYE [UNAVAILABLE] later\r\n")
		io.Copy(io.Discard, r)
	})
	_, err := c.Do(t.Context(), Cmd("X"), ignore)
	bye, ok := errors.AsType[*ByeError](err)
	if !ok || bye.Status.Code != "UNAVAILABLE" {
		t.Errorf("%v", err)
	}
	<-gone
	if _, again := c.Do(t.Context(), Cmd("X"), ignore); again != err {
		t.Errorf("%v", again)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, Cmd("X"), ignore); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

func TestHandlerErrors(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, "* A {3}\r\nabc\r\n* B (\r\n* C\r\nM1 OK\r\n")
		r.ReadString('\n')
		fmt.Fprint(w, "* A\r\nM2 OK\r\n")
		r.ReadString('\n')
	})
	var repaired []string
	c.opt.Repaired = func(what string) { repaired = append(repaired, what) }
	var got []string
	_, err := c.Do(t.Context(), Cmd("X"), func(resp *Response) error {
		got = append(got, resp.Name)
		return map[string]error{"A": ErrStray, "B": fmt.Errorf("x: %w", ErrSyntax)}[resp.Name]
	})
	if err != nil || strings.Join(got, "") != "ABC" || len(repaired) != 1 || !strings.Contains(repaired[0], "malformed B") {
		t.Errorf("%v, %v, %q", got, err, repaired)
	}
	// A cut explains whatever the handler made of it.
	cut := talk(t, func(r *bufio.Reader, w net.Conn) { r.ReadString('\n'); fmt.Fprint(w, "* A {9}\r\nabc") })
	_, err = cut.Do(t.Context(), Cmd("X"), func(resp *Response) error {
		resp.Next()
		io.Copy(io.Discard, resp.Literal())
		return errors.New("what a short message")
	})
	if err != io.ErrUnexpectedEOF {
		t.Errorf("%v", err)
	}
	stop := errors.New("stop")
	if _, err := c.Do(t.Context(), Cmd("X"), func(*Response) error { return stop }); err != stop || c.Err() != stop {
		t.Errorf("%v, %v", err, c.Err())
	}
}
