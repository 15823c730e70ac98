package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/sync/remote"
)

func (a *app) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "examine a server and an account, and say what that means",
		ArgsUsage: "[ACCOUNT]",
		Description: describe(`
Does what an administrator does by hand with telnet, and changes nothing:
connects, checks the certificate, logs in, lists the mailboxes with their sizes,
opens each and takes the time, fetches flags, a header and a body, logs out. Ends
with plain advice. ACCOUNT is a configured name or a URL; it may be left out when
only one is configured.`,
			[]string{"mailstow doctor work", "mailstow doctor imaps://me%40example.org@imap.example.org --json"},
			exitOK, exitFailed, exitUsage, exitPartial, exitAuth, exitConnection, exitInterrupted),
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print one JSON object"}},
		Action: a.doctor,
	}
}

type doctorJSON struct {
	Account string `json:"account"`
	remote.Report
	Advice []string `json:"advice"`
}

func (a *app) doctor(c *cli.Context) error {
	acct, err := a.account(c.Args().Slice())
	if err != nil {
		return err
	}
	cfg, err := a.remoteConfig(c.Context, acct)
	if err != nil {
		return err
	}
	a.ui.say("examining %s", acct.Endpoint)
	report, probeErr := remote.Probe(c.Context, cfg)
	if c.Context.Err() != nil {
		return c.Context.Err()
	}
	if report.Info.TLS == nil {
		report.Info.TLS = refusedCertificate(probeErr)
	}
	words := advice(report, a.now())
	if c.Bool("json") {
		err = term.WriteJSON(a.stdout, doctorJSON{acct.Name, report, words})
	} else {
		err = a.printDoctor(report, words)
	}
	switch {
	case err != nil:
		return err
	case probeErr != nil:
		return named(acct, probeErr)
	case report.Failed():
		return &problem{code: exitPartial, text: fmt.Sprintf("account %s: some steps failed", acct.Name), hint: "the report says which"}
	}
	return nil
}
