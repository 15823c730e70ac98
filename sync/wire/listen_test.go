package wire

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// tagOf reads a command and returns its tag.
func tagOf(r *bufio.Reader) string {
	line, _ := r.ReadString('\n')
	tag, _, _ := strings.Cut(line, " ")
	return tag
}

// What depends on an answer leaves while others are still to come, and all of that
// costs one round trip more.
func TestPipelineListens(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		first, last := tagOf(r), tagOf(r)
		fmt.Fprintf(w, "%s OK\r\n", first)
		for range 3 { // the last one is answered only when all others have come
			fmt.Fprintf(w, "%s OK\r\n", tagOf(r))
		}
		fmt.Fprintf(w, "%s OK\r\n", last)
	})
	answered, ended := 0, false
	err := c.Pipeline(t.Context(), func(yield func(*Command) bool) {
		for sent := 0; ; {
			switch {
			case sent < 2 || sent < answered+2 && sent < 5:
				sent++
				ended = !yield(Cmd("NOOP"))
			default:
				ended = !yield(nil)
			}
			if ended {
				return
			}
		}
	}, ignore, func(*Command, Status) error { answered++; return nil })
	commands, trips := c.Counts()
	if err != nil || !ended || answered != 5 || commands != 5 || trips != 2 {
		t.Errorf("%d of %d commands answered in %d round trips, ended %v, %v", answered, commands, trips, ended, err)
	}
}

// The server is at work while the next command is made, if that takes its time; and that
// is one round trip all the same.
func TestPipelineDoesNotDawdle(t *testing.T) {
	heard := make(chan bool)
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		var tags []string
		for len(tags) < 3 {
			if tags = append(tags, tagOf(r)); len(tags) == 2 {
				close(heard)
			}
		}
		for _, tag := range tags {
			fmt.Fprintf(w, "%s OK\r\n", tag)
		}
	})
	asked := time.Time{}
	err := c.Pipeline(t.Context(), func(yield func(*Command) bool) {
		yield(Cmd("NOOP"))
		c.begun = time.Now().Add(-time.Minute)
		yield(Cmd("NOOP"))
		<-heard
		asked = c.asked
		yield(Cmd("NOOP"))
		if err := c.flush(); err != nil || !c.asked.Equal(asked) {
			t.Errorf("asked at %v, then at %v, %v", asked, c.asked, err)
		}
	}, ignore, func(*Command, Status) error { return nil })
	if commands, trips := c.Counts(); err != nil || commands != 3 || trips != 1 || asked.IsZero() {
		t.Errorf("%d commands in %d round trips, first of them %v, %v", commands, trips, asked, err)
	}
}

// To compress, everything is waited for; that counts, whatever came before.
func TestCompressionBehindListening(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		first, second := tagOf(r), tagOf(r)
		fmt.Fprintf(w, "%s OK\r\n", first)
		fmt.Fprintf(w, "%s OK\r\n%s OK\r\n", second, tagOf(r))
		fmt.Fprintf(w, "%s NO\r\n", tagOf(r))
		fmt.Fprintf(w, "%s OK\r\n", tagOf(r))
	})
	c.Client(nil)
	err := c.Pipeline(t.Context(), func(yield func(*Command) bool) {
		for _, cmd := range []*Command{Cmd("NOOP"), Cmd("NOOP"), nil, Cmd("NOOP"), nil} {
			yield(cmd)
		}
		c.CompressWhenSlow()
		c.r.meter.octets, c.r.meter.waited = slowBytes, time.Minute
		yield(Cmd("NOOP"))
	}, ignore, func(*Command, Status) error { return nil })
	if commands, trips := c.Counts(); err != nil || commands != 5 || trips != 4 {
		t.Errorf("%d commands in %d round trips, %v", commands, trips, err)
	}
}

// How far away a server is shows when it has nothing else to answer first.
func TestTripIsMeasuredAlone(t *testing.T) {
	c := talk(t, says(""))
	for _, before := range [][]sent{nil, {{"M0", Cmd("NOOP")}}} {
		x := exchange{c: c, inFlight: before}
		if err := x.send(Cmd("NOOP")); err != nil {
			t.Fatal(err)
		}
		if err := c.flush(); err != nil || c.asked.IsZero() == (before == nil) {
			t.Errorf("with %d in flight measured from %v on, %v", len(before), c.asked, err)
		}
		c.arrived()
	}
}
