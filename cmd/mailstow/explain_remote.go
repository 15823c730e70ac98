package main

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"mailstow/sync/remote"
)

var remoteCode = map[remote.Class]int{
	remote.Connect:  exitConnection,
	remote.TLS:      exitConnection,
	remote.Auth:     exitAuth,
	remote.Canceled: exitInterrupted,
}

func explainRemote(r *remote.Error) error {
	p := &problem{code: exitFailed, text: r.Error(), hint: r.Hint, err: r}
	if code, ok := remoteCode[r.Class]; ok {
		p.code = code
	}
	if p.hint == "" {
		p.hint = remoteHint(r)
	}
	if t := refusedCertificate(r); t != nil {
		p.hint += "; the server shows sha256 " + t.SHA256
	}
	return p
}

// remoteHint says what to do about errors that come from below sync/remote.
func remoteHint(r *remote.Error) string {
	var dns *net.DNSError
	switch {
	case errors.As(r, &dns) && dns.IsNotFound:
		return fmt.Sprintf("check the spelling of %s in the account's URL, and that the network is up", dns.Name)
	case errors.As(r, &dns):
		return "the name server does not answer: is the network up?"
	case errors.Is(r, syscall.ECONNREFUSED):
		return "check host and port; imaps:// is port 993, imap:// and imap+insecure:// are port 143"
	case errors.Is(r, syscall.ENETUNREACH), errors.Is(r, syscall.EHOSTUNREACH):
		return "is the network up?"
	case errors.Is(r, os.ErrDeadlineExceeded):
		return "try later; MAILSTOW_TIMEOUT=5m waits longer for a slow server"
	case r.Class == remote.TLS && tooOldTLS(r):
		return "the server speaks no TLS 1.2, which mailstow requires: it has to be updated"
	case r.Class == remote.TLS && r.Op == "starttls":
		return "use imaps:// if the server speaks TLS on port 993; imap+insecure:// is for loopback"
	}
	return map[remote.Class]string{
		remote.Connect:  "try later; mailstow doctor shows how far the connection comes",
		remote.TLS:      "mailstow doctor shows how far it comes; set ca-file or fingerprint for the account if you know this server",
		remote.Auth:     "check user name and password; many providers want an app password",
		remote.Refused:  "mailstow doctor shows what the server offers",
		remote.Protocol: "the server broke the protocol; mailstow doctor shows what it offers",
	}[r.Class]
}

// tooOldTLS tells from the words alone: the alert has no exported type.
func tooOldTLS(err error) bool {
	text := err.Error()
	return strings.Contains(text, "protocol version not supported") || strings.Contains(text, "unsupported protocol version")
}

// refusedCertificate is the one that could not be verified, nil if that was not
// the trouble. Who knows the server needs its fingerprint.
func refusedCertificate(err error) *remote.TLSInfo {
	var v *tls.CertificateVerificationError
	if !errors.As(err, &v) || len(v.UnverifiedCertificates) == 0 {
		return nil
	}
	leaf := v.UnverifiedCertificates[0]
	cert, key := sha256.Sum256(leaf.Raw), sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	t := &remote.TLSInfo{Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(), NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter,
		Names: append([]string{}, leaf.DNSNames...), SHA256: hex.EncodeToString(cert[:]), KeySHA256: hex.EncodeToString(key[:])}
	for _, ip := range leaf.IPAddresses {
		t.Names = append(t.Names, ip.String())
	}
	return t
}
