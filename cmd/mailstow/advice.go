package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"mailstow/cmd/mailstow/config"
	"mailstow/cmd/mailstow/term"
	"mailstow/sync/remote"
)

const (
	slowOpen    = 2.0 // seconds for one mailbox that a person should know of
	maxNamed    = 3   // mailboxes of one kind named
	certWarning = 21 * 24 * time.Hour
)

// advice says in plain words what the facts mean for mailstow, most urgent
// first. It is pure: the same report and moment give the same words.
func advice(r remote.Report, now time.Time) []string {
	var all []string
	for _, rule := range []func(remote.Report, time.Time) []string{
		adviseSteps, adviseSecurity, adviseCertificate, adviseMailboxes, adviseCapabilities, adviseSpeed,
	} {
		all = append(all, rule(r, now)...)
	}
	if len(all) == 0 {
		all = append(all, "nothing to complain about")
	}
	return all
}

func adviseSteps(r remote.Report, _ time.Time) []string {
	var all []string
	for _, s := range r.Steps {
		if s.Error == "" || s.Name == "examine" { // mailboxes have their own rule
			continue
		}
		text := fmt.Sprintf("%s failed: %s", s.Name, s.Error)
		if s.Hint != "" {
			text += " (" + s.Hint + ")"
		}
		all = append(all, text)
	}
	return all
}

func adviseSecurity(r remote.Report, _ time.Time) []string {
	if r.Security == "plain" && !(config.Endpoint{Host: r.Info.Host}).Loopback() {
		return []string{"password and mail cross the network unencrypted: use imaps:// or imap://"}
	}
	return nil
}

