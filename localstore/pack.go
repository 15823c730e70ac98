package localstore

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

const (
	// ChunkSize is how many bytes of a body one chunk holds. A body up to this
	// size is best packed in memory, a larger one staged.
	ChunkSize = 1 << 20
	// sampleSize bytes from the middle tell whether a larger chunk is worth packing.
	sampleSize = 16 << 10
	// minHurry is from which size on Packer.Hurry pays.
	minHurry = 2 << 10
)

// Packed is a body ready to be put into the store: what PutBodies needs to know,
// and either its packed chunks in memory or the place where Stage put them.
type Packed struct {
	Size         int64
	SHA256       [32]byte // of all bytes
	HeaderSize   int64
	HeaderSHA256 [32]byte // of the bytes up to and including the first empty line
	Envelope     Envelope

	chunks []chunk
	count  int
	staged int64 // id of the body whose chunks are in the store, 0 none
}

// chunk is one piece of a body as it is stored.
type chunk struct {
	size int // when unpacked
	zstd bool
	data []byte
}

// Packer turns bytes into a Packed: splits, hashes, compresses, reads the header.
// It does no I/O but reading. It may be used again and on any goroutine, but by
// one at a time; it holds about 4 MiB, and 4 more once it staged.
type Packer struct {
	// Hurry packs three times faster, into a third more room: without looking for
	// what repeats.
	Hurry bool
	// KeepPace decides about Hurry with every full chunk: it pays while a chunk takes
	// longer to be packed than to come in.
	KeepPace bool

	enc    *zstd.Encoder
	lit    literalCoder
	in     []byte
	out    []byte
	staged [2][stageBatch][]byte // what is on its way to the store
	sum    hash.Hash
	head   headerScanner
	body   *Packed // the one begun

	now  func() time.Time
	last time.Time     // when the last full chunk was packed
	took time.Duration // how long that took
}

// NewPacker makes a Packer. Entropy coding of literals is off by default at this
// level; it is what shrinks base64, where nothing repeats.
func NewPacker() *Packer {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithAllLitEntropyCompression(true), zstd.WithWindowSize(ChunkSize), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // constant options
	}
	return &Packer{enc: enc, sum: sha256.New(), head: newHeaderScanner(), now: time.Now}
}

// Pack reads a whole body and keeps its packed chunks in memory. An error of r,
// io.ErrUnexpectedEOF among them, gives no Packed.
func (p *Packer) Pack(r io.Reader) (*Packed, error) {
	var chunks []chunk
	packed, err := p.stream(r, func(c chunk) error {
		chunks = append(chunks, c.clone())
		return nil
	})
	if err != nil {
		return nil, err
	}
	packed.chunks = chunks
	return packed, nil
}

// PackBytes is Pack for a body in memory, which now belongs to it: what is packed takes
// the place of what it was made of.
func (p *Packer) PackBytes(b []byte) *Packed {
	p.begin()
	for len(b) > 0 {
		n := min(len(b), ChunkSize)
		c := p.add(b[:n])
		if c.zstd {
			c.data = b[:copy(b, c.data)]
		}
		p.body.chunks = append(p.body.chunks, c)
		b = b[n:]
	}
	return p.end()
}

func (c chunk) clone() chunk {
	c.data = bytes.Clone(c.data)
	return c
}

// stream hands the chunks of a body to emit, whose data is valid until emit
// returns.
func (p *Packer) stream(r io.Reader, emit func(chunk) error) (*Packed, error) {
	p.begin()
	for {
		n, err := p.fill(r)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if n > 0 {
			if err := emit(p.add(p.in[:n])); err != nil {
				return nil, err
			}
		}
		if err == io.EOF {
			return p.end(), nil
		}
	}
}

// begin starts a body.
func (p *Packer) begin() {
	p.sum.Reset()
	p.head.reset()
	p.body = &Packed{}
}

// take notes the bytes of one chunk.
func (p *Packer) take(b []byte) {
	p.sum.Write(b)
	p.head.write(b)
	p.body.Size += int64(len(b))
	p.body.count++
}

// add takes and packs a chunk. What it returns is valid until the next one.
func (p *Packer) add(b []byte) chunk {
	if len(b) < ChunkSize {
		p.take(b)
		return p.pack(b)
	}
	began := p.now()
	if p.KeepPace {
		p.Hurry = began.Sub(p.last) < p.took
	}
	taken := make(chan struct{}) // a body of several chunks deserves two processors
	go func() {
		p.take(b)
		close(taken)
	}()
	c := p.pack(b)
	<-taken
	p.last = p.now()
	p.took = p.last.Sub(began)
	return c
}

// end gives the body whose chunks were all taken.
func (p *Packer) end() *Packed {
	p.sum.Sum(p.body.SHA256[:0])
	p.body.HeaderSHA256 = p.head.hash()
	p.body.HeaderSize = p.head.size
	p.body.Envelope = parseEnvelope(p.head.text)
	return p.body
}

// fill reads up to ChunkSize bytes into p.in, which grows to what is needed. The
// error is io.EOF at the clean end alone.
func (p *Packer) fill(r io.Reader) (n int, err error) {
	for n < ChunkSize && err == nil {
		if n == len(p.in) {
			grown := make([]byte, min(max(2*len(p.in), 32<<10), ChunkSize))
			copy(grown, p.in)
			p.in = grown
		}
		var m int
		m, err = r.Read(p.in[n:])
		n += m
		if m < 0 || n > len(p.in) {
			return 0, errors.New("reader returned an impossible count")
		}
	}
	return n, err
}

// pack compresses one chunk if that saves a tenth.
func (p *Packer) pack(b []byte) chunk {
	if p.pointless(b) {
		return chunk{size: len(b), data: b}
	}
	p.out = p.compress(p.out[:0], b)
	if !worthwhile(len(p.out), len(b)) {
		return chunk{size: len(b), data: b}
	}
	return chunk{size: len(b), zstd: true, data: p.out}
}

// compress appends b as a Zstandard frame.
func (p *Packer) compress(dst, b []byte) []byte {
	if p.Hurry && len(b) >= minHurry {
		return p.lit.frame(dst, b)
	}
	return p.enc.EncodeAll(b, dst)
}

// pointless tells by a sample whether to try to compress a larger chunk. What is
// compressed already does not shrink, and trying costs more than it is worth on a
// megabyte of it. Base64 passes: it shrinks by a quarter whatever it encodes.
func (p *Packer) pointless(b []byte) bool {
	if len(b) <= 4*sampleSize {
		return false
	}
	at := (len(b) - sampleSize) / 2
	p.out = p.compress(p.out[:0], b[at:at+sampleSize])
	return !worthwhile(len(p.out), sampleSize)
}

func worthwhile(packed, size int) bool { return packed <= size-size/10 }
