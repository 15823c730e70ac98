package localstore

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailstow/sync/testkit/faultfile"
)

func init() { children["ahead"] = ahead }

// bring commits a message with a body of its own of n bytes that do not shrink, and the
// cursor with it.
func bring(s *Store, p *Packer, uid uint32, n int) error {
	b, err := p.Pack(strings.NewReader(fmt.Sprint(uid) + noise(n, uint64(uid))))
	if err != nil {
		return err
	}
	return s.Update(bg, func(tx *Tx) error {
		ids, err := tx.Arrive(1, 1, []Arrival{{UID: uid}})
		if err == nil {
			err = tx.PutBody(ids[0], b)
		}
		if err == nil {
			err = tx.SetCursor(1, Cursor{Listed: uid})
		}
		return err
	})
}

// quicken makes checkpoints more often: after so many bytes of bodies, and by the writer
// when the WAL has so many pages of 32 KiB.
func quicken(t *testing.T, s *Store, every, walPages int64) {
	t.Helper()
	s.ahead.every, s.ahead.behind, s.ahead.walPages = every, 2*every, walPages
	if _, err := s.writer.Exec(fmt.Sprintf("PRAGMA wal_autocheckpoint(%d)", walPages)); err != nil {
		t.Fatal(err)
	}
}

// Mail reaches the file itself while the store is written to, long before SQLite would
// bring it there; the WAL starts anew all the same.
func TestCheckpointAhead(t *testing.T) {
	s := newStore(t)
	newPlace(t, s, "INBOX")
	quicken(t, s, 1<<20, 128)
	size := func(name string) int64 {
		fi, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		return fi.Size()
	}
	p, before := NewPacker(), size(s.Path())
	if err := bring(s, p, 1, 2<<20); err != nil {
		t.Fatal(err)
	}
	s.ahead.wg.Wait()
	if n := size(s.Path()); n < before+2<<20 {
		t.Errorf("the file has %d bytes, %d before 2 MiB of mail", n, before)
	}
	for uid := range uint32(60) {
		if err := bring(s, p, uid+2, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	if n := size(s.Path() + "-wal"); n > 20<<20 {
		t.Errorf("the WAL has %d bytes after 62 MiB of mail", n)
	}
}

// On a disk that is slower than the mail comes the WAL does not grow without end.
func TestCheckpointOnSlowDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	defer faultfile.Watch(filepath.Dir(path), func(op faultfile.Op) faultfile.Code {
		if op.Kind == faultfile.Write && op.File == "mail.db" {
			time.Sleep(2 * time.Millisecond) // that is what is slow
		}
		return op.Do()
	})()
	s := openStore(t, path, Options{Create: true})
	defer s.Close()
	newPlace(t, s, "INBOX")
	quicken(t, s, 2<<20, 128)
	p, most := NewPacker(), int64(0)
	for uid := range uint32(48) {
		if err := bring(s, p, uid+1, 1<<20); err != nil {
			t.Fatal(err)
		}
		fi, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, fi.Size())
	}
	if most > 20<<20 {
		t.Errorf("the WAL had %d bytes", most)
	}
}

// A store is made compact behind a checkpoint under way; nobody else has it open.
func TestCompactBehindCheckpoint(t *testing.T) {
	s := newStore(t)
	newPlace(t, s, "INBOX")
	s.ahead.every = 1 << 20
	p := NewPacker()
	for uid := range uint32(20) {
		if err := bring(s, p, uid+1, 1<<20); err != nil {
			t.Fatal(err)
		}
		if left, err := s.Compact(bg, false); left || err != nil {
			t.Fatalf("after %d messages: log left %v, %v", uid+1, left, err)
		}
	}
}

// Nothing begins once a store is being closed, and it may be closed twice.
func TestCheckpointAfterClose(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.ahead.grown.Store(checkpointBytes)
	s.checkpoint()
	s.ahead.wg.Wait()
	if s.ahead.db != nil {
		t.Error("a closed store is open again")
	}
}

// The state of a migration stays small: SQLite alone moves what is in its WAL.
func TestPassingHasNoneAhead(t *testing.T) {
	s := newPassing(t)
	var pages int
	if err := s.writer.QueryRow("PRAGMA wal_autocheckpoint").Scan(&pages); err != nil || pages != passingWALPages {
		t.Errorf("%d pages, %v", pages, err)
	}
	s.ahead.grown.Store(1 << 40)
	s.checkpoint()
	s.ahead.wg.Wait()
	if s.ahead.db != nil {
		t.Error("a checkpoint was made")
	}
}

// ahead writes messages for ever and tells of each that was committed.
func ahead(args []string) error {
	s, err := Open(bg, args[0], Options{})
	if err != nil {
		return err
	}
	s.ahead.every = 1
	p := NewPacker()
	first, err := strconv.Atoi(args[1])
	for uid := first; err == nil; uid++ {
		if err = bring(s, p, uint32(uid), 100<<10); err == nil {
			fmt.Println(uid)
		}
	}
	return err
}

// A process killed while mail is on its way from the WAL to the file loses nothing that
// was committed.
func TestKilledAhead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	newPlace(t, s, "INBOX")
	s.Close()
	last := 0
	for range 6 {
		cmd, lines := child(t, "ahead", path, strconv.Itoa(last+1))
		until(t, lines, strconv.Itoa(last+2+rand.IntN(10)))
		time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, func() { cmd.Process.Kill() })
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(lines.Text())
			}
			last = n
		}
		cmd.Wait()
		s := openStore(t, path, Options{})
		checkClean(t, s)
		n := count(t, s, "SELECT count(*) FROM message WHERE body IS NOT NULL")
		if listed := count(t, s, "SELECT listed FROM generation"); n < last || listed != n {
			t.Errorf("%d messages, %d listed, the writer told of %d", n, listed, last)
		}
		last = n
		s.Close()
	}
}
