package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"mailstow/localstore"
	"mailstow/localstore/export"
)

// packedMail is a message ready to be put into the store.
type packedMail struct {
	export.Message
	body *localstore.Packed
}

// mailPacker reads mail and packs it, while what it packed before is put into the
// store.
type mailPacker struct {
	*app
	store   *localstore.Store
	ctx     context.Context
	convert func(io.Reader) (io.Reader, error) // what a file has into what a server has
	states  []string                           // not nil: the mail is taken over
	packer  *localstore.Packer
	out     chan packedMail
	show    *meter
	size    int64 // of what is read, about

	bad int // files and messages that could not be read; this and err are known once out is closed
	err error
}

// packMail starts one.
func (a *app) packMail(ctx context.Context, store *localstore.Store, paths, states []string, convert func(io.Reader) (io.Reader, error)) *mailPacker {
	p := &mailPacker{app: a, show: newMeter(a.ui, "reading mail"), store: store, ctx: ctx, convert: convert, states: states, packer: localstore.NewPacker(), out: make(chan packedMail, 16)}
	go p.run(paths)
	return p
}

func (p *mailPacker) run(paths []string) {
	defer close(p.out)
	defer p.show.finish()
	p.size = p.ui.sizeOf(paths)
	r := &export.Reader{Found: p.found, Bad: p.noted, States: p.states, Downloaded: p.states != nil}
	for _, path := range paths {
		var err error
		if path == "-" {
			err = r.Stdin(p.ctx, impatient{p.ctx, p.stdin}, filepath.Dir(p.store.Path()))
		} else {
			err = r.Read(p.ctx, filepath.Clean(path))
		}
		if err != nil {
			p.err = err
			return
		}
	}
}

// end waits for it, and drops what it packed in vain. The error is its own, or why
// its context ended.
func (p *mailPacker) end() error {
	var err error
	for m := range p.out {
		err = errors.Join(err, p.drop(m))
	}
	if p.err != nil {
		return p.err
	}
	return err
}

// drop forgets a message that was not put into the store.
func (p *mailPacker) drop(m packedMail) error {
	return p.store.Discard(context.WithoutCancel(p.ctx), m.body)
}

// noted tells of what cannot be read, and goes on.
func (p *mailPacker) noted(place string, err error) error {
	p.bad++
	p.show.finish()
	p.ui.warn("%s: %v", place, err)
	return nil
}

func (p *mailPacker) found(m export.Message) error {
	body, err := p.pack(m)
	switch {
	case err == nil:
	case p.ctx.Err() != nil || !unfit(err):
		return err
	default:
		return p.noted(m.Place(), err)
	}
	p.show.set(p.show.done+body.Size, max(p.size, p.show.done+body.Size))
	select {
	case p.out <- packedMail{m, body}:
		return nil
	case <-p.ctx.Done():
		return errors.Join(p.ctx.Err(), p.drop(packedMail{m, body}))
	}
}

// sizeOf is about how many bytes of mail are in some files and folders, for a meter.
func (u ui) sizeOf(paths []string) (n int64) {
	if !u.bars() {
		return 0
	}
	for _, path := range paths {
		_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if fi, err := d.Info(); err == nil {
					n += fi.Size()
				}
			}
			return nil
		})
	}
	return n
}

// lacking is the end of a command that could not read everything.
func (p *mailPacker) lacking(what string) error {
	if p.bad == 0 {
		return nil
	}
	p.ui.warn("%d of the files and messages are not %s", p.bad, what)
	return &problem{code: exitPartial}
}

// fileError is one of the file that is read, not of the store.
type fileError struct{ error }

func (e fileError) Unwrap() error { return e.error }

func unfit(err error) bool {
	_, ok := err.(fileError)
	return ok
}

// pack packs a message: the bytes that an export says it wrote, if they still are what
// they were; else what a mail program makes of them.
func (p *mailPacker) pack(m export.Message) (*localstore.Packed, error) {
	if open, sum := m.Exact(); open != nil {
		body, err := p.packFrom(open, func(r io.Reader) (io.Reader, error) { return &noZero{r: r}, nil })
		if err != nil || strings.HasPrefix(hex.EncodeToString(body.SHA256[:]), sum) {
			return body, err
		}
		if err := p.drop(packedMail{m, body}); err != nil {
			return nil, err
		}
	}
	return p.packFrom(m.Open, p.convert)
}

func (p *mailPacker) packFrom(open func() (io.ReadCloser, error), as func(io.Reader) (io.Reader, error)) (*localstore.Packed, error) {
	f, err := open()
	if err != nil {
		return nil, fileError{err}
	}
	defer f.Close()
	in, err := as(f)
	if err != nil {
		return nil, fileError{err}
	}
	failing := &failingFile{r: in}
	body, err := p.packOne(failing)
	if err != nil && failing.err != nil {
		err = fileError{failing.err}
	}
	return body, err
}

// packOne keeps a small message in memory and streams a large one into the store.
func (p *mailPacker) packOne(r io.Reader) (*localstore.Packed, error) {
	var head bytes.Buffer
	_, err := io.CopyN(&head, r, localstore.ChunkSize+1)
	switch {
	case err == io.EOF:
		return p.packer.PackBytes(head.Bytes()), nil
	case err != nil:
		return nil, err
	}
	return p.store.Stage(p.ctx, p.packer, io.MultiReader(&head, r))
}

// failingFile remembers an error of the file, to tell it from those of the store.
type failingFile struct {
	r   io.Reader
	err error
}

func (f *failingFile) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// noZero refuses zero octets, as compose does: no server takes them back.
type noZero struct {
	r    io.Reader
	read int64
}

func (z *noZero) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	if at := bytes.IndexByte(p[:n], 0); at >= 0 {
		return 0, fmt.Errorf("byte %d is zero, which no IMAP server takes", z.read+int64(at))
	}
	z.read += int64(n)
	return n, err
}
