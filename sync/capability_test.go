package sync_test

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/testkit/dovecot"
)

// Whatever a server can do, the end state is the same, and what it can do is
// used: the fewer extensions, the more octets.
func TestEveryCapability(t *testing.T) {
	t.Parallel()
	const base = "IMAP4rev1 LITERAL+ SASL-IR ENABLE NAMESPACE UIDPLUS"
	for name, c := range map[string]struct {
		opts          []dovecot.Option
		commands, in_ int64 // of the second run: at most
	}{
		"everything":     {nil, 9, 4_000},
		"no QRESYNC":     {[]dovecot.Option{dovecot.Capability(base + " ESEARCH LIST-EXTENDED LIST-STATUS CONDSTORE SPECIAL-USE")}, 11, 4_000},
		"no ESEARCH":     {[]dovecot.Option{dovecot.Capability(base + " LIST-EXTENDED LIST-STATUS CONDSTORE")}, 11, 4_000},
		"no LIST-STATUS": {[]dovecot.Option{dovecot.Capability(base + " CONDSTORE QRESYNC ESEARCH")}, 10, 5_000},
		"no CONDSTORE":   {[]dovecot.Option{dovecot.Capability(base + " LIST-EXTENDED LIST-STATUS")}, 11, 16_000},
		"nothing":        {[]dovecot.Option{dovecot.Capability("IMAP4rev1")}, 14, 16_000},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, c.opts...)
			uids := f.seed("INBOX", 300)
			f.user.Create("Other")
			f.seed("Other", 3)
			f.pull(0)
			f.equal()
			f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[7], uids[100])
			f.user.Expunge("INBOX", uids[5], uids[150], uids[299])
			f.user.Append("INBOX", nil, day(500), message("INBOX", 500))
			rc := f.pull(0)
			if rc.New != 1 || rc.Bodies != 1 || rc.Flags != 2 || rc.Vanished != 3 {
				t.Fatalf("%+v", rc)
			}
			if rc.Commands > c.commands || rc.BytesIn > c.in_ {
				t.Errorf("%d commands, %d octets; want at most %d, %d", rc.Commands, rc.BytesIn, c.commands, c.in_)
			}
			t.Logf("%d commands, %d round trips, %d octets in", rc.Commands, rc.RoundTrips, rc.BytesIn)
			f.equal()
		})
	}
}
