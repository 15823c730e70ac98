package export

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"mailstow/localstore"
)

// A message is DATE-TIME SUBJECT.HASH.eml, in UTC, so that names sort by arrival. The
// name begins the same way as long as the message is the same; only HASH counts. Flags
// are in the index of the folder, a JSON object a line, which is written last.

const (
	emlDate   = "20060102-150405"
	emlTemp   = "mailstow-message.tmp"
	indexTemp = indexFile + ".tmp"
)

// indexed is a line of the index.
type indexed struct {
	File   string   `json:"file"`
	Date   string   `json:"internal_date,omitempty"`
	Flags  []string `json:"flags"`
	Size   int64    `json:"size"`
	SHA256 string   `json:"sha256"`
}

func (k key) eml(m localstore.Mail) string {
	name := ""
	if !m.InternalDate.IsZero() {
		name = m.InternalDate.UTC().Format(emlDate) + " "
	}
	return name + slug(m.Subject) + "." + k.hash() + ".eml"
}

// parseEML finds the key in a name, without its date.
func parseEML(name string) (k key, ok bool) {
	name, ok = strings.CutSuffix(name, ".eml")
	at := strings.LastIndexByte(name, '.')
	return k, ok && at >= 0 && k.readHash(name[at+1:])
}

// slug is what of a subject can stand in any file name.
func slug(subject string) string {
	const most = 60
	var b strings.Builder
	for _, r := range subject {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			r = '-'
		}
		if r == '-' && strings.HasSuffix(b.String(), "-") {
			continue
		}
		if b.Len()+len(string(r)) > most {
			break
		}
		b.WriteRune(r)
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "message"
}

type emlFolder struct {
	*exporter
	d     *folder
	path  string
	there map[key]string // by key without date
	seen  map[key]int
	lines strings.Builder
	old   map[string]string // lines of the index, by file
}

func (x *exporter) eml(f Folder, p *placed) error {
	d, err := x.openDir(p.Path)
	if err != nil {
		return err
	}
	if d != nil {
		defer d.Close()
	}
	e := &emlFolder{exporter: x, d: d, path: p.Path, seen: map[key]int{}}
	if err := e.scan(); err != nil {
		return err
	}
	if err := x.mails(f, e.mail); err != nil {
		return err
	}
	if err := e.rest(); err != nil || x.o.DryRun {
		return err
	}
	return replace(d, indexFile, indexTemp, []byte(e.lines.String()))
}

func (e *emlFolder) scan() error {
	e.there, e.old = map[key]string{}, map[string]string{}
	entries, err := names(e.d, ".")
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if e.old, err = readIndex(e.d); err != nil {
			return err
		}
	}
	for _, x := range entries {
		if k, ok := parseEML(x.Name()); ok && x.Type().IsRegular() {
			e.there[k] = x.Name()
		}
		if x.Name() == emlTemp && !e.o.DryRun {
			if err := e.d.Remove(emlTemp); err != nil {
				return err
			}
		}
	}
	return nil
}

// readIndex gives the lines of an index by the files they are about. One that
// somebody else wrote into it is none.
func readIndex(d *folder) (map[string]string, error) {
	text, err := d.ReadFile(indexFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var i indexed
		if json.Unmarshal([]byte(line), &i) == nil {
			lines[i.File] = line
		}
	}
	return lines, err
}

// mail makes a message be there. Equal bytes with another date are another file.
func (e *emlFolder) mail(m localstore.Mail) error {
	undated := m
	undated.InternalDate = time.Unix(0, 0)
	k, err := keyOf(undated, e.seen)
	if err != nil {
		return err
	}
	k.date = 0
	name := k.eml(m)
	if err := e.index(name, m); err != nil {
		return err
	}
	old, ok := e.there[k]
	delete(e.there, k)
	if ok {
		fi, err := e.d.Lstat(old)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !whole(fi, m) || fi.ModTime().Unix() != m.InternalDate.Unix() && !m.InternalDate.IsZero():
		case old == name:
			e.res.Same++
			return nil
		}
		if old != name {
			if err := e.remove(e.d, old, e.path+"/"+old); err != nil {
				return err
			}
		}
	}
	return e.put(e.d, emlTemp, name, e.path+"/"+name, m)
}

func (e *emlFolder) index(name string, m localstore.Mail) error {
	i := indexed{File: name, Flags: strings.Fields(m.Flags), Size: m.Size, SHA256: m.SHA256}
	if !m.InternalDate.IsZero() {
		i.Date = m.InternalDate.Format(time.RFC3339)
	}
	line, err := json.Marshal(i)
	e.lines.Write(append(line, '\n'))
	return err
}

// rest removes what is of no message any more, or keeps what is known of it.
func (e *emlFolder) rest() error {
	for _, name := range slices.Sorted(maps.Values(e.there)) {
		if !e.o.Remove {
			e.lines.WriteString(e.old[name])
			continue
		}
		if err := e.remove(e.d, name, e.path+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) emlGone(d *folder, p *placed) error {
	e := &emlFolder{exporter: x, d: d, path: p.Path}
	if err := e.scan(); err != nil {
		return err
	}
	if err := e.rest(); err != nil || x.o.DryRun {
		return err
	}
	if err := d.Remove(indexFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	x.t.prune(p.Path)
	return nil
}
