package dovecot

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

// supervise runs the server until standard input ends, then stops it and waits
// for it. It needs no help from the test process, which may be dead. The signal
// goes to the process group, which is the server's own: told one by one, its log
// process would linger for a second.
const supervise = `trap '' TERM; (trap - TERM; exec "$0" -F -c "$1") & p=$!; read x; kill 0; wait $p; exit 0`

var errPort = errors.New("port taken")

// launch tries a few pairs of ports: between choosing a free one and the server
// binding it, somebody else may take it.
func (s *Server) launch(t testing.TB, bin string) {
	t.Helper()
	for try := 0; ; try++ {
		err := s.try(t, bin)
		if err == nil {
			return
		}
		if !errors.Is(err, errPort) || try == 4 {
			t.Fatalf("start dovecot: %v\n%s", err, s.Log())
		}
	}
}

func (s *Server) try(t testing.TB, bin string) error {
	plain, tls, err := freePorts()
	if err != nil {
		return err
	}
	s.setPorts(plain, tls)
	if err := s.cfg.write(s.conf, plain, tls); err != nil {
		return err
	}
	os.Remove(filepath.Join(s.Dir, "dovecot.log"))
	errs, err := os.Create(filepath.Join(s.Dir, "stderr.log"))
	if err != nil {
		return err
	}
	defer errs.Close()
	cmd := exec.Command("/bin/sh", "-c", supervise, bin, s.conf)
	cmd.Stdout, cmd.Stderr = errs, errs
	ownGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		stop(cmd, stdin)
		return err
	}
	t.Cleanup(func() {
		if err := stop(cmd, stdin); err != nil {
			t.Errorf("stop dovecot: %v", err)
		}
		if t.Failed() {
			t.Logf("dovecot said:\n%s", s.Log())
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

// ready waits for the greeting on the plaintext port; the TLS port is opened by
// the master before it, in the same breath.
func (s *Server) ready() error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		if greeted(s.Addr) {
			return nil
		}
		log := s.Log()
		switch {
		case strings.Contains(log, "Address already in use"):
			return errPort
		case strings.Contains(log, "Fatal:"):
			return errors.New("it gave up")
		case time.Now().After(deadline):
			return fmt.Errorf("no greeting on %s within 20 s", s.Addr)
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

func freePorts() (plain, tls int, err error) {
	a, err := net.Listen("tcp", Host+":0")
	if err != nil {
		return 0, 0, err
	}
	defer a.Close()
	b, err := net.Listen("tcp", Host+":0")
	if err != nil {
		return 0, 0, err
	}
	defer b.Close()
	return a.Addr().(*net.TCPAddr).Port, b.Addr().(*net.TCPAddr).Port, nil
}

// Log is what the server has written so far.
func (s *Server) Log() string {
	var b strings.Builder
	for _, f := range []string{"stderr.log", "dovecot.log"} {
		text, _ := os.ReadFile(filepath.Join(s.Dir, f))
		b.Write(text)
	}
	return b.String()
}
