package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailstow/sync/testkit/faultfile"
)

// disk is what of a store's files a power cut is sure to leave.
type disk struct {
	path  string
	mu    sync.Mutex
	syncs int
	safe  map[string][]byte
}

// keep notes a file as it is.
func (d *disk) keep(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(d.path), name))
	d.syncs++
	d.safe[name] = data
	return err
}

func (d *disk) watch(op faultfile.Op) faultfile.Code {
	code := op.Do()
	switch {
	case strings.HasPrefix(op.File, "."): // before it has its name
	case op.Kind == faultfile.Sync:
		_ = d.keep(op.File)
	case op.Kind == faultfile.Delete:
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.safe, op.File)
	}
	return code
}

func (d *disk) flush(f *os.File) error { return d.keep(filepath.Base(f.Name())) }

// cut makes a directory of it.
func (d *disk) cut(t *testing.T) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	path := filepath.Join(t.TempDir(), "mail.db")
	for name, data := range d.safe {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// want looks at what a power cut leaves.
func (d *disk) want(t *testing.T, want int) {
	t.Helper()
	s := openStore(t, d.cut(t), Options{ReadOnly: true, boot: "another"})
	defer s.Close()
	if n := messages(t, s); n != want {
		t.Errorf("%d messages, want %d", n, want)
	}
}

// A store that is fresh syncs nothing but what Flush is asked for now and then. What was
// edited in it is there for good with all that was there before, and so is what comes then.
func TestSettledIsOnDisk(t *testing.T) {
	d := &disk{path: filepath.Join(t.TempDir(), "mail.db"), safe: map[string][]byte{}}
	defer faultfile.Watch(filepath.Dir(d.path), d.watch)()
	s := openStore(t, d.path, Options{Create: true, boot: "this", Flush: d.flush})
	defer s.Close()
	p := newPlace(t, s, "INBOX")
	quicken(t, s, 1<<17, 64)
	packer, next := NewPacker(), uint32(1)
	much := func() {
		for range 14 { // two more than a multiple of freshFlush
			if err := bring(s, packer, next, 1<<18); err != nil {
				t.Fatal(err)
			}
			next++
			s.ahead.wg.Wait()
		}
	}
	d.syncs = 0 // what SQLite did to make it
	much()
	if want := s.ahead.made / freshFlush; d.syncs != want || want < 2 {
		t.Errorf("synced %d times with %d checkpoints", d.syncs, s.ahead.made)
	}
	for range 2 {
		if err := s.Edit(bg, func(tx *Tx) error {
			_, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: next}})
			return errors.Join(err, tx.SetCursor(p.gen, Cursor{Listed: next}))
		}); err != nil {
			t.Fatal(err)
		}
		d.want(t, int(next))
		next++
		much()
	}
}

// When its time is over, all that was there before is, and is written to the disk once:
// not with the WAL as well.
func TestSettledByTime(t *testing.T) {
	d := &disk{path: filepath.Join(t.TempDir(), "mail.db"), safe: map[string][]byte{}}
	defer faultfile.Watch(filepath.Dir(d.path), d.watch)()
	s := openStore(t, d.path, Options{Create: true, boot: "this", Flush: d.flush})
	defer s.Close()
	newPlace(t, s, "INBOX")
	if err := bring(s, NewPacker(), 1, 1<<20); err != nil {
		t.Fatal(err)
	}
	s.fresh.until = time.Now()
	update(t, s, func(tx *Tx) error { return nil })
	d.want(t, 1)
	if n := len(d.safe["mail.db-wal"]); n > 1<<19 {
		t.Errorf("%d bytes of the WAL were synced", n)
	}
}

// What a checkpoint under way moves is on the disk, too, when the store is settled.
func TestSettledBehindCheckpoint(t *testing.T) {
	d := &disk{path: filepath.Join(t.TempDir(), "mail.db"), safe: map[string][]byte{}}
	begun, flushed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	defer faultfile.Watch(filepath.Dir(d.path), func(op faultfile.Op) faultfile.Code {
		if op.Kind == faultfile.Write && op.File == "mail.db" && op.At > 20*pageSize {
			once.Do(func() {
				close(begun)
				select { // flushed too early it would be at once
				case <-flushed:
				case <-time.After(200 * time.Millisecond):
				}
			})
		}
		return d.watch(op)
	})()
	s := openStore(t, d.path, Options{Create: true, boot: "this", Flush: func(f *os.File) error {
		defer close(flushed)
		return d.flush(f)
	}})
	defer s.Close()
	newPlace(t, s, "INBOX")
	s.ahead.every = 1 << 20
	if err := bring(s, NewPacker(), 1, 2<<20); err != nil {
		t.Fatal(err)
	}
	<-begun
	if err := s.Edit(bg, func(*Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	d.want(t, 1)
}
