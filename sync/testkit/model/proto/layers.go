package proto

import (
	"bufio"
	"compress/flate"
	"crypto/tls"
)

// startTLS goes on within TLS (RFC 3501 section 6.2.1). What was sent behind the
// command in plain sight is thrown away.
func (s *session) startTLS(c command) string {
	if s.srv.TLS == nil || s.secure || s.user || len(c.args) > 0 {
		return "BAD not now"
	}
	s.begin = func() {
		s.on(tls.Server(s.conn, s.srv.TLS))
		s.secure = true
	}
	return "OK begin"
}

// compress goes on compressed (RFC 4978), in both directions.
func (s *session) compress(c command) string {
	switch {
	case len(c.args) != 1 || !c.args[0].is("DEFLATE"):
		return misunderstood
	case s.squeeze != nil:
		return "NO [COMPRESSIONACTIVE] it is on"
	}
	s.begin = func() {
		s.r = bufio.NewReader(flate.NewReader(s.r))
		s.squeeze, _ = flate.NewWriter(s.conn, flate.DefaultCompression) // no other level fails
		s.w = bufio.NewWriterSize(s.squeeze, 32<<10)
	}
	return "OK begin"
}
