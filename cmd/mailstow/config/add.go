package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/BurntSushi/toml"
)

// Add appends the account to the file at path, which it makes if need be. The
// whole new text is checked before anything is written.
func Add(path string, a Account) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{File: path, Text: reason(err)}
	}
	block, err := a.table()
	if err != nil {
		return err
	}
	text := separated(old) + block
	if _, err := parse(path, text); err != nil {
		return err
	}
	return replace(path, []byte(text))
}

// separated ends the old text with an empty line, if there is any.
func separated(old []byte) string {
	if len(old) == 0 {
		return ""
	}
	return string(bytes.TrimRight(old, "\n")) + "\n\n"
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (a Account) table() (string, error) {
	name := a.Name
	if !bareKey.MatchString(name) {
		name = strconv.Quote(name)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "[account.%s]\n", name)
	if err := toml.NewEncoder(&b).Encode(a); err != nil {
		return "", err
	}
	return b.String(), nil
}

// replace writes the file in full beside its place and renames it there, so
// that a crash leaves the old one. A link is followed: people keep such files
// in a repository.
func replace(path string, text []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &Error{File: dir, Text: reason(err), Hint: "make it writable, or name another file with --config"}
	}
	tmp, err := os.CreateTemp(dir, ".config-*") // 0600
	if err != nil {
		return &Error{File: dir, Text: reason(err), Hint: "make it writable, or name another file with --config"}
	}
	defer os.Remove(tmp.Name()) // after the rename there is nothing to remove
	if err := fill(tmp, text); err != nil {
		return &Error{File: tmp.Name(), Text: reason(err)}
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return &Error{File: path, Text: reason(err)}
	}
	return nil
}

func fill(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
