package daemon

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// A server whose port is taken is tried again, with all that is in its folder; when it
// stops, the folder goes.
func TestKeep(t *testing.T) {
	if addr := os.Getenv("MAILSTOW_TEST_GREET"); addr != "" {
		greet(t, addr)
	}
	dir := KeptDir(t)
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tries := 0
	run := Keep(t, Spec{Name: "greeter", Dir: dir, Ports: 1, Configure: func(ports []int) ([]string, error) {
		if tries++; tries == 1 {
			return []string{"sh", "-c", "echo Address already in use >&2"}, nil
		}
		if _, err := os.Stat(mine); err != nil {
			t.Error(err)
		}
		return []string{"env", fmt.Sprintf("MAILSTOW_TEST_GREET=%s:%d", Host, ports[0]), os.Args[0], "-test.run=^TestKeep$"}, nil
	}})
	if err := run.Stop(); err != nil || tries != 2 {
		t.Errorf("%d tries, %v", tries, err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

// greet is a server that says hello until it is stopped.
func greet(t *testing.T, addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "* OK hello\r\n")
		c.Close()
	}
}
