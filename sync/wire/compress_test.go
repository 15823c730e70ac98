package wire

import (
	"errors"
	"net"
	"testing"
	"time"
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
