package sync_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

// benchAccount is a private Dovecot with n ordinary messages.
func benchAccount(b *testing.B, n int) mailsync.Account {
	server := dovecot.Start(b)
	user := server.User(b, "ann")
	for _, m := range mailgen.New(1).Messages(n) {
		user.Append("INBOX", m.Flags, m.Date, m.Data)
	}
	cfg := remote.Config{Host: server.Host, Port: server.Port, Security: remote.Plain, User: "ann",
		Password: func(context.Context) (string, error) { return server.Password, nil }}
	return mailsync.Account{Name: "bench", URL: "imap+insecure://bench",
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

func benchPull(b *testing.B, store *localstore.Store, acct mailsync.Account) mailsync.Receipt {
	rc, err := mailsync.Pull(b.Context(), store, acct, mailsync.Options{})
	if err != nil || rc.Exit != 0 {
		b.Fatalf("%v, %+v", err, rc)
	}
	return rc
}

func benchStore(b *testing.B) *localstore.Store {
	store, err := localstore.Open(b.Context(), filepath.Join(b.TempDir(), "mail.db"), localstore.Options{Create: true, Merge: conflict.MergeText})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	return store
}

// BenchmarkFirstSync measures a first sync, durable on disk, end to end. The
// floor beside it reads the same bytes and drops them.
func BenchmarkFirstSync(b *testing.B) {
	acct := benchAccount(b, 2000)
	b.Run("mailstow", func(b *testing.B) {
		var messages, bytes int64
		for b.Loop() {
			rc := benchPull(b, benchStore(b), acct)
			messages, bytes = messages+rc.Bodies, bytes+rc.BodyBytes
		}
		b.ReportMetric(float64(messages)/b.Elapsed().Seconds(), "messages/s")
		b.ReportMetric(float64(bytes)/1e6/b.Elapsed().Seconds(), "MB/s")
	})
	b.Run("floor", func(b *testing.B) {
		var messages int
		for b.Loop() {
			messages += readAll(b, acct)
		}
		b.ReportMetric(float64(messages)/b.Elapsed().Seconds(), "messages/s")
	})
}

// readAll downloads INBOX and keeps nothing.
func readAll(b *testing.B, acct mailsync.Account) int {
	conn, err := acct.Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Examine(b.Context(), "INBOX"); err != nil {
		b.Fatal(err)
	}
	n := 0
	err = conn.Bodies(b.Context(), imap.UIDSet{{Start: 1, Stop: 1 << 20}}, func(_ imap.UID, _ int64, r io.Reader) error {
		n++
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkNothingChanged measures a sync of an account in which nothing
// happened.
func BenchmarkNothingChanged(b *testing.B) {
	acct := benchAccount(b, 2000)
	store := benchStore(b)
	benchPull(b, store, acct)
	b.ResetTimer()
	var in int64
	for b.Loop() {
		in = benchPull(b, store, acct).BytesIn
	}
	b.ReportMetric(float64(in), "octets-in")
}
