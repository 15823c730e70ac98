package sync_test

import (
	"os"
	"path/filepath"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/mailgen"
)

// corpusDir is the folder of odd mail that this project did not write; tests
// that use it skip where it is absent.
func corpusDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MAILSTOW_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "messages")); err != nil {
		t.Skipf("NOT TESTED: no corpus: %v (MAILSTOW_CORPUS names the folder)", err)
	}
	return filepath.Join(dir, "messages")
}

// Every message, however odd, comes back byte for byte as the server serves it
// (row 33).
func TestBytesOfOddMail(t *testing.T) {
	f := newFixture(t)
	for i, m := range mailgen.New(1).Messages(60) {
		f.user.Append("INBOX", m.Flags, day(i), m.Data)
	}
	for _, m := range mailgen.Odd() {
		if m.NUL {
			continue // Dovecot refuses NUL in APPEND
		}
		f.user.Append("INBOX", m.Flags, m.Date, m.Data)
	}
	f.pull(0)
	f.equal()
}

func TestBytesOfCorpus(t *testing.T) {
	dir := corpusDir(t)
	f := newFixture(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for i, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f.user.Append("INBOX", nil, day(i), data)
	}
	rc := f.pull(0)
	if rc.Bodies != int64(len(files)) {
		t.Fatalf("%d files, %+v", len(files), rc)
	}
	f.equal()
	v, err := mailsync.VerifyRemote(t.Context(), f.store, f.account(), mailsync.VerifyOptions{SamplePercent: 100})
	if err != nil || len(v.Differences) > 0 || v.Sampled != len(files) {
		t.Fatalf("%+v, %v", v, err)
	}
}
