package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) statusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "tell how old and how complete the local copy is",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. Shows for each
account its last good run, what is missing, what is queued for the server and
which conflicts are open, and for each folder messages, unseen and size.

With --max-age it is a check for monitoring: the exit code is 1 when an account
has no good run that recent, or its latest finished run was not good.`,
			[]string{"mailstow status", "mailstow status -q --max-age 26h || notify-send 'mail backup is old'"},
			exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON array"},
			&cli.StringFlag{Name: "max-age", Usage: "fail when a backup is older than `AGE` (26h, 2d), failed, or never ran"},
			accountFlag(),
		},
		Action: a.status,
	}
}

// statusJSON is a contract with scripts: fields are only ever added.
type statusJSON struct {
	Account   string        `json:"account"`
	URL       string        `json:"url"`
	Store     string        `json:"store"`
	OK        bool          `json:"ok"`            // as --max-age judges
	Why       string        `json:"why,omitempty"` // not ok
	LastRun   *runJSON      `json:"last_run"`
	LastGood  *runJSON      `json:"last_good"`
	Age       *int64        `json:"age_seconds"` // since the end of the last good run
	Messages  int64         `json:"messages"`
	Unseen    int64         `json:"unseen"`
	Size      int64         `json:"size"`
	Missing   int64         `json:"missing"`
	Pending   int           `json:"pending"`   // edits queued for the server
	Parked    int           `json:"parked"`    // of them: wait for a decision
	Conflicts int           `json:"conflicts"` // open ones
	Problems  []problemJSON `json:"problems"`
	Folders   []folderJSON  `json:"mailboxes"`
}

type runJSON struct {
	ID      int64      `json:"id"`
	Started time.Time  `json:"started"`
	Ended   *time.Time `json:"ended"`
	Outcome string     `json:"outcome"` // "" while it runs, or when it was killed
	Exit    int        `json:"exit"`
}

type problemJSON struct {
	Mailbox string    `json:"mailbox"`
	UID     uint32    `json:"uid,omitempty"`
	Kind    string    `json:"kind"`
	Reason  string    `json:"reason"`
	Tries   int       `json:"tries"`
	Since   time.Time `json:"since"`
	RetryAt time.Time `json:"retry_at"`
}

func (a *app) status(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	maxAge, err := maxAgeFlag(c)
	if err != nil {
		return err
	}
	all, err := a.gatherStatus(c.Context, c.String("account"), maxAge)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = term.WriteJSON(a.stdout, all)
	} else if !a.ui.quiet {
		err = a.printStatus(all)
	}
	if err != nil || maxAge == 0 {
		return err
	}
	return tooOld(all)
}

func maxAgeFlag(c *cli.Context) (time.Duration, error) {
	if !c.IsSet("max-age") {
		return 0, nil
	}
	age, err := parseAge(c.String("max-age"))
	if err != nil || age == 0 {
		return 0, usage(fmt.Sprintf("--max-age: %q is not an age such as 26h or 7d", c.String("max-age")), "")
	}
	return age, nil
}

// tooOld is the alarm of --max-age.
func tooOld(all []statusJSON) error {
	text := ""
	for _, s := range all {
		if !s.OK {
			if text != "" {
				text += "; "
			}
			text += fmt.Sprintf("account %s: %s", s.Account, s.Why)
		}
	}
	if text == "" {
		return nil
	}
	return &problem{code: exitFailed, text: text, hint: "mailstow sync -v shows what is wrong; --account NAME looks at one account alone"}
}

// lastFinished skips a run that is going on just now, or was killed: what it
// will come to is not known.
func lastFinished(ctx context.Context, one mirror, last *localstore.Run) (*localstore.Run, error) {
	if last == nil || last.Outcome != "" {
		return last, nil
	}
	runs, err := one.store.Runs(ctx, one.ID, 2)
	if err != nil || len(runs) < 2 {
		return nil, err
	}
	return &runs[1], nil
}

// clockSkew is how far apart the clocks of two computers with one store may be.
const clockSkew = time.Hour

// judge says why a backup is not all right, or "".
func judge(good, finished *localstore.Run, maxAge time.Duration, now time.Time) string {
	switch {
	case good == nil && finished == nil:
		return "never synced"
	case good != nil && good.Ended.Sub(now) > clockSkew:
		return "the last good run lies in the future: was this computer's clock wrong?"
	case good == nil:
		return "no run was good yet, the last one ended " + finished.Outcome
	case maxAge > 0 && now.Sub(good.Ended) > maxAge:
		return fmt.Sprintf("the last good run is %s old", term.Age(now.Sub(good.Ended)))
	case finished != nil && finished.Outcome != localstore.OutcomeOK:
		return fmt.Sprintf("the last run ended %s (code %d)", finished.Outcome, finished.Exit)
	}
	return ""
}
