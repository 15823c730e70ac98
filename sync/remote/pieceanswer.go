package remote

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// take reads one FETCH response.
func (f *pieceFetch) take(resp *wire.Response) error {
	if !resp.HasNum || resp.Name != "FETCH" {
		return f.c.unasked(resp)
	}
	uid, literal, mine := imap.UID(0), false, false
	err := f.read(resp, &uid, &literal, &mine)
	switch {
	case errors.Is(err, wire.ErrSyntax) && literal:
		return &wire.ProtocolError{What: "the answer does not parse behind the literal of a message"}
	case err == nil && mine && uid != f.uid:
		return &wire.ProtocolError{What: "the server answered for another message than the one asked for"}
	}
	return err
}

func (f *pieceFetch) read(resp *wire.Response, uid *imap.UID, literal, mine *bool) error {
	if tok, err := resp.Next(); err != nil || tok.Kind != wire.Open {
		return wire.ErrSyntax
	}
	for {
		item, err := resp.Item()
		if err != nil || item.Kind == wire.Close {
			return err
		}
		if item.Is("UID") {
			if *uid, err = readUID(resp); err != nil {
				return err
			}
			continue
		}
		at, isBody := origin(item)
		tok, err := resp.Next()
		if err != nil {
			return err
		}
		*literal = *literal || tok.Kind == wire.Literal
		if isBody && (*uid == 0 || *uid == f.uid) && (tok.Kind == wire.Literal || tok.Kind == wire.Quoted) {
			*mine = true
			if err := f.body(at, tok, resp); err != nil {
				return err
			}
		} else if err := resp.Skip(tok); err != nil {
			return err
		}
	}
}

// origin reads BODY[]<offset>; -1 where the offset is missing.
func origin(item wire.Token) (at int64, isBody bool) {
	if item.Kind != wire.Atom || len(item.Text) < len("BODY[]") || !(wire.Token{Kind: wire.Atom, Text: item.Text[:6]}).Is("BODY[]") {
		return 0, false
	}
	rest := item.Text[6:]
	if len(rest) < 3 || rest[0] != '<' || rest[len(rest)-1] != '>' {
		return -1, true
	}
	at, err := strconv.ParseInt(string(rest[1:len(rest)-1]), 10, 64)
	if err != nil {
		return -1, true
	}
	return at, true
}

// body takes a piece that was asked for. It is handed on when it is its turn.
func (f *pieceFetch) body(at int64, tok wire.Token, resp *wire.Response) error {
	size, r := tok.Size, resp.Literal()
	if tok.Kind == wire.Quoted {
		size, r = int64(len(tok.Text)), bytes.NewReader(tok.Text)
	}
	if f.odd != "" || f.err != nil {
		return nil // skipped by whoever reads on
	}
	if at < 0 || size > PieceSize {
		f.giveUp("answered with other octets than asked for")
		return nil
	}
	i := slices.IndexFunc(f.asked, func(p *piece) bool { return p.at == at && p.got < 0 })
	if i < 0 {
		return nil
	}
	p := f.asked[i]
	p.got = size
	if i > f.taken {
		p.data = make([]byte, size)
		_, err := io.ReadFull(r, p.data)
		return err
	}
	if err := f.hand(p, r); err != nil {
		return err
	}
	for f.taken < len(f.asked) && f.asked[f.taken].got >= 0 && f.err == nil && f.odd == "" {
		early := f.asked[f.taken]
		if err := f.hand(early, bytes.NewReader(early.data)); err != nil {
			return err
		}
		early.data = nil
	}
	f.leave()
	return nil
}

// hand gives the next piece to the caller.
func (f *pieceFetch) hand(p *piece, r io.Reader) error {
	f.taken++
	if p.ours = f.fits(p); !p.ours {
		return nil
	}
	f.err = f.fn(p.got, r)
	_, err := io.Copy(io.Discard, r)
	return err
}

// fits judges a piece by its place and size, and tells whether it is to be kept.
func (f *pieceFetch) fits(p *piece) bool {
	switch {
	case f.end >= 0 && p.got > 0:
		f.giveUp("answered with fewer octets than asked for")
		return false
	case f.end >= 0: // behind the end
		f.confirmed = f.confirmed || p.at == f.end
		return false
	case p.got < PieceSize:
		f.end, f.confirmed = p.at+p.got, p.got == 0
	case p.at+PieceSize > f.c.maxMessage():
		f.odd = "has more of the message than it may be long"
		return false
	}
	return true
}
