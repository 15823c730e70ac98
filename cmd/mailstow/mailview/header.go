package mailview

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message"
)

// maxHeader bounds the header block that is looked at.
const maxHeader = 1 << 20

// lenient makes the header block one that go-message accepts: lines that are no
// field (a mbox "From ", a stray line) are left out. When no line of it is a
// field, the message has no header and everything is text.
func lenient(r io.Reader) io.Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	var block, kept bytes.Buffer
	inField := false
	for block.Len() < maxHeader {
		line, err := readLine(in)
		block.Write(line)
		if trimmed := bytes.TrimRight(line, "\r\n"); len(trimmed) == 0 {
			break
		} else if isField(trimmed) {
			inField = true
		} else if trimmed[0] != ' ' && trimmed[0] != '\t' {
			inField = false
		}
		if inField {
			kept.Write(bytes.TrimRight(line, "\r\n"))
			kept.WriteString("\r\n")
		}
		if err != nil {
			break
		}
	}
	if kept.Len() == 0 && len(bytes.TrimSpace(block.Bytes())) > 0 {
		return io.MultiReader(strings.NewReader("\r\n"), &block, in)
	}
	kept.WriteString("\r\n")
	return io.MultiReader(&kept, in)
}

// readLine reads a line, or what of it fits in half of maxHeader.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for len(line) < maxHeader/2 {
		piece, err := in.ReadSlice('\n')
		line = append(line, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
	return line, nil
}

// isField tells whether the line begins a header field (RFC 5322 section 2.2):
// printable characters other than blank and colon, then a colon.
func isField(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return found && len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// shown are the fields people look at, in this order.
var shown = []string{"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject", "Message-Id"}

func fields(h message.Header) []Field {
	all := []Field{}
	for _, name := range shown {
		for f := h.FieldsByKey(name); f.Next(); {
			value, err := f.Text()
			if err != nil {
				value = f.Value()
			}
			all = append(all, Field{name, utf8Text(value)})
		}
	}
	return all
}

// contentType reads Content-Type in lower case; of one that follows no syntax,
// the part before the first parameter.
func contentType(h message.Header) (string, map[string]string) {
	kind, params, err := h.ContentType()
	if err != nil {
		kind, _, _ = strings.Cut(h.Get("Content-Type"), ";")
		kind, _, _ = strings.Cut(strings.TrimSpace(kind), " ")
	}
	return strings.ToLower(strings.TrimSpace(kind)), params
}

// attachmentName is what the message calls the part (RFC 2183 section 2.3; the
// name parameter of Content-Type is older); a forwarded message goes by its
// subject.
func attachmentName(h message.Header) string {
	_, disposition, _ := h.ContentDisposition()
	_, kind, _ := h.ContentType()
	for _, name := range []string{disposition["filename"], kind["name"]} {
		if name == "" {
			continue
		}
		if decoded, err := decodeWord(name); err == nil {
			name = decoded
		}
		return utf8Text(name)
	}
	return ""
}

// decodeWord decodes encoded words, which RFC 2047 section 5 forbids in
// parameters and many mail programs put there.
func decodeWord(s string) (string, error) {
	var h message.Header
	h.Set("X", s)
	return h.Text("X")
}
