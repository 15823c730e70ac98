package wire

import "time"

// meter measures how fast literals arrive: the octets that came through the
// socket while one was being read, and the time spent waiting for them there.
type meter struct {
	sock   *Socket // nil in tests of the reader alone
	octets int64
	waited time.Duration
}

// start begins a measurement if the next read will go to the socket.
func (m *meter) start(toSocket bool) (before [2]int64) {
	if m.sock == nil || !toSocket {
		return [2]int64{-1}
	}
	return [2]int64{m.sock.in.Load(), m.sock.waited.Load()}
}

func (m *meter) stop(before [2]int64) {
	if before[0] >= 0 {
		m.octets += m.sock.in.Load() - before[0]
		m.waited += time.Duration(m.sock.waited.Load() - before[1])
	}
}

// slow reports whether literals came at less than slowLink.
func (m *meter) slow() bool { return float64(m.octets) < slowLink*m.waited.Seconds() }
