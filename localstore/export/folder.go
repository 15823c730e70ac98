package export

import (
	"io"
	"io/fs"
	"os"
	"time"
)

// folder is where an export writes. before is told what is about to be done to files,
// and nil but in tests.
type folder struct {
	*os.Root
	before func(op string)
}

func (f *folder) about(op string) {
	if f.before != nil {
		f.before(op)
	}
}

func (f *folder) OpenRoot(name string) (*folder, error) {
	root, err := f.Root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &folder{root, f.before}, nil
}

// create makes a file, or empties it.
func (f *folder) create(name string) (*os.File, error) {
	f.about("create " + name)
	return f.Root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

func (f *folder) MkdirAll(name string, perm fs.FileMode) error {
	f.about("mkdir " + name)
	return f.Root.MkdirAll(name, perm)
}

func (f *folder) Rename(old, name string) error {
	f.about("rename " + old)
	return f.Root.Rename(old, name)
}

func (f *folder) Remove(name string) error {
	f.about("remove " + name)
	return f.Root.Remove(name)
}

func (f *folder) Chtimes(name string, accessed, modified time.Time) error {
	f.about("touch " + name)
	return f.Root.Chtimes(name, accessed, modified)
}

// into writes to a file of it.
func (f *folder) into(file *os.File) io.Writer {
	if f.before == nil {
		return file
	}
	return halves{file, f}
}

// halves writes in two steps, between which a process can die.
type halves struct {
	file *os.File
	*folder
}

func (h halves) Write(p []byte) (int, error) {
	h.about("write to " + h.file.Name())
	n, err := h.file.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	h.about("write more to " + h.file.Name())
	m, err := h.file.Write(p[n:])
	return n + m, err
}
