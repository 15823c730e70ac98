package sync_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/faultconn"
)

// The connection that was begun ahead is the run's, and the goodbye is over when
// stop returns.
func TestAhead(t *testing.T) {
	f := newFixture(t)
	f.ahead = true
	f.seed("INBOX", 3)
	goodbye := atomic.Bool{}
	f.tap(func(s said) []byte {
		if s.tagged && s.cmd == "LOGOUT" {
			goodbye.Store(true)
		}
		return s.line
	})
	before := runtime.NumGoroutine()
	acct, stop := mailsync.Ahead(t.Context(), f.account())
	rc, err := mailsync.Pull(t.Context(), f.store, acct, f.opt)
	stop()
	if err != nil || rc.Exit != 0 || rc.Bodies != 3 || f.dialer.Dials() != 1 || !goodbye.Load() {
		t.Errorf("%v, %+v, %d connections, goodbye %v", err, rc, f.dialer.Dials(), goodbye.Load())
	}
	stop() // again does nothing
	settled(t, before)
	f.equal()
}

// A connection lost later is made anew; one that could not be had is not tried again.
func TestAheadAndLost(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 3)
	f.faults(faultconn.CutOnWrite("BODY.PEEK[]"))
	acct, stop := mailsync.Ahead(t.Context(), f.account())
	rc, err := mailsync.Pull(t.Context(), f.store, acct, f.opt)
	if stop(); err != nil || rc.Reconnects != 1 || rc.Bodies != 3 {
		t.Errorf("%v, %+v", err, rc)
	}
	f.reconnect()
	f.dialer.Refuse = func(int) error { return syscall.ECONNREFUSED }
	acct, stop = mailsync.Ahead(t.Context(), f.account())
	rc, err = mailsync.Pull(t.Context(), f.store, acct, f.opt)
	if stop(); rc.Exit != mailsync.ExitConnect || !errors.Is(err, syscall.ECONNREFUSED) || f.dialer.Dials() != 1 {
		t.Errorf("%v, %+v, %d dials", err, rc, f.dialer.Dials())
	}
}

// pipe is an account on a server without mailboxes, in memory; serve is asked for
// the answer to each command, "" for none.
func pipe(serve func(cmd string) (answer string)) mailsync.Account {
	cfg := remote.Config{Host: "imap.example.org", Port: 143, Security: remote.Plain, User: "joe",
		Password: func(context.Context) (string, error) { return "secret", nil },
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				fmt.Fprint(server, serve("CONNECT"))
				for lines := bufio.NewScanner(server); lines.Scan(); {
					tag, cmd, _ := strings.Cut(lines.Text(), " ")
					fmt.Fprint(server, strings.ReplaceAll(serve(cmd), "$", tag))
				}
			}()
			return client, nil
		}}
	return mailsync.Account{Name: "work", URL: "imap+insecure://joe@imap.example.org",
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

// obliging answers everything but some commands.
func obliging(but ...string) func(cmd string) string {
	return func(cmd string) string {
		for _, x := range but {
			if strings.HasPrefix(cmd, x) {
				return ""
			}
		}
		if cmd == "CONNECT" {
			return "* PREAUTH [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"
		}
		return "$ OK done\r\n"
	}
}

func storeIn(t *testing.T) *localstore.Store {
	t.Helper()
	store, err := localstore.Open(t.Context(), filepath.Join(t.TempDir(), "mail.db"), localstore.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// A goodbye that does not come at once is waited for ten milliseconds, by the run itself
// or, when the connection was begun ahead, by stop, while the store is closed already.
func TestGoodbyeNeverAnswered(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			acct, stop := pipe(obliging("LOGOUT")), func() {}
			if ahead {
				acct, stop = mailsync.Ahead(t.Context(), acct)
			}
			store, start := storeIn(t), time.Now()
			rc, err := mailsync.Pull(t.Context(), store, acct, mailsync.Options{})
			if err != nil || rc.Exit != 0 {
				t.Errorf("%v, %+v", err, rc)
			}
			if took := time.Since(start); ahead != (took == 0) {
				t.Errorf("ahead %v: the run took %v", ahead, took)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			stop()
			if took := time.Since(start); took != 10*time.Millisecond {
				t.Errorf("ahead %v: %v in all", ahead, took)
			}
		})
	}
}

// Whoever is interrupted meanwhile does not wait.
func TestGoodbyeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		answer := obliging("LOGOUT")
		acct, stop := mailsync.Ahead(ctx, pipe(func(cmd string) string {
			if cmd == "LOGOUT" {
				cancel()
			}
			return answer(cmd)
		}))
		store, start := storeIn(t), time.Now()
		if rc, err := mailsync.Pull(ctx, store, acct, mailsync.Options{}); err != nil {
			t.Errorf("%v, %+v", err, rc)
		}
		store.Close()
		stop()
		if took := time.Since(start); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// What was begun ahead ends at once when nobody wants it any more: the store is in
// use, or the user is gone; whether it is still under way, or there.
func TestAheadNotUsed(t *testing.T) {
	for name, serve := range map[string]func(string) string{"connected": obliging(), "no greeting": obliging("CONNECT"), "no answer": func(cmd string) string {
		if cmd == "CONNECT" {
			return "* OK hello\r\n" // and none to CAPABILITY
		}
		return ""
	}} {
		for _, interrupted := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				_, stop := mailsync.Ahead(ctx, pipe(serve))
				synctest.Wait()
				start := time.Now()
				if interrupted {
					cancel()
				}
				stop() // the bubble finds what is left running
				if took := time.Since(start); took > 0 {
					t.Errorf("%s: it took %v", name, took)
				}
				cancel()
			})
		}
	}
}

// A run that is interrupted while it waits for the connection goes at once.
func TestAheadInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct, stop := mailsync.Ahead(t.Context(), pipe(obliging("CONNECT")))
		ctx, cancel := context.WithCancel(t.Context())
		store, start := storeIn(t), time.Now()
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		rc, err := mailsync.Pull(ctx, store, acct, mailsync.Options{})
		if rc.Exit != mailsync.ExitInterrupted || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %+v", err, rc)
		}
		store.Close()
		stop()
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// Whatever fails first, what was begun ahead for the others ends as well.
func TestAheadWithoutAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct, stop := mailsync.Ahead(t.Context(), pipe(obliging()))
		store := storeIn(t)
		store.Close()
		if rc, err := mailsync.Pull(t.Context(), store, acct, mailsync.Options{}); err == nil || rc.Exit != mailsync.ExitFailed {
			t.Errorf("%v, %+v", err, rc)
		}
		stop()
	})
}

// A connection that comes when the run is gone already is closed.
func TestAheadComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acct := pipe(obliging())
		dial := acct.Dial
		acct.Dial = func(ctx context.Context) (*remote.Conn, error) {
			time.Sleep(time.Second) // hears of nothing
			return dial(context.WithoutCancel(ctx))
		}
		acct, stop := mailsync.Ahead(t.Context(), acct)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := acct.Dial(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		stop()
	})
}
