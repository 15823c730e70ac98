package sync_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// refusing answers every FETCH whose responses name this text with NO, and with
// nothing from there on, as a server does that comes upon a message it cannot read.
func (f *fixture) refusing(parts ...string) {
	no := false
	f.through(func(line []byte) []byte {
		if !bytes.Contains(line, []byte("FETCH (UID")) {
			if no && line[0] != '*' {
				no = false
				return bytes.Replace(line, []byte(" OK "), []byte(" NO [SERVERBUG] "), 1)
			}
			return line
		}
		hit := true
		for _, p := range parts {
			hit = hit && bytes.Contains(line, []byte(p))
		}
		if no = no || hit; no {
			return []byte("* OK never mind\r\n")
		}
		return line
	})
}

// I12: a message of which the server cannot tell size or date used to keep
// itself and every later one out of the mirror, run after run.
func TestListingRefusedForOneMessage(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 20)
	f.refusing(fmt.Sprintf("UID %d ", uids[4]), "RFC822.SIZE")
	if rc := f.pull(0); rc.New != 20 || rc.Bodies != 20 {
		t.Fatalf("%+v", rc)
	}
	for i, m := range f.mirrored("INBOX") {
		if i != 4 && m.Date != day(i).Unix() {
			t.Errorf("uid %d has lost its date", m.UID)
		}
	}
	f.seed("INBOX", 3)
	if rc := f.pull(0); rc.New != 3 {
		t.Fatalf("%+v", rc)
	}
}

// A server that will not even tell the flags of a message: what it gives is
// mirrored, no deletion is believed, and the run says so.
func TestListingRefusedInPart(t *testing.T) {
	f := newFixture(t, noCondstore)
	uids := f.seed("INBOX", 20)
	f.pull(0)
	f.user.Expunge("INBOX", uids[0], uids[19])
	f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[1])
	f.seed("INBOX", 2)
	f.refusing(fmt.Sprintf("UID %d ", uids[10]), "FLAGS")
	rc := f.pull(3)
	if rc.New != 2 || rc.Bodies != 2 || rc.Flags != 1 || rc.Vanished != 0 || len(rc.Failures) != 1 {
		t.Fatalf("%+v", rc)
	}
	f.dial = nil
	if rc := f.pull(0); rc.Vanished != 2 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// Messages that a server hid and shows again are not asked for one by one.
func TestMessagesShownAgain(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 60)
	f.pull(0)
	hidden := map[string]bool{}
	for i := 0; i < len(uids); i += 3 {
		hidden[fmt.Sprintf("(UID %d ", uids[i])] = true
	}
	f.through(func(line []byte) []byte {
		line = bytes.Replace(line, []byte("* 60 EXISTS"), []byte("* 40 EXISTS"), 1)
		line = bytes.Replace(line, []byte("MESSAGES 60"), []byte("MESSAGES 40"), 1)
		if at := bytes.Index(line, []byte("(UID ")); at >= 0 && hidden[string(line[at:at+5+bytes.IndexByte(line[at+5:], ' ')+1])] {
			return []byte("* OK hidden\r\n")
		}
		return line
	})
	if rc := f.pull(0); rc.Vanished != 20 {
		t.Fatalf("%+v", rc)
	}
	f.dial = nil
	rc := f.pull(0)
	if rc.New != 20 || rc.Bodies != 0 || rc.Commands > 12 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}
