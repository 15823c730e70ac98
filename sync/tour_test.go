package sync_test

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"

	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
)

// dozen are INBOX and twelve mailboxes, with 3 messages each.
func dozen(f *fixture) (names []string) {
	f.Helper()
	names = []string{"INBOX"}
	for i := range 12 {
		names = append(names, fmt.Sprintf("M%02d", i))
		f.user.Create(names[i+1])
	}
	for _, name := range names {
		f.seed(name, 3)
	}
	return names
}

// trips syncs and wants so many round trips: the login, the list, and one for each
// flight.
func (f *fixture) trips(what string, want int64, check func(rc mailsync.Receipt) bool) {
	f.Helper()
	rc := f.pull(0)
	if rc.RoundTrips != want || !check(rc) {
		f.Errorf("%s: %d round trips, want %d; %+v", what, rc.RoundTrips, want, rc)
	}
	f.equal()
}

// What a run over many mailboxes costs: a question for all of them, a download from
// all of them, however many they are, and nothing where nothing happened.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, ahead := range []bool{false, true} {
		t.Run(fmt.Sprint("list ahead: ", ahead), func(t *testing.T) {
			f := newFixture(t, dovecot.Config("protocol imap {\n  mail_plugins = imap_zlib\n}")) // as with many, it is yet to be seen whether to compress
			f.opt.MaxDeletes, f.ahead = plan.NoLimit, ahead
			login := int64(2)
			if ahead {
				login = 1
			}
			names := dozen(f)
			f.trips("first", login+2, func(rc mailsync.Receipt) bool { return rc.New == 39 && rc.Bodies == 39 })
			f.trips("nothing", login, func(rc mailsync.Receipt) bool { return rc.Skipped == 13 })
			for _, name := range names[1:] {
				f.user.AddFlags(name, []imap.Flag{imap.FlagFlagged, "work"}, 1, 3)
			}
			f.trips("flags", login+1, func(rc mailsync.Receipt) bool { return rc.Flags == 24 && rc.Skipped == 1 })
			for _, name := range names[1:] {
				f.user.Expunge(name, 2)
			}
			f.trips("deletions", login+1, func(rc mailsync.Receipt) bool { return rc.Vanished == 12 })
			for i, name := range names[1:] {
				f.user.Append(name, nil, day(50+i), message(name, 50+i))
			}
			f.trips("arrivals", login+2, func(rc mailsync.Receipt) bool { return rc.New == 12 && rc.Bodies == 12 })
			for i, name := range names {
				f.user.AddFlags(name, []imap.Flag{imap.FlagSeen}, 1)
				f.user.Expunge(name, 3)
				f.user.Append(name, nil, day(80+i), message(name, 80+i))
			}
			f.trips("all at once", login+2, func(rc mailsync.Receipt) bool { return rc.New == 13 && rc.Flags > 0 && rc.Vanished == 13 })
			f.trips("nothing more", login, func(rc mailsync.Receipt) bool { return rc.Skipped == 13 })
		})
	}
}

// With less than QRESYNC deletions are found by a second question to each mailbox;
// everything else costs as much as with it, up to the window of the pipeline.
func TestRoundTripsByCapability(t *testing.T) {
	for able, enumerates := range map[string]int64{
		"IMAP4rev1 SASL-IR LIST-EXTENDED LIST-STATUS CONDSTORE UNSELECT UIDPLUS": 4,
		"IMAP4rev1 SASL-IR LIST-EXTENDED LIST-STATUS UNSELECT UIDPLUS":           0,
	} {
		t.Run(able, func(t *testing.T) {
			f := newFixture(t, dovecot.Capability(able))
			f.opt.MaxDeletes = plan.NoLimit
			for i := range 4 {
				f.user.Create(fmt.Sprint("M", i))
				f.seed(fmt.Sprint("M", i), 20)
			}
			f.trips("first", 4, func(rc mailsync.Receipt) bool { return rc.New == 80 && rc.Bodies == 80 })
			for i := range 4 {
				f.user.AddFlags(fmt.Sprint("M", i), []imap.Flag{imap.FlagFlagged}, 1, 20)
			}
			f.trips("flags", 3, func(rc mailsync.Receipt) bool { return rc.Flags == 8 })
			for i := range 4 {
				f.user.Expunge(fmt.Sprint("M", i), 2)
			}
			f.trips("deletions", 3+2*enumerates, func(rc mailsync.Receipt) bool { return rc.Vanished == 4 })
		})
	}
}
