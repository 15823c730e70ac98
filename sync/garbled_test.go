package sync_test

import (
	"bytes"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/plan"
)

// I12: an answer about one message that cannot be read costs that message its
// place for now, and the others nothing.
func TestGarbledAnswerForOneMessage(t *testing.T) {
	for name, garbled := range map[string]string{
		"broken": "* 3 FETCH (UID 3 FLAGS (\\Seen\r\n", "without flags": "* 3 FETCH (UID 3)\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.seed("INBOX", 5)
			f.through(func(line []byte) []byte {
				if bytes.Contains(line, []byte("UID 3 FLAGS")) {
					return []byte(garbled)
				}
				return line
			})
			rc := f.pull(3)
			if rc.Bodies != 4 || rc.Reconnects != 0 || len(rc.Failures) != 1 {
				t.Fatalf("%+v", rc)
			}
			f.dial = nil
			f.pull(0)
			f.equal()
		})
	}
}

// A line of the list that cannot be read hides a mailbox: the run says so, and
// takes no mailbox for gone.
func TestGarbledList(t *testing.T) {
	f := newFixture(t)
	f.opt.MaxDeletes = plan.NoLimit
	f.user.Create("Work")
	f.user.Create("Gone")
	f.seed("Work", 3)
	f.pull(0)
	f.user.Delete("Gone")
	f.through(func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("* LIST")) && bytes.Contains(line, []byte("Work")) {
			return []byte("* LIST (\\HasNoChildren \"/\" Work\r\n")
		}
		return line
	})
	rc := f.pull(3)
	if rc.Vanished != 0 || len(rc.Failures) != 1 || f.box("Work").Detached || f.box("Gone").Detached {
		t.Fatalf("%+v", rc)
	}
	v := f.verify(mailsync.VerifyOptions{})
	if len(v.Differences) == 0 || v.Differences[0].Mailbox != "" {
		t.Fatalf("verify: %+v", v)
	}
	f.dial = nil
	f.pull(0)
	f.equal()
}

// A message that is listed, run after run, and never answered for is no race
// with somebody who expunges it: the run stops calling itself good.
func TestMessageThatIsOnlyListed(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 5)
	listing := true
	f.through(func(line []byte) []byte {
		switch {
		case bytes.HasPrefix(line, []byte("* 1 FETCH")):
			listing = true
		case bytes.HasPrefix(line, []byte("* 3 FETCH")) && (bytes.Contains(line, []byte("BODY[]")) || !listing):
			return bytes.Replace(line, []byte("UID 3 "), []byte("UID 4000 "), 1)
		}
		listing = listing && !bytes.Contains(line, []byte(" OK Fetch"))
		return line
	})
	if rc := f.pull(0); rc.Bodies != 4 {
		t.Fatalf("%+v", rc)
	}
	rc := f.pull(3)
	if len(rc.Failures) != 1 || rc.Failures[0].UID != 3 {
		t.Fatalf("%+v", rc)
	}
	f.dial, f.opt.Full = nil, true
	f.pull(0)
	f.equal()
}