func adviseCertificate(r remote.Report, now time.Time) []string {
	t := r.Info.TLS
	if t == nil || t.NotAfter.IsZero() {
		return nil
	}
	left := t.NotAfter.Sub(now)
	switch {
	case left < 0:
		return []string{fmt.Sprintf("the certificate ended %s ago: tell the server's administrator", term.Age(-left))}
	case left < certWarning:
		return []string{fmt.Sprintf("the certificate ends in %s (%s): is its renewal on the way?", days(left), t.NotAfter.UTC().Format(time.DateOnly))}
	}
	return nil
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return term.Age(d)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func adviseMailboxes(r remote.Report, _ time.Time) []string {
	all := adviseUnopened(r)
	sticky, modseq, opened := 0, 0, 0
	for _, m := range r.Mailboxes {
		switch {
		case m.Error != "":
		case m.UIDNotSticky:
			sticky++
		case m.NoModSeq:
			modseq++
		}
		if m.Examined {
			opened++
		}
	}
	if sticky > 0 {
		all = append(all, fmt.Sprintf("%s without lasting UIDs: kept as an archive by content, without flag changes", term.Count(sticky, "mailbox")))
	}
	if modseq > 0 && has(r, "CONDSTORE") {
		all = append(all, fmt.Sprintf("%d of %s without mod-sequences: expect flag scans there", modseq, term.Count(opened, "mailbox")))
	}
	return append(all, adviseSlow(r)...)
}

// adviseUnopened names a few: UW-imapd lists every file of a home directory.
func adviseUnopened(r remote.Report) []string {
	var all []string
	n := 0
	for _, m := range r.Mailboxes {
		if m.Error == "" {
			continue
		}
		if n++; n <= maxNamed {
			all = append(all, fmt.Sprintf("mailbox %s cannot be opened: %s; the others are synced all the same", m.Name, m.Error))
		}
	}
	if n > maxNamed {
		all = append(all, fmt.Sprintf("%s more cannot be opened: what holds no mail can be left out, for instance with folders = [\"!NAME/*\"]",
			term.Count(n-maxNamed, "mailbox")))
	}
	return all
}

func adviseSlow(r remote.Report) []string {
	var slow []remote.Probed
	for _, m := range r.Mailboxes {
		if m.ExamineSeconds >= slowOpen {
			slow = append(slow, m)
		}
	}
	sort.SliceStable(slow, func(i, j int) bool { return slow[i].ExamineSeconds > slow[j].ExamineSeconds })
	var all []string
	for i, m := range slow {
		if i == maxNamed {
			all = append(all, fmt.Sprintf("%s more take over %.0f s to open", term.Count(len(slow)-i, "mailbox"), slowOpen))
			break
		}
		all = append(all, fmt.Sprintf("mailbox %s takes %.1f s to open (%s): a smaller one, or an index rebuilt on the server, would help",
			m.Name, m.ExamineSeconds, term.Count(m.Messages, "message")))
	}
	return all
}

// capabilities and what their absence means.
var wanted = []struct{ name, without string }{
	{"CONDSTORE", "no CONDSTORE: expect flag scans, every run lists the flags of all messages in a mailbox that changed"},
	{"UIDPLUS", "no UIDPLUS: single messages cannot be expunged safely, deletions would stay marked \\Deleted"},
	{"MOVE", "no MOVE: moving means copy, then mark the original \\Deleted"},
	{"LIST-STATUS", "no LIST-STATUS: one STATUS for each mailbox instead of one answer for all"},
	{"NAMESPACE", ""},
	{"SPECIAL-USE", "no SPECIAL-USE: trash, junk and drafts are told by their names alone"},
}

// has also counts what a newer protocol or extension brings with it (RFC 9051
// appendix E; RFC 7162 section 3.2.5).
func has(r remote.Report, capability string) bool {
	rev2 := map[string]bool{"UIDPLUS": true, "MOVE": true, "LIST-STATUS": true, "NAMESPACE": true, "SPECIAL-USE": true}
	for _, c := range r.Info.CapsAfter {
		c = strings.ToUpper(c)
		switch {
		case c == capability, c == "QRESYNC" && capability == "CONDSTORE", c == "IMAP4REV2" && rev2[capability]:
			return true
		}
	}
	return false
}

func adviseCapabilities(r remote.Report, _ time.Time) []string {
	if len(r.Info.CapsAfter) == 0 { // never came that far
		return nil
	}
	var all []string
	for _, w := range wanted {
		if w.without != "" && !has(r, w.name) {
			all = append(all, w.without)
		}
	}
	return append(all, adviseSASL(r)...)
}

// adviseSASL tells of better logins than the one that was used.
func adviseSASL(r remote.Report) []string {
	var others []string
	for _, c := range append(append([]string{}, r.Info.CapsBefore...), r.Info.CapsAfter...) {
		name, ok := strings.CutPrefix(strings.ToUpper(c), "AUTH=")
		if !ok || name == "PLAIN" || name == "LOGIN" || !better(name, r.Info.Mechanism) || strings.Contains(strings.Join(others, " "), name) {
			continue
		}
		others = append(others, name)
	}
	if len(others) == 0 || r.Info.Mechanism == "PREAUTH" {
		return nil
	}
	return []string{fmt.Sprintf("logged in with %s; the server also offers SASL %s", r.Info.Mechanism, strings.Join(others, ", "))}
}

// better: a mechanism that comes before the one used, or that is not known here.
func better(name, used string) bool {
	names, _ := remote.Mechanisms()
	i, j := slices.Index(names, name), slices.Index(names, used)
	return i < 0 || i < j
}

// adviseSpeed says how long the first sync will take, when that is worth saying.
func adviseSpeed(r remote.Report, _ time.Time) []string {
	if r.Body == nil || r.Body.Seconds <= 0 || r.Body.Octets < 64<<10 {
		return nil // too small to tell anything
	}
	var total int64
	for _, m := range r.Mailboxes {
		total += max(m.Size, 0)
	}
	rate := float64(r.Body.Octets) / r.Body.Seconds
	estimate := time.Duration(float64(total) / rate * float64(time.Second))
	if estimate < 10*time.Minute {
		return nil
	}
	return []string{fmt.Sprintf("at %s/s the first sync of %s takes about %s; it may be interrupted and goes on where it stopped",
		term.Size(int64(rate)), term.Size(total), term.Age(estimate))}
}
