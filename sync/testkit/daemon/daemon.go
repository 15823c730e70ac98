package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
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
	Dir   string // of the test; stderr.log goes here
	Ports int    // how many it needs

	// Configure writes the configuration for these ports and returns the command,
	// which must stay in the foreground.
	Configure func(ports []int) (argv []string, err error)
	// Log is what the server has written so far, its standard error aside.
	Log func() string
}

// supervise runs the server until standard input ends, then stops it and waits
// for it. It needs no help from the test process, which may be dead. The signal
// goes to the process group, which is the server's own: told one by one,
// Dovecot's log process would linger for a second.
const supervise = `trap '' TERM; (trap - TERM; exec "$@") & p=$!; read x; kill 0; wait $p; exit 0`

var errPort = errors.New("port taken")

// Run starts a server that greets on the first of its ports, and stops it when
// the test ends. It returns the ports.
func Run(t testing.TB, s Spec) []int {
	t.Helper()
	for try := 0; ; try++ {
		ports, err := freePorts(t, s.Ports)
		if err == nil {
			err = s.try(t, ports)
		}
		if err == nil {
			return ports
		}
		if !errors.Is(err, errPort) || try == 4 {
			t.Fatalf("start %s: %v\n%s", s.Name, err, s.log())
		}
	}
}

func (s Spec) try(t testing.TB, ports []int) error {
	argv, err := s.Configure(ports)
	if err != nil {
		return err
	}
	errs, err := os.Create(s.stderr())
	if err != nil {
		return err
	}
	defer errs.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervise, s.Name}, argv...)...)
	cmd.Stdout, cmd.Stderr = errs, errs
	ownGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := s.ready(ports[0]); err != nil {
		return errors.Join(err, stop(cmd, stdin))
	}
	t.Cleanup(func() {
		if err := stop(cmd, stdin); err != nil {
			t.Errorf("stop %s: %v", s.Name, err)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", s.Name, s.log())
		}
	})
	return nil
}

// stop waits for the server to be gone, and says so if it does not go.
func stop(cmd *exec.Cmd, stdin io.Closer) error {
	stdin.Close()
	timer := time.AfterFunc(15*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	return cmd.Wait()
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

func greeted(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(c).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "* OK")
}

func (s Spec) stderr() string { return filepath.Join(s.Dir, "stderr.log") }

func (s Spec) log() string {
	text, _ := os.ReadFile(s.stderr())
	if s.Log != nil {
		return string(text) + s.Log()
	}
	return string(text)
}
