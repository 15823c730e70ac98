package remote

import (
	"context"
	"net"
	"strconv"
	"time"

	"mailstow/sync/wire"
)

// Security is how the channel is protected.
type Security int

const (
	// ImplicitTLS: TLS from the first byte (RFC 8314), port 993.
	ImplicitTLS Security = iota
	// StartTLS: STARTTLS is required before anything else, port 143.
	StartTLS
	// Plain: no protection at all, only when the user asked for it by name.
	Plain
)

// DefaultTimeout is the silence after which the server counts as gone: long
// enough for a server that sorts a large mailbox without a word, short enough
// for a cron job to notice.
const DefaultTimeout = 60 * time.Second

// Config says where to connect and how.
type Config struct {
	Host     string
	Port     int // 0: 993 for ImplicitTLS, else 143
	Security Security
	User     string
	// Password is called once per connection, only when the channel is safe for it.
	Password func(ctx context.Context) (string, error)
	// Token gives an OAuth 2.0 access token; where it is set, Password is not asked
	// and only OAUTHBEARER or XOAUTH2 will do. Like Password it is called once per
	// connection: when a token expires and the server ends the session, the next
	// Dial asks again. So it must not keep a token beyond its life.
	Token func(ctx context.Context) (string, error)
	// Mechanism is "" (the best one offered) or one of Mechanisms. "LOGIN" is the
	// SASL mechanism, or the command where the server has only that.
	Mechanism string

	// CAFile is a PEM file of the only authorities to trust; "" means the system's.
	CAFile string
	// Fingerprint is the SHA-256 of the server's certificate or of its public
	// key (SubjectPublicKeyInfo), in hex, colons allowed. It is required in
	// addition to a valid chain, or instead of it with FingerprintOnly.
	Fingerprint     string
	FingerprintOnly bool

	// Timeout is how long the server may be silent, in any phase. A slow server
	// that keeps sending is never cut off. 0 means DefaultTimeout.
	Timeout time.Duration
	// MaxMessage is the longest body accepted, in octets. 0 means wire.MaxLiteral.
	MaxMessage int64
	// ListAhead says that List comes first: then it may leave together with the login.
	ListAhead bool
	// ReadOnly lets no command through that could change anything on the server:
	// what would is refused here (ErrReadOnly).
	ReadOnly bool
	// Compress says whether to compress, where the server offers it.
	Compress Compress
	// Dial opens the TCP connection; nil means net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Notice hears the server's ALERTs and what was repaired on the way. The
	// text may hold raw server text: sanitise it before showing it.
	Notice func(text string)
	// Trace gets the conversation, without credentials and mail; nil: nobody does.
	Trace *wire.Trace
}

func (c Config) withDefaults() Config {
	if c.Port == 0 {
		c.Port = 143
		if c.Security == ImplicitTLS {
			c.Port = 993
		}
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Notice == nil {
		c.Notice = func(string) {}
	}
	return c
}

func (c Config) addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }
