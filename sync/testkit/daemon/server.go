package daemon

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Server is one that runs.
type Server struct {
	Ports []int

	cmd   *exec.Cmd
	stdin io.WriteCloser
	locks []*flock.Flock
}

// Stop waits for the server to be gone, and says so if it does not go.
func (r *Server) Stop() error {
	defer r.unlock()
	r.stdin.Close()
	timer := time.AfterFunc(15*time.Second, func() { r.cmd.Process.Kill() })
	defer timer.Stop()
	return r.cmd.Wait()
}

func (r *Server) unlock() {
	for _, l := range r.locks {
		l.Close()
	}
	r.locks = nil
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
