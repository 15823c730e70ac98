package localstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"mailstow/sync/testkit/testenv"
)

// noise is text that nothing compresses, the same for the same seed.
func noise(n int, seed uint64) string {
	var key [32]byte
	key[0], key[1], key[2], key[3] = byte(seed), byte(seed>>8), byte(seed>>16), byte(seed>>24)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return string(b)
}

func base64Text(n, line int) string {
	var b strings.Builder
	text := base64.StdEncoding.EncodeToString([]byte(noise(n*3/4, 9)))
	for len(text) > line {
		b.WriteString(text[:line] + "\r\n")
		text = text[line:]
	}
	return b.String()
}

// What goes in comes out, however it is cut, packed or staged; the hashes are
// those of the whole and of the header block.
func TestBodyRoundTrip(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	uid := uint32(0)
	packer := NewPacker()
	rapid.Check(t, func(t *rapid.T) {
		text := bodyText(t)
		var r io.Reader = bytes.NewReader(text)
		switch rapid.IntRange(0, 3).Draw(t, "reader") {
		case 0:
			text = text[:min(len(text), 5000)]
			r = iotest.OneByteReader(bytes.NewReader(text))
		case 1:
			r = iotest.HalfReader(r)
		case 2:
			r = iotest.DataErrReader(r)
		}
		uid++
		id := arrive(t, s, p, uid)[0]
		var b *Packed
		var err error
		if rapid.Bool().Draw(t, "stage") {
			b, err = s.Stage(bg, packer, r)
		} else {
			b, err = packer.Pack(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.Size != int64(len(text)) || b.SHA256 != sha256.Sum256(text) || b.HeaderSHA256 != sha256.Sum256(headerBlock(text)) ||
			b.HeaderSize != int64(len(headerBlock(text))) || b.HeaderSHA256 != HeaderHash(text) {
			t.Fatalf("packed %+v", b)
		}
		update(t, s, func(tx *Tx) error { return tx.PutBody(id, b) })
		wantBody(t, s, id, text)
	})
}

// bodyText draws sizes around the edges of chunks.
func bodyText(t *rapid.T) []byte {
	size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(ChunkSize-2, ChunkSize+2),
		rapid.IntRange(2*ChunkSize-1, 2*ChunkSize+1), rapid.IntRange(0, 3*ChunkSize)).Draw(t, "size")
	seed := rapid.Uint64Range(0, 3).Draw(t, "seed")
	unit := rapid.SampledFrom([]string{"A: b\r\n\r\n", "a line\n", "\r", "\n", "\x00", "\r\n", ": \n \xff", noise(70000, seed)}).Draw(t, "unit")
	text := strings.Repeat(unit, size/len(unit)+1)[:size]
	return []byte(rapid.SampledFrom([]string{"", "\r\n", "Subject: x\n\n"}).Draw(t, "start") + text)
}

// headerBlock is the plain form of what headerScanner does in pieces.
func headerBlock(b []byte) []byte {
	at := 0
	for line := range bytes.Lines(b) {
		at += len(line)
		if string(line) == "\n" || string(line) == "\r\n" {
			break
		}
	}
	return b[:at]
}

// Failure table 33: every message of the corpus comes back byte for byte, and
// none is refused for its header.
func TestOddMessages(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	texts := map[MessageID][]byte{}
	for i, text := range testenv.OddMail(t, "..") {
		id := arrive(t, s, p, uint32(i+1))[0]
		put(t, s, id, string(text))
		texts[id] = text
	}
	for id, text := range texts {
		wantBody(t, s, id, text)
	}
}

// Failure table 20: an empty message is held, of size 0; one never fetched is not.
func TestEmptyIsNotMissing(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2)
	put(t, s, ids[0], "")
	wantBody(t, s, ids[0], nil)
	if _, _, err := s.OpenBody(bg, ids[1]); !errors.Is(err, ErrNotHeld) {
		t.Errorf("missing: %v", err)
	}
	if _, _, err := s.OpenBody(bg, 99); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	missing, err := s.Missing(bg, p.gen, 0, testDate, 10)
	if err != nil || len(missing) != 1 || missing[0] != (MissingRow{ID: ids[1], UID: 2, Size: 20, Date: testDate.UTC()}) {
		t.Errorf("missing: %+v %v", missing, err)
	}
	empty, _ := s.Message(bg, ids[0])
	unknown, _ := s.Message(bg, ids[1])
	if empty.State != StatePresent || empty.Size != 0 || unknown.State != StateMissing || unknown.Size != 20 || unknown.SHA256 != "" {
		t.Errorf("%+v\n%+v", empty, unknown)
	}
	// Damage to an empty body shows as well.
	tamper(t, s, "UPDATE body SET sha256 = zeroblob(32)")
	if _, err := read(s, ids[0]); !errors.Is(err, ErrDamaged) {
		t.Errorf("damaged: %v", err)
	}
	sum := sha256.Sum256(nil)
	tamper(t, s, "UPDATE body SET sha256 = ?", sum[:])
}

