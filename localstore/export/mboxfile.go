package export

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mailstow/localstore"
)

// An mbox in the form mboxrd: lines that begin with any number of > and "From " get
// one > more, so that taking one away gives back what was there. Before the header of
// a message stand lines that readers know, and one of ours that says what the message
// was to the octet: not even whether it ended with a line feed is lost.
//
//	From SENDER DATE                    UTC, as asctime writes it
//	X-Mailstow: SIZE SHA256 DATE        RFC 3339
//	Status: RO                          R seen, O old
//	X-Status: AFTD                      answered, flagged, draft, deleted
//	X-Keywords: KEYWORD...
//	the message
//	an empty line

const (
	fromLine   = "From "
	markField  = "X-Mailstow: "
	asctime    = "Mon Jan _2 15:04:05 2006"
	statusLine = "Status: "
	xStatus    = "X-Status: "
	xKeywords  = "X-Keywords: "
)

// statusLetters are the flags that X-Status has.
var statusLetters = []struct {
	letter byte
	flag   string
}{{'A', `\Answered`}, {'F', `\Flagged`}, {'T', `\Draft`}, {'D', `\Deleted`}}

// preamble is what stands before a message.
func preamble(m localstore.Mail) string {
	var b strings.Builder
	date := m.InternalDate
	if date.IsZero() {
		date = time.Unix(0, 0)
	}
	fmt.Fprintf(&b, "%s%s %s\n", fromLine, envelopeSender(m.From), date.UTC().Format(asctime))
	fmt.Fprintf(&b, "%s%d %s", markField, m.Size, m.SHA256)
	if !m.InternalDate.IsZero() {
		b.WriteString(" " + m.InternalDate.Format(time.RFC3339))
	}
	status, letters, keywords := mboxFlags(m.Flags)
	fmt.Fprintf(&b, "\n%s%s\n", statusLine, status)
	if letters != "" {
		fmt.Fprintf(&b, "%s%s\n", xStatus, letters)
	}
	if keywords != "" {
		fmt.Fprintf(&b, "%s%s\n", xKeywords, keywords)
	}
	return b.String()
}

func mboxFlags(flags string) (status, letters, keywords string) {
	status = "O"
	var words []string
	for _, f := range strings.Fields(flags) {
		i := slices.IndexFunc(statusLetters, func(l struct {
			letter byte
			flag   string
		}) bool {
			return strings.EqualFold(l.flag, f)
		})
		switch {
		case strings.EqualFold(f, `\Seen`):
			status = "RO"
		case i >= 0:
			letters += string(statusLetters[i].letter)
		default:
			words = append(words, f)
		}
	}
	return status, letters, strings.Join(words, " ")
}

// envelopeSender is the address of a sender, if it can stand in a From line.
func envelopeSender(from string) string {
	if at := strings.LastIndexByte(from, '<'); at >= 0 {
		from, _, _ = strings.Cut(from[at+1:], ">")
	}
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if from == "" || len(from) > 200 || strings.ContainsFunc(from, odd) {
		return "MAILER-DAEMON"
	}
	return from
}

// fromLines passes bytes on and changes the lines in them that begin with any number
// of > and "From ": with add they get one > more, else one less. One undoes the other.
type fromLines struct {
	w     io.Writer
	add   bool
	loose bool // "From" counts without the space, as imap-backup has it
	mid   bool // in a line that is passed on as it is
	gt    int  // how many > the line begins with so far
	from  int  // how many bytes of "From " follow them
	last  byte
}

func (q *fromLines) word() string {
	if q.loose {
		return strings.TrimSpace(fromLine)
	}
	return fromLine
}

func (q *fromLines) Write(p []byte) (int, error) {
	n := len(p)
	if n > 0 {
		q.last = p[n-1]
	}
	for len(p) > 0 {
		if !q.mid {
			used, err := q.begin(p)
			if err != nil {
				return 0, err
			}
			p = p[used:]
			continue
		}
		end := plain(p)
		if _, err := q.w.Write(p[:end]); err != nil {
			return 0, err
		}
		q.mid = p[end-1] != '\n'
		p = p[end:]
	}
	return n, nil
}

// plain is how much of p ends before a line that may begin with > or From.
func plain(p []byte) (end int) {
	for {
		next := bytes.IndexByte(p[end:], '\n') + 1
		if next == 0 {
			return len(p)
		}
		end += next
		if end == len(p) || p[end] == '>' || p[end] == fromLine[0] {
			return end
		}
	}
}

// begin looks at the beginning of a line, and tells how much of p belongs to it.
func (q *fromLines) begin(p []byte) (int, error) {
	word := q.word()
	for i, c := range p {
		switch {
		case c == '>' && q.from == 0:
			q.gt++
		case c == word[q.from]:
			q.from++
		default:
			return i, q.settle()
		}
		if q.from == len(word) {
			return i + 1, q.settle()
		}
	}
	return len(p), nil
}

// settle passes the beginning of a line on.
func (q *fromLines) settle() error {
	gt := q.gt
	switch {
	case q.from < len(q.word()):
	case q.add:
		gt++
	case gt > 0:
		gt--
	}
	line := append(bytes.Repeat([]byte{'>'}, gt), fromLine[:q.from]...)
	q.gt, q.from, q.mid = 0, 0, true
	_, err := q.w.Write(line)
	return err
}

// end passes on what it was not sure about.
func (q *fromLines) end() error {
	if q.mid || q.gt+q.from == 0 {
		return nil
	}
	return q.settle()
}
