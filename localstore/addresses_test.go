package localstore

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What plainAddresses takes on itself it reads like the parser it spares.
func TestPlainAddressesAreReadLikeOthers(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "a.b", "a..b", ".a", "a.", "a+b", "", "ä", "[1]"})
	word := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string { return part.Draw(t, "local") + "@" + part.Draw(t, "domain") }),
		rapid.Custom(func(t *rapid.T) string { return "<" + part.Draw(t, "local") + "@" + part.Draw(t, "domain") + ">" }),
		rapid.SampledFrom([]string{"Ann", "J.", "O'Hara", "<", ">", "@", ",", ", ", " ", "\t", "\"", "(c)", ":", ";", "=?utf-8?q?=C3=A4?=", "\x00", "\\"}))
	proper := rapid.SampledFrom([]string{"ann@example.org", "Ann B. <ann.b@example.org>", "<a+b@c.d>"})
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		alone := proper.Draw(t, "proper")
		v := alone
		if rapid.Bool().Draw(t, "improper") {
			v = ""
		}
		v += strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		for _, v := range []string{alone, v} {
			got, ok := plainAddresses(v)
			if !ok {
				continue
			}
			plain++
			if want := parsedAddresses(v); got != want {
				t.Fatalf("%q: %q, not %q", v, got, want)
			}
		}
	})
	if plain == 0 {
		t.Error("nothing was plain")
	}
}

func TestPlainAddresses(t *testing.T) {
	for v, plain := range map[string]bool{
		"ann@example.org": true, "<ann@example.org>": true, "Ann B. Smith <ann.smith@example.org>": true,
		"Ann  O'Hara<a@b>,  b+c@d.e": true, "<a..b@c>": false, "<.a@b>": false, "<a.@b>": false, "<a@b..c>": false, "": false,
		"<a@b": false, "<a>": false, "Ann <a@b> x": false, "Ann Lee": false, "a@b,": false, "\"A\" <a@b>": false, "=?utf-8?q?=C3=A4?= <a@b>": false,
	} {
		got, ok := plainAddresses(v)
		if ok != plain || ok && got != parsedAddresses(v) {
			t.Errorf("%q: %q, %v", v, got, ok)
		}
	}
}
