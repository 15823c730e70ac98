package daemon

import (
	"fmt"
	"net"
	"testing"
)

// Nobody is given a port that another test has, or a stranger.
func TestReserve(t *testing.T) {
	ports, locks, err := freePorts(2)
	if err != nil || ports[0] == ports[1] {
		t.Fatalf("%v, %v", ports, err)
	}
	if lock, err := reserve(ports[0]); lock != nil || err != nil {
		t.Errorf("reserved twice, %v", err)
	}
	locks[0].Close()
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", Host, ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	if lock, _ := reserve(ports[0]); lock != nil {
		t.Error("reserved what a stranger has")
	}
	l.Close()
	if lock, err := reserve(ports[0]); lock == nil {
		t.Errorf("not given back: %v", err)
	} else {
		lock.Close()
	}
	locks[1].Close()
}
