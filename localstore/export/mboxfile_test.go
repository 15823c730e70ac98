package export

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func quote(text string, add bool, pieces []int) string {
	var b bytes.Buffer
	q := &fromLines{w: &b, add: add}
	for _, n := range append(pieces, len(text)) {
		n = min(n, len(text))
		q.Write([]byte(text[:n]))
		text = text[n:]
	}
	q.end()
	return b.String()
}

func TestFromLines(t *testing.T) {
	for text, want := range map[string]string{
		"From x\n": ">From x\n", ">From x\n>>From y": ">>From x\n>>>From y", "Fro\nFrom": "Fro\nFrom", "From ": ">From ", "a From b\n": "a From b\n",
		"\n\nFrom \r\n": "\n\n>From \r\n", ">>>": ">>>", "": "", "F\n>F\n>Fr": "F\n>F\n>Fr", "FFrom \n": "FFrom \n", ">F>From \n": ">F>From \n",
		"\rFrom \n": "\rFrom \n", strings.Repeat(">", 9000) + "From \n": strings.Repeat(">", 9001) + "From \n",
	} {
		if got := quote(text, true, nil); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Quoting can be taken back, whatever the bytes and the pieces they come in, and
// nothing quoted begins with "From ".
func TestQuotingIsReversible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"From ", ">", "\n", "\r\n", "F", "From", "x", " ", "\x00", ">>From a\n"})).Draw(t, "words")
		pieces := rapid.SliceOf(rapid.IntRange(0, 9))
		text := strings.Join(words, "")
		quoted := quote(text, true, pieces.Draw(t, "out"))
		if strings.HasPrefix(quoted, fromLine) || strings.Contains(quoted, "\n"+fromLine) {
			t.Fatalf("%q has a line that begins a message: %q", text, quoted)
		}
		if got := quote(quoted, false, pieces.Draw(t, "in")); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
