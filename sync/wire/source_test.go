package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// A long literal arrives octet for octet, behind "+" or unasked.
func TestLiteralsStream(t *testing.T) {
	text := strings.Repeat("0123456789", 20_000)
	for _, nonSync := range []int64{0, 1 << 20} {
		c := talk(t, func(r *bufio.Reader, w net.Conn) {
			if line, _ := r.ReadString('\n'); nonSync == 0 {
				if line != "M1 APPEND {200000}\r\n" {
					t.Errorf("%q", line)
				}
				fmt.Fprint(w, "+\r\n")
			}
			b := make([]byte, len(text)+2)
			if _, err := io.ReadFull(r, b); err != nil || string(b) != text+"\r\n" {
				t.Errorf("other octets, %v", err)
			}
			fmt.Fprint(w, "M1 OK\r\n")
		})
		c.NonSync = nonSync
		cmd := Cmd("APPEND").Literal(int64(len(text)), iotest.OneByteReader(strings.NewReader(text)))
		if s, err := c.Do(t.Context(), cmd, ignore); err != nil || !s.OK() || !cmd.Whole() {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

// Whatever is wrong with a source, the literal stays incomplete, nothing follows
// it, and the connection ends.
func TestSourcesThatFail(t *testing.T) {
	broken := errors.New("disk gone")
	failing := func(n int) io.Reader {
		return io.MultiReader(strings.NewReader(strings.Repeat("x", n)), iotest.ErrReader(broken))
	}
	for _, tc := range []struct {
		name string
		size int64
		src  io.Reader
		want error
	}{
		{"short", 100, strings.NewReader("short"), io.ErrUnexpectedEOF},
		{"short by one, long", 100_000, strings.NewReader(strings.Repeat("x", 99_999)), io.ErrUnexpectedEOF},
		{"nothing", 1, strings.NewReader(""), io.ErrUnexpectedEOF},
		{"longer", 5, strings.NewReader("123456"), errLonger},
		{"longer by one, long", 2 * writeChunk, strings.NewReader(strings.Repeat("x", 2*writeChunk+1)), errLonger},
		{"something for nothing", 0, strings.NewReader("1"), errLonger},
		{"fails at once", 10, failing(0), broken},
		{"fails midway", 100_000, failing(70_000), broken},
		{"fails behind the end", 1000, failing(1000), broken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := make(chan string, 1)
			c := talk(t, func(r *bufio.Reader, w net.Conn) {
				b, _ := io.ReadAll(r)
				got <- string(b)
			})
			c.NonSync = 1 << 20
			cmd, behind := Cmd("APPEND").Literal(tc.size, tc.src), Cmd("NOOP")
			err := c.Pipeline(t.Context(), slices.Values([]*Command{cmd, behind}), ignore, func(*Command, Status) error { return nil })
			if _, ok := errors.AsType[*SourceError](err); !ok || !errors.Is(err, tc.want) || c.Err() == nil {
				t.Errorf("%v, connection: %v", err, c.Err())
			}
			if cmd.Whole() || behind.Whole() {
				t.Errorf("whole: %v, %v", cmd.Whole(), behind.Whole())
			}
			head := fmt.Sprintf("M1 APPEND {%d+}\r\n", tc.size)
			sent := <-got
			if literal, ok := strings.CutPrefix(sent, head); ok && int64(len(literal)) >= tc.size && tc.size > 0 {
				t.Errorf("%d of %d octets were sent", len(literal), tc.size)
			}
			if strings.Contains(sent, "NOOP") || tc.size == 0 && strings.HasSuffix(sent, "\r\n\r\n") {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// A literal that the server does not want is not sent, and the command counts as
// one that cannot have been carried out.
func TestUnwantedLiteralIsNotWhole(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, "M1 NO [TRYCREATE] nowhere\r\n")
		if line, _ := r.ReadString('\n'); line != "M2 NOOP\r\n" {
			t.Errorf("%q", line)
		}
		fmt.Fprint(w, "M2 OK\r\n")
	})
	cmd, noop := Cmd("APPEND").Literal(3, strings.NewReader("abc")), Cmd("NOOP")
	for _, cmd := range []*Command{cmd, noop} {
		if _, err := c.Do(t.Context(), cmd, ignore); err != nil {
			t.Fatal(err)
		}
	}
	if cmd.Whole() || !noop.Whole() {
		t.Errorf("whole: %v, %v", cmd.Whole(), noop.Whole())
	}
}

// Commands with short answers leave together however long they are; of the others
// no more than fits into the buffers below.
func TestBriefCommandsLeaveTogether(t *testing.T) {
	trips := func(n, answer int, text string) int {
		c := talk(t, func(r *bufio.Reader, w net.Conn) {
			for range n {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				fmt.Fprintf(w, "%s OK\r\n", strings.Fields(line)[0])
			}
		})
		cmds := func(yield func(*Command) bool) {
			for i := 0; i < n && yield(Cmd("X").Raw(text).Brief(answer)); i++ {
			}
		}
		if err := c.Pipeline(t.Context(), cmds, ignore, func(*Command, Status) error { return nil }); err != nil {
			t.Fatal(err)
		}
		_, trips := c.Counts()
		return trips
	}
	text := strings.Repeat("y", 5000)
	if n := trips(100, 100, text); n != 1 {
		t.Errorf("%d round trips for brief ones", n)
	}
	if n := trips(100, 0, text); n < 10 {
		t.Errorf("%d round trips for any", n)
	}
	if n := trips(100, maxAnswers/10, text); n < 10 {
		t.Errorf("%d round trips for ones that add up", n)
	}
	if n := trips(2*maxBrief, 1, "y"); n != 3 {
		t.Errorf("%d round trips for many", n)
	}
}

// A large message passes through in small pieces, and is forgotten once sent.
func TestLiteralsNeedNoMemory(t *testing.T) {
	const size = 64 << 20
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, "+\r\n")
		io.CopyN(io.Discard, r, size+2)
		fmt.Fprint(w, "M1 OK\r\n")
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cmd := Cmd("APPEND").Literal(size, io.LimitReader(zeros{}, size))
	if s, err := c.Do(t.Context(), cmd, ignore); err != nil || !s.OK() {
		t.Fatalf("%+v, %v", s, err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
		t.Errorf("%d octets were allocated", n)
	}
	if cmd.parts[0].src != nil {
		t.Error("the source is still held")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Of two literals the second one makes the command whole.
func TestWholeAfterTheLastLiteral(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, "+\r\n")
		io.CopyN(io.Discard, r, int64(len("a {1}\r\n")))
	})
	cmd := Cmd("APPEND").Literal(1, strings.NewReader("a")).Literal(1, strings.NewReader("b"))
	if _, err := c.Do(t.Context(), cmd, ignore); err == nil || cmd.Whole() {
		t.Errorf("whole: %v, %v", cmd.Whole(), err)
	}
}
