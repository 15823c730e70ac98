package remote

import (
	"encoding/base64"
	"errors"
	"strings"
)

var errEchoed = errors.New("the server's text repeats the credentials and is not shown")

// veil knows the forms in which a secret may come back: some servers quote the
// command they refuse.
type veil struct{ forms []string }

// minCore is the shortest piece of base64 that is taken for the secret's; a
// shorter one would be found everywhere.
const minCore = 6

func newVeil(user, secret string) *veil {
	v := &veil{}
	if secret == "" {
		return v
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret)
	v.forms = append(v.forms, secret)
	if quoted != secret {
		v.forms = append(v.forms, quoted)
	}
	v.add([]byte(secret))
	v.add([]byte("\x00" + user + "\x00" + secret))
	for shift := range 3 {
		if core := base64Core(secret, shift); len(core) >= minCore {
			v.forms = append(v.forms, core)
		}
	}
	return v
}

// add adds what was sent in base64.
func (v *veil) add(sent []byte) {
	if len(sent) > 0 {
		v.forms = append(v.forms, base64.StdEncoding.EncodeToString(sent))
	}
}

// base64Core is the part of the base64 of a longer text that the secret alone
// decides, when it begins shift octets into a group of three.
func base64Core(secret string, shift int) string {
	whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
	from := (shift*8 + 5) / 6
	to := (shift + len(secret)) * 8 / 6
	if to <= from {
		return ""
	}
	return whole[from:to]
}

func (v *veil) leaks(text string) bool {
	for _, form := range v.forms {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// redact takes the secret out of a server's answer.
func (v *veil) redact(err error) error {
	if err == nil || !v.leaks(err.Error()) {
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
