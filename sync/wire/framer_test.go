package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// dump reads a stream and renders every response and token in it.
func dump(stream string) (string, error) {
	r := newReader(strings.NewReader(stream), 1000)
	var b strings.Builder
	for {
		resp, ok, err := r.head()
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%s %d %s", resp.Tag, resp.Num, resp.Name)
		if !ok {
			b.WriteString(" ?")
		}
		if ok && resp.isStatus() {
			fmt.Fprintf(&b, " %+v", resp.Status())
		} else if ok {
			b.WriteString(tokens(&resp))
		}
		b.WriteString("|")
		if err := resp.finish(); err != nil {
			return b.String(), err
		}
	}
}

func tokens(resp *Response) string {
	var b strings.Builder
	for {
		tok, err := resp.Next()
		if err != nil {
			return b.String() + " !"
		}
		switch tok.Kind {
		case End:
			return b.String()
		case Open:
			b.WriteString(" (")
		case Close:
			b.WriteString(" )")
		case Atom:
			b.WriteString(" " + string(tok.Text))
		case Quoted:
			fmt.Fprintf(&b, " %q", tok.Text)
		case Literal:
			body, err := io.ReadAll(resp.Literal())
			fmt.Fprintf(&b, " {%d}%q", tok.Size, body)
			if err != nil {
				return b.String() + " !"
			}
		}
	}
}

func TestFraming(t *testing.T) {
	for _, tc := range []struct {
		in, out string
		err     error
	}{
		{"", "", io.EOF},
		{"* 12 FETCH (UID 3)\r\n", "* 12 FETCH ( UID 3 )|", io.EOF},
		{"* list () \"/\" {3}\r\nabc\r\n", `* 0 LIST ( ) "/" {3}"abc"|`, io.EOF},
		{"* X {3}\r\nabc {0}\r\n y\n* Y\n", `* 0 X {3}"abc" {0}"" y|* 0 Y|`, io.EOF},
		{"* X ~{2}\r\n\r\n{1+}\r\n)\r\n", `* 0 X {2}"\r\n" {1}")"|`, io.EOF},
		{"* X \"a\\\"b\\\\\" \"\"\r\n", `* 0 X "a\"b\\" ""|`, io.EOF},
		{"* X {3} {x} {} {3+ ~x }\r\n", "* 0 X {3} {x} {} {3+ ~x }|", io.EOF},
		{"* OK text ends in {3}\r\nM1 NO [X y] {9}\r\n", "* 0 OK {Type:OK Code: Arg: Text:text ends in {3}}|M1 0 NO {Type:NO Code:X Arg:y Text:{9}}|", io.EOF},
		{"* 1 EXISTS\r\n* OK\r\nM1 OK\r\n", "* 1 EXISTS|* 0 OK {Type:OK Code: Arg: Text:}|M1 0 OK {Type:OK Code: Arg: Text:}|", io.EOF},
		{"M1 FETCH x\r\n\r\nfoo\r\n*\r\n", "M1 0 FETCH ?| 0  ?|foo 0  ?|* 0  ?|", io.EOF},
		{"* X (((", "", io.ErrUnexpectedEOF},
		{"* X {3}\r\nab", `* 0 X {3}"ab" !|`, io.ErrUnexpectedEOF},
		{"* X {3}\r\nabc", `* 0 X {3}"abc" !|`, io.ErrUnexpectedEOF},
		{"* X \"open {3}\r\nabc\r\n", "* 0 X !|", io.EOF}, // still framed by its end
		{"* X " + strings.Repeat("(", 65) + " {1}\r\na\r\n* Y\r\n", "* 0 X" + strings.Repeat(" (", 64) + " !|* 0 Y|", io.EOF},
	} {
		out, err := dump(tc.in)
		if out != tc.out || !errors.Is(err, tc.err) {
			t.Errorf("%.60q:\n got %s, %v\nwant %s, %v", tc.in, out, err, tc.out, tc.err)
		}
	}
	for _, in := range []string{"* X {1001}\r\n", "* X {4294967295}\r\n", "* X \"a {99999999999999999999}\r\n"} {
		var limit *LimitError
		if _, err := dump(in); !errors.As(err, &limit) || limit.Limit != 1000 {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// Lines longer than the buffer are whole lines, up to their limit.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", MaxLine-100)
	out, err := dump("* A " + long + " {2}\r\nhi\r\n* B\r\n")
	if want := "* 0 A " + long + ` {2}"hi"|* 0 B|`; out != want || err != io.EOF {
		t.Errorf("%d octets, %v", len(out), err)
	}
	var limit *LimitError
	if _, err = dump("* A " + long + long); !errors.As(err, &limit) {
		t.Error(err)
	}
	numbers := strings.Repeat(" 1234567", 1<<18) // 2 MiB, beyond MaxLine
	if _, err = dump("* search" + numbers + "\r\n"); err != io.EOF {
		t.Errorf("SEARCH: %v", err)
	}
	if _, err = dump("* A {1}\r\nx" + numbers + numbers); !errors.As(err, &limit) {
		t.Errorf("behind a literal: %v", err)
	}
}

func TestStatus(t *testing.T) {
	for _, tc := range []struct{ in, code, arg, text string }{
		{"[UIDNEXT 4] next", "UIDNEXT", "4", "next"},
		{"[alert] look", "ALERT", "", "look"},
		{"[PERMANENTFLAGS (a]b \\*)] ok", "PERMANENTFLAGS", "(a]b \\*)", "ok"},
		{`[X "a]b"] ok`, "X", `"a]b"`, "ok"},
		{`[X "a] ok`, "X", `"a`, "ok"},
		{"[never closed", "", "", "[never closed"},
		{"[] x", "", "", "x"},
		{"text [X]", "", "", "text [X]"},
		{"[X](y)]", "X", "", "(y)]"},
		{"a\rb\x00c", "", "", "a b c"},
		{strings.Repeat("y", MaxText+1), "", "", strings.Repeat("y", MaxText) + "..."},
	} {
		got := parseStatus("OK", []byte(tc.in))
		if want := (Status{Type: "OK", Code: tc.code, Arg: tc.arg, Text: tc.text}); got != want {
			t.Errorf("%.40q: %+v", tc.in, got)
		}
	}
}

func TestItems(t *testing.T) {
	r := newReader(strings.NewReader("* 1 FETCH (BODY[HEADER.FIELDS (A \"B\")]<0>{1}\r\nx FLAGS(a) BODY[ X)\r\n"), 1000)
	resp, _, err := r.head()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 8 {
		tok, err := resp.Item()
		got = append(got, fmt.Sprintf("%d %s %v", tok.Kind, tok.Text, err))
	}
	want := `1  <nil>,3 BODY[HEADER.FIELDS (A "B")]<0> <nil>,5  <nil>,3 FLAGS <nil>,1  <nil>,3 a <nil>,2  <nil>,3 BODY[ <nil>`
	if strings.Join(got, ",") != want {
		t.Errorf("%s", strings.Join(got, ","))
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]uint64{"0": 0, "007": 7, "18446744073709551615": 1<<64 - 1} {
		if n, ok := ParseNumber([]byte(in)); !ok || n != want {
			t.Errorf("%s: %d %v", in, n, ok)
		}
	}
	for _, in := range []string{"", "-1", "+1", "1x", " 1", "18446744073709551616", "000000000000000000001"} {
		if n, ok := ParseNumber([]byte(in)); ok {
			t.Errorf("%q: %d", in, n)
		}
	}
}
