package main

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// What mbsync did to a message is undone: line ends, and its field in the header.
func TestAsDownloaded(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for in, want := range map[string]string{
		"A: b\nX-TUID: abcdefghijkl\n\nbody\n":                "A: b\r\n\r\nbody\r\n",
		"X-TUID: abcdefghijkl\nA: b\n\nX-TUID: in the body\n": "A: b\r\n\r\nX-TUID: in the body\r\n",
		"A: b\r\nX-TUID: abcdefghijkl\r\n\r\nbody":            "A: b\r\n\r\nbody",
		"A: " + long + "\nX-TUID: abcdefghijkl\n\n" + long:    "A: " + long + "\r\n\r\n" + long,
		"A: X-TUID: no\n\n":                                   "A: X-TUID: no\r\n\r\n",
		"":                                                    "", "no header": "no header", "\nX-TUID: body\n": "\r\nX-TUID: body\r\n",
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			m, err := asDownloaded(r)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(m); err != nil || string(got) != want {
				t.Errorf("%.60q: %.60q, %v; want %.60q", in, got, err, want)
			}
		}
	}
}
