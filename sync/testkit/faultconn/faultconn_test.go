package faultconn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// peer is a TCP server that sends text, then hands over all it received.
func peer(t *testing.T, text string) (addr string, got <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	ch := make(chan string, 64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.WriteString(c, text)
				data, _ := io.ReadAll(c)
				ch <- string(data)
			}()
		}
	}()
	return l.Addr().String(), ch
}

func dial(t *testing.T, addr string, opts ...Option) *Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c := New(conn, opts...)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCutRead(t *testing.T) {
	addr, _ := peer(t, "0123456789")
	for n := int64(0); n < 10; n++ {
		c := dial(t, addr, CutRead(n))
		data, err := io.ReadAll(c)
		if err != nil || string(data) != "0123456789"[:n] || c.In() != n {
			t.Errorf("%d: %q, %v, counted %d", n, data, err, c.In())
		}
		if _, err := c.Write([]byte("x")); err == nil {
			t.Errorf("%d: still writable", n)
		}
	}
}

func TestReset(t *testing.T) {
	addr, _ := peer(t, "0123456789")
	c := dial(t, addr, CutRead(3), Reset())
	data, err := io.ReadAll(c)
	if string(data) != "012" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, %v", data, err)
	}
}

func TestCutWrite(t *testing.T) {
	addr, got := peer(t, "")
	c := dial(t, addr, CutWrite(5))
	n, err := c.Write([]byte("0123456789"))
	if n != 5 || err == nil || c.Out() != 5 {
		t.Errorf("%d, %v, counted %d", n, err, c.Out())
	}
	if s := <-got; s != "01234" {
		t.Errorf("the peer got %q", s)
	}
}

func TestStallHonoursDeadline(t *testing.T) {
	addr, _ := peer(t, "0123456789")
	c := dial(t, addr, StallRead(4), StallWrite(2))
	buf := make([]byte, 10)
	if n, err := io.ReadFull(c, buf[:4]); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	c.SetDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := c.Write([]byte("abc")); n != 2 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: %d, %v", n, err)
	}
}

func TestStallEndsWithClose(t *testing.T) {
	addr, _ := peer(t, "0123456789")
	c := dial(t, addr, StallRead(0))
	done := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	c.Close()
	if err := <-done; err == nil {
		t.Error("read from a closed connection")
	}
}

func TestDrip(t *testing.T) {
	addr, _ := peer(t, "0123456789")
	c := dial(t, addr, Drip(3, time.Millisecond), CutRead(10))
	var sizes []string
	for {
		buf := make([]byte, 100)
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		if n > 3 {
			t.Errorf("%d bytes at once", n)
		}
		sizes = append(sizes, string(buf[:n]))
	}
	if s := strings.Join(sizes, ""); s != "0123456789" {
		t.Errorf("got %q", s)
	}
}

func TestHooks(t *testing.T) {
	addr, got := peer(t, "0123456789")
	var events []string
	c := dial(t, addr, OnRead(5, func() { events = append(events, "read") }),
		OnWrite("UID FETCH", func() { events = append(events, "fetch") }), CutOnWrite("LOGOUT"))
	if _, err := io.ReadFull(c, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"a UID F", "ETCH 1\r\n", "b UID FETCH 2\r\n"} {
		if _, err := c.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Write([]byte("c LOGOUT\r\n")); err == nil {
		t.Error("LOGOUT left")
	}
	if s := <-got; strings.Contains(s, "LOGOUT") || !strings.HasSuffix(s, "FETCH 2\r\n") {
		t.Errorf("the peer got %q", s)
	}
	if s := strings.Join(events, " "); s != "read fetch" {
		t.Errorf("events %q", s)
	}
}

func TestDialer(t *testing.T) {
	addr, _ := peer(t, "0123456789")
	refused := errors.New("refused")
	d := &Dialer{
		Faults: func(n int) []Option { return []Option{CutRead(int64(n))} },
		Refuse: func(n int) error {
			if n == 0 {
				return refused
			}
			return nil
		},
	}
	if _, err := d.Dial(context.Background(), "tcp", addr); err != refused {
		t.Errorf("first dial: %v", err)
	}
	for range 2 {
		c, err := d.Dial(context.Background(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		io.ReadAll(c)
	}
	if in, out := d.Bytes(); in != 3 || out != 0 || d.Dials() != 3 || len(d.Conns()) != 2 {
		t.Errorf("in %d out %d dials %d conns %d", in, out, d.Dials(), len(d.Conns()))
	}
}
