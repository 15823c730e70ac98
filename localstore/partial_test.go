package localstore

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// partial begins or goes on with the body of a message.
func partial(t tb, s *Store, msg MessageID) *Partial {
	t.Helper()
	x, err := s.Partial(bg, NewPacker(), msg)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func write(t tb, x *Partial, b []byte) {
	t.Helper()
	if n, err := x.Write(b); n != len(b) || err != nil {
		t.Fatal(n, err)
	}
}

// keepAll keeps all that was written, and ends the Partial.
func keepAll(t tb, x *Partial) {
	t.Helper()
	mark, err := x.Mark()
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Keep(mark); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// However a body is cut into pieces, and however often its process ends on the
// way, what comes out is what Pack makes of it.
func TestPartialInAnyPieces(t *testing.T) {
	text := []byte("Subject: pieces\r\nMessage-ID: <1@x>\r\n\r\n" + noise(1<<20, 3) + base64Text(1600<<10, 76))
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	p := newPlace(t, s, "INBOX")
	defer func() { s.Close() }()
	uid := uint32(0)
	rapid.Check(t, func(t *rapid.T) {
		uid++
		ids := arrive(t, s, p, uid)
		body := text[:rapid.IntRange(0, len(text)).Draw(t, "size")]
		x := partial(t, s, ids[0])
		type place struct {
			Mark
			size int64
		}
		var marks []place
		kept := int64(0)
		for x.Size() < int64(len(body)) {
			at := x.Size()
			write(t, x, body[at:min(at+int64(rapid.IntRange(1, 1600<<10).Draw(t, "piece")), int64(len(body)))])
			if rapid.Bool().Draw(t, "mark") {
				mark, err := x.Mark()
				if err != nil {
					t.Fatal(err)
				}
				marks = append(marks, place{mark, x.Size()})
			}
			if n := rapid.IntRange(0, len(marks)).Draw(t, "keep"); n > 0 {
				kept = marks[n-1].size
				if err := x.Keep(marks[n-1].Mark); err != nil {
					t.Fatal(err)
				}
				marks = marks[n:]
			}
			if rapid.IntRange(0, 3).Draw(t, "end") > 0 {
				continue
			}
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "process, too") {
				s.Close()
				s = openStore(t, path, Options{})
			}
			x = partial(t, s, ids[0])
			marks = nil
			if x.Size() != kept || !bytes.HasSuffix(body[:x.Size()], x.Tail()) || (len(x.Tail()) > 0) != (x.Size() > 0) {
				t.Fatalf("%d bytes, %d were kept, tail of %d", x.Size(), kept, len(x.Tail()))
			}
		}
		b, err := x.Finish()
		if err != nil {
			t.Fatal(err)
		}
		whole := pack(t, string(body))
		if b.SHA256 != whole.SHA256 || b.HeaderSHA256 != whole.HeaderSHA256 || b.Size != whole.Size || b.HeaderSize != whole.HeaderSize ||
			!cmp.Equal(b.Envelope, whole.Envelope) {
			t.Fatalf("%+v, want %+v", b, whole)
		}
		update(t, s, func(tx *Tx) error { return tx.PutBody(ids[0], b) })
		wantBody(t, s, ids[0], body)
		if n := count(t, s, "SELECT count(*) FROM staging"); n != 0 {
			t.Errorf("%d still staged", n)
		}
	})
	checkClean(t, s)
}

// What was damaged since it was kept is thrown away: nothing is built upon it.
func TestPartialOfDamagedPieces(t *testing.T) {
	body := []byte(noise(3<<20, 5))
	for name, damage := range map[string]string{
		"other bytes": "UPDATE chunk SET data = zeroblob(1048576) WHERE id & 1048575 = 1",
		"gone":        "DELETE FROM chunk WHERE id & 1048575 = 0",
		"the last":    "DELETE FROM chunk WHERE id & 1048575 = 2",
		"other sum":   "UPDATE staging SET sha256 = zeroblob(32)",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			ids := arrive(t, s, newPlace(t, s, "INBOX"), 1)
			x := partial(t, s, ids[0])
			write(t, x, body)
			keepAll(t, x)
			tamper(t, s, damage)
			x = partial(t, s, ids[0])
			if x.Size() != 0 || x.Tail() != nil {
				t.Fatalf("goes on from %d", x.Size())
			}
			write(t, x, body)
			b, err := x.Finish()
			if err != nil {
				t.Fatal(err)
			}
			update(t, s, func(tx *Tx) error { return tx.PutBody(ids[0], b) })
			wantBody(t, s, ids[0], body)
		})
	}
}

