package remote

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// take reads one FETCH response. Once a literal has been read there is no way
// back into step: what does not parse then ends the connection.
func (f *bodyFetch) take(resp *wire.Response) error {
	if !resp.HasNum || resp.Name != "FETCH" {
		return f.c.unasked(resp)
	}
	f.current = 0
	a := answer{}
	err := f.read(resp, &a)
	if errors.Is(err, wire.ErrSyntax) && a.literal {
		return &wire.ProtocolError{What: "the answer does not parse behind the literal of a message"}
	}
	if err != nil {
		return err
	}
	f.current = 0
	if err := f.settle(a); err != nil {
		return err
	}
	if f.useless {
		f.useless = false
		return wire.ErrStray
	}
	return nil
}

// answer is what one FETCH response held.
type answer struct {
	uid     imap.UID
	literal bool   // one was read
	held    []byte // a body that came ahead of its UID
	tooLong bool   // it was too long to hold
	implied bool   // it was delivered as that of the only UID asked for
}

func (f *bodyFetch) read(resp *wire.Response, a *answer) error {
	if tok, err := resp.Next(); err != nil || tok.Kind != wire.Open {
		return wire.ErrSyntax
	}
	for {
		item, err := resp.Item()
		switch {
		case err != nil:
			return err
		case item.Kind == wire.Close:
			return nil
		case item.Is("UID"):
			a.uid, err = readUID(resp)
			f.current = a.uid
		case f.isSection(item):
			err = f.readBody(resp, a)
		default:
			var tok wire.Token
			if tok, err = resp.Next(); err == nil {
				a.literal = a.literal || tok.Kind == wire.Literal
				err = resp.Skip(tok)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (f *bodyFetch) isSection(item wire.Token) bool {
	return item.Is("BODY["+f.section+"]") || item.Is("BODY.PEEK["+f.section+"]")
}

// readBody reads the value of the section: NIL (nothing to report), a quoted
// string, or a literal.
func (f *bodyFetch) readBody(resp *wire.Response, a *answer) error {
	tok, err := resp.Next()
	switch {
	case err != nil:
		return err
	case tok.Is("NIL"):
		return nil
	case tok.Kind == wire.Quoted:
		a.held = append([]byte{}, tok.Text...)
		return nil
	case tok.Kind != wire.Literal:
		return wire.ErrSyntax
	}
	a.literal = true
	switch {
	case a.uid != 0:
		return f.deliver(a.uid, tok.Size, resp.Literal())
	case tok.Size <= maxHeld:
		a.held = make([]byte, tok.Size)
		_, err := io.ReadFull(resp.Literal(), a.held)
		return err
	case f.alone != 0:
		a.implied = true
		return f.deliver(f.alone, tok.Size, resp.Literal())
	}
	a.tooLong = true
	return nil // skipped by whoever reads on
}

// settle deals with a body that came ahead of its UID.
func (f *bodyFetch) settle(a answer) error {
	switch {
	case a.implied && a.uid != f.alone:
		return &wire.ProtocolError{What: "the server answered for another message than the one asked for"}
	case a.held != nil && a.uid != 0:
		return f.deliver(a.uid, int64(len(a.held)), bytes.NewReader(a.held))
	case a.tooLong && !f.got.has(a.uid):
		if _, asked := f.setOf(a.uid); asked {
			f.again = append(f.again, a.uid)
		}
	}
	return nil
}

// deliver hands a body on, or compares and drops it when it is not the first.
func (f *bodyFetch) deliver(uid imap.UID, size int64, r io.Reader) error {
	set, asked := f.setOf(uid)
	if !asked {
		f.useless = true
		return nil // skipped by whoever reads on
	}
	h := crc32.New(castagnoli)
	tee := io.TeeReader(r, h)
	if !f.got.add(uid) {
		f.useless = true
		if f.wasted += size; f.wasted > wire.MaxStrayBytes {
			return &wire.LimitError{What: "unwanted data", Limit: wire.MaxStrayBytes}
		}
		_, err := io.Copy(io.Discard, tee)
		if first, ok := f.digests[uid]; ok && err == nil && first != (digest{size, h.Sum32()}) {
			f.c.notice("the server gave two different answers for one message; the first one counts")
		}
		return err
	}
	if f.err == nil {
		f.err = f.fn(set, uid, size, tee)
	}
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return err
	}
	if len(f.digests) >= maxDigests {
		clear(f.digests)
	}
	f.digests[uid] = digest{size, h.Sum32()}
	return nil
}
