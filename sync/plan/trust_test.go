package plan

import (
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	known := Known{Exists: true, UIDValidity: 7, UIDNext: 11, Messages: 10, HighestModSeq: 99, MailboxID: "a"}
	said := Said{UIDValidity: 7, UIDNext: 11, Messages: 10, HighestModSeq: 99, MailboxID: "a"}
	for name, c := range map[string]struct {
		change func(k *Known, s *Said)
		want   Approach
	}{
		"nothing happened":            {func(*Known, *Said) {}, Skip},
		"never synced":                {func(k *Known, _ *Said) { *k = Known{} }, Scan},
		"bodies due":                  {func(k *Known, _ *Said) { k.Owing = true }, Scan},
		"new mail":                    {func(_ *Known, s *Said) { s.UIDNext++ }, Scan},
		"expunged":                    {func(_ *Known, s *Said) { s.Messages-- }, Scan},
		"flags changed":               {func(_ *Known, s *Said) { s.HighestModSeq++ }, Scan},
		"modseq went back":            {func(_ *Known, s *Said) { s.HighestModSeq-- }, Scan},
		"no modseq":                   {func(k *Known, s *Said) { k.HighestModSeq, s.HighestModSeq = 0, 0 }, Scan},
		"uidnext not said":            {func(_ *Known, s *Said) { s.UIDNext = 0 }, Scan},
		"uidnext went back":           {func(_ *Known, s *Said) { s.UIDNext-- }, Quarantine},
		"higher uidvalidity":          {func(_ *Known, s *Said) { s.UIDValidity++ }, Reset},
		"lower uidvalidity":           {func(_ *Known, s *Said) { s.UIDValidity-- }, Reset},
		"reset with lower uidnext":    {func(_ *Known, s *Said) { s.UIDValidity++; s.UIDNext = 1 }, Reset},
		"another mailbox":             {func(_ *Known, s *Said) { s.MailboxID = "b"; s.UIDNext = 1 }, Reset},
		"no mailboxid any more":       {func(_ *Known, s *Said) { s.MailboxID = "" }, Skip},
		"no mailboxid before":         {func(k *Known, _ *Said) { k.MailboxID = "" }, Skip},
		"no uidvalidity":              {func(_ *Known, s *Said) { s.UIDValidity = 0 }, Archive},
		"uids not sticky":             {func(_ *Known, s *Said) { s.NotSticky = true }, Archive},
		"not sticky, never seen":      {func(k *Known, s *Said) { *k = Known{}; s.NotSticky = true }, Archive},
		"another one every run":       {func(k *Known, s *Said) { k.Restless = true; s.UIDValidity++ }, Archive},
		"restless, then the same":     {func(k *Known, _ *Said) { k.Restless = true }, Skip},
		"archived, then it lasts":     {func(k *Known, _ *Said) { k.Archived = true }, Reset},
		"archived and still restless": {func(k *Known, s *Said) { k.Archived, k.Restless = true, true; s.UIDValidity++ }, Archive},
		"not sticky, new uidvalidity": {func(_ *Known, s *Said) { s.NotSticky = true; s.UIDValidity++ }, Archive},
	} {
		k, s := known, said
		c.change(&k, &s)
		got, why := Judge(k, s)
		if got != c.want {
			t.Errorf("%s: approach %d, want %d", name, got, c.want)
		}
		if quiet := got == Scan || got == Skip; quiet != (why == "") {
			t.Errorf("%s: reason %q", name, why)
		}
	}
}

// Row 15: deleted and recreated with the same UIDVALIDITY.
func TestRecreated(t *testing.T) {
	held := map[uint32]Fixed{1: {100, 1000}, 5: {200, 2000}}
	for name, c := range map[string]struct {
		now  map[uint32]Fixed
		want bool
	}{
		"same":              {map[uint32]Fixed{1: {100, 1000}, 5: {200, 2000}}, false},
		"expunged":          {map[uint32]Fixed{}, false},
		"size announced so": {map[uint32]Fixed{1: {101, 1000}, 5: {201, 2000}}, false},
		"dates rewritten":   {map[uint32]Fixed{1: {100, 1}, 5: {200, 1}}, false},
		"another message":   {map[uint32]Fixed{5: {77, 7}}, true},
	} {
		if got := Recreated(held, c.now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestObjectID(t *testing.T) {
	for id, want := range map[string]string{
		"F6352ae03-b7f5_463c": "F6352ae03-b7f5_463c", "": "", "a b": "", "\xf2M\xce": "", strings.Repeat("a", 256): "",
	} {
		if got := ObjectID(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}