// What nobody will go on with is gone with the next writer, or with Discard.
func TestPartialsThatAreOver(t *testing.T) {
	for name, over := range map[string]func(t *testing.T, s *Store, p place, id MessageID, x *Partial){
		"vanished": func(t *testing.T, s *Store, p place, id MessageID, _ *Partial) {
			update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, []MessageID{id}) })
		},
		"held": func(t *testing.T, s *Store, _ place, id MessageID, _ *Partial) { put(t, s, id, "whole") },
		"discarded": func(t *testing.T, s *Store, _ place, _ MessageID, x *Partial) {
			if err := x.Discard(); err != nil {
				t.Error(err)
			}
			if n := count(t, s, "SELECT count(*) FROM chunk"); n != 0 {
				t.Errorf("%d chunks left", n)
			}
		},
	} {
		path := filepath.Join(t.TempDir(), "mail.db")
		s := openStore(t, path, Options{Create: true})
		p := newPlace(t, s, "INBOX")
		ids := arrive(t, s, p, 1, 2)
		for _, id := range ids {
			x := partial(t, s, id)
			write(t, x, []byte(noise(1000, uint64(id))))
			keepAll(t, x)
			if id == ids[0] {
				over(t, s, p, id, x)
			}
		}
		s.Close()
		s = openStore(t, path, Options{})
		if n := count(t, s, "SELECT count(*) FROM staging"); n != 1 {
			t.Errorf("%s: %d staged, want the other one", name, n)
		}
		if x := partial(t, s, ids[1]); x.Size() != 1000 {
			t.Errorf("%s: the other one has %d bytes", name, x.Size())
		}
		checkClean(t, s)
		s.Close()
	}
}

// partialForever keeps pieces and waits to be killed in the middle of one.
func partialForever(args []string) error {
	s, err := Open(bg, args[0], Options{})
	if err != nil {
		return err
	}
	x, err := s.Partial(bg, NewPacker(), 1)
	if err != nil {
		return err
	}
	text := strings.NewReader(noise(8<<20, 6))
	for x.Size() < 6<<20 {
		if _, err := io.CopyN(x, text, 1<<20); err != nil {
			return err
		}
		mark, err := x.Mark()
		if err != nil {
			return err
		}
		if err := x.Keep(mark); err != nil {
			return err
		}
	}
	if err := x.Close(); err != nil {
		return err
	}
	if _, err := io.CopyN(x, text, 1<<19); err != nil {
		return err
	}
	fmt.Println("half")
	select {}
}

// Failure tables 2 and 23: kill -9 costs the piece under way.
func TestKilledPartial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	ids := arrive(t, s, newPlace(t, s, "INBOX"), 1)
	s.Close()
	cmd, lines := child(t, "partial", path)
	until(t, lines, "half")
	cmd.Process.Kill()
	cmd.Wait()
	s = openStore(t, path, Options{})
	defer s.Close()
	x := partial(t, s, ids[0])
	if x.Size() != 6<<20 {
		t.Fatalf("%d bytes are left", x.Size())
	}
	body := []byte(noise(8<<20, 6))
	write(t, x, body[x.Size():])
	b, err := x.Finish()
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error { return tx.PutBody(ids[0], b) })
	wantBody(t, s, ids[0], body)
	checkClean(t, s)
}
