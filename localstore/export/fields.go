package export

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
)

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
