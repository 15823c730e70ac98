package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/synthetic"
	"mailstow/sync/testkit/testenv"
)

// Figures of the whole program against a server that costs no disk: what it takes
// at its peak, what it reads from the wire, how fast it is.
//
//	go test ./cmd/mailstow -run '^$' -bench Figures -benchtime 1x -timeout 1h
//
// takes some minutes. MAILSTOW_BENCH_MESSAGES=N makes the large mailbox smaller,
// MAILSTOW_BENCH_MAILBOXES=N the account with many of them.

const (
	mib = 1 << 20

	hugePeak  = 64 * mib
	manyPeak  = 96 * mib
	largePeak = 200 * mib
	idlePeak  = 100 * mib
	idleIn    = 10_000 // octets
)

// measured is one run of the program.
type measured struct {
	mailsync.Receipt
	peak int64 // octets resident at most
}

// measure runs mailstow sync in a process of its own.
func measure(b testing.TB, s *synthetic.Server, store string) measured {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "mailstow", "--store", store, "sync", "--json",
		fmt.Sprintf("imap+insecure://ann@%s:%d", s.Host, s.Port))
	cmd.Env = append(os.Environ(), "MAILSTOW_PASSWORD=x", "HOME="+filepath.Dir(store), "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
	cmd.Stderr = os.Stderr
	// Until it is another program, the new process counts what this one had at its peak.
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Log(err)
	}
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	var m measured
	if err := json.Unmarshal(out, &m.Receipt); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	m.peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return m
}

// report prints a run and holds it against its bars; 0 is no bar.
func report(b *testing.B, m measured, maxPeak, maxIn int64) {
	b.Helper()
	b.ReportMetric(float64(m.peak)/mib, "MiB-peak")
	b.ReportMetric(float64(m.BytesIn), "octets-in")
	b.ReportMetric(float64(m.RoundTrips), "round-trips")
	if m.Bodies > 0 {
		b.ReportMetric(float64(m.Bodies)/m.Seconds, "messages/s")
		b.ReportMetric(float64(m.BodyBytes)/1e6/m.Seconds, "MB/s")
	}
	if maxPeak > 0 && m.peak > maxPeak {
		b.Errorf("%d MiB at the peak, more than %d", m.peak/mib, maxPeak/mib)
	}
	if maxIn > 0 && m.BytesIn > maxIn {
		b.Errorf("%d octets received, more than %d", m.BytesIn, maxIn)
	}
}

// huge is one message of 150 MB (failure table, row 23).
func huge(b testing.TB) *synthetic.Server {
	return synthetic.Start(b, synthetic.Mailbox{Name: "INBOX", Messages: 1, Mail: synthetic.Text(150_000_000)})
}

func pullHuge(b testing.TB, s *synthetic.Server) measured {
	m := measure(b, s, filepath.Join(b.TempDir(), "mail.db"))
	if m.Bodies != 1 || m.BodyBytes < 149_000_000 {
		b.Fatalf("%+v", m)
	}
	return m
}

// The one figure that is cheap enough to hold every time.
func TestMemoryForAHugeMessage(t *testing.T) {
	if testing.Short() {
		t.Skip("150 MB, and the race detector has a memory of its own")
	}
	if m := pullHuge(t, huge(t)); m.peak > hugePeak {
		t.Errorf("%d MiB at the peak, more than %d", m.peak/mib, hugePeak/mib)
	}
}

// Row 22: what a mailbox of very many messages takes does not grow with it, and when
// nothing happened it is not looked at. The figures for a million are a benchmark.
func TestMemoryForALargeMailbox(t *testing.T) {
	messages, peak := 90_000, int64(manyPeak)
	if testing.Short() { // and perhaps under the race detector, which has a memory of its own
		messages, peak = 2000, math.MaxInt64
	}
	s := synthetic.Start(t, synthetic.Mailbox{Name: "INBOX", Messages: messages, Mail: synthetic.Text(1200)})
	store := filepath.Join(t.TempDir(), "mail.db")
	if m := measure(t, s, store); m.Bodies != int64(messages) || m.peak > peak {
		t.Errorf("%d bodies, %d MiB at the peak", m.Bodies, m.peak/mib)
	}
	if m := measure(t, s, store); m.BytesIn > idleIn || m.Skipped != 1 {
		t.Errorf("%d octets received, %d mailboxes not opened", m.BytesIn, m.Skipped)
	}
}

