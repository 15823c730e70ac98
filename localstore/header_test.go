package localstore

import (
	"bytes"
	"crypto/sha256"
	"testing"
)

// FuzzHeader: where a header ends does not depend on how its bytes arrive.
func FuzzHeader(f *testing.F) {
	f.Add([]byte("A: b\r\n\r\nbody"), 1)
	f.Add([]byte("\r\n\r\n"), 2)
	f.Add([]byte("A: b\n\nbody\n\n"), 3)
	f.Add([]byte("A: b\r\r\n\r\n\r"), 1)
	f.Add([]byte("no end"), 100)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		s := headerScanner{sum: sha256.New()}
		for rest := b; len(rest) > 0; {
			n := min(max(step, 1), len(rest))
			s.write(rest[:n])
			rest = rest[n:]
		}
		want := len(b)
		for _, end := range []string{"\n\n", "\n\r\n"} {
			if i := bytes.Index(b, []byte(end)); i >= 0 {
				want = min(want, i+len(end))
			}
		}
		switch {
		case bytes.HasPrefix(b, []byte("\n")):
			want = 1
		case bytes.HasPrefix(b, []byte("\r\n")):
			want = 2
		}
		if s.size != int64(want) {
			t.Fatalf("%q in steps of %d: %d octets, want %d", b, step, s.size, want)
		}
		if sum := [32]byte(s.sum.Sum(nil)); sum != HeaderHash(b) || sum != sha256.Sum256(b[:want]) {
			t.Fatalf("%q: hash of other octets", b)
		}
	})
}

// FuzzLabels: labels come back as they went in, and anything can be read.
func FuzzLabels(f *testing.F) {
	f.Add("a", `\Inbox`, `["x"]`)
	f.Add("", "\x00\"", "[1,2]")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		_ = Labels(text)
		one := LabelText([]string{a, b, a})
		if two := LabelText(Labels(one)); one != two {
			t.Fatalf("%q became %q", one, two)
		}
	})
}
