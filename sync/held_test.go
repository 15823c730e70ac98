package sync_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/faultconn"
)

// Whatever becomes of requests, what they held is given back: memory that is not
// would keep a later mailbox waiting for ever, and a message that seems to be on its
// way others that have the same.
func TestNothingStaysHeld(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for m := range 4 { // a few mailboxes with mail of all sizes, some of it twice
		box := fmt.Sprint("M", m)
		f.user.Create(box)
		for i, size := range []int{100, 40_000, 40_000, 200_000} {
			f.user.Append(box, nil, day(i), append(message("big", 10*(m%3)+i), bytes.Repeat([]byte("0123456789\r\n"), size/12)...))
		}
	}
	f.user.Append("M2", nil, day(9), noise(1, 9_000_000))
	f.pull(0)
	in, _ := f.dialer.Bytes()
	for name, lie := range misdeeds() {
		if testing.Short() && name != "refused" && name != "severed" {
			continue
		}
		f.fresh()
		f.tap(lie)
		f.audited(name)
	}
	for i := int64(0); i < 8; i += int64(every(1)) {
		f.fresh()
		f.dial = nil
		f.dialer.Faults = first(faultconn.CutRead(1000 + (i*i*in/64)%in))
		f.audited(fmt.Sprint("cut ", i))
	}
}

// The same on several connections.
func TestNothingStaysHeldByAnyConnection(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	heavy(f)
	for _, name := range []string{"refused", "severed"} {
		f.fresh()
		f.tap(misdeeds()[name])
		f.audited(name)
		if f.dialer.Dials() < 2 {
			t.Error("there was one connection")
		}
	}
}

// misdeeds are what a server may do amid a download.
func misdeeds() map[string]func(s said) []byte {
	fetched := func(s said) bool { return s.tagged && strings.Contains(s.cmd, "BODY.PEEK[]") }
	var n atomic.Int32
	every := func(k int32, lie func(s said) []byte) func(s said) []byte {
		return func(s said) []byte {
			if (fetched(s) || s.mail()) && n.Add(1)%k == 0 {
				return lie(s)
			}
			return s.line
		}
	}
	return map[string]func(s said) []byte{
		"refused": every(3, func(s said) []byte {
			if s.tagged {
				return s.refused("not now")
			}
			return s.line
		}),
		"refused behind the mail": func(s said) []byte {
			if fetched(s) {
				return s.refused("not now")
			}
			return s.line
		},
		"not answered": every(3, func(s said) []byte { return bytes.Replace(s.line, []byte("UID "), []byte("UID 999"), 1) }),
		"severed":      every(7, func(said) []byte { return severed }),
		"sizes that lie": func(s said) []byte {
			return announced.ReplaceAll(s.line, []byte("RFC822.SIZE 100"))
		},
		"renumbered": func(s said) []byte {
			if n.Add(1) > 60 {
				return bytes.Replace(s.line, []byte("UIDVALIDITY 1"), []byte("UIDVALIDITY 2"), 1)
			}
			return s.line
		},
	}
}

// audited is a run that must hold nothing in the end; the next one does what it left.
func (f *fixture) audited(what string) {
	f.Helper()
	rc, held, err := mailsync.PullAudited(f.Context(), f.store, f.account(), f.opt)
	if err != nil && rc.Exit != mailsync.ExitConnect || held != "" {
		f.Errorf("%s: %v, held: %s; %+v", what, err, held, rc)
	}
	dials := f.dialer
	f.empty("staging")
	f.untap()
	f.opt.Full = true
	f.pull(0)
	f.opt.Full = false
	f.equal()
	f.dialer = dials
}
