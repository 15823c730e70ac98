package sync_test

import (
	"bytes"
	"strings"
	"testing"
)

// Messages longer than the account takes are set aside unasked, however many there
// are, and fetched once it takes them. One that is longer than the server said
// costs its connections, and nothing else.
func TestMessagesTooLong(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 5)
	for i := range 8 {
		f.user.Append("INBOX", nil, day(50+i), noise(i, 20_000))
	}
	f.seed("INBOX", 5)
	f.maxMessage = 10_000
	rc := f.pull(3)
	if rc.New != 18 || rc.Bodies != 10 || rc.Reconnects != 0 || len(rc.Failures) != 8 || !strings.Contains(rc.Failures[7].Reason, "takes 10000 at most (max-message)") {
		t.Fatalf("%+v", rc)
	}
	f.maxMessage, f.opt.Full = 30_000, true
	if rc := f.pull(0); rc.Bodies != 8 {
		t.Fatalf("%+v", rc)
	}
	f.equal()

	f.opt.Full = false
	f.user.Append("INBOX", nil, day(70), noise(70, 50_000))
	f.seed("INBOX", 3)
	f.reconnect()
	f.through(func(line []byte) []byte {
		if bytes.Contains(line, []byte("(UID 19 ")) {
			return announced.ReplaceAll(line, []byte("RFC822.SIZE 9"))
		}
		return line
	})
	rc = f.pull(3)
	if rc.New != 4 || rc.Bodies != 3 || len(rc.Failures) != 1 || !strings.Contains(rc.Failures[0].Reason, "literal exceeds the limit of 30000") {
		t.Fatalf("%+v", rc)
	}
}
