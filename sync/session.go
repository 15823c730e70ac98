package sync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"mailstow/sync/remote"
)

// maxLosses bounds how often a connection may be lost in a row without a
// committed step in between. With the default back-off that is about half a
// minute of trying, after which cron comes by again anyway.
const maxLosses = 5

// maxLossesAfter is the same once a mailbox has been given up: a server that
// dies on every one of 1000 mailboxes is not waited for 1000 times as long.
const maxLossesAfter = 2

// session is the connection of a run. It comes back after a loss, within
// bounds, and adds up what went over all its connections.
type session struct {
	acct   Account
	opt    Options
	conn   *remote.Conn
	losses atomic.Int32 // in a row, without progress
	gaveUp atomic.Bool  // something was given up since the last progress
	redial int          // connections made after a loss
	was    bool         // there has been a connection
	mu     sync.Mutex
	stats  remote.Stats // of connections already closed
}

// dialError marks the failure to get a connection at all, which ends a run;
// a connection lost within a mailbox ends at most that mailbox.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

// open connects unless a connection is there.
func (s *session) open(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	conn, err := s.acct.Dial(ctx)
	if err != nil {
		return dialError{err}
	}
	s.conn, s.was = conn, true
	return nil
}

// do runs f on a connection, again from its start when the connection is lost,
// until maxLosses in a row. f tells of committed steps by calling progress. A
// server that cannot be reached in the first place is not tried again: whoever
// started the run learns of it at once.
func (s *session) do(ctx context.Context, f func(context.Context, *remote.Conn) error) error {
	for {
		err := s.try(ctx, f)
		if !lost(err) || !s.was || ctx.Err() != nil {
			return err
		}
		s.drop()
		if n := s.losses.Add(1); n >= s.patience() {
			s.losses.Store(0)
			s.gaveUp.Store(true)
			return fmt.Errorf("%w (given up after %d connections without progress)", err, n)
		}
		if err := s.pause(ctx, err); err != nil {
			return err
		}
	}
}

func (s *session) try(ctx context.Context, f func(context.Context, *remote.Conn) error) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	return f(ctx, s.conn)
}

// lost reports whether trying on a new connection may help.
func lost(err error) bool {
	class := remote.ClassOf(err)
	return class == remote.Connect || class == remote.Protocol
}

// patience is how many losses in a row are borne.
func (s *session) patience() int32 {
	if s.gaveUp.Load() {
		return maxLossesAfter
	}
	return maxLosses
}

// progress notes a committed step: patience starts anew. Any goroutine may call it.
func (s *session) progress() {
	s.losses.Store(0)
	s.gaveUp.Store(false)
}

// maxPause is how long a run waits for a server that wants to be left alone; for
// longer, cron comes by again.
const maxPause = 5 * time.Minute

// asked is how long the server wants to be left alone, 0 when it does not say.
func asked(err error) time.Duration {
	if e, ok := errors.AsType[*remote.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// pause waits before the next connection, as long as the server asks for, but not
// longer than the caller does.
func (s *session) pause(ctx context.Context, cause error) error {
	d := max(s.opt.Backoff(int(s.losses.Load())), asked(cause))
	if d > maxPause {
		return dialError{cause}
	}
	s.redial++
	s.opt.Observer.Event(Event{Kind: Waiting, Account: s.acct.Name,
		Text: fmt.Sprintf("%v; connecting again in %s", cause, d.Round(time.Millisecond))})
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drop closes a connection that is of no more use.
func (s *session) drop() {
	if s.conn == nil {
		return
	}
	s.add()
	s.conn.Close()
	s.conn = nil
}

const (
	// logoutTimeout bounds what a goodbye may take that changes nothing.
	logoutTimeout = 10 * time.Second
	// goodbye is how long a server's own is waited for: nobody is to wait for a distant
	// one.
	goodbye = 10 * time.Millisecond
)

// logout ends the session: the books are closed meanwhile, before wait. Its outcome
// changes nothing that was synced.
func (s *session) logout(ctx context.Context) (wait func()) {
	conn, group := s.conn, s.acct.goodbye
	if conn == nil || ctx.Err() != nil {
		s.drop()
		return func() {}
	}
	s.add()
	s.conn = nil
	if wait = func() {}; group == nil {
		group = new(sync.WaitGroup)
		wait = group.Wait
	}
	group.Go(func() { leave(ctx, conn) })
	return wait
}

// leave says goodbye.
func leave(ctx context.Context, c *remote.Conn) {
	ctx, cancel := context.WithTimeout(ctx, logoutTimeout)
	defer cancel()
	_ = c.Leave(ctx, goodbye)
}

func (s *session) add() { s.count(s.conn) }

// count adds up what went over a connection.
func (s *session) count(c *remote.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := c.Stats()
	s.stats.BytesIn += st.BytesIn
	s.stats.BytesOut += st.BytesOut
	s.stats.Commands += st.Commands
	s.stats.RoundTrips += st.RoundTrips
}
