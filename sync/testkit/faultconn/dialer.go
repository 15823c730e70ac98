package faultconn

import (
	"context"
	"net"
	"sync"
)

// Dialer dials, TCP if nothing else is said, and wraps what it gets; its Dial fits remote.Config.Dial. It
// may be used by several goroutines.
type Dialer struct {
	// Base opens connections; nil: TCP.
	Base func(ctx context.Context, network, addr string) (net.Conn, error)
	// Faults says what befalls the n-th connection, counted from 0. nil: nothing.
	Faults func(n int) []Option
	// Refuse lets the n-th dial fail with this error where it is not nil.
	Refuse func(n int) error

	mu    sync.Mutex
	dials int
	conns []*Conn
}

// Dial opens the next connection.
func (d *Dialer) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.mu.Lock()
	n := d.dials
	d.dials++
	d.mu.Unlock()
	if d.Refuse != nil {
		if err := d.Refuse(n); err != nil {
			return nil, err
		}
	}
	base := d.Base
	if base == nil {
		base = new(net.Dialer).DialContext
	}
	conn, err := base(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	var opts []Option
	if d.Faults != nil {
		opts = d.Faults(n)
	}
	c := New(conn, opts...)
	d.mu.Lock()
	d.conns = append(d.conns, c)
	d.mu.Unlock()
	return c, nil
}

// Dials is how often Dial was called, refused dials included.
func (d *Dialer) Dials() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dials
}

// Bytes is what all connections have read and written so far.
func (d *Dialer) Bytes() (in, out int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		in += c.In()
		out += c.Out()
	}
	return in, out
}

// Conns are the connections opened so far, oldest first.
func (d *Dialer) Conns() []*Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*Conn(nil), d.conns...)
}
