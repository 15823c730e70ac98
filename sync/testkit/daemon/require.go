package daemon

import (
	"os"
	"os/exec"
	"testing"
)

// Require finds the first of the programs, or skips the test, or fails it when
// MAILSTOW_REQUIRE_SERVERS=1, as in CI, where a skip would prove nothing.
func Require(t testing.TB, install string, programs ...string) string {
	t.Helper()
	for _, p := range programs {
		if bin, err := exec.LookPath(p); err == nil {
			return bin
		}
	}
	Missing(t, programs[0]+" is not installed ("+install+")")
	return ""
}

// Missing skips or fails a test for want of a server.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("MAILSTOW_REQUIRE_SERVERS") == "1" {
		t.Fatal("NOT TESTED: " + why + ", and MAILSTOW_REQUIRE_SERVERS=1 forbids skipping")
	}
	t.Skip("NOT TESTED: " + why)
}

// TempDir is short, because servers put unix sockets below it and their paths
// end at about 100 bytes, which t.TempDir with a long test name exceeds. Others
// may look into it: the server gives up root.
func TempDir(t testing.TB) string {
	t.Helper()
	dir := KeptDir(t)
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove %s: %v", dir, err)
		}
	})
	return dir
}

// KeptDir is TempDir for Keep.
func KeptDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dc")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
