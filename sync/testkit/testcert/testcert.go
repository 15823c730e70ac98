// Package testcert makes throwaway certificates for servers on loopback.
//
// A certificate is its own authority: give its PEM file to a client as CA file
// and the server verifies; give it nothing and verification must fail.
package testcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Cert is a certificate on disk and in memory.
type Cert struct {
	CertFile, KeyFile string
	Fingerprint       string // SHA-256 of the certificate, lower-case hex
	KeyFingerprint    string // SHA-256 of its SubjectPublicKeyInfo, lower-case hex
	TLS               tls.Certificate
}

// New writes a certificate for localhost and 127.0.0.1 into dir, valid for a day.
func New(t testing.TB, dir string) *Cert {
	t.Helper()
	return NewFor(t, dir, time.Now().Add(24*time.Hour), "localhost", "127.0.0.1")
}

// NewFor writes a certificate for other hosts, or one that has ended or ends soon.
func NewFor(t testing.TB, dir string, notAfter time.Time, hosts ...string) *Cert {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	der, err := x509.CreateCertificate(rand.Reader, template(notAfter, hosts), template(notAfter, hosts), key.Public(), key)
	check(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	leaf, err := x509.ParseCertificate(der)
	check(t, err)
	c := &Cert{
		CertFile:       filepath.Join(dir, "cert.pem"),
		KeyFile:        filepath.Join(dir, "key.pem"),
		Fingerprint:    sum(der),
		KeyFingerprint: sum(leaf.RawSubjectPublicKeyInfo),
		TLS:            tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf},
	}
	check(t, write(c.CertFile, "CERTIFICATE", der, 0o644))
	check(t, write(c.KeyFile, "PRIVATE KEY", pkcs8, 0o600))
	return c
}

func template(notAfter time.Time, hosts []string) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: hosts[0], Organization: []string{"mailstow tests"}},
		NotBefore:             notAfter.Add(-48 * time.Hour),
		NotAfter:              notAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	return c
}

func write(path, kind string, der []byte, mode os.FileMode) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
