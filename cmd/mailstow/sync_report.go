package main

import (
	"fmt"
	"slices"
	"strings"

	"mailstow/cmd/mailstow/term"
	mailsync "mailstow/sync"
)

// maxListed is how many failures are listed one by one.
const maxListed = 20

// summarise prints what a person wants to know, if one is there: the plan of a
// dry run in any case, since it was asked for.
func (a *app) summarise(r mailsync.Receipt, o syncOptions) {
	if o.dryRun {
		a.printPlans(r)
		return
	}
	if !a.ui.quiet && r.Error == "" && (a.ui.verbose || a.ui.outTTY) {
		fmt.Fprintln(a.stdout, term.Clean(summary(r)))
	}
	for _, note := range r.Notes {
		a.ui.say("%s: %s", r.Account, note)
	}
}

// printPlans tells what a dry run would bring here, then what it would do there.
func (a *app) printPlans(r mailsync.Receipt) {
	var lines []string
	for _, p := range r.Plans {
		lines = append(lines, p.String())
	}
	if r.Push != nil {
		for line := range strings.Lines(r.Push.Text()) {
			lines = append(lines, "on the server: "+strings.TrimSuffix(line, "\n"))
		}
	}
	if len(lines) == 0 && r.Error == "" {
		lines = []string{"nothing to do"}
	}
	for _, line := range lines {
		fmt.Fprintln(a.stdout, term.Clean(r.Account+": "+line))
	}
}

// summary is one line about one account.
func summary(r mailsync.Receipt) string {
	var parts []string
	add := func(n int, format string, args ...any) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(r.New, "%d new", r.New)
	add(int(r.Bodies), "%s downloaded (%s)", term.Count(r.Bodies, "body"), term.Size(r.BodyBytes))
	add(r.Linked, "%d linked without download", r.Linked)
	add(r.Flags, "%s", term.Count(r.Flags, "flag change"))
	add(r.Rebound, "%d recognised after a UIDVALIDITY change", r.Rebound)
	add(r.Vanished, "%d vanished", r.Vanished)
	if sent := pushed(r.Pushed); sent != "" {
		parts = append(parts, "on the server: "+sent)
	}
	add(r.Pending, "%s still queued", term.Count(r.Pending, "edit"))
	if len(parts) == 0 {
		parts = []string{"nothing new"}
	}
	return fmt.Sprintf("%s: %s; %s, %.1f s", r.Account, strings.Join(parts, ", "), term.Count(r.Mailboxes, "mailbox"), r.Seconds)
}

// pushed says what was done on the server.
func pushed(p mailsync.Pushed) string {
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, text)
		}
	}
	add(p.Flags, term.Count(p.Flags, "flag change"))
	add(p.Moved, fmt.Sprintf("%d moved", p.Moved))
	add(p.Copied, fmt.Sprintf("%d copied", p.Copied))
	add(p.Deleted, fmt.Sprintf("%d deleted", p.Deleted))
	add(p.Appended, fmt.Sprintf("%d appended", p.Appended))
	add(p.Mailboxes, term.Count(p.Mailboxes, "folder change"))
	return strings.Join(parts, ", ")
}

// tellConflicts is for everybody but -q, also from cron: where a rule decided
// against what was wanted here, somebody should look.
func (a *app) tellConflicts(r mailsync.Receipt) {
	if r.Conflicts > 0 {
		a.ui.warn("%s: %s settled by rule", r.Account, term.Count(r.Conflicts, "conflict"))
		a.ui.hint("mailstow conflicts lists both sides, and resolve takes another one")
	}
}

// listFailures says what is missing, on stderr, also with -q: a backup that
// lacks mail is no news to be quiet about.
func (a *app) listFailures(r mailsync.Receipt) {
	for i, f := range r.Failures {
		if i == maxListed {
			a.ui.line("", "%s: and %d more; --json lists all", r.Account, len(r.Failures)-i)
			return
		}
		a.ui.line("", "%s: %s%s", r.Account, subject(f.Mailbox, f.UID), f.Reason)
	}
}

// subject names what a failure or a difference is about, empty when it is the
// account.
func subject(mailbox string, uid uint32) string {
	switch {
	case uid != 0:
		return fmt.Sprintf("%s, message uid %d: ", mailbox, uid)
	case mailbox != "":
		return mailbox + ": "
	}
	return ""
}

// receiptProblem makes an error of a run that came to its end, but not with
// everything.
func receiptProblem(acct account, r mailsync.Receipt) error {
	if r.Exit == exitOK {
		return nil
	}
	p := &problem{code: r.Exit}
	if len(r.Failures) > 0 {
		p.text = fmt.Sprintf("account %s: done in part, %s left out", acct.Name, term.Count(len(r.Failures), "item"))
		p.hint = "the next runs try them again; mailstow status shows them"
		if r.Pending > 0 {
			p.hint = "the next runs try them again; mailstow status and mailstow pending show them"
		}
		if slices.ContainsFunc(r.Failures, func(f mailsync.Failure) bool { return f.UID == 0 && f.Mailbox != "" }) {
			p.hint += "; a folder without mail can be left out with --folder '!NAME'"
		}
	}
	if len(r.Held) > 0 {
		heldProblem(p, acct, r.Held)
	}
	if p.text == "" {
		p.text = fmt.Sprintf("account %s: the run ended with code %d", acct.Name, r.Exit)
	}
	return p
}

// heldProblem words what the guard held back: count, ratio, and the override
// that lets just this through (I26).
func heldProblem(p *problem, acct account, held []mailsync.Held) {
	lines := make([]string, len(held))
	for i, h := range held {
		lines[i] = fmt.Sprintf("%s: %d of %d deletions held back (%d %%, %s)", h.Mailbox, h.Count, h.Of, h.Percent, h.Reason)
	}
	if p.text != "" {
		p.text += "; "
	}
	p.text += fmt.Sprintf("account %s: %s", acct.Name, strings.Join(lines, "; "))
	most := held[0]
	for _, h := range held {
		if h.Count > most.Count {
			most = h
		}
	}
	p.hint = fmt.Sprintf("if they are meant: mailstow sync %s %s", acct.argument(), most.Override)
}

// named says which account an error is about.
func named(acct account, err error) error {
	if err == nil {
		return nil
	}
	p, ok := explain(err).(*problem)
	if !ok {
		return fmt.Errorf("account %s: %w", acct.Name, err)
	}
	q := *p
	if q.text != "" && !strings.HasPrefix(q.text, "account ") {
		q.text = "account " + acct.Name + ": " + q.text
	}
	return &q
}
