package daemon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
)

// Ports are taken from below those that systems give to outgoing connections.
const (
	firstPort = 20000
	portRange = 8000
)

// portLocks is the same for all test processes of a machine, whatever TMPDIR is.
const portLocks = "/tmp/mailstow-ports"

// freePorts reserves ports until the test ends. A port that was merely found free
// may be given to a server of another test process as well: then one of the two
// tests would talk to the other's.
func freePorts(t testing.TB, n int) (ports []int, err error) {
	if err := os.MkdirAll(portLocks, 0o777); err != nil {
		return nil, err
	}
	for try := 0; len(ports) < n; try++ {
		if try == portRange {
			return nil, errors.New("no free port")
		}
		port := firstPort + rand.IntN(portRange)
		if ok, err := reserve(t, port); err != nil {
			return nil, err
		} else if ok {
			ports = append(ports, port)
		}
	}
	return ports, nil
}

// reserve reports whether nobody else has a port.
func reserve(t testing.TB, port int) (bool, error) {
	lock := flock.New(filepath.Join(portLocks, fmt.Sprint(port)))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return false, err
	}
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", Host, port))
	if err != nil {
		return false, lock.Close() // a stranger's
	}
	t.Cleanup(func() { lock.Close() })
	return true, l.Close()
}
