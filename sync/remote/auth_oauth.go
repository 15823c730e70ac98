package remote

import (
	"strconv"
	"strings"
)

// oauth is both mechanisms that carry an OAuth 2.0 access token. A server that
// refuses one says why in a challenge, which has to be answered before its NO
// comes.
type oauth struct {
	initial string
	dummy   string
	said    string
}

// newOAuthBearer is OAUTHBEARER (RFC 7628).
func newOAuthBearer(cfg Config, token string) exchange {
	user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(cfg.User) // RFC 5801 section 4
	return &oauth{
		initial: "n,a=" + user + ",\x01host=" + cfg.Host + "\x01port=" + strconv.Itoa(cfg.Port) + "\x01auth=Bearer " + token + "\x01\x01",
		dummy:   "\x01", // RFC 7628 section 3.2.3
	}
}

// newXOAuth2 is what Google and Microsoft used before
// (developers.google.com/gmail/imap/xoauth2-protocol).
func newXOAuth2(cfg Config, token string) exchange {
	return &oauth{initial: "user=" + cfg.User + "\x01auth=Bearer " + token + "\x01\x01"}
}

func (o *oauth) first() []byte { return []byte(o.initial) }

func (o *oauth) next(challenge []byte) ([]byte, error) {
	if o.said != "" {
		return nil, errCancel
	}
	o.said = string(challenge)
	return []byte(o.dummy), nil
}

func (o *oauth) proven() error  { return nil }
func (o *oauth) reason() string { return o.said }
