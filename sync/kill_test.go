package sync_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// killEnv names the child: store, port, user and password of a pull that will be killed;
// something more, and it brings what a migration lacks.
const killEnv = "MAILSTOW_TEST_PULL"

func TestMain(m *testing.M) {
	if args := os.Getenv(killEnv); args != "" {
		pullInChild(strings.Fields(args))
		return
	}
	os.Exit(m.Run())
}

// pullInChild syncs and prints a line for every event, so that the parent can
// kill it at any of them.
func pullInChild(args []string) {
	port, _ := strconv.Atoi(args[1])
	cfg := remote.Config{Host: "127.0.0.1", Port: port, Security: remote.Plain, User: args[2],
		Password: func(context.Context) (string, error) { return args[3], nil }}
	store, err := localstore.Open(context.Background(), args[0], localstore.Options{Create: true, Wait: 10 * time.Second, Merge: conflict.MergeText})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	defer store.Close()
	acct := mailsync.Account{Name: "work", URL: "imap+insecure://x", Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
	do := mailsync.Pull
	if len(args) > 4 {
		p, err := emigration(store)
		if err != nil {
			fmt.Println("error", err)
			return
		}
		do = p.Bring
	}
	rc, err := do(context.Background(), store, acct, mailsync.Options{MaxDeletes: plan.NoLimit,
		Observer: mailsync.ObserverFunc(func(e mailsync.Event) { fmt.Println("event", e.Kind) })})
	fmt.Println("exit", rc.Exit, err)
}

// killAfter runs a pull in a process of its own and kills it with SIGKILL when
// its n-th event is out. It reports whether the run had ended before.
func (f *fixture) killAfter(n int) (ended bool) {
	f.Helper()
	cmd := exec.CommandContext(f.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s %s", killEnv, f.path, f.server.Port, f.name, f.server.Password))
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for seen := 0; seen < n && lines.Scan(); {
		switch text := lines.Text(); {
		case strings.HasPrefix(text, "event"):
			seen++
		case text == "exit 0 <nil>":
			ended = true
		default:
			f.Fatalf("the child says %q", text)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return ended
}

// Row 2: killed at any event, the store is whole, what was stored stays stored,
// and the next run goes on from there.
func TestKill(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.user.Create("Old")
	f.seed("INBOX", 150)
	uids := f.seed("Work", 20)
	f.seed("Old", 10)
	killed := 0
	for n := range 24 {
		f.store.Close()
		if !f.killAfter(1 + n%4) {
			killed++
		}
		f.open()
		f.whole()
		switch n { // let every kind of change be cut short
		case 4:
			f.server.Renumber(t, f.name, "Work")
		case 8:
			f.user.Expunge("INBOX", uids[:10]...)
			f.seed("INBOX", 100)
		case 12:
			f.user.Delete("Old")
			f.seed("Work", 100)
		}
	}
	if killed < 8 {
		t.Fatalf("only %d runs were killed before their end", killed)
	}
	f.opt.MaxDeletes = plan.NoLimit
	f.pull(0)
	f.equal()
}

// The same amid the flights through many mailboxes: killed at every event, each run
// adds what it had committed, and the last one finds the rest.
func TestKillAmongManyMailboxes(t *testing.T) {
	f := newFixture(t)
	names := dozen(f)
	killed, n := 0, 0
	for round := range 3 {
		for step := 0; ; step++ {
			f.store.Close()
			ended := f.killAfter(1 + n%17)
			n += 5
			f.open()
			f.whole()
			if ended || step > 6 {
				break
			}
			killed++
		}
		for i, name := range names {
			uids := f.user.UIDs(name)
			f.user.AddFlags(name, []imap.Flag{imap.FlagFlagged}, uids[0])
			f.user.Expunge(name, uids[1])
			f.user.Append(name, nil, day(50+i), message(name, 100*(round+1)+i))
		}
		f.server.Renumber(t, f.name, "M07")
	}
	if killed < 8 {
		t.Fatalf("only %d runs were killed before their end", killed)
	}
	f.opt.MaxDeletes = plan.NoLimit
	if rc := f.pull(0); len(rc.Failures) > 0 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// whole wants the store to keep its invariants.
func (f *fixture) whole() {
	f.Helper()
	err := f.store.Check(f.Context(), localstore.CheckOptions{}, func(x localstore.Finding) {
		f.Errorf("%s: %s (message %d, %s)", x.Kind, x.What, x.Message, x.Folder)
	})
	if err != nil {
		f.Fatal(err)
	}
}
