package daemon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Ports are taken from below those that systems give to outgoing connections.
const (
	firstPort = 20000
	portRange = 8000
)

// portLocks is the same for all test processes of a machine, whatever TMPDIR is.
const portLocks = "/tmp/mailstow-ports"

// freePorts reserves ports until their locks are closed. A port that was merely found
// free may be given to a server of another test process as well: then one of the two
// tests would talk to the other's.
func freePorts(n int) (ports []int, locks []*flock.Flock, err error) {
	if err := os.MkdirAll(portLocks, 0o777); err != nil {
		return nil, nil, err
	}
	for try := 0; len(ports) < n; try++ {
		if try == portRange {
			return nil, locks, errors.New("no free port")
		}
		port := firstPort + rand.IntN(portRange)
		lock, err := reserve(port)
		if err != nil {
			return nil, locks, err
		}
		if lock != nil {
			ports, locks = append(ports, port), append(locks, lock)
		}
	}
	return ports, locks, nil
}

// reserve locks a port that nobody else has; else there is no lock.
func reserve(port int) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(portLocks, fmt.Sprint(port)))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return nil, err
	}
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", Host, port))
	if err != nil {
		return nil, lock.Close() // a stranger's
	}
	return lock, l.Close()
}
