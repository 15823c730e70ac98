package sync_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// onDisk lets the store be on a disk of its own, of a size that can be changed, until
// done is called.
func (f *fixture) onDisk(size string) (resize func(size string), done func()) {
	dir := f.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		f.Skipf("NOT TESTED: cannot mount: %v", err)
	}
	f.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	f.close()
	f.path = filepath.Join(dir, "mail.db")
	f.open()
	resize = func(size string) {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size="+size); err != nil {
			f.Fatal(err)
		}
	}
	return resize, func() { // before the disk goes away
		f.close()
		f.path = filepath.Join(f.TempDir(), "other.db")
		f.open()
	}
}

// Row 4: a disk that fills up ends the run with its own message; what was
// committed stays readable, and the run goes on when there is room.
func TestDiskFull(t *testing.T) {
	f := newFixture(t)
	resize, done := f.onDisk("6m")
	defer done()
	for i := range 12 {
		f.user.Append("INBOX", nil, day(i), noise(i, 1_000_000))
	}
	f.full()
	resize("60m")
	f.pull(0)
	f.equal()
}

// The same amid the flights through many mailboxes, with small messages, with some
// that are fetched in pieces, and with some that go to the disk as they come since
// nothing told how large they are.
func TestToursDiskFull(t *testing.T) {
	for name, c := range map[string]struct{ messages, size int }{"small": {4, 200_000}, "large": {1, 9_000_000}, "unexpectedly large": {1, 9_000_000}} {
		if testing.Short() && name == "large" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			resize, done := f.onDisk("3m")
			defer done()
			for m := range 5 {
				box := fmt.Sprint("M", m)
				f.user.Create(box)
				for i := range c.messages {
					f.user.Append(box, nil, day(i), noise(10*m+i, c.size))
				}
			}
			if name == "unexpectedly large" {
				f.through(func(line []byte) []byte { return announced.ReplaceAll(line, []byte("RFC822.SIZE 100")) })
			}
			f.full()
			resize("100m")
			f.pull(0)
			f.equal()
		})
	}
}

// full is a run that fills the disk.
func (f *fixture) full() {
	f.Helper()
	rc, err := mailsync.Pull(f.Context(), f.store, f.account(), f.opt)
	if rc.Exit != mailsync.ExitFailed || !errors.Is(err, localstore.ErrFull) {
		f.Fatalf("%v, %+v", err, rc)
	}
	f.whole()
}
