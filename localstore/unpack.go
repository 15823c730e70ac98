package localstore

import (
	"sync"

	"github.com/klauspost/compress/zstd"
)

// unpacker holds a chunk, unpacked. One serves body after body: to make one costs more
// than a short body.
type unpacker struct {
	dec *zstd.Decoder
	buf []byte
}

var unpackers = sync.Pool{New: func() any { return new(unpacker) }}

// take puts a chunk into buf.
func (u *unpacker) take(data []byte, packed bool) (err error) {
	if !packed {
		u.buf = append(u.buf[:0], data...)
		return nil
	}
	if u.dec == nil {
		if u.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(ChunkSize)); err != nil {
			return err
		}
	}
	u.buf, err = u.dec.DecodeAll(data, u.buf[:0])
	return err
}
