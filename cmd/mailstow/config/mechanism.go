package config

import (
	"fmt"
	"strings"

	"mailstow/sync/remote"
)

// CheckMechanism accepts the ways to log in that exist, and a token only with
// those that take one: a token that came from a password command would be used
// beyond its life.
func (a *Account) CheckMechanism() error {
	if a.Mechanism == "" {
		return nil
	}
	names, token := remote.Mechanisms()
	for _, name := range names {
		if !strings.EqualFold(name, a.Mechanism) {
			continue
		}
		switch {
		case token[name] && len(a.TokenCommand) == 0:
			return a.wrong(fmt.Sprintf("mechanism %s needs a token", name), "add token-command, which prints one and runs again for each connection")
		case !token[name] && len(a.TokenCommand) > 0:
			return a.wrong(fmt.Sprintf("mechanism %s takes no token", name), "leave mechanism out, or token-command")
		}
		return nil
	}
	hint := "known are " + strings.Join(names, ", ")
	if near := Nearest(strings.ToUpper(a.Mechanism), names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return a.wrong(fmt.Sprintf("unknown mechanism %q", a.Mechanism), hint)
}
