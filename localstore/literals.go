package localstore

import (
	"encoding/binary"

	"github.com/klauspost/compress/huff0"
)

const (
	frameMagic = 0xFD2FB528
	blockSize  = 128 << 10 // the longest block of a frame
)

// literalCoder makes Zstandard frames (RFC 8878) of entropy coded literals alone,
// without looking for anything that repeats.
type literalCoder struct{ huff huff0.Scratch }

// frame appends a frame of src to dst. Any decoder reads it.
func (l *literalCoder) frame(dst, src []byte) []byte {
	const singleSegment, size32 = 1 << 5, 2 << 6 // section 3.1.1.1: the size is known, and has four bytes
	dst = binary.LittleEndian.AppendUint32(dst, frameMagic)
	dst = append(dst, singleSegment|size32)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(src)))
	for {
		n := min(len(src), blockSize)
		dst = l.block(dst, src[:n], n == len(src))
		if src = src[n:]; len(src) == 0 {
			return dst
		}
	}
}

// block appends a block: compressed when that makes it smaller, else raw (section
// 3.1.1.2).
func (l *literalCoder) block(dst, src []byte, last bool) []byte {
	const raw, compressed = 0, 2
	header := uint32(0)
	if last {
		header = 1
	}
	l.huff.Reuse = huff0.ReusePolicyNone // every block has a table of its own
	coded, _, err := huff0.Compress4X(src, &l.huff)
	if err != nil || len(coded)+literalHeader+1 >= len(src) {
		return append(append24(dst, header|raw<<1|uint32(len(src))<<3), src...)
	}
	dst = append24(dst, header|compressed<<1|uint32(literalHeader+len(coded)+1)<<3)
	dst = appendLiteralHeader(dst, len(src), len(coded))
	return append(append(dst, coded...), 0) // no sequences
}

// literalHeader is the length of a literals section header.
const literalHeader = 5

// appendLiteralHeader announces Huffman coded literals in four streams with their
// table, both sizes in 18 bits (section 3.1.1.3.1.1).
func appendLiteralHeader(dst []byte, size, coded int) []byte {
	const withTable, fourStreams = 2, 3 << 2
	h := withTable | fourStreams | uint64(size)<<4 | uint64(coded)<<22
	return append24(append(dst, byte(h), byte(h>>8)), uint32(h>>16))
}

func append24(dst []byte, v uint32) []byte {
	return append(dst, byte(v), byte(v>>8), byte(v>>16))
}
