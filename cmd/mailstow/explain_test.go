package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"mailstow/cmd/mailstow/config"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

func TestExplain(t *testing.T) {
	dial := func(class remote.Class, err error) error {
		return fmt.Errorf("sync: %w", &remote.Error{Class: class, Op: "connect", Where: "h:993", Err: err})
	}
	for _, tc := range []struct {
		err  error
		code int
		hint string
	}{
		{nil, exitOK, ""},
		{errors.New("anything"), exitFailed, ""},
		{&config.Error{Text: "bad", Hint: "mend it"}, exitUsage, "mend it"},
		{usage("bad", "so"), exitUsage, "so"},
		{fmt.Errorf("x: %w", context.Canceled), exitInterrupted, "run the command again"},
		{dial(remote.Connect, &net.DNSError{Name: "nohost", IsNotFound: true}), exitConnection, "check the spelling of nohost"},
		{dial(remote.Connect, syscall.ECONNREFUSED), exitConnection, "port 993"},
		{dial(remote.Connect, syscall.EHOSTUNREACH), exitConnection, "is the network up?"},
		{dial(remote.TLS, errors.New("tls")), exitConnection, "fingerprint"},
		{dial(remote.TLS, errors.New("remote error: tls: protocol version not supported")), exitConnection, "no TLS 1.2"},
		{&remote.Error{Class: remote.TLS, Op: "starttls", Err: errors.New("server answered NO")}, exitConnection, "use imaps://"},
		{dial(remote.Auth, errors.New("no")), exitAuth, "app password"},
		{dial(remote.Refused, errors.New("no")), exitFailed, "doctor"},
		{dial(remote.Protocol, errors.New("no")), exitFailed, "doctor"},
		{dial(remote.Canceled, errors.New("no")), exitInterrupted, ""},
		{&localstore.Error{Kind: localstore.ErrInUse, Path: "p", PID: 7}, exitInUse, "--wait"},
		{&localstore.Error{Kind: localstore.ErrBusy, Path: "p", Hint: "close it"}, exitInUse, "close it"},
		{&localstore.Error{Kind: localstore.ErrFull, Path: "p", Hint: "free some space"}, exitFailed, "free some space"},
		{&localstore.Error{Kind: localstore.ErrNewer, Path: "p"}, exitFailed, ""},
		{&localstore.Error{Kind: localstore.ErrCorrupt, Path: "p", Err: syscall.EISDIR}, exitFailed, "name a file in it"},
		{&localstore.Error{Kind: localstore.ErrPermission, Path: "p", Err: syscall.ENOTDIR}, exitFailed, "name another file"},
	} {
		err := explain(tc.err)
		if got := exitCode(err); got != tc.code {
			t.Errorf("%v: code %d, want %d", tc.err, got, tc.code)
		}
		p, _ := err.(*problem)
		if tc.hint != "" && (p == nil || !strings.Contains(p.hint, tc.hint)) {
			t.Errorf("%v: hint %+v, want %q", tc.err, p, tc.hint)
		}
	}
}

func TestErrorsAreCleaned(t *testing.T) {
	a, stderr := testApp(t, nil, nil)
	a.ui.fail(&problem{text: "server said \x1b[31m\u202e", hint: "look\r\nhere"})
	a.ui.warn("alert: %s", "\x1b]0;title\a")
	want := "mailstow: server said \\x1b[31m\\u202e\nhint: look\\r\\nhere\nmailstow: warning: alert: \\x1b]0;title\\x07\n"
	if stderr.String() != want {
		t.Errorf("got %q", stderr.String())
	}
}

