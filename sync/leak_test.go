package sync_test

import (
	"bytes"
	"context"
	"runtime"
	"syscall"
	"testing"
	"time"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/faultconn"
)

// settled waits until no more goroutines run than before.
func settled(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// However a run ends, it ends, and leaves nothing running: cut, cancelled or out
// of its store at any place, with bodies in memory and on their way to the disk.
func TestNothingLeftRunning(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 150)
	big := bytes.Repeat([]byte("0123456789abcdef0123456789abcdef\r\n"), 150_000)
	for i := range 3 {
		f.user.Append("INBOX", nil, day(900), append(message("INBOX", 900+i), big...))
	}
	runtime.GC()
	before := runtime.NumGoroutine()
	f.pull(0)
	settled(t, before)
	in, _ := f.dialer.Bytes()
	refuse := func(n int) error {
		if n > 0 {
			return syscall.ECONNREFUSED
		}
		return nil
	}
	for name, end := range map[string]func(at int64, cancel func()) faultconn.Option{
		"cut":       func(at int64, _ func()) faultconn.Option { return faultconn.CutRead(at) },
		"cancelled": func(at int64, cancel func()) faultconn.Option { return faultconn.OnRead(at, cancel) },
		"no store":  func(at int64, _ func()) faultconn.Option { return faultconn.OnRead(at, func() { f.store.Close() }) },
	} {
		t.Run(name, func(t *testing.T) {
			for i := range int64(8) {
				f.fresh()
				before := runtime.NumGoroutine()
				ctx, cancel := context.WithCancel(t.Context())
				at := 400 + i*i*in/50
				f.dialer.Faults, f.dialer.Refuse = first(end(at, cancel)), refuse
				if rc, err := mailsync.Pull(ctx, f.store, f.account(), f.opt); err == nil {
					t.Errorf("cut at %d of %d: no error, %+v", at, in, rc)
				}
				cancel()
				if name == "no store" {
					f.open()
				}
				settled(t, before)
				f.empty("staging")
			}
		})
	}
	f.fresh()
	f.pull(0)
	f.equal()
}
