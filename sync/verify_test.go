package sync_test

import (
	"os"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	mailsync "mailstow/sync"
)

func (f *fixture) verify(opt mailsync.VerifyOptions) mailsync.Verified {
	f.Helper()
	v, err := mailsync.VerifyRemote(f.Context(), f.store, f.account(), opt)
	if err != nil {
		f.Fatal(err)
	}
	return v
}

// Whatever happens on the server alone is found, and named by mailbox and UID.
func TestVerifyRemote(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.user.Create("Gone")
	uids := f.seed("INBOX", 10)
	f.seed("Work", 3)
	f.pull(0)
	v := f.verify(mailsync.VerifyOptions{Sample: 13})
	if len(v.Differences) > 0 || v.Messages != 13 || v.Mailboxes != 3 || v.Sampled != 13 {
		t.Fatalf("%+v", v)
	}
	f.user.Expunge("INBOX", uids[0])
	f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[1])
	f.user.Append("INBOX", nil, day(50), message("INBOX", 50))
	f.user.Create("Fresh")
	f.user.Delete("Gone")
	f.server.SetUIDValidity(t, f.name, "Work", 12345)
	var got []string
	for _, d := range f.verify(mailsync.VerifyOptions{}).Differences {
		got = append(got, d.Mailbox+" "+d.What)
	}
	want := []string{
		"Fresh mailbox is not in the mirror", "Gone mailbox is not on the server", "INBOX is not on the server",
		`INBOX flags are "\\Flagged \\Seen" on the server`, "INBOX is not in the mirror", "Work UIDVALIDITY is 12345",
	}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

// A server that serves other bytes under a known UID is found by the sample.
func TestVerifyBytes(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 5)
	f.pull(0)
	file := f.server.MailFile(t, f.name, "INBOX", "body 3\n")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), "body 3", "b0dy 3", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	v := f.verify(mailsync.VerifyOptions{SamplePercent: 100})
	if len(v.Differences) != 1 || !strings.HasPrefix(v.Differences[0].What, "bytes differ") {
		t.Fatalf("%+v", v)
	}
	if v := f.verify(mailsync.VerifyOptions{}); len(v.Differences) > 0 {
		t.Fatalf("without a sample nothing shows: %+v", v)
	}
}
