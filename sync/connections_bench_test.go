package sync_test

import (
	"context"
	"fmt"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
)

// BenchmarkConnections measures a first sync over several connections, with TLS and
// without. Beyond two there is nothing to be had but where a server or a path gives
// each connection a share of its own.
func BenchmarkConnections(b *testing.B) {
	server := dovecot.Start(b)
	user := server.User(b, "ann")
	for i := range 600 { // 90 MB, enough for four
		box := fmt.Sprint("M", i%5)
		if i < 5 {
			user.Create(box)
		}
		user.Append(box, nil, day(i), noise(i, 150_000))
	}
	password := func(context.Context) (string, error) { return server.Password, nil }
	for name, cfg := range map[string]remote.Config{
		"plain": {Host: server.Host, Port: server.Port, Security: remote.Plain, User: "ann", Password: password},
		"tls":   {Host: server.Host, Port: server.TLSPort, Security: remote.ImplicitTLS, CAFile: server.CAFile, User: "ann", Password: password},
	} {
		acct := mailsync.Account{Name: "bench", URL: "imap://bench",
			Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
		for _, n := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) { firstSync(b, acct, n) })
		}
	}
}

func firstSync(b *testing.B, acct mailsync.Account, connections int) {
	var bytes int64
	for b.Loop() {
		rc, err := mailsync.Pull(b.Context(), benchStore(b), acct, mailsync.Options{Connections: connections})
		if err != nil || rc.Exit != 0 {
			b.Fatalf("%v, %+v", err, rc)
		}
		bytes += rc.BodyBytes
	}
	b.ReportMetric(float64(bytes)/1e6/b.Elapsed().Seconds(), "MB/s")
}
