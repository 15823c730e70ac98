package sync_test

import (
	"bytes"
	"testing"

	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
)

// A server that leaves out known messages from the end of a mailbox, and counts
// them all the same, proves none of them gone (I10), whatever it offers.
func TestLastMessagesLeftOut(t *testing.T) {
	for i, able := range capabilities {
		t.Run(able, func(t *testing.T) {
			var opts []dovecot.Option
			if i > 0 {
				opts = append(opts, dovecot.Capability(able))
			}
			f := newFixture(t, opts...)
			f.opt.MaxDeletes = plan.NoLimit
			f.seed("INBOX", 20)
			f.pull(0)
			f.user.Append("INBOX", nil, day(30), message("INBOX", 30))
			f.through(func(line []byte) []byte {
				if bytes.Contains(line, []byte("(UID 18 ")) {
					return nil
				}
				return line
			})
			if rc := f.pull(3); rc.Vanished != 0 || rc.New != 1 || len(rc.Failures) != 1 {
				t.Fatalf("%+v", rc)
			}
			f.dial = nil
			f.pull(0)
			f.equal()
		})
	}
}
