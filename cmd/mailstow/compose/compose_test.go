package compose

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func compose(r io.Reader) (string, error) {
	m, err := New(r)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(m)
	return string(b), err
}

func TestLinesEndWithCRLF(t *testing.T) {
	for in, want := range map[string]string{
		"A: b\n\nc\n":               "A: b\r\n\r\nc\r\n",
		"A: b\r\n\r\nc\r\n":         "A: b\r\n\r\nc\r\n",
		"A: b\r\n\nc\rd\r\r\n\n\ne": "A: b\r\n\r\nc\rd\r\r\n\r\n\r\ne",
		"A: b":                      "A: b",
		"X-Odd-Name_1 : b\n":        "X-Odd-Name_1 : b\r\n",
		"A:\xff\xfe\n":              "A:\xff\xfe\r\n",
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			if got, err := compose(r); err != nil || got != want {
				t.Errorf("%q: %q, %v; want %q", in, got, err, want)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for in, want := range map[string]error{
		"":                          ErrEmpty,
		"From me@x Mon Jan 1\nA: b": ErrMbox,
		"hello\nA: b\n":             ErrNoHeader,
		"\nA: b\n":                  ErrNoHeader,
		": b\n":                     ErrNoHeader,
		" A: b\n":                   ErrNoHeader,
		"\ufeffA: b\n":              ErrNoHeader,
		"two words: b\n":            ErrNoHeader,
		"\x1f\x8b\x08":              ErrNoHeader,
		strings.Repeat("a", 5000):   ErrNoHeader,
	} {
		if _, err := compose(strings.NewReader(in)); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", in, err, want)
		}
	}
	if _, err := compose(strings.NewReader("A: b\n\nc\x00d")); err == nil || !strings.Contains(err.Error(), "byte 7 is zero") {
		t.Errorf("a zero byte: %v", err)
	}
	broken := errors.New("disk")
	if _, err := compose(io.MultiReader(strings.NewReader("A: b\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a reader that breaks: %v", err)
	}
}

// Whatever the text and the size of the pieces it comes in: no line feed without
// its carriage return, nothing else added or lost, and a second time nothing.
func TestConverts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{"\n", "\r", "\r\n", "a", "bc", "\n\n", strings.Repeat("x", bufferSize-7)})).Draw(t, "pieces")
		in := "A: b\n" + strings.Join(pieces, "")
		got, err := compose(iotest.HalfReader(strings.NewReader(in)))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(got, "\n") != strings.Count(got, "\r\n") {
			t.Fatalf("a bare line feed in %q", got)
		}
		if strings.ReplaceAll(got, "\r\n", "\n") != strings.ReplaceAll(in, "\r\n", "\n") {
			t.Fatalf("%q became %q", in, got)
		}
		if again, _ := compose(strings.NewReader(got)); again != got {
			t.Fatalf("%q changed to %q", got, again)
		}
	})
}

// A source that gives nothing for a while is not the end.
func TestEmptyReads(t *testing.T) {
	var b bytes.Buffer
	m, err := New(iotest.DataErrReader(strings.NewReader("A: b\n\n" + strings.Repeat("line\n", 20000))))
	if err == nil {
		_, err = io.CopyBuffer(&b, struct{ io.Reader }{m}, make([]byte, 1))
	}
	if err != nil || b.Len() != 8+20000*6 {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
}
