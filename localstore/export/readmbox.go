package export

import (
	"bufio"
	"bytes"
	"errors"
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
	s := &mboxScan{in: bufio.NewReaderSize(f, 256<<10), blank: true}
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
	}
}

// mboxPart is where one message is in a file: from its From line, its text from start
// up to end, the empty line behind it included.
type mboxPart struct {
	from, start, end int64
	line             string
}

// mboxScan finds the parts of an mbox.
type mboxScan struct {
	in    *bufio.Reader
	at    int64 // read so far
	blank bool  // the line before was empty
	open  mboxPart
	begun bool
	ended bool
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
		begins := s.blank && isSeparator(line)
		s.blank = len(bytes.TrimRight(line, "\r\n")) == 0
		if !begins {
			continue
		}
		done := s.open
		done.end = at
		s.open = mboxPart{from: at, start: s.at, line: string(line)}
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
	for {
		piece, err := s.in.ReadSlice('\n')
		s.at += int64(len(piece))
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

// openExact gives the bytes that were exported.
func (p mboxPart) openExact(path string, k mark) (io.ReadCloser, error) {
	r, err := p.unquoted(path, k.head)
	if err != nil {
		return nil, err
	}
	return limited{io.LimitReader(r, k.size), r}, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// unquoted reads a part from skip on, and takes the > away.
func (p mboxPart) unquoted(path string, skip int64) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return limited{&unquoter{in: io.NewSectionReader(f, p.start+skip, p.end-p.start-skip)}, f}, nil
}

// unquoter is fromLines for a reader.
type unquoter struct {
	in  io.Reader
	q   *fromLines
	out bytes.Buffer
	buf []byte
	err error
}

func (u *unquoter) Read(p []byte) (int, error) {
	if u.q == nil {
		u.q, u.buf = &fromLines{w: &u.out}, make([]byte, 64<<10)
	}
	for u.out.Len() == 0 {
		if u.err != nil {
			return 0, u.err
		}
		var n int
		n, u.err = u.in.Read(u.buf)
		u.q.Write(u.buf[:n]) // a buffer takes everything
		if u.err != nil {
			u.q.end()
		}
	}
	return u.out.Read(p)
}

// openPlain gives a message without the fields that an mbox adds to its header and
// without the empty line behind it.
func (p mboxPart) openPlain(path string, skip int64) (io.ReadCloser, error) {
	part := p
	tail, err := p.tail(path)
	if err != nil {
		return nil, err
	}
	part.end -= tail
	r, err := part.unquoted(path, skip)
	if err != nil {
		return nil, err
	}
	return limited{&fieldFilter{in: bufio.NewReaderSize(r, 64<<10)}, r}, nil
}

// tail is how long the empty line at the end is.
func (p mboxPart) tail(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	end := make([]byte, min(4, p.end-p.start))
	if _, err := f.ReadAt(end, p.end-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	switch {
	case bytes.HasSuffix(end, []byte("\n\r\n")):
		return 2, nil
	case bytes.HasSuffix(end, []byte("\n\n")):
		return 1, nil
	}
	return 0, nil
}

// added are the fields that programs write into an mbox.
var added = []string{"status", "x-status", "x-keywords", "x-mailstow", "x-mozilla-status", "x-mozilla-status2", "x-mozilla-keys", "content-length", "x-uid", "x-imapbase"}

func isAdded(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return false
	}
	low := strings.ToLower(string(bytes.TrimSpace(name)))
	for _, a := range added {
		if low == a {
			return true
		}
	}
	return false
}

// fieldFilter leaves out the fields of a header that an mbox added, with the lines
// that continue them.
type fieldFilter struct {
	in   *bufio.Reader
	line []byte
	skip bool // the field now is one of them
	body bool
	long bool // in the middle of a line longer than the buffer
}

func (f *fieldFilter) Read(p []byte) (int, error) {
	for len(f.line) == 0 {
		if f.body {
			return f.in.Read(p)
		}
		line, err := f.in.ReadSlice('\n')
		if len(line) == 0 && err != nil {
			return 0, err
		}
		if !f.long && line[0] != ' ' && line[0] != '\t' {
			f.skip = isAdded(line)
		}
		f.long = err == bufio.ErrBufferFull
		f.body = !f.long && len(bytes.TrimRight(line, "\r\n")) == 0
		if !f.skip {
			f.line = line
		}
	}
	n := copy(p, f.line)
	f.line = f.line[n:]
	return n, nil
}

// fields are the flags that the header of a part tells.
func (p mboxPart) fields(path string) (flags []string, err error) {
	r, err := p.unquoted(path, 0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	in := bufio.NewReader(io.LimitReader(r, maxHead))
	for {
		line, err := in.ReadSlice('\n')
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return flags, nil // the end of the header, or of the part
		}
		flags = append(flags, statusFlags(string(line))...)
		if err != nil && err != bufio.ErrBufferFull {
			return flags, nil
		}
	}
}

// mozilla are the bits of X-Mozilla-Status that are flags.
var mozilla = []struct {
	bit  uint64
	flag string
}{{1, `\Seen`}, {2, `\Answered`}, {4, `\Flagged`}, {8, `\Deleted`}, {0x1000, "$Forwarded"}}

// statusFlags are those that a field tells.
func statusFlags(line string) (flags []string) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "status":
		if strings.Contains(value, "R") {
			flags = append(flags, `\Seen`)
		}
	case "x-status":
		for _, l := range statusLetters {
			if strings.IndexByte(value, l.letter) >= 0 {
				flags = append(flags, l.flag)
			}
		}
	case "x-keywords", "x-mozilla-keys":
		flags = strings.Fields(value)
	case "x-mozilla-status":
		bits, _ := strconv.ParseUint(value, 16, 32)
		for _, b := range mozilla {
			if bits&b.bit != 0 {
				flags = append(flags, b.flag)
			}
		}
	}
	return flags
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
