package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) listCommand() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list the messages of a folder of the local copy",
		ArgsUsage: "FOLDER",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. FOLDER is the name as
"mailstow folders" shows it; with several accounts account:folder, or --account.
The message that arrived last comes last. The number at the end of a line is the
id that "mailstow show" takes.

--at lists what was on the server at a time in the past, as the last sync before it
found it, with the flags of then; x marks what has vanished since.

Flags: N not seen, R answered, F flagged, D draft, T to be deleted, x vanished
from the server, + not on the server yet, ? body not yet downloaded.`,
			[]string{"mailstow list INBOX --unseen", "mailstow list work:Archive/2024 --from alice --since 2024-06-01",
				"mailstow list INBOX --limit 20", "mailstow list INBOX --at 2026-10-01T12:00", "mailstow list INBOX --json | jq -r .subject"},
			exitOK, exitFailed, exitUsage),
		Flags: append(filterFlags("n"),
			&cli.BoolFlag{Name: "deleted", Usage: "also what vanished from the server"},
			atFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
			accountFlag()),
		Action: a.list,
	}
}

func (a *app) list(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("list takes one folder", "mailstow folders lists them")
	}
	query, err := a.listQuery(c)
	if err != nil {
		return err
	}
	m, err := a.openMirrors(c.Context)
	if err != nil {
		return err
	}
	defer m.close()
	one, box, err := m.mailbox(c.Context, c.String("account"), c.Args().First())
	if err != nil {
		return err
	}
	query.Account, query.Mailbox = one.ID, box.ID
	if query.At, err = a.cutAt(c, one.store); err != nil {
		return err
	}
	if c.Bool("json") {
		return a.listJSON(c.Context, one.store, query)
	}
	return a.printList(c.Context, one.store, query)
}

// printList streams: a folder may hold a million messages. Only a terminal has
// its lines cut.
func (a *app) printList(ctx context.Context, store *localstore.Store, query localstore.ListQuery) error {
	table := term.Table{Right: []int{4}}
	widths := []int{16, 5, 28, 0, 0, 0}
	if a.ui.width > 0 {
		widths[3], widths[4] = max(16, a.ui.width-76), 7
	}
	out := bufio.NewWriter(a.stdout)
	err := store.List(ctx, query, func(mail localstore.Mail) error {
		_, err := fmt.Fprintln(out, table.Line(widths, a.mailRow(mail)...))
		return err
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func (a *app) listJSON(ctx context.Context, store *localstore.Store, query localstore.ListQuery) error {
	out := bufio.NewWriter(a.stdout)
	err := store.List(ctx, query, func(mail localstore.Mail) error {
		return term.WriteJSON(out, newMailJSON(mail))
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func (a *app) listQuery(c *cli.Context) (localstore.ListQuery, error) {
	q := localstore.ListQuery{Unseen: c.Bool("unseen"), From: c.String("from"), Subject: c.String("subject"),
		Limit: c.Int("limit"), Deleted: c.Bool("deleted")}
	if c.IsSet("limit") && q.Limit < 1 {
		return q, usage("--limit must be at least 1", "")
	}
	for name, moment := range map[string]*time.Time{"since": &q.Since, "before": &q.Before} {
		if !c.IsSet(name) {
			continue
		}
		var err error
		if *moment, err = parseSince(c.String(name), a.now()); err != nil {
			return q, usage("--"+name+": "+err.Error(), "")
		}
	}
	return q, nil
}

// parseSince reads a day (in the zone of now), a moment, or an age.
func parseSince(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if age, err := parseAge(s); err == nil {
		return now.Add(-age), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a date (2024-06-01), a moment (RFC 3339) nor an age (36h, 7d)", s)
}

// parseAge reads a duration in which d is a day.
func parseAge(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n float64
		var rest string
		if k, _ := fmt.Sscanf(days, "%g%s", &n, &rest); k == 1 && n >= 0 && n < 1e5 {
			return time.Duration(n * 24 * float64(time.Hour)), nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not an age such as 26h or 7d", s)
	}
	return d, nil
}

// mailJSON is a contract with scripts: fields are only ever added.
type mailJSON struct {
	ID           int64      `json:"id"`
	UID          uint32     `json:"uid"`
	Account      string     `json:"account"`
	Folder       string     `json:"folder"`
	Flags        []string   `json:"flags"`
	Date         *time.Time `json:"date"`
	InternalDate *time.Time `json:"internal_date"`
	From         string     `json:"from"`
	To           string     `json:"to"`
	Subject      string     `json:"subject"`
	MessageID    string     `json:"message_id"`
	Size         int64      `json:"size"` // -1 unknown
	SHA256       string     `json:"sha256"`
	State        string     `json:"state"`
	Labels       []string   `json:"labels,omitzero"` // of Gmail; left out where there are none to be had
}

func newMailJSON(m localstore.Mail) mailJSON {
	return mailJSON{
		ID: int64(m.ID), UID: m.UID, Account: m.Account, Folder: m.Folder, Flags: append([]string{}, strings.Fields(m.Flags)...),
		Date: utc(m.Date), InternalDate: utc(m.InternalDate), From: m.From, To: m.To, Subject: m.Subject,
		MessageID: m.MessageID, Size: m.Size, SHA256: m.SHA256, State: m.State,
		Labels: localstore.Labels(m.Labels),
	}
}

// utc gives nil, which is null in JSON, for an unknown date.
func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *app) mailRow(m localstore.Mail) []string {
	date := m.InternalDate
	if date.IsZero() {
		date = m.Date
	}
	return []string{
		term.Date(date, a.now().Location()), flagColumn(m), term.Clean(m.From), term.Clean(m.Subject),
		sizeColumn(m.Size), fmt.Sprint(m.ID),
	}
}

func sizeColumn(n int64) string {
	if n < 0 {
		return "?"
	}
	return term.Size(n)
}

// flagColumn shows the flags people look for, one letter each; other keywords
// are in show and in --json.
func flagColumn(m localstore.Mail) string {
	has := map[string]bool{}
	for _, f := range strings.Fields(m.Flags) {
		has[strings.ToLower(f)] = true
	}
	marks := []byte("-----")
	set := func(i int, mark byte, on bool) {
		if on {
			marks[i] = mark
		}
	}
	set(0, 'N', !has[`\seen`])
	set(1, 'R', has[`\answered`])
	set(2, 'F', has[`\flagged`])
	set(3, 'D', has[`\draft`])
	set(3, 'T', has[`\deleted`])
	set(4, '?', m.State == localstore.StateMissing || m.State == localstore.StateDropped)
	set(4, '+', m.State == localstore.StateLocal)
	set(4, 'x', m.State == localstore.StateVanished)
	return string(marks)
}
