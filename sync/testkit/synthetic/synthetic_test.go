package synthetic

import (
	"bytes"
	"net/mail"
	"testing"
)

// Sizes are those of the octets, pieces those of the whole, and the numbers of
// messages and their UIDs belong together.
func TestMail(t *testing.T) {
	box := Mailbox{Name: "INBOX", Messages: 100, Mail: Text(1200)}
	for n := 1; n <= box.Messages; n++ {
		m := box.Mail(n)
		var whole, pieces bytes.Buffer
		m.Write(&whole, 0, m.Size())
		for from := int64(0); from < m.Size(); from += 77 {
			m.Write(&pieces, from, min(77, m.Size()-from))
		}
		if int64(whole.Len()) != m.Size() || !bytes.Equal(whole.Bytes(), pieces.Bytes()) {
			t.Fatalf("message %d: %d octets of %d, %d in pieces", n, whole.Len(), m.Size(), pieces.Len())
		}
		if !bytes.HasSuffix(whole.Bytes()[:m.HeaderSize()], []byte("\r\n\r\n")) {
			t.Fatalf("message %d: the header ends in %q", n, whole.Bytes()[m.HeaderSize()-4:m.HeaderSize()])
		}
		if _, err := mail.ReadMessage(&whole); err != nil {
			t.Fatalf("message %d: %v", n, err)
		}
		if uid := box.uid(n); uid%10 == 0 || box.number(uid) != n || n < box.Messages && box.number(box.uid(n+1)-1) != n {
			t.Fatalf("message %d has uid %d, which is of %d", n, uid, box.number(uid))
		}
	}
	if box.uidNext() != 112 {
		t.Errorf("uidnext %d", box.uidNext())
	}
}
