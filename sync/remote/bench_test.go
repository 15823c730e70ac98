package remote_test

import (
	"io"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
)

// fill appends n messages of about size octets.
func fill(b testing.TB, srv *dovecot.Server, user string, n, size int) (octets int64) {
	u := srv.User(b, user)
	for i := range n {
		m := message(i, size)
		octets += int64(len(m))
		u.Append("INBOX", nil, time.Time{}, m)
	}
	return octets
}

// BenchmarkBodies fetches a whole mailbox in one command; bytes are discarded.
func BenchmarkBodies(b *testing.B) {
	srv := dovecot.Start(b)
	for i, size := range []int{2_000, 20_000, 200_000} {
		user := "user" + itoa(i+1)
		n := min(1000, 40_000_000/size)
		octets := fill(b, srv, user, n, size)
		for _, security := range []remote.Security{remote.ImplicitTLS, remote.Plain} {
			cfg := config(srv, user)
			if cfg.Security = security; security == remote.Plain {
				cfg.Port = srv.Port
			}
			b.Run(map[remote.Security]string{remote.Plain: "plain", remote.ImplicitTLS: "tls"}[security]+"/"+itoa(size), func(b *testing.B) {
				c := dial(b, cfg)
				if _, err := c.Examine(b.Context(), "INBOX"); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(octets)
				count := 0
				for b.Loop() {
					err := c.Bodies(b.Context(), imap.UIDSet{{Start: 1}}, func(_ imap.UID, _ int64, r io.Reader) error {
						count++
						_, err := io.Copy(io.Discard, r)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				if count != n*b.N {
					b.Fatalf("%d messages, want %d", count, n*b.N)
				}
				b.ReportMetric(float64(count)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}

func itoa(n int) string { return imap.UIDSetNum(imap.UID(n)).String() }
