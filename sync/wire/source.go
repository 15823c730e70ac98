package wire

import (
	"bytes"
	"errors"
	"io"
)

// errLonger: a source goes on behind the announced length.
var errLonger = errors.New("it is longer than announced")

// source sends exactly size octets of src. The last of them leave only after src
// was seen to end there, so that whatever goes wrong with src the literal stays
// incomplete, and the connection ends: nothing is padded, nothing cut, nothing
// behind it taken for commands. last is called ahead of those octets.
func (x *exchange) source(src io.Reader, size int64, last func()) error {
	held, next := new(bytes.Buffer), new(bytes.Buffer)
	for left := size; ; {
		n, err := io.CopyN(next, src, min(left, writeChunk))
		left -= n
		if err != nil {
			return x.c.fail(&SourceError{Err: cut(err)})
		}
		if left == 0 {
			break
		}
		if err := x.writeOctets(held.Bytes()); err != nil {
			return err
		}
		held, next = next, held
		next.Reset()
	}
	if err := Ended(src); err != nil {
		return x.c.fail(&SourceError{Err: err})
	}
	last()
	if err := x.writeOctets(held.Bytes()); err != nil {
		return err
	}
	return x.writeOctets(next.Bytes())
}

// Ended checks that src yields nothing more.
func Ended(src io.Reader) error {
	var one [1]byte
	switch n, err := io.ReadFull(src, one[:]); {
	case n > 0:
		return errLonger
	case err == io.EOF:
		return nil
	default:
		return err
	}
}

func (x *exchange) writeOctets(b []byte) error {
	if _, err := x.c.w.Write(b); err != nil {
		return x.c.fail(err)
	}
	return nil
}
