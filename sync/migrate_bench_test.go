package sync_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

// BenchmarkMigrate measures the first pass from one account to another on the same
// Dovecot, without the pull of the source, and a second one with nothing to do.
func BenchmarkMigrate(b *testing.B) {
	const n = 5000
	server := dovecot.Start(b)
	user := server.User(b, "ann")
	for _, m := range mailgen.New(1).Messages(n) {
		user.Append("INBOX", m.Flags, m.Date, m.Data)
	}
	account := func(name string) mailsync.Account {
		cfg := remote.Config{Host: server.Host, Port: server.Port, Security: remote.Plain, User: name,
			Password: func(context.Context) (string, error) { return server.Password, nil }}
		return mailsync.Account{Name: name, URL: "imap+insecure://" + name,
			Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
	}
	store := benchStore(b)
	benchPull(b, store, account("ann"))
	passes, steps := 0, map[string]time.Duration{}
	b.ResetTimer()
	for b.Loop() {
		passes++
		target := account(fmt.Sprint("t", passes))
		step := func(name string, do func()) {
			began := time.Now()
			do()
			steps[name] += time.Since(began)
		}
		var p mailsync.Migrated
		look := func() { benchPull(b, store, target); p = benchPlan(b, store, target.Name) }
		step("look", look)
		step("bring", func() {
			if rc, err := p.Bring(b.Context(), store, target, mailsync.Options{}); err != nil || rc.Exit != 0 || len(p.Put) != n {
				b.Fatal(err, rc, len(p.Put))
			}
		})
		step("again", look)
		if p.Missing() != 0 {
			b.Fatalf("%+v", p.Folders)
		}
	}
	for name, d := range steps {
		b.ReportMetric(d.Seconds()/float64(passes), name+"-s")
	}
	b.ReportMetric(float64(n)*float64(passes)/b.Elapsed().Seconds(), "messages/s")
}

func benchPlan(b *testing.B, store *localstore.Store, target string) mailsync.Migrated {
	m := mailsync.Migration{SourceSpace: plan.Space{Delim: "."}, TargetSpace: plan.Space{Delim: "."}}
	accounts, err := store.Accounts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, a := range accounts {
		switch a.Name {
		case "ann":
			m.Source = a.ID
		case target:
			m.Target = a.ID
		}
	}
	p, err := mailsync.PlanMigration(b.Context(), store, m)
	if err != nil {
		b.Fatal(err)
	}
	return p
}