func BenchmarkFiguresHuge(b *testing.B) {
	s := huge(b)
	for b.Loop() {
		report(b, pullHuge(b, s), hugePeak, 0)
	}
}

// BenchmarkFiguresLarge is a mailbox of a million small messages (row 22): the
// first sync, one in which nothing happened, and one for a single new message.
func BenchmarkFiguresLarge(b *testing.B) {
	messages := testenv.Number(b, "MAILSTOW_BENCH_MESSAGES", 1_000_000)
	box := synthetic.Mailbox{Name: "INBOX", Messages: messages, Mail: synthetic.Text(1200)}
	s, dir, store := synthetic.Start(b, box), b.TempDir(), ""
	pull := func(b *testing.B) measured {
		m := measure(b, s, store)
		if m.Exit != 0 {
			b.Fatalf("%+v", m)
		}
		return m
	}
	b.Run("first", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			store = filepath.Join(dir, strconv.Itoa(i), "mail.db")
			m := pull(b)
			if m.Bodies != int64(messages) {
				b.Fatalf("%+v", m)
			}
			report(b, m, largePeak, 0)
		}
	})
	b.Run("nothing", func(b *testing.B) {
		for b.Loop() {
			report(b, pull(b), idlePeak, idleIn)
		}
	})
	b.Run("one more", func(b *testing.B) {
		for b.Loop() {
			box.Messages++
			s.Add(box)
			m := pull(b)
			if m.New != 1 || m.Bodies != 1 {
				b.Fatalf("%+v", m)
			}
			report(b, m, largePeak, 0)
		}
	})
}

// Row 24: where nothing happened, as much is asked for many mailboxes as for one,
// and where something did, one more is opened.
func TestManyMailboxes(t *testing.T) {
	n := map[bool]int{true: 50, false: 1000}[testing.Short()]
	boxes := lists(n)
	s, store := synthetic.Start(t, boxes...), filepath.Join(t.TempDir(), "mail.db")
	if m := measure(t, s, store); m.Bodies != int64(n) || m.Mailboxes != n {
		t.Errorf("%+v", m)
	}
	idle := measure(t, s, store)
	if idle.Skipped != n || idle.Commands > 4 || idle.RoundTrips > 2 {
		t.Errorf("%+v", idle)
	}
	boxes[7].Messages++
	s.Add(boxes[7])
	if m := measure(t, s, store); m.Skipped != n-1 || m.Bodies != 1 || m.RoundTrips > idle.RoundTrips+2 {
		t.Errorf("%+v", m)
	}
}

// lists are mailboxes with one message each.
func lists(n int) []synthetic.Mailbox {
	boxes := make([]synthetic.Mailbox, n)
	for i := range boxes {
		boxes[i] = synthetic.Mailbox{Name: fmt.Sprintf("Lists/%d/%d", i%100, i), Messages: 1, Mail: synthetic.Text(1200)}
	}
	return boxes
}

// BenchmarkFiguresMailboxes is an account of 100,000 mailboxes with one message each
// (row 24): the first sync, and one in which nothing happened. The server tells their
// state in its list; what that takes of the wire is its own.
func BenchmarkFiguresMailboxes(b *testing.B) {
	boxes := lists(testenv.Number(b, "MAILSTOW_BENCH_MAILBOXES", 100_000))
	s, store := synthetic.Start(b, boxes...), filepath.Join(b.TempDir(), "mail.db")
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if m := measure(b, s, store); m.Exit != 0 || m.Mailboxes != len(boxes) {
				b.Fatalf("%+v", m)
			} else {
				report(b, m, 0, 0)
			}
		}
	})
	b.Run("nothing", func(b *testing.B) {
		for b.Loop() {
			if m := measure(b, s, store); m.Exit != 0 || m.Skipped != len(boxes) || m.Commands > 8 {
				b.Fatalf("%+v", m)
			} else {
				report(b, m, 0, 0)
			}
		}
	})
}
