package wire

import (
	"errors"
	"io"
	"sync"
)

// errLonger: a source goes on behind the announced length.
var errLonger = errors.New("it is longer than announced")

// chunkPair is room for what is read of a source ahead of what is sent: one serves
// literal after literal, which most often are short.
type chunkPair [2][writeChunk]byte

var chunkPairs = sync.Pool{New: func() any { return new(chunkPair) }}

// source sends exactly size octets of src. The last of them leave only after src
// was seen to end there, so that whatever goes wrong with src the literal stays
// incomplete, and the connection ends: nothing is padded, nothing cut, nothing
// behind it taken for commands. last is called ahead of those octets.
func (x *exchange) source(src io.Reader, size int64, last func()) error {
	pair := chunkPairs.Get().(*chunkPair)
	defer chunkPairs.Put(pair)
	held, next := pair[0][:0], pair[1][:0]
	for left := size; ; {
		next = next[:min(left, writeChunk)]
		if _, err := io.ReadFull(src, next); err != nil {
			return x.c.fail(&SourceError{Err: cut(err)})
		}
		if left -= int64(len(next)); left == 0 {
			break
		}
		if err := x.writeOctets(held); err != nil {
			return err
		}
		held, next = next, held
	}
	if err := Ended(src); err != nil {
		return x.c.fail(&SourceError{Err: err})
	}
	last()
	if err := x.writeOctets(held); err != nil {
		return err
	}
	return x.writeOctets(next)
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
