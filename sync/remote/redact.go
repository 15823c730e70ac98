package remote

import (
	"encoding/base64"
	"errors"
	"strings"
)

var errEchoed = errors.New("the server's text repeats the credentials and is not shown")

// redact takes the secret out of a server's answer: some quote the command they
// refuse.
func redact(err error, user, secret string) error {
	if err == nil || secret == "" || !leaks(err.Error(), user, secret) {
		return err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		clean := *e
		clean.Err = errEchoed
		clean.Hint = ""
		return &clean
	}
	return errEchoed
}

func leaks(text, user, secret string) bool {
	for _, form := range []string{
		secret,
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + secret)),
	} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}
