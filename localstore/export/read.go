package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Message is one that was found outside of a store.
type Message struct {
	Source string    // its file
	Offset int64     // where it begins there: not 0 only in an mbox
	Folder []string  // the folders that it is in, below what was named
	Flags  []string  // of IMAP
	Date   time.Time // of its arrival; zero: nobody knows
	Noted  Noted
	Other  bool // this is the message before once more, as it may have been as well

	exact func() (io.ReadCloser, error) // nil: nothing tells what it was
	sum   string                        // what the SHA-256 of that begins with, in hexadecimal
	plain func() (io.ReadCloser, error)
	other func() (io.ReadCloser, error) // nil: what plain gives is all that it can have been
}

// Noted is what the program that downloaded a message says of where it was on the
// server; zero where it does not.
type Noted struct{ UIDValidity, UID uint32 }

// Exact gives the bytes that an export says it wrote, and what their SHA-256 begins
// with, in hexadecimal; nil where no export says so. They count only if it agrees:
// another program may have changed the file since.
func (m Message) Exact() (open func() (io.ReadCloser, error), sum string) { return m.exact, m.sum }

// Open gives the bytes of a message as they lie there, without what an mbox adds.
func (m Message) Open() (io.ReadCloser, error) { return m.plain() }

// Place says where a message is, for people.
func (m Message) Place() string { return place(m.Source, m.Offset) }

func place(source string, offset int64) string {
	if offset > 0 {
		return fmt.Sprintf("%s, byte %d", source, offset)
	}
	return source
}

// Reader reads mail. What is no mail, or cannot be read, is told and passed over.
type Reader struct {
	Found func(Message) error
	// Bad is told what could not be read, and where. An error of it, or of Found, ends
	// the reading.
	Bad func(place string, err error) error
	// States are folders where mbsync and offlineimap keep what they know of UIDs.
	States []string
	// Downloaded: the mail is looked for on its server. A message is found twice where
	// a program wrote two alike.
	Downloaded bool

	ctx   context.Context
	root  string
	known map[string][]string // folders of an export of ours, by path
}

// errLink: following links may lead in circles, or to mail of somebody else.
var errLink = errors.New("a symbolic link is not followed; name what it leads to")

// Read reads a file or a folder with all that is in it: Maildirs of any kind, mboxes,
// single messages.
func (r *Reader) Read(ctx context.Context, path string) error {
	r.ctx, r.root = ctx, path
	fi, err := os.Stat(path)
	if err != nil {
		return r.bad(path, 0, err)
	}
	if !fi.IsDir() {
		return r.file(path, fi, nil, nil)
	}
	r.known = knownFolders(path)
	return r.folder(path, r.known["."])
}

// Stdin reads a message or an mbox from in, by way of a file of its own in temp.
func (r *Reader) Stdin(ctx context.Context, in io.Reader, temp string) error {
	r.ctx = ctx
	f, err := os.CreateTemp(temp, "mailstow-import-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fi, err := os.Stat(f.Name())
	if err != nil {
		return err
	}
	return r.named(f.Name(), "standard input", fi, nil, nil)
}

func (r *Reader) bad(source string, offset int64, err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return r.Bad(place(source, offset), err)
}

// knownFolders are those that an export of ours noted.
func knownFolders(dir string) map[string][]string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	s, err := readState(root)
	if err != nil {
		return nil
	}
	known := map[string][]string{}
	for _, p := range s.Folders {
		known[p.Path] = parts(p.Name, p.Delim)
	}
	return known
}

