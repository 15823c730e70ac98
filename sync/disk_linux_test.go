package sync_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// Row 4: a disk that fills up ends the run with its own message; what was
// committed stays readable, and the run goes on when there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("NOT TESTED: cannot mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	f := newFixture(t)
	f.close()
	f.path = filepath.Join(dir, "mail.db")
	f.open()
	for i := range 12 {
		f.user.Append("INBOX", nil, day(i), noise(i, 1_000_000))
	}
	rc, err := mailsync.Pull(t.Context(), f.store, f.account(), f.opt)
	if rc.Exit != mailsync.ExitFailed || !errors.Is(err, localstore.ErrFull) {
		t.Fatalf("%v, %+v", err, rc)
	}
	f.whole()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=60m"); err != nil {
		t.Fatal(err)
	}
	f.pull(0)
	f.equal()
	f.close() // before the disk goes away
	f.path = filepath.Join(t.TempDir(), "other.db")
	f.open()
}
