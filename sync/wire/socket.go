package wire

import (
	"net"
	"sync/atomic"
	"time"
)

// writeChunk is how much is written under one deadline: a slow uplink that keeps
// taking bytes is not silent.
const writeChunk = 32 << 10

// Socket is the bottom of the stack, below TLS: it counts octets and keeps a
// rolling deadline, renewed by every Read and Write. Deadlines set from above
// are ignored, because imapclient and crypto/tls set absolute ones that cut off
// slow links and leave silence unbounded.
type Socket struct {
	net.Conn
	timeout time.Duration
	in, out atomic.Int64
	waited  atomic.Int64 // nanoseconds spent in Read
}

// NewSocket guards nc; timeout is the longest silence.
func NewSocket(nc net.Conn, timeout time.Duration) *Socket {
	return &Socket{Conn: nc, timeout: timeout}
}

// Bytes returns the octets read and written so far.
func (s *Socket) Bytes() (in, out int64) { return s.in.Load(), s.out.Load() }

func (s *Socket) Read(p []byte) (int, error) {
	start := time.Now()
	if err := s.Conn.SetReadDeadline(start.Add(s.timeout)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Read(p)
	s.waited.Add(int64(time.Since(start)))
	s.in.Add(int64(n))
	return n, silence(err, s.timeout)
}

func (s *Socket) Write(p []byte) (int, error) {
	total := 0
	for {
		part := p[total:min(len(p), total+writeChunk)]
		if err := s.Conn.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
			return total, err
		}
		n, err := s.Conn.Write(part)
		total += n
		s.out.Add(int64(n))
		if err != nil {
			return total, silence(err, s.timeout)
		}
		if total == len(p) {
			return total, nil
		}
	}
}

// SetDeadline does nothing: only silence trips.
func (s *Socket) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing: only silence trips.
func (s *Socket) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: only silence trips.
func (s *Socket) SetWriteDeadline(time.Time) error { return nil }
