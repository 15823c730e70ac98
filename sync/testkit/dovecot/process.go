package dovecot

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"mailstow/sync/testkit/daemon"
)

func (s *Server) launch(t testing.TB, bin string) {
	t.Helper()
	ports := daemon.Run(t, daemon.Spec{
		Name: "dovecot", Dir: s.Dir, Ports: 2, Log: s.Log,
		Configure: func(ports []int) ([]string, error) {
			os.Remove(s.logFile()) // of a try that found its port taken
			return []string{bin, "-F", "-c", s.conf}, s.cfg.write(s.conf, ports[0], ports[1])
		},
	})
	s.Port, s.TLSPort = ports[0], ports[1]
	s.Addr = net.JoinHostPort(Host, strconv.Itoa(s.Port))
	s.TLSAddr = net.JoinHostPort(Host, strconv.Itoa(s.TLSPort))
}

// Log is what the server has written so far.
func (s *Server) Log() string {
	text, _ := os.ReadFile(s.logFile())
	return string(text)
}

func (s *Server) logFile() string { return filepath.Join(s.Dir, "dovecot.log") }
