package remote_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
)

// distant is a connection whose answers come later by a round trip.
type distant struct {
	net.Conn
	trip   time.Duration
	chunks chan arrival
	rest   []byte
}

type arrival struct {
	data []byte
	err  error
	at   time.Time
}

func (d *distant) receive() {
	for {
		b := make([]byte, 64<<10)
		n, err := d.Conn.Read(b)
		d.chunks <- arrival{b[:n], err, time.Now().Add(d.trip)}
		if err != nil {
			return
		}
	}
}

func (d *distant) Read(p []byte) (int, error) {
	if len(d.rest) == 0 {
		a := <-d.chunks
		time.Sleep(time.Until(a.at))
		if d.rest = a.data; len(d.rest) == 0 {
			return 0, a.err
		}
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func (d *distant) SetReadDeadline(time.Time) error { return nil }

// away puts a server a round trip away.
func away(cfg remote.Config, trip time.Duration) remote.Config {
	if near := cfg.Dial; trip > 0 {
		if near == nil {
			near = new(net.Dialer).DialContext
		}
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := near(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			d := &distant{Conn: nc, trip: trip, chunks: make(chan arrival, 1024)}
			go d.receive()
			return d, nil
		}
	}
	return cfg
}

// counted reports what one operation takes of round trips and commands.
func counted(b *testing.B, before, after remote.Stats) {
	n := float64(b.N)
	b.ReportMetric(float64(after.RoundTrips-before.RoundTrips)/n, "trips/op")
	b.ReportMetric(float64(after.Commands-before.Commands)/n, "commands/op")
	b.ReportMetric(float64(after.BytesOut-before.BytesOut)/n, "out/op")
	b.ReportMetric(float64(after.BytesIn-before.BytesIn)/n, "in/op")
}

func writeDovecot(b *testing.B, opts ...dovecot.Option) writeServer {
	s := dovecot.Start(b, opts...)
	return writeServer{delim: "/", port: s.Port, user: func(name string) *imapuser.User { return s.User(b, name) }}
}

var trips = []time.Duration{0, 50 * time.Millisecond}

// BenchmarkFlags changes a flag of 1,000 of 3,000 messages in 12 mailboxes.
func BenchmarkFlags(b *testing.B) {
	const boxes, n = 12, 250
	s := writeDovecot(b)
	m := deliverMany(b, s, "pusher", boxes, n)
	for _, how := range []string{"proven", "one by one"} {
		for _, trip := range trips {
			b.Run(fmt.Sprintf("%s/%v", how, trip), func(b *testing.B) {
				c := dial(b, away(s.config("pusher"), trip))
				edits := m.flagged("pushed", n)
				var asked int64
				for i := range edits {
					asked += int64(len(edits[i].Store[0].UIDs))
					if how != "proven" {
						edits[i].Known = nil
					}
				}
				if err := c.Noop(b.Context()); err != nil {
					b.Fatal(err)
				}
				before, add := c.Stats(), true
				for b.Loop() {
					for i := range edits {
						edits[i].Store[0].Add = add
					}
					add = !add
					out, err := c.Edit(b.Context(), edits, nil, nil)
					if err != nil {
						b.Fatal(err)
					}
					for _, e := range out {
						if e.Err != nil || e.Stored[0].Done.String() != edits[0].Store[0].UIDs.String() {
							b.Fatal(rendered(e))
						}
					}
				}
				counted(b, before, c.Stats())
				b.ReportMetric(float64(asked), "flags/op")
			})
		}
	}
}

// BenchmarkAppend appends 100 messages of 20 KB.
func BenchmarkAppend(b *testing.B) {
	var msgs []remote.Outgoing
	for k := range 100 {
		m, _ := sending(k, 20_000)
		m.Flags = nil
		msgs = append(msgs, m)
	}
	for _, how := range []string{"IMAP4rev1 LITERAL+ UIDPLUS MULTIAPPEND", "IMAP4rev1 LITERAL+ UIDPLUS", "IMAP4rev1 LITERAL- UIDPLUS MULTIAPPEND"} {
		s := writeDovecot(b, dovecot.Capability(how))
		for _, trip := range trips {
			b.Run(fmt.Sprintf("%s/%v", how[10:], trip), func(b *testing.B) {
				c := dial(b, away(s.config("sender"), trip))
				if err := c.Noop(b.Context()); err != nil {
					b.Fatal(err)
				}
				before := c.Stats()
				for b.Loop() {
					out, err := c.Append(b.Context(), "INBOX", msgs)
					if err != nil || out[99].UID == 0 {
						b.Fatal(appended(out), err)
					}
				}
				counted(b, before, c.Stats())
			})
		}
	}
}
