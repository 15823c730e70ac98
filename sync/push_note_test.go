package sync_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// pausing calls at with the number of each change of flags before it leaves, which does
// not happen when the connection is closed meanwhile.
type pausing struct {
	net.Conn
	n      int
	at     func(n int, closed <-chan struct{})
	once   sync.Once
	closed chan struct{}
}

func (p *pausing) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("UID STORE")) {
		p.n++
		p.at(p.n, p.closed)
	}
	select {
	case <-p.closed:
		return 0, io.ErrClosedPipe
	default:
		return p.Conn.Write(b)
	}
}

func (p *pausing) Close() error {
	p.once.Do(func() { close(p.closed) })
	return p.Conn.Close()
}

// threeFlags is an account with a flag to be set in each of three mailboxes. at is
// called before the commands leave, begun hears of transactions.
func threeFlags(f *fixture, at func(n int, closed <-chan struct{}), begun func()) {
	f.Helper()
	for i, name := range []string{"INBOX", "X", "Y"} {
		if name != "INBOX" {
			f.user.Create(name)
		}
		f.user.Append(name, nil, day(i), message(name, i))
	}
	f.pull(0)
	for i := range 3 {
		f.flag(i, `\Flagged`, "")
	}
	f.close()
	var err error
	f.store, err = localstore.Open(f.Context(), f.path, localstore.Options{Merge: conflict.MergeText, Now: func() time.Time {
		begun()
		return time.Now()
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := f.dialer.Dial(ctx, network, addr)
		return &pausing{Conn: conn, at: at, closed: make(chan struct{})}, err
	}
}

// within waits for c, longer than it ever takes.
func within(t *testing.T, c <-chan struct{}, what string) {
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Error(what)
	}
}

// What came of the edits in one mailbox is noted while the server is at work on those in
// the next: a run that dies there has not done them for nothing.
func TestPushNotesWhileTheServerWorks(t *testing.T) {
	f := newFixture(t, abled["no-move"]...) // without SEARCHRES: one mailbox after the other
	noting, left := make(chan struct{}, 100), []int{}
	var mu sync.Mutex
	var sending bool
	threeFlags(f, func(n int, _ <-chan struct{}) {
		mu.Lock()
		sending = true
		mu.Unlock()
		if n > 1 {
			within(t, noting, "nothing is noted before the next mailbox")
			if err := f.store.Update(f.Context(), func(*localstore.Tx) error { return nil }); err != nil { // behind the one begun
				t.Error(err)
			}
			<-noting
		}
		left = append(left, len(f.waits()))
	}, func() {
		mu.Lock()
		defer mu.Unlock()
		if sending {
			noting <- struct{}{}
		}
	})
	if rc := f.pull(0); rc.Pushed.Flags != 3 || len(left) != 3 || left[0] != 3 || left[1] != 2 || left[2] != 1 {
		t.Errorf("%v left, %+v", left, rc)
	}
	f.dial = nil
	f.quiet()
}

// What cannot be noted ends the run before more is sent.
func TestPushEndsWithWhatCannotBeNoted(t *testing.T) {
	f := newFixture(t, abled["no-move"]...) // without SEARCHRES: one mailbox after the other
	threeFlags(f, func(n int, closed <-chan struct{}) {
		if n > 1 {
			within(t, closed, "more is sent, though nothing can be noted")
		}
	}, func() {})
	f.sql("CREATE TRIGGER stuck BEFORE DELETE ON intent BEGIN SELECT RAISE(ABORT, 'nothing goes'); END")
	rc, err := mailsync.Pull(f.Context(), f.store, f.account(), f.opt)
	if rc.Exit != mailsync.ExitFailed || err == nil || !strings.Contains(err.Error(), "nothing goes") || len(f.waits()) != 3 {
		t.Errorf("%v, %d wait, %+v", err, len(f.waits()), rc)
	}
	f.dial = nil
	if got := f.state(); got != "INBOX=0F; X=1; Y=2" {
		t.Error(got)
	}
	f.sql("DROP TRIGGER stuck")
	f.pull(0)
	if got := f.state(); got != "INBOX=0F; X=1F; Y=2F" {
		t.Error(got)
	}
	f.quiet()
}
