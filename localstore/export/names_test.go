package export

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Failure table 25 and CVE-2021-20247 of isync: whatever a server calls a mailbox.
func TestEvilNames(t *testing.T) {
	for name, want := range map[string]string{
		"INBOX": "INBOX", "Archive/2024": "Archive/2024", "Entwürfe": "Entwürfe", "日本語": "日本語",
		"../../.ssh/authorized_keys": "%2E%2E/%2E%2E/%2Essh/authorized_keys",
		"..":                         "%2E%2E", ".": "%2E", "": "%", "a//b": "a/%/b", "/etc": "%/etc", "...": "%2E.%2E",
		"a\x00b": "a%00b", "\xff\xfe": "%FF%FE", "a\u202eb": "a%E2%80%AEb", "a\nb": "a%0Ab",
		`C:\x`: "C%3A%5Cx", "what?*": "what%3F%2A", "100%": "100%25", "%2E": "%252E",
		"CON": "%43ON", "con.txt": "%63on.txt", "Lpt1": "%4Cpt1", "com¹": "%63om¹", "console": "console", "COM10": "COM10", "aux .x": "%61ux .x",
		"trailing.": "trailing%2E", " x ": "%20x%20", "cur": "%63ur", "New": "%4Eew", "old.mbox": "old%2Embox", "x.EML/y": "x%2EEML/y",
		"dovecot-keywords": "%64ovecot-keywords", "~": "~", "-rf": "-rf",
	} {
		if got := nestedPath(name, "/"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for raw, want := range map[string]string{"INBOX": ".", "inbox": ".", "Sent": ".Sent", "A/B.C": ".A.B%2EC", "../x": ".%2E%2E.x", "INBOX/a": ".INBOX.a"} {
		if got := dottedPath(raw, "/"); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	deep := nestedPath(strings.Repeat("a/", 1000)+"a", "/")
	if strings.Contains(deep, "/") || len(deep) > maxPart {
		t.Errorf("1,000 levels: %q", deep)
	}
}

var evil = rapid.Custom(func(t *rapid.T) string {
	pieces := []string{"..", ".", "/", "a", "A", "é", "e\u0301", "ß", "ss", "CON", "com1", "\x00", "%", "%2E", "\xff", " ", "cur", "new", ".mbox", ".eml",
		".mailstow-export.json", "\u202e", ":", strings.Repeat("x", 60), "日"}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
})

// Every path lies below the export, has no part that a system refuses, and is that of
// one mailbox, also where case and accents do not count.
func TestPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom(Formats).Draw(t, "format")
		tg := &target{}
		if err := tg.load(format); err != nil {
			t.Fatal(err)
		}
		given := map[string]string{}
		for _, raw := range rapid.SliceOfNDistinct(evil, 1, 12, rapid.ID[string]).Draw(t, "names") {
			f := Folder{Account: "work", Raw: raw, Name: raw, Delim: "/", Below: rapid.SampledFrom([]string{"", "..", "work"}).Draw(t, "below")}
			p := *tg.place(f)
			if !filepath.IsLocal(p.Path) || !fs.ValidPath(p.Path) || path.Clean(p.Path) != p.Path || len(p.Path) > maxPath+2*maxPart {
				t.Fatalf("%q: %q", raw, p.Path)
			}
			for part := range strings.SplitSeq(p.Path, "/") {
				if !utf8.ValidString(part) || len(part) > 2*maxPart+20 || strings.ContainsAny(part, "\x00\\:*?\"<>|") || device(strings.ToLower(part)) || strings.HasSuffix(part, " ") || part != "." && strings.HasSuffix(part, ".") {
					t.Fatalf("%q: part %q", raw, part)
				}
			}
			if other, ok := given[fold(p.Path)]; ok {
				t.Fatalf("%q and %q lie at %q", raw, other, p.Path)
			}
			given[fold(p.Path)] = raw
			if again := *tg.place(f); again.Path != p.Path {
				t.Fatalf("%q: %q, then %q", raw, p.Path, again.Path)
			}
		}
	})
}

// A name stands for one key alone.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := key{date: rapid.Int64().Draw(t, "date"), n: rapid.IntRange(0, 3).Draw(t, "n")}
		copy(k.sum[:], rapid.SliceOfN(rapid.Byte(), keySum, keySum).Draw(t, "sum"))
		for _, info := range []string{"", ":2,FS", ";2,", "!2,S"} {
			got, flags, ok := parseMaildir(k.maildir() + info)
			if !ok || got != k || info != "" && flags != info[1:] {
				t.Fatalf("%s: %+v %q %v", k.maildir()+info, got, flags, ok)
			}
		}
	})
	for _, name := range []string{"", ".mailstow", "1.mailstow", "1.zz.mailstow", "01." + strings.Repeat("0", 32) + ".mailstow:2,",
		"1." + strings.Repeat("A", 32) + ".mailstow", "1." + strings.Repeat("0", 32) + "_0.mailstow", "1." + strings.Repeat("0", 32) + ".host:2,S"} {
		if _, _, ok := parseMaildir(name); ok {
			t.Errorf("%q is taken for ours", name)
		}
	}
}
