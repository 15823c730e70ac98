package remote

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// tlsConfig makes the TLS rules of cfg: 1.2 at least, the chain checked against
// the system's roots or CAFile, the fingerprint in addition or alone.
func tlsConfig(cfg Config, alpn bool) (*tls.Config, error) {
	t := &tls.Config{ServerName: cfg.Host, MinVersion: tls.VersionTLS12}
	if alpn {
		t.NextProtos = []string{"imap"} // RFC 8437; never required of the server
	}
	if cfg.CAFile != "" {
		pool, err := loadRoots(cfg.CAFile)
		if err != nil {
			return nil, err
		}
		t.RootCAs = pool
	}
	if cfg.Fingerprint == "" {
		if cfg.FingerprintOnly {
			return nil, errors.New("trust by fingerprint alone needs a fingerprint")
		}
		return t, nil
	}
	want, err := parseFingerprint(cfg.Fingerprint)
	if err != nil {
		return nil, err
	}
	t.InsecureSkipVerify = cfg.FingerprintOnly // the fingerprint below stands for the chain
	t.VerifyConnection = func(s tls.ConnectionState) error { return checkFingerprint(s, want) }
	return t, nil
}

func loadRoots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificate authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", file)
	}
	return pool, nil
}

func parseFingerprint(s string) ([]byte, error) {
	s = strings.TrimPrefix(strings.ToLower(s), "sha256:")
	b, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(s))
	if err != nil || len(b) != sha256.Size {
		return nil, errors.New("the fingerprint is not a SHA-256 in hex (64 digits)")
	}
	return b, nil
}

// fingerprintError names what the server showed instead, so that a user who
// renewed the certificate can compare.
type fingerprintError struct{ cert, key string }

func (e *fingerprintError) Error() string {
	return "the certificate does not have the configured fingerprint (certificate sha256 " + e.cert + ", key sha256 " + e.key + ")"
}

func checkFingerprint(s tls.ConnectionState, want []byte) error {
	leaf := s.PeerCertificates[0]
	cert, key := fingerprints(leaf)
	if w := hex.EncodeToString(want); w != cert && w != key {
		return &fingerprintError{cert: cert, key: key}
	}
	return nil
}

func fingerprints(c *x509.Certificate) (cert, key string) {
	cs, ks := sha256.Sum256(c.Raw), sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(cs[:]), hex.EncodeToString(ks[:])
}

// handshake returns what wire.Conn.Upgrade needs, and the session once done.
func handshake(ctx context.Context, t *tls.Config, info *TLSInfo) func(net.Conn) (net.Conn, error) {
	return func(nc net.Conn) (net.Conn, error) {
		tc := tls.Client(nc, t)
		if err := tc.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		s := tc.ConnectionState()
		leaf := s.PeerCertificates[0]
		info.Version, info.Cipher = tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite)
		info.Subject, info.Issuer = leaf.Subject.String(), leaf.Issuer.String()
		info.NotBefore, info.NotAfter = leaf.NotBefore, leaf.NotAfter
		info.Names = append([]string{}, leaf.DNSNames...)
		for _, ip := range leaf.IPAddresses {
			info.Names = append(info.Names, ip.String())
		}
		info.SHA256, info.KeySHA256 = fingerprints(leaf)
		return tc, nil
	}
}

// alpnRefused: some servers end the handshake over a protocol name they do not
// know, others insist on it. The alert has no exported type.
func alpnRefused(err error) bool {
	return err != nil && strings.Contains(err.Error(), "tls: no application protocol")
}

func tlsHint(err error) string {
	var (
		expired *x509.CertificateInvalidError
		host    x509.HostnameError
		ca      x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		finger  *fingerprintError
	)
	if inv, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		expired = &inv
	}
	switch {
	case expired != nil && expired.Reason == x509.Expired:
		return "the server's certificate has expired or is not yet valid: tell its administrator, and check this computer's clock"
	case errors.As(err, &host):
		return "the certificate is for another name: use a name it lists"
	case errors.As(err, &ca):
		return "nobody this computer trusts signed the certificate: set ca-file, or fingerprint after checking it by another way"
	case errors.As(err, &finger):
		return "if the certificate was renewed, check the new fingerprint by another way and configure it"
	case errors.As(err, &record):
		return "the server does not speak TLS on this port: use port 993, or imap:// for STARTTLS"
	}
	return ""
}

// isTLSText recognises the errors of crypto/tls that have no exported type: all
// its own begin with "tls: ", alerts of the server included.
func isTLSText(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.HasPrefix(err.Error(), "tls: ") {
			return true
		}
	}
	return false
}
