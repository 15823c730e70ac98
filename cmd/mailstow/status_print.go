package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"mailstow/cmd/mailstow/term"
)

// printStatus writes a paragraph for each account, then its folders.
func (a *app) printStatus(all []statusJSON) error {
	for i, s := range all {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		a.printAccount(s)
		if err := a.printFolders(s.Folders, false); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printAccount(s statusJSON) {
	w := a.stdout
	fmt.Fprintf(w, "%s  %s\n", term.Clean(s.Account), term.Clean(s.URL))
	fmt.Fprintf(w, "  store      %s\n", term.Clean(s.Store))
	fmt.Fprintf(w, "  last good  %s\n", a.runText(s.LastGood))
	if s.LastRun != nil && (s.LastGood == nil || s.LastRun.ID != s.LastGood.ID) {
		fmt.Fprintf(w, "  last run   %s\n", a.runText(s.LastRun))
	}
	fmt.Fprintf(w, "  holds      %s, %d unseen, %s\n", term.Count(s.Messages, "message"), s.Unseen, term.Size(s.Size))
	if s.Missing > 0 {
		fmt.Fprintf(w, "  missing    %s not yet downloaded\n", term.Count(s.Missing, "body"))
	}
	printBacklog(w, s)
	for i, p := range s.Problems {
		if i == maxListed {
			fmt.Fprintf(w, "  problem    and %d more; --json lists all\n", len(s.Problems)-i)
			break
		}
		fmt.Fprintf(w, "  problem    %s\n", term.Clean(problemText(p, a.now().Location())))
	}
	if !s.OK {
		fmt.Fprintf(w, "  not ok     %s\n", term.Clean(s.Why))
	}
}

// printBacklog says what is left to do, and which command shows it.
func printBacklog(w io.Writer, s statusJSON) {
	if s.Pending > 0 {
		parked := ""
		if s.Parked > 0 {
			parked = fmt.Sprintf(", %d of them parked", s.Parked)
		}
		fmt.Fprintf(w, "  queued     %s for the server%s: mailstow pending\n", term.Count(s.Pending, "edit"), parked)
	}
	if s.Conflicts > 0 {
		fmt.Fprintf(w, "  conflicts  %d open: mailstow conflicts\n", s.Conflicts)
	}
}

func (a *app) runText(r *runJSON) string {
	if r == nil {
		return "never"
	}
	end := r.Started
	if r.Ended != nil {
		end = *r.Ended
	}
	text := fmt.Sprintf("%s, %s", term.Date(end, a.now().Location()), ago(a.now().Sub(end)))
	switch r.Outcome {
	case "ok":
		return text
	case "":
		return text + ", running or killed"
	}
	return fmt.Sprintf("%s, %s (code %d)", text, r.Outcome, r.Exit)
}

func ago(d time.Duration) string {
	if d < 0 {
		return term.Age(d) // which says so itself
	}
	return term.Age(d) + " ago"
}

func problemText(p problemJSON, zone *time.Location) string {
	var b strings.Builder
	b.WriteString(p.Mailbox)
	if p.UID != 0 {
		fmt.Fprintf(&b, ", message uid %d", p.UID)
	}
	fmt.Fprintf(&b, ": %s (%s since %s, next %s)", p.Reason, term.Count(p.Tries, "try"),
		p.Since.In(zone).Format(time.DateOnly), term.Date(p.RetryAt, zone))
	return b.String()
}
