package sync_test

import (
	"bytes"
	"testing"

	"github.com/emersion/go-imap/v2"

	mailsync "mailstow/sync"
)

// A mailbox that is left alone promises no mail: the others come to all of it.
func TestProgressWithoutQuarantinedMailbox(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Odd")
	f.seed("Odd", 20)
	f.pull(0)
	f.user.Append("Odd", nil, day(30), message("Odd", 30))
	f.seed("INBOX", 5)
	f.through(func(line []byte) []byte { return bytes.ReplaceAll(line, []byte("UIDNEXT 22"), []byte("UIDNEXT 2")) })
	f.events = nil
	f.pull(3)
	var last mailsync.Event
	for _, e := range f.events {
		if e.Kind == mailsync.Progress {
			last = e
		}
	}
	if last.Messages != 5 || last.MessagesTotal != 5 || last.Bytes != last.BytesTotal {
		t.Fatalf("%+v", last)
	}
}

// A mod-sequence from a connection that could not ask for changes is good for one
// that can.
func TestServerLearnsCondstore(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 30)
	f.through(func(line []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(line, []byte(" CONDSTORE"), nil), []byte(" QRESYNC"), nil)
	})
	f.pull(0)
	f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[2])
	f.pull(0)
	f.equal()
	f.user.AddFlags("INBOX", []imap.Flag{"later"}, uids[3])
	f.user.Expunge("INBOX", uids[7])
	f.dial = nil
	f.pull(0)
	f.equal()
}
