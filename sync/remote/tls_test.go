package remote_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/testcert"
)

// tlsServer serves one connection after another with implicit TLS and returns a
// Config for it, with host as the name to verify.
func tlsServer(t *testing.T, host string, server *tls.Config) remote.Config {
	t.Helper()
	checkLeaks(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			conn := tls.Server(nc, server)
			if conn.Handshake() == nil {
				p := &peer{t: t, conn: conn, r: bufio.NewReader(conn)}
				p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n")
				if line, err := p.r.ReadString('\n'); err == nil {
					p.send("%s OK [CAPABILITY IMAP4rev1] in\r\n", strings.Fields(line)[0])
					p.r.ReadString('\n')
				}
			}
			nc.Close()
		}
	}()
	return remote.Config{
		Host: host, Port: ln.Addr().(*net.TCPAddr).Port, User: "joe", Timeout: long,
		Password: func(context.Context) (string, error) { return "pw", nil },
		Dial: func(_ context.Context, network, _ string) (net.Conn, error) {
			return net.Dial(network, ln.Addr().String())
		},
	}
}

func TestCertificates(t *testing.T) {
	good := testcert.New(t, t.TempDir())
	foreign := testcert.NewFor(t, t.TempDir(), time.Now().Add(time.Hour), "mail.example.net")
	expired := testcert.NewFor(t, t.TempDir(), time.Now().Add(-time.Hour), "localhost")
	colons := func(s string) string {
		var b strings.Builder
		for i := 0; i < len(s); i += 2 {
			b.WriteString(strings.ToUpper(s[i:i+2]) + ":")
		}
		return strings.TrimSuffix(b.String(), ":")
	}
	for _, tc := range []struct {
		name string
		cert *testcert.Cert
		set  func(cfg *remote.Config)
		ok   bool
		text string
	}{
		{"ca-file", good, func(cfg *remote.Config) { cfg.CAFile = good.CertFile }, true, ""},
		{"system roots", good, func(*remote.Config) {}, false, "unknown authority"},
		{"wrong name", foreign, func(cfg *remote.Config) { cfg.CAFile = foreign.CertFile }, false, "mail.example.net"},
		{"expired", expired, func(cfg *remote.Config) { cfg.CAFile = expired.CertFile }, false, "expired"},
		{"other ca-file", good, func(cfg *remote.Config) { cfg.CAFile = foreign.CertFile }, false, "unknown authority"},
		{"no ca-file", good, func(cfg *remote.Config) { cfg.CAFile = "/nowhere/ca.pem" }, false, "/nowhere/ca.pem"},
		{"empty ca-file", good, func(cfg *remote.Config) { cfg.CAFile = good.KeyFile }, false, "no certificate in"},
		{"fingerprint in addition", good, func(cfg *remote.Config) { cfg.CAFile, cfg.Fingerprint = good.CertFile, good.Fingerprint }, true, ""},
		{"key fingerprint in addition", good, func(cfg *remote.Config) { cfg.CAFile, cfg.Fingerprint = good.CertFile, colons(good.KeyFingerprint) }, true, ""},
		{"wrong fingerprint in addition", good, func(cfg *remote.Config) { cfg.CAFile, cfg.Fingerprint = good.CertFile, foreign.Fingerprint }, false, "does not have the configured fingerprint"},
		{"fingerprint in addition is not alone", good, func(cfg *remote.Config) { cfg.Fingerprint = good.Fingerprint }, false, "unknown authority"},
		{"fingerprint alone", expired, func(cfg *remote.Config) { cfg.Fingerprint, cfg.FingerprintOnly = colons(expired.Fingerprint), true }, true, ""},
		{"key fingerprint alone", foreign, func(cfg *remote.Config) {
			cfg.Fingerprint, cfg.FingerprintOnly = "SHA256:"+foreign.KeyFingerprint, true
		}, true, ""},
		{"wrong fingerprint alone", good, func(cfg *remote.Config) { cfg.Fingerprint, cfg.FingerprintOnly = foreign.KeyFingerprint, true }, false, "does not have the configured fingerprint"},
		{"alone without fingerprint", good, func(cfg *remote.Config) { cfg.CAFile, cfg.FingerprintOnly = good.CertFile, true }, false, "needs a fingerprint"},
		{"no fingerprint", good, func(cfg *remote.Config) { cfg.Fingerprint, cfg.FingerprintOnly = "abc", true }, false, "not a SHA-256"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := tlsServer(t, "localhost", &tls.Config{Certificates: []tls.Certificate{tc.cert.TLS}})
			if !tc.ok {
				cfg = neverAsked(t, cfg)
			}
			tc.set(&cfg)
			c, err := remote.Dial(t.Context(), cfg)
			if !tc.ok {
				wantClass(t, err, remote.TLS, tc.text)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			info := c.Info().TLS
			if info == nil || info.SHA256 != tc.cert.Fingerprint || info.KeySHA256 != tc.cert.KeyFingerprint || info.Version != "TLS 1.3" || info.NotAfter.IsZero() || len(info.Names) == 0 {
				t.Errorf("%+v", info)
			}
			c.Close()
		})
	}
}

func TestTLSVersions(t *testing.T) {
	cert := testcert.New(t, t.TempDir())
	server := &tls.Config{Certificates: []tls.Certificate{cert.TLS}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	cfg := neverAsked(t, tlsServer(t, "localhost", server))
	cfg.CAFile = cert.CertFile
	_, err := remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.TLS, "protocol version")
}

// ALPN "imap" is offered, as Cyrus insists on it, and given up for the servers
// that end the handshake over it; a server without ALPN is none of them.
func TestALPN(t *testing.T) {
	cert := testcert.New(t, t.TempDir())
	for _, tc := range []struct {
		protos []string
		dials  int
	}{{[]string{"imap"}, 1}, {nil, 1}, {[]string{"h2"}, 2}} {
		cfg := tlsServer(t, "localhost", &tls.Config{Certificates: []tls.Certificate{cert.TLS}, NextProtos: tc.protos})
		cfg.CAFile = cert.CertFile
		dials, dial := 0, cfg.Dial
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials++
			return dial(ctx, network, addr)
		}
		c, err := remote.Dial(t.Context(), cfg)
		if err != nil || dials != tc.dials {
			t.Errorf("%v: %d dials, %v", tc.protos, dials, err)
			continue
		}
		c.Close()
	}
}
