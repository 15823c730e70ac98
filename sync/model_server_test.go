package sync_test

import (
	"net"
	"testing"

	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// modelled is an account of its own on a server that is only a model of one.
func modelled(t *testing.T, caps ...string) (*dovecot.Server, *imapuser.User) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go proto.NewServer(model.New(), caps...).Listen(l)
	at := l.Addr().(*net.TCPAddr)
	s := &dovecot.Server{Host: at.IP.String(), Port: at.Port, Addr: at.String(), Password: dovecot.Password}
	return s, imapuser.Dial(t, s.Addr, "ann", s.Password)
}
