package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

// FuzzCommands: what a command says, a server reads as it was meant, whatever is in
// its arguments: no argument becomes another command.
func FuzzCommands(f *testing.F) {
	f.Add("INBOX", `a "b" \`)
	f.Add("x\r\nM2 DELETE y", "{3}\r\nabc")
	f.Add("{3+}", "naïve \xff")
	f.Fuzz(func(t *testing.T, name, value string) {
		cmd := Cmd("X").Mailbox(name).String(value)
		if cmd.Err() != nil {
			if !strings.ContainsAny(name, "\x00\r\n") && !strings.Contains(value, "\x00") {
				t.Fatalf("%q, %q: %v", name, value, cmd.Err())
			}
			return
		}
		var b strings.Builder
		for _, p := range cmd.parts {
			b.WriteString(p.text)
			if p.lit {
				data, err := io.ReadAll(p.src)
				if err != nil || int64(len(data)) != p.size {
					t.Fatalf("%d octets of %d, %v", len(data), p.size, err)
				}
				fmt.Fprintf(&b, "{%d+}\r\n%s", len(data), data)
			}
		}
		r := newReader(strings.NewReader("* "+b.String()+"\r\n"), MaxLiteral)
		resp, ok, err := r.head()
		if err != nil || !ok || resp.Name != "X" {
			t.Fatalf("%q: %v", b.String(), err)
		}
		for _, want := range []string{name, value} {
			if got, err := resp.String(); err != nil || got != want {
				t.Fatalf("%q became %q, %v", want, got, err)
			}
		}
		if end, err := resp.Next(); err != nil || end.Kind != End {
			t.Fatalf("%q goes on: %+v, %v", b.String(), end, err)
		}
		if _, _, err := r.head(); err != io.EOF {
			t.Fatalf("%q has a line more: %v", b.String(), err)
		}
	})
}

// FuzzInflate: whatever a compressed stream holds, reading it ends, within the
// limits, in an error that has a name.
func FuzzInflate(f *testing.F) {
	var b bytes.Buffer
	z, _ := flate.NewWriter(&b, 6)
	fmt.Fprintf(z, "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n%s", strings.Repeat("* OK x\r\n", 100))
	z.Flush()
	f.Add(b.Bytes())
	f.Add(bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 10))
	f.Add(bytes.Repeat([]byte{0xff}, 10))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := &inflater{src: &source{r: bytes.NewReader(stream)}, taken: new(int64)}
		in.z = flate.NewReader(in.src)
		n, err := io.Copy(io.Discard, in)
		if n > InflateGrace+MaxInflateRatio*int64(len(stream))+1<<16 {
			t.Fatalf("%d octets became %d", len(stream), n)
		}
		var limit *LimitError
		var protocol *ProtocolError
		if err != nil && err != io.ErrUnexpectedEOF && !errors.As(err, &limit) && !errors.As(err, &protocol) {
			t.Fatalf("%T %v", err, err)
		}
	})
}

// FuzzTrace: whatever either side says, no secret and no line break of theirs gets
// into a trace, and every line of it is one of the trace's own.
func FuzzTrace(f *testing.F) {
	const secret = "hunter2hunter2"
	f.Add("M1 LOGIN a "+secret+"\r\n", "* OK hi\r\n")
	f.Add("M1 AUTHENTICATE PLAIN\r\n"+secret+"\r\n", "* OK\r\n+ "+secret+"\r\nM1 NO "+secret+"\r\n")
	f.Add("M1 LOGIN {14}\r\n", "* 1 FETCH (BODY[] \""+secret+"\" X {14}\r\n"+secret+")\r\n\x1b[31m\r\n")
	f.Fuzz(func(t *testing.T, client, server string) {
		var b bytes.Buffer
		tr := NewTrace(&b).conn()
		tr.hide([]string{secret})
		tr.sent(client)
		r := newReader(strings.NewReader(server), 1000)
		r.trace = tr
		for {
			resp, ok, err := r.head()
			if err != nil {
				break
			}
			if ok {
				tokens(&resp)
			}
			if resp.finish() != nil {
				break
			}
			tr.answered(resp.Name)
		}
		for line := range strings.Lines(b.String()) {
			if !strings.HasPrefix(line, "20") || !strings.Contains(line, " #1 ") || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\r\n\x00\x1b") {
				t.Fatalf("%q", line)
			}
			if strings.Contains(line, secret) {
				t.Fatalf("the secret is in %q", line)
			}
		}
	})
}
