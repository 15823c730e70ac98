package proto

import "strings"

// idle tells news as they come, until the client is DONE (RFC 2177). Meanwhile other
// sessions go on.
func (s *session) idle(c command) string {
	if len(c.args) > 0 {
		return misunderstood
	}
	s.printf("+ waiting\r\n")
	done := make(chan string, 1)
	go func() {
		line, err := readLine(s.r)
		if err != nil {
			line = nil
		}
		done <- strings.ToUpper(string(line))
	}()
	s.srv.idlers++
	defer func() { s.srv.idlers-- }()
	for {
		if s.view != nil && s.view.Stale() {
			s.printf("* BYE the mailbox is not what it was\r\n")
			s.flush()
			s.conn.Close()
		}
		s.news("IDLE")
		if line, ended := s.await(done); ended {
			return s.waited(line)
		}
	}
}

func (s *session) waited(line string) string {
	switch line {
	case "DONE":
		return "OK done"
	case "":
		s.over, s.cut = true, true
	}
	return misunderstood
}

// await lets others work until something happens.
func (s *session) await(done <-chan string) (line string, ended bool) {
	stirred := s.srv.stirred
	s.srv.mu.Unlock()
	defer s.srv.mu.Lock()
	s.flush()
	select {
	case line = <-done:
		return line, true
	case <-stirred:
		return "", false
	}
}