// A body that breaks off leaves nothing and is never put (I7).
func TestBrokenBodyLeavesNothing(t *testing.T) {
	s := newStore(t)
	cut := func(n int) io.Reader {
		return io.MultiReader(strings.NewReader(noise(n, 1)), iotest.ErrReader(io.ErrUnexpectedEOF))
	}
	if b, err := NewPacker().Pack(cut(5000)); b != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("pack: %v %v", b, err)
	}
	if b, err := s.Stage(bg, NewPacker(), cut(9<<20)); b != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("stage: %v %v", b, err)
	}
	b, err := s.Stage(bg, NewPacker(), strings.NewReader(noise(5<<20, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "SELECT count(*) FROM body"); n != 0 {
		t.Error("a staged body is visible")
	}
	if err := s.Discard(bg, b); err != nil {
		t.Error(err)
	}
	if n := count(t, s, "SELECT (SELECT count(*) FROM chunk) + (SELECT count(*) FROM staging)"); n != 0 {
		t.Errorf("%d rows left", n)
	}
	if err := s.Update(bg, func(tx *Tx) error { return tx.PutBody(1, b) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("put after discard: %v", err)
	}
}

// A transaction that was rolled back can be tried again with the same Packed.
func TestPutAgainAfterRollback(t *testing.T) {
	s := newStore(t)
	ids := arrive(t, s, newPlace(t, s, "INBOX"), 1, 2)
	small, big := "small", noise(3<<20, 1)
	staged, err := s.Stage(bg, NewPacker(), strings.NewReader(big))
	if err != nil {
		t.Fatal(err)
	}
	packed := pack(t, small)
	boom := errors.New("boom")
	for _, want := range []error{boom, nil} {
		err := s.Update(bg, func(tx *Tx) error {
			return errors.Join(tx.PutBody(ids[0], packed), tx.PutBody(ids[1], staged), want)
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
	}
	wantBody(t, s, ids[0], []byte(small))
	wantBody(t, s, ids[1], []byte(big))
}

// One body for all who have it, whichever way it comes.
func TestBodiesAreHeldOnce(t *testing.T) {
	s := newStore(t)
	ids := arrive(t, s, newPlace(t, s, "INBOX"), 1, 2, 3, 4, 5)
	text := noise(3<<20, 1)
	put(t, s, ids[0], text)
	put(t, s, ids[1], text)
	for range 2 {
		staged, err := s.Stage(bg, NewPacker(), strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx *Tx) error { return errors.Join(tx.PutBody(ids[2], staged), tx.PutBody(ids[3], staged)) })
	}
	update(t, s, func(tx *Tx) error {
		if ok, err := tx.LinkBody(ids[4], sha256.Sum256([]byte(text))); err != nil || !ok {
			t.Errorf("link: %v %v", ok, err)
		}
		if ok, err := tx.LinkBody(ids[4], [32]byte{1}); err != nil || ok {
			t.Errorf("link to nothing: %v %v", ok, err)
		}
		return nil
	})
	if n := count(t, s, "SELECT count(*) FROM body"); n != 1 {
		t.Errorf("%d bodies", n)
	}
	if n := count(t, s, "SELECT count(*) FROM chunk"); n != 3 {
		t.Errorf("%d chunks", n)
	}
	for _, id := range ids {
		wantBody(t, s, id, []byte(text))
	}
}

// Compressed where it pays: text and base64 do, what is compressed does not.
func TestPackingPays(t *testing.T) {
	for _, test := range []struct {
		name, text string
		most       float64
		zstd       bool
	}{
		{"text", strings.Repeat("Dear reader, nothing new today.\r\n", 20000), 0.1, true},
		{"noise", noise(800<<10, 1), 1, false},
		{"little noise", noise(300, 1), 1, false},
		{"base64", base64Text(800<<10, 76), 0.8, true},
		{"tiny", "x", 1, false},
	} {
		b := pack(t, test.text)
		c := b.chunks[0]
		if ratio := float64(len(c.data)) / float64(c.size); c.zstd != test.zstd || ratio > test.most {
			t.Errorf("%s: zstd %v, to %.2f", test.name, c.zstd, ratio)
		}
	}
}
