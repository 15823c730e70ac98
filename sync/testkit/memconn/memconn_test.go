package memconn

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// Both ends may write first, as with a socket.
func TestWritingNeverWaits(t *testing.T) {
	a, b := Pipe()
	big := make([]byte, 1<<20)
	for _, c := range []net.Conn{a, b} {
		if n, err := c.Write(big); n != len(big) || err != nil {
			t.Fatal(n, err)
		}
	}
	for _, c := range []net.Conn{b, a} {
		if n, err := io.ReadFull(c, make([]byte, len(big))); n != len(big) || err != nil {
			t.Fatal(n, err)
		}
	}
}

// What was written before the end is read before the end.
func TestEnd(t *testing.T) {
	a, b := Pipe()
	a.Write([]byte("last words"))
	a.Close()
	if text, err := io.ReadAll(b); string(text) != "last words" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("written to nobody: %v", err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read behind Close: %v", err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("written behind Close: %v", err)
	}
}

// Close ends a read that waits, at either end.
func TestCloseWakesReaders(t *testing.T) {
	a, b := Pipe()
	done := make(chan error, 2)
	for _, c := range []net.Conn{a, b} {
		go func() { _, err := c.Read(make([]byte, 1)); done <- err }()
	}
	a.Close()
	for range 2 {
		if err := <-done; err == nil {
			t.Error("something was read")
		}
	}
}

// A deadline that passes ends a read that waits, and another lets it go on.
func TestDeadline(t *testing.T) {
	a, b := Pipe()
	a.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	a.SetReadDeadline(time.Now().Add(time.Hour))
	b.Write([]byte("x"))
	if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Error(n, err)
	}
	a.SetReadDeadline(time.Time{})
	b.Close()
	if _, err := a.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
}
