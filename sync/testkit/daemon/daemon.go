package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Host is where every server listens.
const Host = "127.0.0.1"

// Spec says how to run a server.
type Spec struct {
	Name  string
	Dir   string // of the test, or of Keep; stderr.log goes here
	Ports int    // how many it needs

	// Configure writes the configuration for these ports and returns the command,
	// which must stay in the foreground.
	Configure func(ports []int) (argv []string, err error)
	// Log is what the server has written so far, its standard error aside.
	Log func() string
}

// supervise runs the server until standard input ends, then stops it, waits for it, and
// removes the folder that is its first argument, if any, unless told to keep it. It needs
// no help from the test process, which may be dead. The signal goes to the process group,
// which is the server's own: told one by one, Dovecot's log process would linger for a
// second.
const supervise = `dir=$1; shift; trap '' TERM; (trap - TERM; exec "$@") & p=$!; read x; kill 0; wait $p
[ -z "$dir" ] || [ "$x" = keep ] || rm -rf "$dir"; exit 0`

var errPort = errors.New("port taken")

// Run starts a server that greets on the first of its ports, and stops it when
// the test ends. It returns the ports.
func Run(t testing.TB, s Spec) []int {
	t.Helper()
	run := s.start(t, "")
	t.Cleanup(func() {
		if err := run.Stop(); err != nil {
			t.Errorf("stop %s: %v", s.Name, err)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", s.Name, s.log())
		}
	})
	return run.Ports
}

// Keep starts a server that may serve one test after the other. It ends with Stop or
// with the test process, and its folder goes with it.
func Keep(t testing.TB, s Spec) *Server {
	t.Helper()
	return s.start(t, s.Dir)
}

func (s Spec) start(t testing.TB, remove string) *Server {
	t.Helper()
	for try := 0; ; try++ {
		run, err := s.try(remove)
		if err == nil {
			return run
		}
		if !errors.Is(err, errPort) || try == 4 {
			defer os.RemoveAll(remove) // "" is nothing
			t.Fatalf("start %s: %v\n%s", s.Name, err, s.log())
		}
	}
}

func (s Spec) try(remove string) (*Server, error) {
	ports, locks, err := freePorts(s.Ports)
	run := &Server{Ports: ports, locks: locks}
	if err == nil {
		err = s.launch(run, remove)
	}
	if err != nil {
		run.unlock()
		return nil, err
	}
	return run, nil
}

func (s Spec) launch(run *Server, remove string) error {
	argv, err := s.Configure(run.Ports)
	if err != nil {
		return err
	}
	errs, err := os.Create(s.stderr())
	if err != nil {
		return err
	}
	defer errs.Close()
	run.cmd = exec.Command("/bin/sh", append([]string{"-c", supervise, s.Name, remove}, argv...)...)
	run.cmd.Stdout, run.cmd.Stderr = errs, errs
	ownGroup(run.cmd)
	if run.stdin, err = run.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := run.cmd.Start(); err != nil {
		return err
	}
	if err := s.ready(run.Ports[0]); err != nil {
		io.WriteString(run.stdin, "keep\n")
		return errors.Join(err, run.Stop())
	}
	return nil
}

// ready waits for the greeting.
func (s Spec) ready(port int) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		if greeted(fmt.Sprintf("%s:%d", Host, port)) {
			return nil
		}
		log := strings.ToLower(s.log())
		switch {
		case strings.Contains(log, "address already in use"):
			return errPort
		case strings.Contains(log, "fatal:"):
			return errors.New("it gave up")
		case time.Now().After(deadline):
			return fmt.Errorf("no greeting on port %d within 20 s", port)
		}
		time.Sleep(5 * time.Millisecond) // a poll for a foreign process: there is nothing to wait on
	}
}

func (s Spec) stderr() string { return filepath.Join(s.Dir, "stderr.log") }

func (s Spec) log() string {
	text, _ := os.ReadFile(s.stderr())
	if s.Log != nil {
		return string(text) + s.Log()
	}
	return string(text)
}