func TestWorst(t *testing.T) {
	for _, tc := range []struct{ a, b, want int }{
		{exitOK, exitPartial, exitPartial}, {exitConnection, exitPartial, exitConnection}, {exitAuth, exitConnection, exitAuth},
		{exitGuard, exitFailed, exitFailed}, {exitInterrupted, exitAuth, exitInterrupted}, {exitPartial, exitOK, exitPartial},
	} {
		if got := worst(tc.a, tc.b); got != tc.want {
			t.Errorf("worst(%d, %d) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
	if len(severity) != len(allCodes) {
		t.Error("a code has no rank")
	}
}

func TestReceiptProblem(t *testing.T) {
	acct := account{Account: config.Account{Name: "work"}}
	r := mailsync.Receipt{Exit: exitPartial, Failures: []mailsync.Failure{{Mailbox: "INBOX", UID: 7, Reason: "no"}},
		Held: []mailsync.Held{{Mailbox: "A", Held: plan.Held{Reason: plan.MailboxEmptied, Count: 30, Of: 30}, Percent: 100, Override: "--max-deletes 30"},
			{Mailbox: "B", Held: plan.Held{Reason: plan.ManyDeleted, Count: 50, Of: 100}, Percent: 50, Override: "--max-deletes 50"}}}
	p := receiptProblem(acct, r).(*problem)
	for _, want := range []string{"1 item left out", "A: 30 of 30 deletions held back (100 %, mailbox is suddenly empty)", "B: 50 of 100"} {
		if !strings.Contains(p.text, want) {
			t.Errorf("%q lacks %q", p.text, want)
		}
	}
	if p.code != exitPartial || p.hint != "if they are meant: mailstow sync work --max-deletes 50" {
		t.Errorf("%d %q", p.code, p.hint)
	}
	if receiptProblem(acct, mailsync.Receipt{}) != nil {
		t.Error("a good run is a problem")
	}
}

func TestUnopenedFoldersCanBeLeftOut(t *testing.T) {
	r := mailsync.Receipt{Exit: exitPartial, Failures: []mailsync.Failure{{Mailbox: ".cache/junk", Reason: "no mailbox"}}}
	if p := receiptProblem(account{}, r).(*problem); !strings.Contains(p.hint, "--folder '!NAME'") {
		t.Errorf("%q", p.hint)
	}
}

func TestAgoInTheFuture(t *testing.T) {
	if got := ago(-time.Hour) + ", " + ago(3*time.Hour); got != "in the future, 3 h ago" {
		t.Error(got)
	}
}

func TestJudge(t *testing.T) {
	run := func(age time.Duration, outcome string) *localstore.Run {
		return &localstore.Run{Started: day.Add(-age), Ended: day.Add(-age), Outcome: outcome, Exit: 3}
	}
	hour := time.Hour
	for _, tc := range []struct {
		good, finished *localstore.Run
		maxAge         time.Duration
		want           string
	}{
		{nil, nil, 0, "never synced"},
		{nil, run(hour, "failed"), 0, "no run was good yet, the last one ended failed"},
		{run(hour, "ok"), run(hour, "ok"), 26 * hour, ""},
		{run(27*hour, "ok"), run(27*hour, "ok"), 26 * hour, "the last good run is 27 h old"},
		{run(27*hour, "ok"), run(27*hour, "ok"), 0, ""},
		{run(2*hour, "ok"), run(hour, "partial"), 26 * hour, "the last run ended partial (code 3)"},
		{run(2*hour, "ok"), nil, 26 * hour, ""}, // only an unfinished one since
		{run(-time.Minute, "ok"), run(-time.Minute, "ok"), 26 * hour, ""},
		{run(-48*hour, "ok"), run(-48*hour, "ok"), 26 * hour, "the last good run lies in the future: was this computer's clock wrong?"},
	} {
		if got := judge(tc.good, tc.finished, tc.maxAge, day); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestParseSince(t *testing.T) {
	for in, want := range map[string]time.Time{
		"2024-06-01":           time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC),
		"2024-06-01 13:30":     time.Date(2024, 6, 1, 13, 30, 0, 0, time.UTC),
		"2024-06-01T12:00:00Z": time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC),
		"36h":                  day.Add(-36 * time.Hour),
		"7d":                   day.Add(-7 * 24 * time.Hour),
		"1.5d":                 day.Add(-36 * time.Hour),
	} {
		if got, err := parseSince(in, day); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "d", "-1d", "-2h", "7days", "2024-13-01", "yesterday"} {
		if got, err := parseSince(in, day); err == nil {
			t.Errorf("%q was read as %v", in, got)
		}
	}
}

func TestParseSample(t *testing.T) {
	for in, want := range map[string]sample{"5%": {percent: 5}, "0.5%": {percent: 0.5}, "100%": {percent: 100}, "7": {count: 7}} {
		if got, err := parseSample(in); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "%", "0%", "101%", "0", "-1", "NaN%", "five"} {
		if got, err := parseSample(in); err == nil {
			t.Errorf("%q was read as %v", in, got)
		}
	}
}

func TestURLName(t *testing.T) {
	for url, want := range map[string]string{
		"imaps://me%40example.org@imap.example.org": "me@example.org@imap.example.org",
		"imap://me@h:143":                    "me@h",
		"imaps://me@h:10993":                 "me@h:10993",
		"imap+insecure://dom%5Cme@[::1]:143": `dom\me@[::1]`,
		"imaps://a%2Fb@h":                    "a/b@h",
	} {
		e, err := config.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		if got := urlName(e); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}