// folder reads a folder: a Maildir if it has a cur, and what is below it.
func (r *Reader) folder(dir string, names []string) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return r.bad(dir, 0, err)
	}
	is := func(name string) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.IsDir() && e.Name() == name })
	}
	isMaildir := is("cur") && is("new")
	if isMaildir {
		if err := r.maildir(dir, names); err != nil {
			return err
		}
	}
	index := readIndexed(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() && (isMaildir && maildirPart(e.Name()) || hidden(path)):
		case e.IsDir():
			err = r.folder(path, r.below(path, names, e.Name()))
		case e.Type()&fs.ModeSymlink != 0 && !aside(e.Name()):
			err = r.bad(path, 0, errLink)
		case e.Type().IsRegular() && !aside(e.Name()):
			err = r.entry(path, e, names, index)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hidden folders are those that begin with a dot, unless one is a Maildir.
func hidden(path string) bool {
	if !strings.HasPrefix(filepath.Base(path), ".") {
		return false
	}
	_, err := os.Stat(filepath.Join(path, "cur"))
	return err != nil
}

func maildirPart(name string) bool { return name == "cur" || name == "new" || name == "tmp" }

// below names the folder in another one: as the export noted it; .A.B of a Maildir++
// has two parts.
func (r *Reader) below(path string, above []string, name string) []string {
	if known, ok := r.known[r.relative(path)]; ok {
		return known
	}
	more := []string{name}
	if strings.HasPrefix(name, ".") {
		more = slices.DeleteFunc(strings.Split(name, "."), func(s string) bool { return s == "" })
	}
	return append(slices.Clip(above), more...)
}

func (r *Reader) relative(path string) string {
	rel, err := filepath.Rel(r.root, path)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// aside are files that mail programs keep beside the mail.
func aside(name string) bool {
	low := strings.ToLower(name)
	for _, end := range []string{".msf", ".imap", ".json", ".jsonl", ".lock", ".lockfile", ".db", ".sqlite", ".tmp", ".cmeta", ".index", ".log"} {
		if strings.HasSuffix(low, end) {
			return true
		}
	}
	return strings.HasPrefix(low, ".") || strings.HasPrefix(low, "dovecot") || strings.HasPrefix(low, "courier") ||
		low == "maildirfolder" || low == "subscriptions" || low == "maildirsize"
}

func (r *Reader) entry(path string, e os.DirEntry, names []string, index map[string]indexed) error {
	fi, err := e.Info()
	if err != nil {
		return r.bad(path, 0, err)
	}
	return r.file(path, fi, names, index)
}

func (r *Reader) file(path string, fi os.FileInfo, names []string, index map[string]indexed) error {
	return r.named(path, path, fi, names, index)
}

// named reads a file that may have another name for people.
func (r *Reader) named(path, source string, fi os.FileInfo, names []string, index map[string]indexed) error {
	head := make([]byte, len(fromLine))
	f, err := os.Open(path)
	if err != nil {
		return r.bad(source, 0, err)
	}
	n, err := io.ReadFull(f, head)
	f.Close()
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return r.bad(source, 0, err)
	case string(head[:n]) == fromLine && !exported(path, index):
		below := append(slices.Clip(names), mboxName(path)...)
		if known, ok := r.known[r.relative(path)]; ok {
			below = known
		}
		return r.mbox(path, source, below)
	case n == 0 && strings.HasSuffix(strings.ToLower(path), ".mbox"):
		return nil // an mbox of nothing
	}
	return r.single(path, source, fi, names, index[filepath.Base(path)])
}

// exported: an export of ours wrote the file, so that it is one message whatever it
// begins with.
func exported(path string, index map[string]indexed) bool {
	name := filepath.Base(path)
	_, ours := parseEML(name)
	return ours || index[name].SHA256 != ""
}

// mboxName is the folder that an mbox stands for; none if it is called a message.
func mboxName(path string) []string {
	name := filepath.Base(path)
	if strings.EqualFold(filepath.Ext(name), ".eml") {
		return nil
	}
	return []string{strings.TrimSuffix(name, ".mbox")}
}

// single is a file that is a message.
func (r *Reader) single(path, source string, fi os.FileInfo, names []string, i indexed) error {
	m := Message{Source: source, Folder: names, Flags: i.Flags, plain: opener(path)}
	if i.SHA256 != "" {
		m.exact, m.sum = m.plain, i.SHA256
		m.Date, _ = time.Parse(time.RFC3339, i.Date)
	}
	if k, ok := parseEML(filepath.Base(path)); ok && m.exact == nil {
		m.exact, m.sum = m.plain, k.sumText()
		m.Date = fi.ModTime()
	}
	return r.Found(m)
}

func opener(path string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return os.Open(path) }
}
