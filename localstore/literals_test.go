package localstore

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// Frames of literals are read by the decoder of everybody, whatever is in them.
func TestLiteralFrames(t *testing.T) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(ChunkSize))
	if err != nil {
		t.Fatal(err)
	}
	alphabet := rapid.OneOf(rapid.Just(""), rapid.Just("x"), rapid.Just("ab"), rapid.Just(base64Text(400, 76)), rapid.String())
	size := rapid.OneOf(rapid.IntRange(1, 2000), rapid.SampledFrom([]int{blockSize - 1, blockSize, blockSize + 1, 3*blockSize - 7, ChunkSize}))
	var coder literalCoder
	rapid.Check(t, func(t *rapid.T) {
		some := []byte(alphabet.Draw(t, "alphabet"))
		b := []byte(noise(size.Draw(t, "size"), rapid.Uint64().Draw(t, "seed")))
		for i := range b {
			if len(some) > 0 {
				b[i] = some[int(b[i])%len(some)]
			}
		}
		frame := coder.frame(nil, b)
		if got, err := dec.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%d bytes come back as %d: %v", len(b), len(got), err)
		}
		if len(frame) > len(b)+9+3*(1+len(b)/blockSize) {
			t.Fatalf("%d bytes became %d", len(b), len(frame))
		}
	})
}

// In a hurry text takes more room, base64 hardly any more, and what does not
// shrink is left alone; the bytes are the same.
func TestHurry(t *testing.T) {
	s := newStore(t)
	ids := arrive(t, s, newPlace(t, s, "INBOX"), 1, 2, 3, 4, 5)
	for i, test := range []struct {
		name, text string
		low, high  int // percent
	}{
		{"text", strings.Repeat("Dear all, see the attached minutes. ", 3000), 40, 60},
		{"base64", base64Text(3<<20, 76), 74, 78},
		{"noise", noise(2<<20, 1), 100, 100},
		{"short", "Subject: x\n\n" + strings.Repeat("x", 1000), 0, 10},
		{"empty", "", 0, 0},
	} {
		p := NewPacker()
		p.Hurry = true
		b := p.PackBytes([]byte(test.text))
		stored := 0
		for _, c := range b.chunks {
			stored += len(c.data)
		}
		if percent := 100 * stored / max(len(test.text), 1); percent < test.low || percent > test.high {
			t.Errorf("%s: %d %%", test.name, percent)
		}
		update(t, s, func(tx *Tx) error { return tx.PutBody(ids[i], b) })
		wantBody(t, s, ids[i], []byte(test.text))
	}
}

// A chunk is packed in a hurry when the one before took longer than waiting for
// this one.
func TestKeepPace(t *testing.T) {
	p := NewPacker()
	p.KeepPace = true
	now := testDate
	p.now = func() time.Time {
		now = now.Add(time.Millisecond) // what packing takes
		return now
	}
	full := []byte(noise(ChunkSize, 1))
	for i, test := range []struct {
		waited time.Duration
		hurry  bool
	}{{time.Hour, false}, {0, false}, {-time.Microsecond, true}, {time.Microsecond, false}} {
		now = now.Add(test.waited)
		p.begin()
		p.add(full)
		if p.Hurry != test.hurry {
			t.Errorf("%d: hurry %v", i, p.Hurry)
		}
		p.add(full[:100]) // a short one tells nothing
		if p.Hurry != test.hurry {
			t.Errorf("%d: hurry %v after a short chunk", i, p.Hurry)
		}
	}
}
