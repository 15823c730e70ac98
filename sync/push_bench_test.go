package sync_test

import (
	"testing"

	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// BenchmarkPush measures a sync that sets a flag on 1,000 messages.
func BenchmarkPush(b *testing.B) {
	acct := benchAccount(b, 1000)
	store := benchStore(b)
	benchPull(b, store, acct)
	var ids []localstore.MessageID
	err := store.List(b.Context(), localstore.ListQuery{}, func(m localstore.Mail) error {
		ids = append(ids, m.ID)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	var rc mailsync.Receipt
	add, remove := "bench", ""
	for b.Loop() {
		b.StopTimer()
		if err := store.Edit(b.Context(), func(tx *localstore.Tx) error { return tx.EditFlags(ids, add, remove) }); err != nil {
			b.Fatal(err)
		}
		add, remove = remove, add
		b.StartTimer()
		if rc = benchPull(b, store, acct); rc.Pushed.Flags != len(ids) {
			b.Fatalf("%+v", rc)
		}
	}
	b.ReportMetric(float64(rc.Commands), "commands")
	b.ReportMetric(float64(rc.RoundTrips), "round-trips")
}
