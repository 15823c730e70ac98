package localstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a waiting writer looks whether the lock is free.
const lockPoll = 50 * time.Millisecond

// lock is the writers' lock: the kernel's, on a file beside the store, so it
// ends with its process however that ends. The pid inside is for display alone;
// the file stays, because removing it would let two writers in. Its other lines are
// marks, which a store put back from a copy contradicts, and the run of the machine that a
// store is fresh in.
type lock struct {
	f     *flock.Flock
	mu    sync.Mutex
	marks map[AccountID]RunID
	boot  string
}

// takeLock waits up to wait for the lock of the store at path.
func takeLock(ctx context.Context, path string, wait time.Duration) (*lock, error) {
	name := path + ".lock"
	l := &lock{f: flock.New(name, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))}
	ok, err := l.f.TryLock()
	if !ok && err == nil && wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		if ok, err = l.f.TryLockContext(waiting, lockPoll); waiting.Err() != nil && ctx.Err() == nil {
			err = nil // waited long enough
		}
	}
	if err != nil {
		return nil, lockError(ctx, path, err)
	}
	if !ok {
		return nil, &Error{Kind: ErrInUse, Path: path, PID: lockHolder(name),
			Hint: "wait until it has finished, or use --wait"}
	}
	l.marks, l.boot = readMarks(name), lockBoot(path)
	_ = l.write()
	return l, nil
}

// write notes who has the lock, and the marks.
func (l *lock) write() error {
	return l.put(strconv.Itoa(os.Getpid()))
}

// put replaces the text. Where a store is fresh is at the same place each time, and so
// there at any time: somebody may read it, or this process die, and it decides about the
// store.
func (l *lock) put(holder string) error {
	f, err := os.OpenFile(l.f.Path(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	text := fmt.Appendf(nil, "%-20s\n", holder)
	if l.boot != "" {
		text = fmt.Appendf(text, "boot %s\n", l.boot)
	}
	text = l.appendMarks(text)
	if _, err = f.WriteAt(text, 0); err == nil {
		err = f.Truncate(int64(len(text)))
	}
	return errors.Join(err, f.Close())
}

// setBoot notes which run of the machine a store is fresh in; "": in none.
func (l *lock) setBoot(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.boot = id
	_ = l.write()
}

func lockError(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{Kind: ErrPermission, Path: path, Err: err,
		Hint: "make the directory of the store writable for you, or name another place with --store"}
}

// lockHolder is the pid noted in the lock file, 0 when there is none.
func lockHolder(name string) int {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

// release gives the lock back. Without a lock (a reader's store) it does nothing.
func (l *lock) release() error {
	if l == nil {
		return nil
	}
	_ = l.put("")
	return l.f.Unlock()
}
