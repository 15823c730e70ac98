package remote

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// FuzzNames: any name of a server can be shown, and any name that can be made has
// exactly one raw form, which leads back to it.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"INBOX", "R&D", "&AOk-", "&2D0-", "&-", "&", "caf\xe9", "Entwürfe/\U0001f4ec", "a\r\nb", "&AGE-", "&AOkA6Q-&AOk-"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if shown := DecodeName(name); !utf8.ValidString(shown) {
			t.Fatalf("%q is shown as %q", name, shown)
		}
		raw, err := EncodeName(name)
		if err != nil {
			return
		}
		if again := DecodeName(raw); again != name {
			t.Fatalf("%q became %q and then %q", name, raw, again)
		}
		if strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q became %q", name, raw)
		}
	})
}

// FuzzSets: sets of UIDs, as VANISHED and COPYUID have them, become ranges in
// order, which nothing expands.
func FuzzSets(f *testing.F) {
	for _, set := range []string{"1", "1:3,5", "3:1", "1:4294967295", "4294967295:1,4294967295", "1:*", "0", ",", "1,1:2,2", "1:2:3", "4294967296", "00001"} {
		f.Add(set)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var set imap.UIDSet
		err := parseRanges([]byte(text), func(r imap.UIDRange) error {
			if r.Start == 0 || r.Stop < r.Start {
				t.Fatalf("%q: %v", text, r)
			}
			set = append(set, r)
			return nil
		})
		if err != nil && err != wire.ErrSyntax {
			t.Fatalf("%q: %v", text, err)
		}
		merged := merge(slices.Clone(set))
		for i := 1; i < len(merged); i++ {
			if uint64(merged[i].Start) <= uint64(merged[i-1].Stop)+1 {
				t.Fatalf("%q: %v", text, merged)
			}
		}
		half := clip(merged, 1, 1<<31)
		if total(common(merged, half)) != total(half) || total(without(merged, half))+total(half) != total(merged) {
			t.Fatalf("%q: %v and %v", text, merged, half)
		}
	})
}

// FuzzWords: capability lists, flags, dates and words of patience, as text.
func FuzzWords(f *testing.F) {
	for _, text := range []string{"IMAP4rev1 (AUTH=PLAIN", "(\\Seen a]b \\*)", "17-Jul-1996 02:44:25 -0700", " 7-Jul-1996 02:44:25 +1400",
		"Suggested Backoff Time: 999999999999 milliseconds", "00-Jan-0000 00:00:00 +0000", "29-Feb-2024 24:00:00 +2400"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, word := range parseCaps(text) {
			if word == "" || strings.ContainsAny(word, "(){%*\"\\] \r\n") {
				t.Fatalf("capability %q", word)
			}
		}
		for _, flag := range parseFlags(text) {
			if flag == "" || strings.ContainsAny(string(flag), " \r\n") {
				t.Fatalf("flag %q", flag)
			}
		}
		if date, ok := parseDate([]byte(text)); ok {
			if again, ok := parseDate([]byte(date.Format(dateLayout))); !ok || !again.Equal(date) {
				t.Fatalf("%q: %v and %v", text, date, again)
			}
		}
		if _, after := tryLater(wire.Status{Type: "NO", Text: text}); after < 0 || after > 24*time.Hour {
			t.Fatalf("%q: %v", text, after)
		}
	})
}

// FuzzChallenges: whatever a server says inside a SASL exchange, the answer gives
// nothing away that it should not, takes no time to speak of, and comes to an end.
func FuzzChallenges(f *testing.F) {
	f.Add("r=x,s=QSXCR+Q6sek8bf92,i=4096", "v=x")
	f.Add("e=other-error", "")
	f.Add(`{"status":"400"}`, "x")
	f.Add("r=x,s=,i=18446744073709551616", "\x00")
	f.Add("v=", "0")
	cfg := Config{User: "joe", Host: "h", Port: 143}
	f.Fuzz(func(t *testing.T, first, second string) {
		if n := iterations(first); n > minIterations && n <= maxIterations {
			return // the work that a server may ask for is not what is looked for here
		}
		for _, m := range mechanisms {
			if m.sasl == nil {
				continue
			}
			x := m.sasl(cfg, "hunter2")
			x.first()
			for range 2 {
				for _, challenge := range []string{first, second} {
					answer, err := x.next([]byte(challenge))
					if m.name == "SCRAM-SHA-256" && strings.Contains(string(answer), "hunter2") {
						t.Fatalf("the password is in %q", answer)
					}
					if err != nil {
						break
					}
				}
			}
			if strings.HasPrefix(m.name, "SCRAM") && x.proven() == nil {
				t.Fatalf("%s takes %q, %q for a proof", m.name, first, second)
			}
		}
	})
}
