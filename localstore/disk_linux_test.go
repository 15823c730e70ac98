package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func init() { smallDisks["tmpfs"] = smallDisk }

// mount puts an empty disk of 8 MB at dir.
func mount(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("NOT TESTED: cannot mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
}

func smallDisk(t *testing.T, run func(string, func(*Store), func(*Store))) {
	dir := t.TempDir()
	mount(t, dir)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	run(filepath.Join(dir, "mail.db"), func(*Store) {}, func(*Store) { os.Remove(ballast) })
}

// SQLite creates files 0644 under the usual umask; mail must not be readable by
// others for a moment, nor its WAL.
func TestPermissions(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	dir := filepath.Join(t.TempDir(), "store")
	s := openStore(t, filepath.Join(dir, "mail.db"), Options{Create: true})
	defer s.Close()
	newPlace(t, s, "INBOX")
	want := map[string]os.FileMode{"": 0o700, "mail.db": 0o600, "mail.db-wal": 0o600, "mail.db-shm": 0o600, "mail.db.lock": 0o600}
	for name, mode := range want {
		fi, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode().Perm() != mode {
			t.Errorf("%s: mode %o, want %o", name, fi.Mode().Perm(), mode)
		}
	}
}

// readOnlyDir gives a switch that protects dir from writing: by its mode, or, for
// root, whom no mode stops, by mounting it read-only.
func readOnlyDir(t *testing.T, dir string) func(on bool) {
	t.Helper()
	if os.Getuid() == 0 {
		mount(t, dir)
	}
	return func(on bool) {
		t.Helper()
		mode, flags := os.FileMode(0o700), uintptr(syscall.MS_REMOUNT)
		if on {
			mode, flags = 0o500, flags|syscall.MS_RDONLY
		}
		err := os.Chmod(dir, mode)
		if os.Getuid() == 0 {
			err = syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=8m")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A backup on a disk mounted read-only can be read, unless its last writer was
// killed: then what it wrote cannot be seen, and that is said.
func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	protect := readOnlyDir(t, dir)
	path := filepath.Join(dir, "mail.db")
	s := openStore(t, path, Options{Create: true})
	id := arrive(t, s, newPlace(t, s, "INBOX"), 1)[0]
	put(t, s, id, "hello")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	protect(true)
	r := openStore(t, path, Options{ReadOnly: true})
	wantBody(t, r, id, []byte("hello"))
	checkClean(t, r)
	r.Close()
	if _, err := Open(bg, path, Options{}); !errors.Is(err, ErrPermission) {
		t.Errorf("as a writer: %v", err)
	}
	protect(false)
	if err := os.WriteFile(path+"-wal", make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	protect(true)
	if _, err := Open(bg, path, Options{ReadOnly: true}); !errors.Is(err, ErrReadOnlyDir) {
		t.Errorf("with a WAL: %v", err)
	}
	protect(false)
}
