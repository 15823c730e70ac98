package proto

import (
	"bytes"

	"mailstow/sync/testkit/model"
)

// body is a part of a message (RFC 9051 section 6.4.5).
func (s *session) body(m *model.Message, p part) {
	data, head := m.Body, len(m.Body)
	if i := bytes.Index(data, []byte("\r\n\r\n")); i >= 0 {
		head = i + 4
	}
	switch p.section {
	case "HEADER":
		data = data[:head]
	case "TEXT":
		data = data[head:]
	}
	s.printf("BODY[%s]", p.section)
	if p.piece {
		data = data[min(p.from, len(data)):]
		data = data[:min(p.at, len(data))]
		s.printf("<%d>", p.from)
	}
	s.printf(" {%d}\r\n", len(data))
	s.w.Write(data)
}
