package export

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func (k key) sumText() string { return hex.EncodeToString(k.sum[:]) }

// maildir reads the messages of one Maildir. What is in tmp was not delivered.
func (r *Reader) maildir(dir string, names []string) error {
	text, err := os.ReadFile(filepath.Join(dir, keywordsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r.bad(filepath.Join(dir, keywordsFile), 0, err)
	}
	keywords := parseKeywords(text)
	notes := r.notes(dir, names)
	for _, sub := range []string{"cur", "new"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			return r.bad(filepath.Join(dir, sub), 0, err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") || e.IsDir() {
				continue
			}
			m, err := delivered(filepath.Join(dir, sub, e.Name()), e, keywords)
			if err != nil {
				if err = r.bad(m.Source, 0, err); err != nil {
					return err
				}
				continue
			}
			m.Folder, m.Noted = names, notes.of(e.Name())
			if err := r.ctx.Err(); err != nil {
				return err
			}
			if err := r.Found(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// delivered is a message in a Maildir: its file's time is that of its arrival.
func delivered(path string, e os.DirEntry, keywords []string) (Message, error) {
	m := Message{Source: path, plain: opener(path)}
	fi, err := e.Info()
	switch {
	case err != nil:
		return m, err
	case e.Type()&fs.ModeSymlink != 0:
		return m, errLink
	case !e.Type().IsRegular():
		return m, errors.New("it is not a file")
	}
	m.Date, m.Flags = fi.ModTime(), infoFlags(e.Name(), keywords)
	if k, _, ok := parseMaildir(e.Name()); ok {
		m.exact, m.sum = m.plain, k.sumText()
	}
	return m, nil
}

// infoFlags are the flags behind the last separator of a name.
func infoFlags(name string, keywords []string) (flags []string) {
	at := strings.LastIndexAny(name, ":;!")
	if at < 0 || !strings.HasPrefix(name[at+1:], "2,") {
		return nil
	}
	for _, c := range name[at+3:] {
		i := slices.IndexFunc(letters, func(l struct{ letter, flag string }) bool { return l.letter == string(c) })
		switch n := int(c - 'a'); {
		case i >= 0:
			flags = append(flags, letters[i].flag)
		case n >= 0 && n < len(keywords) && keywords[n] != "" && !slices.Contains(flags, keywords[n]):
			flags = append(flags, keywords[n])
		}
	}
	return flags
}

// uidOf is the UID that mbsync and offlineimap put into a name, as ,U=NUMBER.
func uidOf(name string) uint32 {
	_, rest, ok := strings.Cut(name, ",U=")
	if !ok {
		return 0
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	uid, err := strconv.ParseUint(rest, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(uid)
}

// readValidity is the UIDVALIDITY in the file that mbsync keeps in a Maildir.
func readValidity(dir string) uint32 {
	text, err := os.ReadFile(filepath.Join(dir, ".uidvalidity"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	n, err := strconv.ParseUint(strings.TrimSpace(line), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// readIndexed reads the index that an export of eml files keeps.
func readIndexed(dir string) map[string]indexed {
	text, err := os.ReadFile(filepath.Join(dir, indexFile))
	if err != nil {
		return nil
	}
	all := map[string]indexed{}
	for line := range strings.Lines(string(text)) {
		var i indexed
		if json.Unmarshal([]byte(line), &i) == nil && len(i.SHA256) == 64 {
			all[i.File] = i
		}
	}
	return all
}
