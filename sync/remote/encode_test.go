package remote_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mailstow/sync/remote"
)

func TestEncodeName(t *testing.T) {
	for name, want := range map[string]string{
		"INBOX": "INBOX", "a/b c": "a/b c", "R&D": "R&-D", "Entwürfe": "Entw&APw-rfe", "~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
		"😀": "&2D3eAA-", "ü&ü": "&APw-&-&APw-", "&": "&-", `"\`: `"\`, "€": "&IKw-",
	} {
		if raw, err := remote.EncodeName(name); err != nil || raw != want {
			t.Errorf("%q: %q, %v; want %q", name, raw, err, want)
		}
	}
	for _, name := range []string{"", "a\r\nb", "a\x00", "\x7f", "\xff", "a\xed\xa0\x80", "lost \ufffd"} {
		if raw, err := remote.EncodeName(name); err == nil {
			t.Errorf("%q: %q", name, raw)
		}
	}
}

// Every name comes back as it was, and leaves as printable ASCII.
func TestEncodeNameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		raw, err := remote.EncodeName(name)
		if err != nil {
			if name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) {
				t.Fatalf("%q: %v", name, err)
			}
			return
		}
		if got := remote.DecodeName(raw); got != name {
			t.Fatalf("%q became %q and then %q", name, raw, got)
		}
		if strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q", raw)
		}
	})
}
