package localstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Many at once, some of them the same: each message gets its own, and what was
// held against it is forgotten.
func TestPutBodies(t *testing.T) {
	const n = linkRows + 5
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	var uids []uint32
	for i := range n {
		uids = append(uids, uint32(i+1))
	}
	ids := arrive(t, s, p, uids...)
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			tx.PutProblem(Problem{Account: p.acct, Mailbox: p.box, Message: ids[1], Kind: "message", Reason: "x"}, testDate),
			tx.PutProblem(Problem{Account: p.acct, Mailbox: p.box, Message: ids[n-1], Kind: "message", Reason: "x"}, testDate),
			tx.PutProblem(Problem{Account: p.acct, Mailbox: p.box, Kind: "mailbox", Reason: "stays"}, testDate))
	})
	text := func(i int) string { return fmt.Sprintf("Subject: %d\n\n", i/2) }
	var puts []Put
	for i, id := range ids {
		puts = append(puts, Put{id, pack(t, text(i))})
	}
	staged, err := s.Stage(bg, NewPacker(), strings.NewReader(text(2)))
	if err != nil {
		t.Fatal(err)
	}
	puts[2].Body = staged
	update(t, s, func(tx *Tx) error { return tx.PutBodies(puts) })
	for i, id := range ids {
		wantBody(t, s, id, []byte(text(i)))
	}
	if n := count(t, s, "SELECT count(*) FROM body"); n != (linkRows+5+1)/2 {
		t.Errorf("%d bodies", n)
	}
	if n := count(t, s, "SELECT count(*) FROM problem"); n != 1 {
		t.Errorf("%d problems", n)
	}
}

// A message that does not exist breaks the transaction, whatever is done with
// the error.
func TestPutBodiesOfNobody(t *testing.T) {
	s := newStore(t)
	ids := arrive(t, s, newPlace(t, s, "INBOX"), 1, 2)
	puts := []Put{{ids[0], pack(t, "one")}, {ids[1] + 1, pack(t, "two")}, {ids[1], pack(t, "three")}}
	err := s.Update(bg, func(tx *Tx) error {
		_ = tx.PutBodies(puts)
		return nil
	})
	if !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if n := count(t, s, "SELECT count(*) FROM body"); n != 0 {
		t.Errorf("%d bodies", n)
	}
}
