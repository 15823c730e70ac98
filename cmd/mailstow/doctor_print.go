package main

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"time"

	"mailstow/cmd/mailstow/term"
	"mailstow/sync/remote"
)

// printDoctor writes the report for people, all of it cleaned.
func (a *app) printDoctor(r remote.Report, words []string) error {
	var b bytes.Buffer
	printServer(&b, r, a.now())
	printSteps(&b, r)
	if err := a.printProbed(&b, r); err != nil {
		return err
	}
	printTransfers(&b, r)
	b.WriteString("\nadvice\n")
	for _, w := range words {
		fmt.Fprintf(&b, "  - %s\n", term.Clean(w))
	}
	_, err := a.stdout.Write(b.Bytes())
	return err
}

func fact(b *bytes.Buffer, name, format string, args ...any) {
	fmt.Fprintf(b, "  %-13s %s\n", name, term.Clean(fmt.Sprintf(format, args...)))
}

func printServer(b *bytes.Buffer, r remote.Report, now time.Time) {
	i := r.Info
	b.WriteString("server\n")
	fact(b, "address", "%s:%d (%s)", i.Host, i.Port, r.Security)
	if i.Greeting != "" {
		fact(b, "greeting", "%s", i.Greeting)
	}
	if t := i.TLS; t != nil {
		if t.Version != "" { // else the certificate was refused
			fact(b, "tls", "%s, %s", t.Version, t.Cipher)
		}
		fact(b, "certificate", "%s, issued by %s", t.Subject, t.Issuer)
		fact(b, "names", "%s", strings.Join(t.Names, ", "))
		fact(b, "valid until", "%s (%s)", t.NotAfter.UTC().Format(time.DateOnly), days(t.NotAfter.Sub(now)))
		fact(b, "fingerprint", "%s", t.SHA256)
		fact(b, "of the key", "%s", t.KeySHA256)
	}
	if i.Mechanism != "" {
		fact(b, "login", "%s", i.Mechanism)
	}
	if len(i.ServerID) > 0 {
		fact(b, "software", "%s", idText(i.ServerID))
	}
	if len(i.CapsAfter) > 0 {
		fact(b, "capabilities", "%s", strings.Join(i.CapsAfter, " "))
	}
	for _, n := range r.Namespaces {
		fact(b, "namespace", "%s %q, delimiter %q", n.Kind, n.Prefix, n.Delim)
	}
}

func idText(id map[string]string) string {
	var parts []string
	for k, v := range id {
		parts = append(parts, k+" "+v)
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

func printSteps(b *bytes.Buffer, r remote.Report) {
	b.WriteString("\nsteps\n")
	for _, s := range r.Steps {
		what := s.Name
		if s.Name == "examine" || s.Name == "flags" || s.Name == "headers" || s.Name == "body" {
			what += " " + decoded(r, s.Where)
		}
		result := "ok"
		if s.Error != "" {
			result = "failed: " + s.Error
		}
		fmt.Fprintf(b, "  %7.3f s  %s\n", s.Seconds, term.Clean(what+": "+result))
	}
}

// decoded is the name for people of a mailbox known by its name on the wire.
func decoded(r remote.Report, raw string) string {
	for _, m := range r.Mailboxes {
		if m.Raw == raw {
			return m.Name
		}
	}
	return raw
}

// printProbed lists every mailbox; the slowest to open stand out by their time.
func (a *app) printProbed(b *bytes.Buffer, r remote.Report) error {
	if len(r.Mailboxes) == 0 {
		return nil
	}
	var messages, size int64
	table := term.Table{Right: []int{0, 1, 2, 3}, Flex: 4, Width: max(0, a.ui.width-2)}
	table.Row("MESSAGES", "UNSEEN", "SIZE", "OPENED IN", "MAILBOX")
	for _, m := range r.Mailboxes {
		messages += int64(m.Messages)
		size += max(0, m.Size)
		table.Row(probedRow(m)...)
	}
	fmt.Fprintf(b, "\nmailboxes (%d, %s, %s)\n", len(r.Mailboxes), term.Count(messages, "message"), term.Size(size))
	return table.Write(indenter{b})
}

func probedRow(m remote.Probed) []string {
	row := []string{"-", "-", "-", "-", term.Clean(m.Name)}
	if m.HasStatus || m.Examined && m.Error == "" {
		row[0] = fmt.Sprint(m.Messages)
	}
	if m.HasStatus {
		row[1] = fmt.Sprint(m.Unseen)
	}
	if m.Size >= 0 {
		row[2] = term.Size(m.Size)
	}
	if m.Examined {
		row[3] = fmt.Sprintf("%.3f s", m.ExamineSeconds)
	}
	switch {
	case m.Error != "":
		row[4] += "  (" + term.Clean(m.Error) + ")"
	case !m.Selectable:
		row[4] += "  (holds no mail)"
	case m.Role != "":
		row[4] += "  (" + term.Clean(m.Role) + ")"
	}
	return row
}

// indenter puts two blanks before each line of what is written line by line.
type indenter struct{ b *bytes.Buffer }

func (i indenter) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		i.b.WriteString("  ")
		i.b.Write(line)
	}
	return len(p), nil
}

func printTransfers(b *bytes.Buffer, r remote.Report) {
	if r.Flags == nil && r.Headers == nil && r.Body == nil {
		return
	}
	b.WriteString("\ntransfers\n")
	if t := r.Flags; t != nil {
		fact(b, "flags", "of %s in %s: %.3f s, %s received", term.Count(t.Messages, "message"), decoded(r, t.Mailbox), t.Seconds, term.Size(t.Bytes))
	}
	if t := r.Headers; t != nil {
		fact(b, "header", "%s with %s: %.3f s", term.Size(t.Octets), term.Count(t.Fields, "field"), t.Seconds)
	}
	if t := r.Body; t != nil {
		rate := "-"
		if t.Seconds > 0 {
			rate = term.Size(int64(float64(t.Octets)/t.Seconds)) + "/s"
		}
		fact(b, "body", "%s: %.3f s, %s", term.Size(t.Octets), t.Seconds, rate)
	}
	fact(b, "in all", "%s, %s, %s in, %s out", term.Count(r.Stats.Commands, "command"), term.Count(r.Stats.RoundTrips, "round trip"),
		term.Size(r.Stats.BytesIn), term.Size(r.Stats.BytesOut))
}
