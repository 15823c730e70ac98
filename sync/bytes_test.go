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

// noise is a message that no compressor makes smaller. It is made by the line: watched for
// races, what is done to each octet by itself takes longer than a sync of it.
func noise(i, size int) []byte {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	b := append(make([]byte, 0, size+2), "Subject: noise\r\n\r\n"...)
	for len(b) < size-80 {
		b = append(b, noiseLine(r)...)
	}
	for len(b) < size {
		b = append(b, '+')
	}
	return append(b, "\r\n"...)
}

func noiseLine(r *rand.Rand) string {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-"
	var line [80]byte
	for at, bits := 0, uint64(0); at < 78; at, bits = at+1, bits>>6 {
		if at%10 == 0 {
			bits = r.Uint64()
		}
		line[at] = alphabet[bits&63]
	}
	line[78], line[79] = '\r', '\n'
	return string(line[:])
}

// I24: announced sizes are hints. A server that calls large messages small
// costs a detour over the disk, no memory and no message.
func TestAnnouncedSizesLie(t *testing.T) {
	t.Parallel()
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
