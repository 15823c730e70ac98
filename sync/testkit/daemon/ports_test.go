package daemon

import (
	"fmt"
	"net"
	"testing"
)

// Nobody is given a port that another test has, or a stranger.
func TestReserve(t *testing.T) {
	ports, err := freePorts(t, 2)
	if err != nil || ports[0] == ports[1] {
		t.Fatalf("%v, %v", ports, err)
	}
	if ok, err := reserve(t, ports[0]); ok || err != nil {
		t.Errorf("reserved twice, %v", err)
	}
	var stranger int
	t.Run("stranger", func(t *testing.T) {
		free, err := freePorts(t, 1)
		if err != nil {
			t.Fatal(err)
		}
		stranger = free[0]
	})
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", Host, stranger))
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := reserve(t, stranger); ok {
		t.Error("reserved what a stranger has")
	}
	l.Close()
	if ok, err := reserve(t, stranger); !ok {
		t.Errorf("not given back: %v", err)
	}
}
