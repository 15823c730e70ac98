package courier

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// socket is where Courier looks for its authdaemond; compiled in.
const socket = "/run/courier/authdaemon/socket"

// authenticate answers in the place of authdaemond.
func (s *Server) authenticate(t testing.TB) {
	t.Helper()
	if c, err := net.Dial("unix", socket); err == nil {
		c.Close()
		t.Fatalf("%s: a Courier of the system's own runs here; stop it first", socket)
	}
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	s.serve(s.listen(t, "unix", socket), func(c net.Conn) {
		if err := s.auth(c); err != nil {
			fmt.Fprintf(s.log, "authentication: %v\n", err)
		}
	})
}

// auth reads one request, lines of NAME=value and then "AUTH <bytes>" with that
// many bytes: service, kind, user, password, a line each.
func (s *Server) auth(c net.Conn) error {
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		count, ok := strings.CutPrefix(strings.TrimSpace(line), "AUTH ")
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(count, 10, 16)
		if err != nil {
			return err
		}
		request := make([]byte, n)
		if _, err := io.ReadFull(r, request); err != nil {
			return err
		}
		return s.answer(c, strings.Split(string(request), "\n"))
	}
}

func (s *Server) answer(c net.Conn, request []string) error {
	if len(request) < 4 || request[1] != "login" || request[3] != Password || !plainName(request[2]) {
		_, err := io.WriteString(c, "FAIL\n")
		return err
	}
	name := request[2]
	home, err := s.home(name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "UID=%d\nGID=%d\nHOME=%s\nADDRESS=%s\nNAME=%s\nMAILDIR=%s/Maildir\n.\n", mailUID, mailUID, home, name, name, home)
	return err
}

// plainName keeps a user's name from being a path.
func plainName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// home makes the Maildir of a user.
func (s *Server) home(name string) (string, error) {
	home := filepath.Join(s.Dir, "mail", name)
	for _, d := range []string{home, home + "/Maildir", home + "/Maildir/cur", home + "/Maildir/new", home + "/Maildir/tmp"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return "", err
		}
		if err := os.Chown(d, mailUID, mailUID); err != nil {
			return "", err
		}
	}
	return home, nil
}
