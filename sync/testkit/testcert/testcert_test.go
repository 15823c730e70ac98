package testcert

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"
)

func TestVerifiesAgainstItselfOnly(t *testing.T) {
	c := New(t, t.TempDir())
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(c.CertFile)
	check(t, err)
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the file")
	}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		if _, err := c.TLS.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := c.TLS.Leaf.Verify(x509.VerifyOptions{Roots: x509.NewCertPool(), DNSName: "localhost"}); err == nil {
		t.Error("verified without its authority")
	}
	if _, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile); err != nil {
		t.Error(err)
	}
}

func TestEndedAndForeign(t *testing.T) {
	c := NewFor(t, t.TempDir(), time.Now().Add(-time.Hour), "elsewhere.example")
	pool := x509.NewCertPool()
	pool.AddCert(c.TLS.Leaf)
	if _, err := c.TLS.Leaf.Verify(x509.VerifyOptions{Roots: pool}); err == nil {
		t.Error("an ended certificate verified")
	}
	if err := c.TLS.Leaf.VerifyHostname("localhost"); err == nil {
		t.Error("a foreign name verified")
	}
}
