package courier

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/testcert"
)

// accept opens both ports. Courier itself sees plaintext; TLS ends here, as it
// does in couriertls.
func (s *Server) accept(t testing.TB, cert *testcert.Cert) {
	t.Helper()
	plain := s.listen(t, "tcp", daemon.Host+":0")
	s.Addr, s.Port = plain.Addr().String(), plain.Addr().(*net.TCPAddr).Port
	s.serve(plain, s.imap)
	secure := tls.NewListener(s.listen(t, "tcp", daemon.Host+":0"), &tls.Config{Certificates: []tls.Certificate{cert.TLS}})
	s.TLSAddr, s.TLSPort = secure.Addr().String(), secure.Addr().(*net.TCPAddr).Port
	s.serve(secure, s.relay)
}

// imap lets Courier answer one connection: imaplogin, which becomes imapd.
func (s *Server) imap(c net.Conn) {
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		return
	}
	defer f.Close()
	cmd := exec.CommandContext(s.stop, filepath.Join(s.root, "usr/lib/courier/courier/imaplogin"),
		filepath.Join(s.root, "usr/bin/imapd"), "Maildir")
	cmd.Dir, cmd.Env = "/", s.environment()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, s.log
	_ = cmd.Run() // however it ends, the client sees it
}

// relay takes TLS off.
func (s *Server) relay(c net.Conn) {
	plain, err := net.Dial("tcp", s.Addr)
	if err != nil {
		return
	}
	defer plain.Close()
	s.running.Go(func() {
		io.Copy(plain, c)
		plain.(*net.TCPConn).CloseWrite()
	})
	io.Copy(c, plain)
}

// environment is what /etc/courier/imapd sets, with the file monitor off.
func (s *Server) environment() []string {
	lib := filepath.Join(s.root, "usr/lib")
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"LD_LIBRARY_PATH=" + lib + ":" + filepath.Join(lib, "x86_64-linux-gnu") + ":" + filepath.Join(lib, "aarch64-linux-gnu"),
		"TCPREMOTEIP=127.0.0.1", "TCPREMOTEPORT=1", "TCPLOCALIP=127.0.0.1",
		"IMAP_CAPABILITY=IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE",
		"IMAP_KEYWORDS=1", "IMAP_ACL=1", "IMAP_IDLE_TIMEOUT=60", "IMAP_MAILBOX_SANITY_CHECK=1",
		"IMAP_CHECK_ALL_FOLDERS=0", "IMAP_OBSOLETE_CLIENT=0", "IMAP_UMASK=022", "IMAP_ULIMITD=131072",
		"IMAP_USELOCKS=0", "IMAP_ENHANCEDIDLE=0", "IMAP_TRASHFOLDERNAME=Trash", "IMAP_EMPTYTRASH=",
		"IMAP_MOVE_EXPUNGE_TO_TRASH=0", "IMAP_STARTTLS=NO", "MAILDIRPATH=Maildir",
	}, s.extra...)
}
