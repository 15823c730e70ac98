package mailview

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a file name in bytes; most file systems allow 255.
const maxName = 120

// SafeName makes a file name of what a message calls its attachment: never a
// path, never hidden, nothing a shell, a terminal or Windows would take
// amiss. n numbers attachments without a usable name.
func SafeName(a Attachment, n int) string {
	name := a.Name
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(safeRune, strings.ToValidUTF8(name, "_"))
	name = strings.Trim(name, " .")
	name = strings.TrimLeft(name, "-")
	if name == "" {
		name = fmt.Sprintf("attachment-%d%s", n, extension(a.Type))
	}
	stem, _, _ := strings.Cut(name, ".")
	if reserved[strings.ToUpper(strings.TrimSpace(stem))] {
		name = "_" + name
	}
	return shorten(name)
}

// reserved are the device names of Windows, with whatever extension.
var reserved = map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true,
	"COM1": true, "COM2": true, "COM3": true, "COM4": true, "COM5": true, "COM6": true, "COM7": true, "COM8": true, "COM9": true,
	"LPT1": true, "LPT2": true, "LPT3": true, "LPT4": true, "LPT5": true, "LPT6": true, "LPT7": true, "LPT8": true, "LPT9": true}

func safeRune(r rune) rune {
	switch {
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return '_' // Cf holds the bidirectional controls
	case strings.ContainsRune(`:*?"<>|`, r):
		return '_'
	}
	return r
}

func extension(kind string) string {
	if kind == "message/rfc822" {
		return ".eml"
	}
	if all, err := mime.ExtensionsByType(kind); err == nil && len(all) > 0 {
		return all[0]
	}
	return ".bin"
}

// shorten keeps the extension.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := filepath.Ext(name)
	if len(ext) > 16 {
		ext = ""
	}
	stem := name[:maxName-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}

// Save writes content to a new file in dir and returns its path. An existing
// file is never touched: the name gets a number. The file appears under its
// name only when it is complete.
func Save(dir, name string, content io.Reader) (string, error) {
	tmp, err := os.CreateTemp(dir, ".attachment-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, content)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", err
	}
	return publish(tmp.Name(), dir, name)
}

// publish gives the finished file the first free name. Link and, where there
// are no links, an exclusive creation fail when the name is taken; rename
// would not.
func publish(tmp, dir, name string) (string, error) {
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; n < 10000; n++ {
		path := filepath.Join(dir, name)
		err := os.Link(tmp, path)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			err = reserve(tmp, path)
		}
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return path, err
		}
		name = fmt.Sprintf("%s-%d%s", stem, n+1, ext)
	}
	return "", fmt.Errorf("%s: too many files of the name %s", dir, name)
}

func reserve(tmp, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Rename(tmp, path))
}
