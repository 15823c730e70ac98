package remote

import (
	"time"
)

// Info is what is known about a connection once Dial is through.
type Info struct {
	Host       string            `json:"host"`
	Port       int               `json:"port"`
	Greeting   string            `json:"greeting"` // raw server text
	TLS        *TLSInfo          `json:"tls,omitempty"`
	CapsBefore []string          `json:"caps_before_login"`
	CapsAfter  []string          `json:"caps"`
	Compressed bool              `json:"compressed,omitempty"`
	Mechanism  string            `json:"mechanism"`           // one of Mechanisms, or "PREAUTH" when the server wanted no login
	ServerID   map[string]string `json:"server_id,omitempty"` // RFC 2971; known after the first command
}

// TLSInfo describes the TLS session and the server's own certificate.
type TLSInfo struct {
	Version   string    `json:"version"`
	Cipher    string    `json:"cipher"`
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Names     []string  `json:"names"`
	SHA256    string    `json:"sha256"`     // of the certificate
	KeySHA256 string    `json:"key_sha256"` // of its SubjectPublicKeyInfo
}
