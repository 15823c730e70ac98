package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
)

// Whatever is above, nothing is compressed before the login (CVE-2026-40203).
func TestNeverCompressedBeforeLogin(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	c := New(NewSocket(client, time.Second), Options{})
	defer c.Close()
	if on, err := c.Compress(t.Context()); on || !errors.Is(err, ErrTooEarly) {
		t.Errorf("%v, %v", on, err)
	}
	c.CompressWhenSlow()
	c.r.meter.octets, c.r.meter.waited = slowBytes, time.Minute
	if c.slow() {
		t.Error("would compress before login")
	}
}

func TestSlowLinks(t *testing.T) {
	for _, tc := range []struct {
		octets int64
		waited time.Duration
		slow   bool
	}{
		{1 << 20, time.Second, true},
		{3 << 20, time.Second, true},
		{5 << 20, time.Second, false},
		{1 << 20, time.Second / 2, false}, // too early to tell
		{100 << 10, 5 * time.Second, false},
		{800 << 20, 10 * time.Second, false},
		{800 << 20, 1000 * time.Second, true},
	} {
		c := New(NewSocket(nil, time.Second), Options{})
		c.Client(nil)
		c.CompressWhenSlow()
		c.r.meter.octets, c.r.meter.waited = tc.octets, tc.waited
		if c.slow() != tc.slow {
			t.Errorf("%d in %v: %v", tc.octets, tc.waited, !tc.slow)
		}
	}
}

// How much mail may be on its way: less while the link may be a slow one, but a part of all
// that is expected.
func TestFull(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		auto                    bool
		expected, bulk, request int64
		octets                  int64
		waited                  time.Duration
		full                    bool
	}{
		{name: "nothing in flight", auto: true, request: 1 << 30},
		{name: "no mail", auto: true, bulk: 1 << 30},
		{name: "undecided", auto: true, bulk: undecided - 1, request: 1},
		{name: "undecided, and more", auto: true, bulk: undecided, request: 1, full: true},
		{name: "a part of much", auto: true, expected: 64 << 20, bulk: 3 << 20, request: 1 << 20},
		{name: "more than a part of much", auto: true, expected: 64 << 20, bulk: 3 << 20, request: 1<<20 + 1, full: true},
		{name: "very much", auto: true, expected: 1 << 40, bulk: slowLink - 1, request: 1},
		{name: "a second of very much", auto: true, expected: 1 << 40, bulk: slowLink, request: 1, full: true},
		{name: "fast", auto: true, bulk: maxBulk - 1, request: 1, octets: slowBytes},
		{name: "slow", auto: true, bulk: undecided, request: 1, octets: slowBytes, waited: slowAfter, full: true},
		{name: "never compressed", bulk: maxBulk - 1, request: 1},
		{name: "much", bulk: maxBulk, request: 1, full: true},
	} {
		c := New(NewSocket(nil, time.Second), Options{})
		c.whenSlow, c.bulk = tc.auto, tc.bulk
		c.Expect(tc.expected)
		c.Expect(0) // of what is left
		c.r.meter.octets, c.r.meter.waited = tc.octets, tc.waited
		if c.Full(tc.request) != tc.full {
			t.Errorf("%s: %v", tc.name, !tc.full)
		}
	}
}

// deflating is a server that compresses from its OK on, which comes with the beginning of
// the compressed stream in one segment, and then sends stream for the next command.
func deflating(t *testing.T, stream func(w io.Writer, tag string)) *Conn {
	t.Helper()
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		var first bytes.Buffer
		first.WriteString("M1 OK deflated from here\r\n")
		z, _ := flate.NewWriter(&first, flate.BestSpeed)
		fmt.Fprint(z, "* OK early\r\n")
		z.Flush()
		w.Write(first.Bytes())
		line, err := bufio.NewReader(flate.NewReader(r)).ReadString('\n')
		if err != nil {
			t.Error(err)
			return
		}
		first.Reset()
		stream(writers{z, &first, w}, strings.Fields(line)[0])
		io.Copy(io.Discard, r)
	})
	c.Client(nil)
	return c
}

// writers deflates into a buffer and sends that.
type writers struct {
	z   *flate.Writer
	buf *bytes.Buffer
	w   net.Conn
}

func (w writers) Write(p []byte) (int, error) {
	w.z.Write(p)
	w.z.Flush()
	n, err := w.w.Write(w.buf.Bytes())
	w.buf.Reset()
	return min(n, len(p)), err
}

func TestCompressed(t *testing.T) {
	c := deflating(t, func(w io.Writer, tag string) { fmt.Fprintf(w, "* 7 EXISTS\r\n%s OK done\r\n", tag) })
	if on, err := c.Compress(t.Context()); !on || err != nil {
		t.Fatal(on, err)
	}
	var got []string
	s, err := c.Do(t.Context(), Cmd("NOOP"), func(r *Response) error { got = append(got, r.Name); return nil })
	if err != nil || s.Text != "done" || strings.Join(got, " ") != "OK EXISTS" {
		t.Errorf("%+v, %q, %v", s, got, err)
	}
	if on, err := c.Compress(t.Context()); !on || err != nil {
		t.Errorf("again: %v, %v", on, err)
	}
}

func TestCompressionRefused(t *testing.T) {
	c := talk(t, answering("M1 NO not now\r\n", "M2 OK plain\r\n"))
	c.Client(nil)
	var repaired string
	c.opt.Repaired = func(s string) { repaired = s }
	if on, err := c.Compress(t.Context()); on || err != nil || !strings.Contains(repaired, "not now") {
		t.Errorf("%v, %v, %q", on, err, repaired)
	}
	if s, err := c.Do(t.Context(), Cmd("NOOP"), ignore); err != nil || s.Text != "plain" {
		t.Errorf("%+v, %v", s, err)
	}
}

// A stream that inflates without measure, or is no deflated stream, ends the connection.
func TestCompressedNonsense(t *testing.T) {
	lines := bytes.Repeat([]byte("* X "+strings.Repeat("y", 1000)+"\r\n"), 1000)
	for name, stream := range map[string]func(w io.Writer, tag string){
		WhatRatio: func(w io.Writer, _ string) {
			for range 200 {
				if _, err := w.Write(lines); err != nil {
					return
				}
			}
		},
		"damaged": func(w io.Writer, _ string) { w.(writers).w.Write([]byte{0xff, 0xff, 0xff, 0xff}) },
		"nothing": func(w io.Writer, _ string) {
			empty := bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1<<16) // stored blocks of no octets
			for range 10 {
				w.(writers).w.Write(empty)
			}
		},
	} {
		c := deflating(t, stream)
		if on, err := c.Compress(t.Context()); !on || err != nil {
			t.Fatal(on, err)
		}
		_, err := c.Do(t.Context(), Cmd("NOOP"), func(*Response) error { return nil })
		if err == nil || !strings.Contains(err.Error(), name) || c.Err() == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
