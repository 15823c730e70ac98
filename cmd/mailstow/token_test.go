package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailstow/cmd/mailstow/config"
	"mailstow/sync/remote"
)

// oauthServer takes XOAUTH2 logins, one connection after the other, and passes on
// what each sent.
func oauthServer(t *testing.T) (addr string, sent chan string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sent = make(chan string, 10)
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			serveOAuth(nc, sent)
		}
	}()
	return ln.Addr().String(), sent
}

func serveOAuth(nc net.Conn, sent chan string) {
	defer nc.Close()
	fmt.Fprintf(nc, "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hi\r\n")
	for lines := bufio.NewScanner(nc); lines.Scan(); {
		tag, command, _ := strings.Cut(lines.Text(), " ")
		if encoded, ok := strings.CutPrefix(command, "AUTHENTICATE XOAUTH2 "); ok {
			raw, _ := base64.StdEncoding.DecodeString(encoded)
			sent <- string(raw)
		}
		fmt.Fprintf(nc, "%s OK [CAPABILITY IMAP4rev1] done\r\n", tag)
	}
}

// add logs in with a token, writes the command and not the token, and every
// connection gets a fresh one.
func TestTokenCommand(t *testing.T) {
	addr, sent := oauthServer(t)
	dir := t.TempDir()
	count := filepath.Join(dir, "count")
	script := fmt.Sprintf("echo x >> %s; echo token$(wc -l < %s | tr -d ' ')", count, count)
	var stdout, stderr bytes.Buffer
	h := host{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now,
		getenv: func(name string) string { return map[string]string{"HOME": dir, "MAILSTOW_PASSWORD": "no"}[name] }}
	h.args = []string{"mailstow", "add", "work", "imap+insecure://me@" + addr, "--token-command", `sh -c "` + script + `"`, "--mechanism", "xoauth2"}
	if code := runAlone(t.Context(), h); code != exitOK {
		t.Fatalf("code %d\n%s", code, stderr.String())
	}
	if got := <-sent; got != "user=me\x01auth=Bearer token1\x01\x01" {
		t.Errorf("sent %q", got)
	}
	path := filepath.Join(dir, ".config", "mailstow", "config.toml")
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "token-command = ") || strings.Contains(string(text), "token1") {
		t.Errorf("%s, %v", text, err)
	}

	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	found, _ := c.Find("work")
	a := &app{host: h, ui: newUI(h)}
	cfg, err := a.remoteConfig(t.Context(), account{Account: found})
	if err != nil {
		t.Fatal(err)
	}
	for n := 2; n <= 4; n++ {
		conn, err := remote.Dial(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if got, want := <-sent, fmt.Sprintf("user=me\x01auth=Bearer token%d\x01\x01", n); got != want {
			t.Errorf("connection %d sent %q", n, got)
		}
	}
}
