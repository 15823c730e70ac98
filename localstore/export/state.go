package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"mailstow/localstore"
)

// What lies in the folder of an export besides the mail.
const (
	stateFile    = ".mailstow-export.json"
	stateTemp    = ".mailstow-export.json.tmp"
	lockFile     = ".mailstow-export.lock"
	indexFile    = "mailstow-index.jsonl"
	keywordsFile = "dovecot-keywords"
	ours         = ".mailstow" // ends the name of every message in a Maildir
)

// state says what an export holds, so that the next one goes on with it: each
// mailbox keeps the place it was given, whatever others come to be.
type state struct {
	Version int      `json:"version"`
	Format  Format   `json:"format"`
	Folders []placed `json:"folders"`
}

// placed is a mailbox and its place, relative to the export.
type placed struct {
	Account string `json:"account"`
	Raw     []byte `json:"raw"` // wire names need not be text
	Name    string `json:"name"`
	Delim   string `json:"delim"`
	Path    string `json:"path"`
	// Of an mbox: what was written, and how the file was then.
	Digest string `json:"digest,omitempty"`
	Size   int64  `json:"size,omitempty"`
	Time   int64  `json:"time,omitempty"`
}

// ErrForeign is a folder that holds something else than an export of this kind.
var ErrForeign = errors.New("it holds something that is no export of mailstow")

// ErrInUse is a folder that another process exports to.
var ErrInUse = errors.New("another export is writing there")

// target is the folder that is written to. Nothing reaches beyond root: not by
// names, and not by symbolic links either.
type target struct {
	root  *folder
	lock  *flock.Flock
	state state
	dry   bool
	taken map[string]bool // folded paths
}

func openTarget(o Options) (*target, error) {
	if o.DryRun {
		return openDry(o.Dir, o.Format)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, err
	}
	t := &target{root: &folder{root, o.before}, lock: flock.New(filepath.Join(o.Dir, lockFile))}
	if err = t.load(o.Format); err == nil {
		var free bool
		if free, err = t.lock.TryLock(); err == nil && !free {
			err = ErrInUse
		}
	}
	if err == nil {
		err = t.load(o.Format) // another export may have ended just now
	}
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// openDry looks at what is there, and makes nothing.
func openDry(dir string, format Format) (*target, error) {
	root, err := os.OpenRoot(dir)
	t := &target{dry: true}
	if err == nil {
		t.root = &folder{Root: root}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = t.load(format)
	}
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

func (t *target) close() (err error) {
	if t.lock != nil {
		err = t.lock.Close()
	}
	if t.root != nil {
		err = errors.Join(err, t.root.Close())
	}
	return err
}

// load reads what is known of the folder; an empty one is a new export.
func (t *target) load(format Format) error {
	t.state = state{Version: 1, Format: format}
	t.taken = map[string]bool{fold(stateFile): true, fold(stateTemp): true, fold(lockFile): true}
	if t.root == nil {
		return nil
	}
	s, err := readState(t.root.Root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t.empty()
	case err != nil:
		return fmt.Errorf("%s: %w", stateFile, err)
	case s.Version != 1:
		return fmt.Errorf("%w: %s is of version %d", ErrForeign, stateFile, s.Version)
	case s.Format != format:
		return fmt.Errorf("%w: it was exported as %s", ErrForeign, s.Format)
	}
	t.state = s
	for _, p := range s.Folders {
		if !filepath.IsLocal(filepath.FromSlash(p.Path)) {
			return fmt.Errorf("%s: path %q is not below it", stateFile, p.Path)
		}
		t.taken[fold(p.Path)] = true
	}
	return nil
}

func readState(root *os.Root) (s state, err error) {
	text, err := root.ReadFile(stateFile)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

func (t *target) empty() error {
	entries, err := fs.ReadDir(t.root.FS(), ".")
	for _, e := range entries {
		if name := e.Name(); name != lockFile && name != stateTemp {
			return fmt.Errorf("%w: %s", ErrForeign, name)
		}
	}
	return err
}

// save writes the state as a whole.
func (t *target) save() error {
	if t.dry {
		return nil
	}
	text, err := json.MarshalIndent(t.state, "", " ")
	if err != nil {
		return err
	}
	return replace(t.root, stateFile, stateTemp, append(text, '\n'))
}

// replace writes a small file as a whole, unless it is so already.
func replace(root *folder, name, temp string, text []byte) error {
	if old, err := root.ReadFile(name); err == nil && bytes.Equal(old, text) {
		return nil
	}
	f, err := root.create(temp)
	if err != nil {
		return err
	}
	_, err = root.into(f).Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return root.Rename(temp, name)
}

// place gives a mailbox the place that it has, or a free one.
func (t *target) place(f Folder) *placed {
	for i := range t.state.Folders {
		if p := &t.state.Folders[i]; p.Account == f.Account && string(p.Raw) == f.Raw {
			return p
		}
	}
	path := f.path(t.state.Format)
	for n := 1; t.taken[fold(path)]; n++ {
		path = strings.TrimSuffix(f.path(t.state.Format), extension(t.state.Format))
		path += hashMark(strings.Repeat("_", n-1)+f.Account+"\x00"+f.Raw) + extension(t.state.Format)
		path = strings.TrimPrefix(path, "./")
	}
	t.taken[fold(path)] = true
	t.state.Folders = append(t.state.Folders, placed{Account: f.Account, Raw: []byte(f.Raw), Name: f.Name, Delim: f.Delim, Path: path})
	return &t.state.Folders[len(t.state.Folders)-1]
}

// path is the place that a mailbox has where nothing else has it.
func (f Folder) path(format Format) string {
	path := nestedPath(f.Name, f.Delim)
	if format == MaildirPP {
		path = dottedPath(f.Raw, f.Delim)
	}
	if f.Below != "" {
		path = safe(f.Below, "") + "/" + path
		path = strings.TrimSuffix(path, "/.")
	}
	return path + extension(format)
}

func extension(format Format) string {
	if format == Mbox {
		return ".mbox"
	}
	return ""
}

// Folder is a mailbox to be exported. Below is the folder that all of its account
// goes into; "" for the export's own.
type Folder struct {
	ID                        localstore.MailboxID
	Account, Raw, Name, Delim string
	Below                     string
}
