package export

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxLine is how much of a line counts when a From line is looked for.
const maxLine = 4096

// mbox reads the messages of an mbox in any of its forms: one begins with a line
// "From ", behind an empty line, in which there is a time of day or nothing.
func (r *Reader) mbox(path, source string, names []string) error {
	f, err := os.Open(path)
	if err != nil {
		return r.bad(source, 0, err)
	}
	defer f.Close()
	backup, err := readBackup(path)
	if err != nil {
		if err := r.bad(strings.TrimSuffix(source, ".mbox")+".imap", 0, err); err != nil {
			return err
		}
	}
	if backup != nil {
		names = backupNames(names)
	}
	s := &mboxScan{in: bufio.NewReaderSize(f, 256<<10), blank: true, backup: backup != nil}
	for i := 0; ; i++ {
		part, err := s.next()
		if err != nil {
			return r.bad(source, s.at, err)
		}
		if part.end == 0 {
			return nil
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		m, err := part.message(path)
		if err != nil {
			if err := r.bad(source, part.from, err); err != nil {
				return err
			}
			continue
		}
		m.Source, m.Offset, m.Folder = source, part.from, names
		noted, flags := backup.of(part.from, i)
		m.Noted, m.Flags = noted, append(m.Flags, flags...)
		if err := r.Found(m); err != nil {
			return err
		}
		if m.other == nil || !r.Downloaded {
			continue
		}
		m.plain, m.Other = m.other, true
		if err := r.Found(m); err != nil {
			return err
		}
	}
}

// mboxPart is where one message is in a file: from its From line, its text from start
// up to end, the empty line behind it included.
type mboxPart struct {
	from, start, end int64
	line             string
	backup           bool // imap-backup wrote it
	blanks           int  // empty lines
	cr               bool // there is a CR in it
}

// mboxScan finds the parts of an mbox.
type mboxScan struct {
	in     *bufio.Reader
	at     int64 // read so far
	blank  bool  // the line before was empty
	cr     bool  // it has a CR
	backup bool  // imap-backup wrote it
	open   mboxPart
	begun  bool
	ended  bool
}

// next gives the next part; its end is 0 when there is none.
func (s *mboxScan) next() (mboxPart, error) {
	for !s.ended {
		at := s.at
		line, err := s.line()
		if err != nil && err != io.EOF {
			return mboxPart{}, err
		}
		s.ended = err == io.EOF
		begins := s.blank && (isSeparator(line) || s.backup && bytes.HasPrefix(line, []byte(fromLine)))
		s.blank = len(bytes.TrimRight(line, "\r\n")) == 0
		if !begins {
			s.open.cr = s.open.cr || s.cr
			if s.blank && len(line) > 0 {
				s.open.blanks++
			}
			continue
		}
		done := s.open
		done.end = at
		s.open = mboxPart{from: at, start: s.at, line: string(line), backup: s.backup}
		if s.begun {
			return done, nil
		}
		s.begun = true
	}
	if !s.begun {
		return mboxPart{}, nil
	}
	s.begun = false
	done := s.open
	done.end = s.at
	return done, nil
}

// line reads a line and gives its beginning.
func (s *mboxScan) line() ([]byte, error) {
	var head []byte
	s.cr = false
	for {
		piece, err := s.in.ReadSlice('\n')
		s.at += int64(len(piece))
		s.cr = s.cr || bytes.IndexByte(piece, '\r') >= 0
		if head == nil {
			head = append(make([]byte, 0, 80), piece[:min(len(piece), maxLine)]...)
		}
		if err != bufio.ErrBufferFull {
			return head, err
		}
	}
}

func isSeparator(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte(fromLine))
	rest = bytes.TrimRight(rest, "\r\n ")
	return ok && (len(rest) == 0 || hasTime(rest))
}

// hasTime looks for 23:59.
func hasTime(b []byte) bool {
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	for i := 2; i+2 < len(b); i++ {
		if b[i] == ':' && digit(b[i-2]) && digit(b[i-1]) && digit(b[i+1]) && digit(b[i+2]) {
			return true
		}
	}
	return false
}

// maxHead is how much of a header is searched for the fields that an mbox adds.
const maxHead = 1 << 20

// message looks at the head of a part.
func (p mboxPart) message(path string) (Message, error) {
	if p.backup {
		return p.ofBackup(path)
	}
	m := Message{Date: fromDate(p.line)}
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(io.NewSectionReader(f, p.start, min(p.end-p.start, maxHead)), 8<<10)
	own := readMark(in, &m)
	if own.size >= 0 {
		m.sum = own.sum
		m.exact = func() (io.ReadCloser, error) { return p.openExact(path, own) }
		m.plain = func() (io.ReadCloser, error) { return p.openPlain(path, own.head) }
		m.Flags = append(m.Flags, own.flags...)
		return m, nil
	}
	m.plain = func() (io.ReadCloser, error) { return p.openPlain(path, 0) }
	m.Flags, err = p.fields(path)
	return m, err
}

// mark is what our own lines before a message say.
type mark struct {
	size  int64 // of the message; -1: there are none
	sum   string
	head  int64 // how long they are
	flags []string
}

// readMark reads the lines that preamble wrote.
func readMark(in *bufio.Reader, m *Message) mark {
	k := mark{size: -1}
	line, err := in.ReadString('\n')
	value, ok := strings.CutPrefix(line, markField)
	words := strings.Fields(value)
	if err != nil || !ok || len(words) < 2 || len(words[1]) != 64 {
		return k
	}
	size, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil || size < 0 {
		return k
	}
	k.size, k.sum, k.head = size, words[1], int64(len(line))
	if len(words) > 2 {
		if at, err := time.Parse(time.RFC3339, words[2]); err == nil {
			m.Date = at
		}
	} else {
		m.Date = time.Time{}
	}
	for _, field := range []string{statusLine, xStatus, xKeywords} {
		next, _ := in.Peek(len(field))
		if string(next) != field {
			continue
		}
		line, _ := in.ReadString('\n')
		k.head += int64(len(line))
		k.flags = append(k.flags, statusFlags(line)...)
	}
	return k
}

// fromDate reads the date of a From line, which is UTC unless it says otherwise.
func fromDate(line string) time.Time {
	words := strings.Fields(line)
	for at := range words {
		text := strings.Join(words[at:], " ")
		for _, layout := range []string{"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 2006 -0700", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04 2006", "Mon Jan 2 15:04:05 MST 2006", time.RFC3339} {
			if t, err := time.Parse(layout, text); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}
