package mailgen

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	"github.com/google/go-cmp/cmp"
)

func TestDeterministic(t *testing.T) {
	a, b := New(1).Messages(100), New(1).Messages(100)
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
	if bytes.Equal(a[0].Data, New(2).Messages(1)[0].Data) {
		t.Error("the seed does not matter")
	}
	if d := cmp.Diff(Odd(), Odd()); d != "" {
		t.Error(d)
	}
}

// The bytes must not change with the platform or unnoticed with an edit: other
// tests and the demo count on them.
func TestFixed(t *testing.T) {
	h := sha256.New()
	for _, m := range append(New(1).Messages(45), Odd()...) {
		h.Write([]byte(m.Kind + m.Date.String()))
		for _, f := range m.Flags {
			h.Write([]byte(f))
		}
		h.Write(m.Data)
	}
	const want = "3e61cefecc367aa172659915faf97b935f49ead2854e84be7e8937d9697d941d"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("sample mail changed: sha256 %s (if that was meant, put it here)", got)
	}
}

// Ordinary mail parses without a complaint, decodes, and is worth testing with.
func TestOrdinary(t *testing.T) {
	seen := map[string]bool{}
	flags := map[imap.Flag]bool{}
	ids := map[string]bool{}
	for _, m := range New(1).Messages(300) {
		seen[m.Kind] = true
		for _, f := range m.Flags {
			flags[f] = true
		}
		if bytes.Contains(bytes.ReplaceAll(m.Data, []byte("\r\n"), nil), []byte("\n")) || bytes.IndexByte(m.Data, 0) >= 0 {
			t.Errorf("%s: bare LF or NUL", m.Kind)
		}
		e, err := message.Read(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatalf("%s: %v\n%s", m.Kind, err, m.Data)
		}
		if id := e.Header.Get("Message-Id"); id == "" || ids[id] {
			t.Errorf("%s: Message-ID %q missing or used twice", m.Kind, id)
		} else {
			ids[id] = true
		}
		err = e.Walk(func(path []int, p *message.Entity, err error) error {
			if kind, _, _ := p.Header.ContentType(); err != nil || strings.HasPrefix(kind, "multipart/") {
				return err
			}
			_, err = io.Copy(io.Discard, p.Body)
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", m.Kind, err)
		}
	}
	for _, k := range kinds {
		if !seen[k.name] {
			t.Errorf("no %s", k.name)
		}
	}
	if len(flags) != 8 {
		t.Errorf("flags %v", flags)
	}
}

func TestCharsetsDecode(t *testing.T) {
	left := map[string]string{"iso-8859-1": "mañana", "koi8-r": "пятницу", "shift_jis": "資料"}
	for _, m := range New(1).Messages(15) {
		want, ok := left[m.Kind]
		if !ok {
			continue
		}
		e, err := message.Read(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(e.Body)
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %v, %q", m.Kind, err, body)
		}
		delete(left, m.Kind)
	}
	if len(left) > 0 {
		t.Errorf("not made: %v", left)
	}
}

func TestOdd(t *testing.T) {
	kinds := map[string]bool{}
	var nul, lf int
	for _, m := range Odd() {
		if kinds[m.Kind] {
			t.Errorf("%s twice", m.Kind)
		}
		kinds[m.Kind] = true
		if m.NUL {
			nul++
		}
		if m.LF {
			lf++
		}
		if len(m.Data) == 0 {
			t.Errorf("%s: no bytes at all; servers refuse that", m.Kind)
		}
	}
	if nul != 1 || lf != 1 {
		t.Errorf("%d with NUL, %d with bare LF", nul, lf)
	}
}

func TestLarge(t *testing.T) {
	if n := len(New(1).Large(1 << 20).Data); n < 900<<10 || n > 1100<<10 {
		t.Errorf("%d bytes", n)
	}
}
