package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"mailstow/cmd/mailstow/compose"
	"mailstow/localstore"
)

// packedInMemory is how much of the files is held at most; larger ones, and the
// rest, go through the disk.
const packedInMemory = 16 << 20

// packFiles reads every file before anything is changed. What it gives is to be
// discarded in any case: what was put into the store stays there.
func (e *edit) packFiles(files []string) ([]*localstore.Packed, func() error, error) {
	p := packing{edit: e, packer: localstore.NewPacker()}
	var bodies []*localstore.Packed
	discard := func() (err error) {
		for _, body := range bodies {
			err = errors.Join(err, e.store.Discard(e.ctx, body))
		}
		return err
	}
	for _, name := range files {
		body, err := p.file(name)
		if err != nil {
			return nil, discard, unreadable(name, err)
		}
		bodies = append(bodies, body)
	}
	return bodies, discard, nil
}

type packing struct {
	*edit
	packer *localstore.Packer
	held   int64
}

func (p *packing) file(name string) (*localstore.Packed, error) {
	if name == "-" {
		return p.pack(impatient{p.ctx, p.stdin})
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return p.pack(f)
}

// pack keeps a small message in memory and streams a large one into the store.
func (p *packing) pack(r io.Reader) (*localstore.Packed, error) {
	message, err := compose.New(r)
	if err != nil {
		return nil, err
	}
	var head bytes.Buffer
	n, err := io.CopyN(&head, message, localstore.ChunkSize+1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err == io.EOF && p.held+n <= packedInMemory {
		p.held += n
		return p.packer.Pack(&head)
	}
	return p.store.Stage(p.ctx, p.packer, io.MultiReader(&head, message))
}

// unreadable says which file is meant and what to do about it.
func unreadable(name string, err error) error {
	if errors.As(err, new(*problem)) || errors.As(err, new(*localstore.Error)) {
		return err
	}
	if name == "-" {
		name = "standard input"
	}
	p := &problem{code: exitFailed, text: fmt.Sprintf("%s: %v", name, err), err: err}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		p.text = fmt.Sprintf("%s: %v", name, path.Err)
	}
	switch {
	case errors.Is(err, compose.ErrMbox):
		p.hint = "split it into files of one message each"
	case errors.Is(err, compose.ErrNoHeader), errors.Is(err, compose.ErrEmpty):
		p.hint = "a message is a header, an empty line and a body"
	case errors.Is(err, syscall.EISDIR):
		p.hint = fmt.Sprintf("name the files in it, for instance %s/*.eml", name)
	}
	return p
}
