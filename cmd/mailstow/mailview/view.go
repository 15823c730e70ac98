package mailview

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // all charsets
)

const (
	maxText  = 1 << 20 // bytes of one text part
	maxDepth = 32
	maxParts = 1000
)

// View is a message for people.
type View struct {
	Fields      []Field      `json:"fields"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments"`
	Notes       []string     `json:"notes,omitempty"` // what could not be shown as meant
}

// Field is one decoded header field.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Attachment is a part that is not text to read.
type Attachment struct {
	Name string `json:"name"` // as the message calls it, may be empty
	Type string `json:"type"`
	Size int64  `json:"size"` // decoded
}

// Sink takes the content of an attachment. It need not read to the end.
type Sink func(a Attachment, content io.Reader) error

// Read reads a message. sink may be nil. The error is the sink's or the
// reader's, never one about the form of the message.
func Read(r io.Reader, sink Sink) (*View, error) {
	source := &watched{r: r}
	w := &walker{sink: sink, view: &View{Attachments: []Attachment{}}}
	err := w.message(lenient(source))
	if w.failed != nil {
		return w.view, w.failed
	}
	if source.err != nil {
		return w.view, source.err
	}
	w.decodable(err)
	// What follows the last part is read too: the end is where the store tells
	// whether the bytes were whole.
	_, err = io.Copy(io.Discard, source)
	return w.view, err
}

// watched remembers a failure to read, which must not pass for bad MIME.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

type walker struct {
	view   *View
	sink   Sink
	parts  int
	failed error
}

func (w *walker) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(w.view.Notes, text) {
		w.view.Notes = append(w.view.Notes, text)
	}
}

// message reads the whole message. The parsers run on whatever the network
// sent: a panic in one of them must not cost the view.
func (w *walker) message(r io.Reader) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the message broke its parser: %v", p)
		}
	}()
	e, err := message.Read(r)
	if e == nil {
		return err
	}
	w.view.Fields = fields(e.Header)
	w.decodable(err)
	text, err := w.part(e, 0)
	w.view.Text = text.best()
	return err
}

func (w *walker) decodable(err error) {
	switch {
	case err == nil:
	case errors.Is(err, io.ErrUnexpectedEOF):
		w.note("the last part has no end: the message was cut, or its sender left the final boundary out")
	default:
		w.note("%s", strings.TrimSpace(err.Error()))
	}
}

// texts are the readable forms of one part.
type texts struct{ plain, html string }

func (t texts) best() string {
	if strings.TrimSpace(t.plain) != "" || t.html == "" {
		return t.plain
	}
	return htmlText(t.html)
}

func (w *walker) part(e *message.Entity, depth int) (texts, error) {
	if w.parts++; w.parts > maxParts || depth > maxDepth {
		return texts{}, errors.New("too many or too deeply nested parts; the rest is not shown")
	}
	kind, parameters := contentType(e.Header)
	if mr := e.MultipartReader(); mr != nil && parameters["boundary"] != "" {
		return w.multipart(mr, kind, depth)
	}
	if strings.HasPrefix(kind, "multipart/") {
		kind = "text/plain" // no boundary: what there is can only be read as it stands
	}
	disposition, params, _ := e.Header.ContentDisposition()
	if strings.EqualFold(disposition, "attachment") || params["filename"] != "" || !readable(kind) {
		return texts{}, w.attachment(e, kind)
	}
	text, err := readText(e.Body)
	if kind == "text/html" {
		return texts{html: text}, err
	}
	return texts{plain: text}, err
}

func readable(kind string) bool { return kind == "" || kind == "text/plain" || kind == "text/html" }

// multipart joins the texts of the parts; those of multipart/alternative say
// the same, and the plain one is preferred (RFC 2046 section 5.1.4).
func (w *walker) multipart(mr message.MultipartReader, kind string, depth int) (texts, error) {
	alternative := kind == "multipart/alternative"
	var all texts
	for {
		part, err := mr.NextPart()
		if err == io.EOF {
			return all, nil
		}
		if part == nil {
			return all, err
		}
		w.decodable(err)
		t, err := w.part(part, depth+1)
		if alternative {
			all = texts{plain: join(all.plain, t.plain), html: join(all.html, t.html)}
		} else {
			all.plain = join(all.best(), t.best())
			all.html = ""
		}
		if err != nil {
			return all, err
		}
	}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return strings.TrimRight(a, "\r\n") + "\n\n" + b
}

func (w *walker) attachment(e *message.Entity, kind string) error {
	a := Attachment{Name: attachmentName(e.Header), Type: kind}
	count := &counter{r: e.Body}
	if w.sink != nil {
		if err := w.sink(a, count); err != nil {
			w.failed = err
			return err
		}
	}
	_, err := io.Copy(io.Discard, count)
	a.Size = count.n
	w.view.Attachments = append(w.view.Attachments, a)
	return err
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
