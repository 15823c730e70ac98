package mailview

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailstow/sync/testkit/testenv"
)

// FuzzRead: no message is refused, whatever it is.
func FuzzRead(f *testing.F) {
	files := testenv.Messages("../../..")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && len(data) < 20_000 {
			f.Add(string(data))
		}
	}
	f.Add("Content-Type: multipart/alternative; boundary=A\r\n\r\n--A\r\nContent-Type: text/html\r\n\r\n<a href=x><li><pre>\r\n--A--")
	f.Fuzz(func(t *testing.T, in string) {
		v, err := Read(strings.NewReader(in), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range v.Attachments {
			name := SafeName(a, i)
			if name == "" || name != filepath.Base(name) || name == "." || name == ".." || strings.HasPrefix(name, ".") || len(name) > maxName+1 {
				t.Errorf("%q became %q", a.Name, name)
			}
		}
	})
}
