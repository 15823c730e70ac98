package sync_test

import (
	"math/rand/v2"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/mailgen"
	"mailstow/sync/testkit/testenv"
)

// Every message, however odd, comes back byte for byte as the server serves it
// (row 33).
func TestBytesOfOddMail(t *testing.T) {
	f := newFixture(t)
	for i, m := range mailgen.New(1).Messages(60) {
		f.user.Append("INBOX", m.Flags, day(i), m.Data)
	}
	for _, m := range mailgen.Odd() {
		if m.NUL {
			continue // Dovecot refuses NUL in APPEND
		}
		f.user.Append("INBOX", m.Flags, m.Date, m.Data)
	}
	f.pull(0)
	f.equal()
}

func TestBytesOfCorpus(t *testing.T) {
	mail := testenv.OddMail(t, "..")
	f := newFixture(t)
	for i, data := range mail {
		f.user.Append("INBOX", nil, day(i), data)
	}
	rc := f.pull(0)
	if rc.Bodies != int64(len(mail)) {
		t.Fatalf("%d messages, %+v", len(mail), rc)
	}
	f.equal()
	v, err := mailsync.VerifyRemote(t.Context(), f.store, f.account(), mailsync.VerifyOptions{SamplePercent: 100})
	if err != nil || len(v.Differences) > 0 || v.Sampled != len(mail) {
		t.Fatalf("%+v, %v", v, err)
	}
}

// noise is a message that no compressor makes smaller.
func noise(i, size int) []byte {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	b := append(make([]byte, 0, size), "Subject: noise\r\n\r\n"...)
	for len(b) < size {
		b = append(b, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-"[r.IntN(64)])
		if len(b)%78 == 0 {
			b = append(b, "\r\n"...)
		}
	}
	return append(b, "\r\n"...)
}

// I24: announced sizes are hints. A server that calls large messages small
// costs a detour over the disk, no memory and no message.
func TestAnnouncedSizesLie(t *testing.T) {
	f := newFixture(t)
	for i := range 24 {
		f.user.Append("INBOX", nil, day(i), noise(i, 700_000))
	}
	f.through(func(line []byte) []byte { return announced.ReplaceAll(line, []byte("RFC822.SIZE 9")) })
	if rc := f.pull(0); rc.Bodies != 24 {
		t.Fatalf("%+v", rc)
	}
	f.dial = nil
	f.equal()
}
