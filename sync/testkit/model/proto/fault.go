package proto

import (
	"bufio"
	"bytes"
	"io"

	"mailstow/sync/testkit/model"
)

// Fault is what happens instead of an answer, or before it.
type Fault struct {
	// First is done to the account before the command is carried out: somebody else is
	// quicker.
	First func(*model.Account)
	// Ahead is sent ahead of the answer.
	Ahead string
	// Says is sent instead of carrying it out, with the tag where there is a %s.
	Says string
	// At is how many responses of the answer leave before all of this but First; where it
	// is not 0 the command is carried out.
	At int
	// Stall says nothing any more, until the client goes.
	Stall bool
	// Cut ends the connection instead of carrying it out, Lost behind it: nobody hears
	// the answer.
	Cut, Lost bool
	// Late ends the connection, and carries the command out when so many others have
	// been, of other connections: the server was still at it.
	Late int
}

// delayed is what is carried out late.
type delayed struct {
	in int // commands
	do func()
}

// ripen carries out what is due.
func (s *Server) ripen() {
	for i := range s.delayed {
		if s.delayed[i].in--; s.delayed[i].in == 0 {
			s.delayed[i].do()
		}
	}
}

// waits are commands whose answer is a talk.
var waits = map[string]bool{"AUTHENTICATE": true, "IDLE": true, "STARTTLS": true, "COMPRESS": true}

// happens carries out what of a fault comes before the command; true: nothing else
// shall happen.
func (s *session) happens(f Fault, c command) (instead bool) {
	if f.First != nil {
		f.First(s.srv.account)
	}
	if f.At > 0 && !waits[c.name] {
		s.partly(f, c)
		return true
	}
	s.printf("%s", f.Ahead)
	switch {
	case f.Stall:
		s.stalled = true
		return true
	case f.Late > 0:
		alone := session{srv: s.srv, user: s.user, enabled: s.enabled, w: bufio.NewWriter(io.Discard)}
		s.srv.delayed = append(s.srv.delayed, delayed{f.Late, func() { alone.reply(c) }})
		s.over, s.cut = true, true
		return true
	case f.Cut:
		s.over, s.cut = true, true
		return true
	case f.Says != "":
		s.printf(f.Says+"\r\n", c.tag)
		s.over = s.over || f.Lost
		return true
	}
	s.over, s.cut = s.over || f.Lost, f.Lost
	return false
}

// partly carries a command out, and lets a fault happen within its answer.
func (s *session) partly(f Fault, c command) {
	whole, out := &bytes.Buffer{}, s.w
	s.w = bufio.NewWriter(whole)
	s.reply(c)
	s.w.Flush()
	s.w = out
	first, rest := cutAt(whole.Bytes(), f.At)
	s.w.Write(first)
	s.printf("%s", f.Ahead)
	switch {
	case f.Says != "":
		s.printf(f.Says+"\r\n", c.tag)
	case !f.Cut && !f.Lost && !f.Stall:
		s.w.Write(rest)
	}
	s.over = s.over || f.Cut || f.Lost
	s.stalled = f.Stall
}

// cutAt divides an answer behind its n-th response. Literals belong to theirs.
func cutAt(answer []byte, n int) (first, rest []byte) {
	at := 0
	for ; n > 0 && at < len(answer); n-- {
		for {
			end := bytes.IndexByte(answer[at:], '\n')
			line := bytes.TrimRight(answer[at:at+end], "\r")
			at += end + 1
			size, _, place := announced(line)
			if place < 0 {
				break
			}
			at += size
		}
	}
	return answer[:at], answer[at:]
}
