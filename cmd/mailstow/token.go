package main

import (
	"context"
	"sync"

	"github.com/urfave/cli/v2"

	"mailstow/sync/remote"
)

// credentials puts the secret that password found into cfg. A password stays the
// same for every connection; a token serves the first one and is fetched again
// for each later one, which is what renews it when it expires during a run.
func (a *app) credentials(cfg *remote.Config, acct account, secret string) {
	if len(acct.TokenCommand) == 0 {
		cfg.Password = func(context.Context) (string, error) { return secret, nil }
		return
	}
	var mu sync.Mutex // several connections may be opened at once
	cfg.Token = func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if first := secret; first != "" {
			secret = ""
			return first, nil
		}
		return a.password(ctx, acct)
	}
}

// tokenToAdd reads --token-command and checks it against --mechanism.
func tokenToAdd(c *cli.Context, acct *account) (err error) {
	acct.TokenCommand, err = splitWords(c.String("token-command"))
	if err != nil || c.IsSet("token-command") && len(acct.TokenCommand) == 0 {
		return usage("--token-command: a quote is not closed, or there is no command", "")
	}
	return acct.CheckMechanism()
}
