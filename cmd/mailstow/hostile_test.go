package main

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"mailstow/localstore"
	"mailstow/sync/testkit/hostile"
	"mailstow/sync/testkit/testenv"
)

// Row 30: whatever servers say, nothing of it steers the terminal of who looks at what
// was stored.
func TestShownOfHostileServers(t *testing.T) {
	t.Parallel()
	stage := hostileStage(t)
	for seed := range uint64(map[bool]int{true: 1, false: 6}[testing.Short()]) {
		path := filepath.Join(t.TempDir(), "mail.db")
		if p := stage.Play(seed, path); len(p.Wrong) > 0 {
			t.Errorf("stream %d: %q", seed, p.Wrong)
		}
		for _, args := range looks(t, path) {
			harmless(t, fmt.Sprint("stream ", seed), append([]string{"--store", path}, args...))
		}
	}
}

// Nor does what is said while they talk.
func TestToldOfHostileServers(t *testing.T) {
	t.Parallel()
	stage := hostileStage(t)
	for seed := range uint64(map[bool]int{true: 1, false: 6}[testing.Short()]) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				stage.Serve(l, seed)
			}()
			store, url := filepath.Join(t.TempDir(), "mail.db"), "imap+insecure://ann@"+l.Addr().String()
			for _, args := range [][]string{{"sync", "-v", url}, {"sync", "--json", "--dry-run", url}, {"doctor", url}, {"status", "--json"}} {
				harmless(t, fmt.Sprint("stream ", seed), append([]string{"--store", store}, args...))
			}
			l.Close()
			<-done
		})
	}
}

func hostileStage(t *testing.T) *hostile.Stage {
	t.Helper()
	stage, err := hostile.NewStage(t.TempDir(), testenv.Transcripts("../.."))
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

// looks are all ways to look at a store.
func looks(t *testing.T, path string) (all [][]string) {
	t.Helper()
	s, err := localstore.Open(t.Context(), path, localstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all = [][]string{{"status"}, {"status", "--json"}, {"folders"}, {"folders", "--json"}, {"pending"}, {"pending", "--json"}, {"pending", "diff"},
		{"conflicts", "--all"}, {"history", "--all"}, {"history", "--json"}, {"history", "--run", "1"}, {"history", "--run", "2"}, {"diff", "1"}, {"verify"}, {"verify", "--json"}}
	folders := map[string]bool{}
	err = s.List(t.Context(), localstore.ListQuery{Deleted: true}, func(m localstore.Mail) error {
		id := strconv.FormatInt(int64(m.ID), 10)
		if all = append(all, []string{"show", id}, []string{"show", "--json", id}); !folders[m.Folder] {
			folders[m.Folder] = true
			all = append(all, []string{"list", "--deleted", "--", m.Folder}, []string{"list", "--json", "--", m.Folder}, []string{"history", "--message", id}, []string{"history", "--", m.Folder})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// harmless runs a command and wants nothing of what it prints to steer a terminal.
func harmless(t *testing.T, what string, args []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := map[string]string{"HOME": t.TempDir(), "MAILSTOW_PASSWORD": "secret", "MAILSTOW_TIMEOUT": "5s"}
	h := host{args: append([]string{"mailstow"}, args...), stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now,
		getenv: func(name string) string { return env[name] }}
	code := runAlone(t.Context(), h)
	if code == exitUsage {
		t.Errorf("%s: %q: %s", what, args, stderr.String())
	}
	for stream, text := range map[string]string{"stdout": stdout.String(), "stderr": stderr.String()} {
		if at := steers(text); at >= 0 {
			t.Errorf("%s: %q on %s: %q", what, args, stream, text[max(at-40, 0):min(at+40, len(text))])
		}
	}
}

// steers is where a text holds anything but what is printed, lines and tabs; -1:
// nowhere.
func steers(text string) int {
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && r != '\n' && r != '\t' ||
			r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 {
			return i
		}
	}
	return -1
}
