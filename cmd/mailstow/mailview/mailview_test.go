package mailview

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"mailstow/sync/testkit/testenv"
)

func read(t *testing.T, lines ...string) *View {
	t.Helper()
	v, err := Read(strings.NewReader(strings.Join(lines, "\r\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func field(v *View, name string) string {
	for _, f := range v.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func TestReadDecodes(t *testing.T) {
	v := read(t, "From: =?iso-8859-1?q?J=FCrgen?= <j@example.org>", "Subject: =?utf-8?b?5pel5pys?=",
		"Content-Type: text/plain; charset=iso-8859-15", "Content-Transfer-Encoding: quoted-printable", "", "100 =A4", "")
	if got := field(v, "From"); got != "Jürgen <j@example.org>" {
		t.Error(got)
	}
	if got := field(v, "Subject"); got != "日本" {
		t.Error(got)
	}
	if v.Text != "100 €\n" {
		t.Errorf("%q", v.Text)
	}
}

func TestReadAlternativesAndAttachments(t *testing.T) {
	message := []string{"Subject: x", "Content-Type: multipart/mixed; boundary=A", "",
		"--A", "Content-Type: multipart/alternative; boundary=B", "",
		"--B", "Content-Type: text/plain", "", "plain words",
		"--B", "Content-Type: text/html", "", "<p>html words</p>", "--B--",
		"--A", "Content-Type: application/pdf; name=\"=?utf-8?q?r=C3=A9sum=C3=A9.pdf?=\"", "Content-Transfer-Encoding: base64", "", "aGVsbG8=",
		"--A", "Content-Type: text/plain", "Content-Disposition: attachment; filename*=utf-8''n%C3%B6te.txt", "", "note",
		"--A", "Content-Type: message/rfc822", "", "Subject: inner", "", "inner body",
		"--A--", "epilogue"}
	v := read(t, message...)
	if strings.TrimSpace(v.Text) != "plain words" {
		t.Errorf("%q", v.Text)
	}
	want := []Attachment{{"résumé.pdf", "application/pdf", 5}, {"nöte.txt", "text/plain", 4}, {"", "message/rfc822", 28}}
	if diff := cmp.Diff(want, v.Attachments); diff != "" {
		t.Error(diff)
	}
	if len(v.Notes) != 0 {
		t.Error(v.Notes)
	}
}

func TestReadOdd(t *testing.T) {
	for name, tc := range map[string]struct{ in, text string }{
		"empty":                {"", ""},
		"no header":            {"just some text\nand more", "just some text\nand more"},
		"leading blank line":   {"\r\nbody", "body"},
		"header only":          {"Subject: x", ""},
		"mbox line":            {"From me Mon\r\nSubject: x\r\n\r\nbody", "body"},
		"8-bit without name":   {"Subject: x\r\n\r\ncaf\xe9", "café"},
		"unknown charset":      {"Content-Type: text/plain; charset=x-nope\r\n\r\nbody", "body"},
		"unknown encoding":     {"Content-Transfer-Encoding: x-nope\r\n\r\nbody", "body"},
		"broken base64":        {"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=!!!", "hello"},
		"no final boundary":    {"Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n\r\nbody", "body"},
		"bad content type":     {"Content-Type: text/plain; charset=\r\n\r\nbody", "body"},
		"multipart, no border": {"Content-Type: multipart/mixed\r\n\r\nbody", "body"},
	} {
		v, err := Read(strings.NewReader(tc.in), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v.Text != tc.text {
			t.Errorf("%s: text %q, want %q (notes %q)", name, v.Text, tc.text, v.Notes)
		}
	}
}

func TestReadBounded(t *testing.T) {
	deep := strings.Repeat("Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n", 200)
	if v := read(t, deep); len(v.Notes) == 0 {
		t.Error("200 levels were shown without a word")
	}
	v := read(t, "Subject: x", "", strings.Repeat("a", 3*maxText))
	if len(v.Text) != maxText+len(cut) {
		t.Errorf("%d bytes of text", len(v.Text))
	}
}

func TestReadPassesFailuresOn(t *testing.T) {
	broken := errors.New("body is damaged")
	r := io.MultiReader(strings.NewReader("Subject: x\r\n\r\nhalf a"), iotest.ErrReader(broken))
	if _, err := Read(r, nil); !errors.Is(err, broken) {
		t.Errorf("damage passed as good mail: %v", err)
	}
	full := errors.New("disk full")
	in := "Content-Type: application/pdf\r\n\r\nx"
	if _, err := Read(strings.NewReader(in), func(Attachment, io.Reader) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

// The corpus of odd mail lies beside the checkout and is not part of it.
func TestCorpusIsReadable(t *testing.T) {
	files := testenv.Messages("../../..")
	if len(files) == 0 {
		t.Skip("NOT TESTED: no corpus beside the checkout")
	}
	blank := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Read(f, nil)
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if len(v.Text)+len(v.Attachments)+len(v.Notes) == 0 {
			blank++ // nothing but a header is in some
		}
	}
	if blank > len(files)/20 {
		t.Errorf("%d of %d messages show nothing", blank, len(files))
	}
}

func TestHTML(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree\n"},
		{"a <b>bold</b>, b", "a bold, b\n"},
		{"<head><title>t</title><style>p{}</style></head><body>x<script>alert(1)</script>y</body>", "xy\n"},
		{"<head><style>p{}</style><body>no head end", "no head end\n"},
		{"<ul><li>a<li>b</ul>end", "- a\n- b\n\nend\n"},
		{`<a href="https://evil.example/">https://bank.example/</a>`, "https://bank.example/ <https://evil.example/>\n"},
		{`<a href="https://a.example/">https://a.example/</a>`, "https://a.example/\n"},
		{`<a href="mailto:me@x">me@x</a> <a href="javascript:x()">js</a>`, "me@x js\n"},
		{`<img src="https://track/1.gif"><img alt="logo" src=x>`, "[logo]\n"},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"},
		{"<pre>a\n  b</pre>", "a\n  b\n"},
		{"1 &lt; 2 &amp; &eacute;", "1 < 2 & é\n"},
		{strings.Repeat("<div>", 100_000) + "deep", "deep\n"},
	} {
		if got := htmlText(tc.in); got != tc.want {
			t.Errorf("%.60s: %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"report.pdf":        "report.pdf",
		"../../.ssh/id":     "id",
		`..\..\evil.exe`:    "evil.exe",
		"/etc/passwd":       "passwd",
		".bashrc":           "bashrc",
		"..":                "attachment-3.pdf",
		"":                  "attachment-3.pdf",
		"a\x00b\nc\x1b[m":   "a_b_c_[m",
		"gpj\u202eexe.scr":  "gpj_exe.scr",
		"con.txt":           "_con.txt",
		"a:b*c?.txt":        "a_b_c_.txt",
		"-rf":               "rf",
		"ünï.txt":           "ünï.txt",
		"bad\xff.txt":       "bad_.txt",
		"trailing dots... ": "trailing dots",
	} {
		if got := SafeName(Attachment{Name: in, Type: "application/pdf"}, 3); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	long := SafeName(Attachment{Name: strings.Repeat("é", 300) + ".pdf"}, 1)
	if len(long) > maxName || !strings.HasSuffix(long, "é.pdf") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}

func TestSaveNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	for i, want := range []string{"a.txt", "a-2.txt", "a-3.txt"} {
		path, err := Save(dir, "a.txt", strings.NewReader(strings.Repeat("x", i)))
		if err != nil || filepath.Base(path) != want {
			t.Errorf("got %s, %v, want %s", path, err, want)
		}
	}
	if _, err := Save(dir, "b.txt", iotest.ErrReader(errors.New("cut"))); err == nil {
		t.Error("half a file was saved")
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 3 {
		t.Errorf("left behind: %v", files)
	}
}
