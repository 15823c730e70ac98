package dovecot

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/testcert"
)

// loans is how many tests one server may serve, each with two ports.
const loans = 16

// running is a server, and what is needed to use it.
type running struct {
	*daemon.Server
	cfg  config
	conf string
	lent int
}

// pool holds servers that nobody uses.
type pool struct {
	mu      sync.Mutex
	servers map[string][]*running
}

var idle = pool{servers: map[string][]*running{}}

// key is the same for servers that one test may have in place of the other.
func (c config) key() string { return c.location + "\n" + c.extra }

// take returns a server that is configured like this; nil: there is none.
func (p *pool) take(cfg config) *running {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := cfg.key()
	last := len(p.servers[key]) - 1
	if last < 0 {
		return nil
	}
	run := p.servers[key][last]
	p.servers[key] = p.servers[key][:last]
	return run
}

func (p *pool) put(run *running) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := run.cfg.key()
	p.servers[key] = append(p.servers[key], run)
}

func launch(t testing.TB, bin string, cfg config) *running {
	t.Helper()
	cfg.dir = daemon.KeptDir(t)
	cfg.cert = testcert.New(t, cfg.dir)
	run := &running{cfg: cfg, conf: filepath.Join(cfg.dir, "dovecot.conf")}
	run.Server = daemon.Keep(t, daemon.Spec{
		Name: "dovecot", Dir: cfg.dir, Ports: 2 * loans, Log: run.log,
		Configure: func(ports []int) ([]string, error) {
			os.Remove(run.logFile()) // of a try that found its port taken
			return []string{bin, "-F", "-c", run.conf}, cfg.write(run.conf, ports)
		},
	})
	return run
}

// lend gives the server to a test, with ports that no other one had.
func (r *running) lend(t testing.TB) *Server {
	t.Helper()
	plain, tls := r.Ports[2*r.lent], r.Ports[2*r.lent+1]
	r.lent++
	cert := r.cfg.cert
	s := &Server{Host: Host, Port: plain, TLSPort: tls, Addr: address(plain), TLSAddr: address(tls),
		CAFile: cert.CertFile, Fingerprint: cert.Fingerprint, KeyFingerprint: cert.KeyFingerprint, Password: Password,
		Dir: r.homes(plain), run: r, said: len(r.log())}
	if err := r.house(plain, tls); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.back(t) })
	return s
}

func address(port int) string { return net.JoinHostPort(Host, strconv.Itoa(port)) }

// homes is where the users of a port have their mail.
func (r *running) homes(port int) string { return filepath.Join(r.cfg.dir, "mail", strconv.Itoa(port)) }

// house makes room for the users of two ports, who are the same; doveadm's have port 0.
func (r *running) house(plain, tls int) error {
	uid, gid := owner()
	if err := os.Mkdir(r.homes(plain), 0o755); err != nil {
		return err
	}
	if err := os.Chown(r.homes(plain), uid, gid); err != nil {
		return err
	}
	for _, port := range []int{tls, 0} {
		os.Remove(r.homes(port))
		if err := os.Symlink(r.homes(plain), r.homes(port)); err != nil {
			return err
		}
	}
	return nil
}

// back ends a loan. A server that met a wrong password answers more slowly afterwards, and
// one that a test failed with may be the reason: those are not lent again.
func (s *Server) back(t testing.TB) {
	log := s.Log()
	if t.Failed() {
		t.Logf("dovecot said:\n%s", log)
	}
	if !t.Failed() && s.run.lent < loans && !strings.Contains(log, "auth: Info: ") {
		os.RemoveAll(s.Dir) // what somebody still holds open goes with the server
		idle.put(s.run)
		return
	}
	if err := s.run.Stop(); err != nil {
		t.Errorf("stop dovecot: %v", err)
	}
}

// Log is what the server has written so far in this test.
func (s *Server) Log() string { return s.run.log()[s.said:] }

func (r *running) log() string {
	text, _ := os.ReadFile(r.logFile())
	return string(text)
}

func (r *running) logFile() string { return filepath.Join(r.cfg.dir, "dovecot.log") }
