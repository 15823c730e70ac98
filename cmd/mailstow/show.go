package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/mailview"
	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show a message of the local copy, or save its attachments",
		ArgsUsage: "ID",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. ID is the number at
the end of a line of "mailstow list". Headers and text are decoded, HTML becomes
text, attachments are named with type and size. Nothing is fetched from anywhere
and nothing is executed.`,
			[]string{"mailstow show 4711", "mailstow show 4711 --raw > message.eml", "mailstow show 4711 --save-attachments ~/Downloads"},
			exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "raw", Usage: "print the exact bytes that the server sent"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object"},
			&cli.StringFlag{Name: "save-attachments", Usage: "write the attachments into `DIR`; existing files are never overwritten"},
			accountFlag(),
		},
		Action: a.show,
	}
}

func (a *app) show(c *cli.Context) error {
	id, err := messageArgument(c)
	if err != nil {
		return err
	}
	if c.Bool("raw") && (c.Bool("json") || c.IsSet("save-attachments")) {
		return usage("--raw goes with neither --json nor --save-attachments", "")
	}
	if c.IsSet("save-attachments") && c.String("save-attachments") == "" {
		return usage("--save-attachments needs a folder", "a single dot is the current one")
	}
	m, err := a.openMirrors(c.Context)
	if err != nil {
		return err
	}
	defer m.close()
	store, mail, err := m.message(c.Context, c.String("account"), id)
	if err != nil {
		return err
	}
	body, _, err := store.OpenBody(c.Context, mail.ID)
	if err == nil {
		defer body.Close()
		err = a.showBody(c, mail, body)
	}
	return m.explainBody(mail, err)
}

func (a *app) showBody(c *cli.Context, mail localstore.Mail, body io.Reader) error {
	if c.Bool("raw") {
		_, err := io.Copy(a.stdout, body)
		return err
	}
	return a.view(c, mail, body)
}

func messageArgument(c *cli.Context) (localstore.MessageID, error) {
	if c.NArg() != 1 {
		return 0, usage("show takes one message id", "mailstow list FOLDER shows the ids at the end of its lines")
	}
	id, err := strconv.ParseInt(c.Args().First(), 10, 64)
	if err != nil || id < 1 {
		return 0, usage(fmt.Sprintf("%q is not a message id", c.Args().First()), "mailstow list FOLDER shows the ids at the end of its lines")
	}
	return localstore.MessageID(id), nil
}

// message finds a message by its id. Ids are unique in a store, so that with
// several stores the account says which is meant.
func (m *mirrors) message(ctx context.Context, account string, id localstore.MessageID) (*localstore.Store, localstore.Mail, error) {
	store, err := m.storeOf(account)
	if err != nil {
		return nil, localstore.Mail{}, err
	}
	now, deleted, err := store.Meant(ctx, id)
	if err != nil {
		return nil, localstore.Mail{}, err
	}
	mail, err := store.Message(ctx, cmp.Or(now, id))
	if errors.Is(err, localstore.ErrNotFound) {
		err = noMessage(id, store, err)
	}
	if deleted != 0 {
		mail.State = stateDeleted
	}
	return store, mail, err
}

// stateDeleted is what show makes of a message that the server shall delete.
const stateDeleted = "deleted"

func noMessage(id localstore.MessageID, store *localstore.Store, cause error) error {
	return &problem{code: exitFailed, text: fmt.Sprintf("no message %d in %s", id, store.Path()),
		hint: "mailstow list FOLDER shows the ids at the end of its lines", err: cause}
}

// explainBody says what to do about a body that cannot be given.
func (m *mirrors) explainBody(mail localstore.Mail, err error) error {
	name := mail.Account
	for _, one := range m.all {
		if one.Name == name {
			name = one.argument()
			break
		}
	}
	switch {
	case errors.Is(err, localstore.ErrNotHeld):
		return &problem{code: exitFailed, text: fmt.Sprintf("message %d: its body is not downloaded yet", mail.ID),
			hint: fmt.Sprintf("mailstow sync %s, then look at mailstow status", name), err: err}
	case errors.Is(err, localstore.ErrDropped):
		return &problem{code: exitFailed, text: err.Error(),
			hint: "mailstow migrate --no-store keeps no mail; mailstow sync does", err: err}
	case errors.Is(err, localstore.ErrDamaged):
		return &problem{code: exitFailed, text: err.Error(),
			hint: fmt.Sprintf("mailstow verify --repair %s fetches it again", name), err: err}
	}
	return err
}

// view shows the decoded message. It is printed only when it was read to the
// end: until then nobody knows whether its bytes are whole.
func (a *app) view(c *cli.Context, mail localstore.Mail, body io.Reader) error {
	s := saver{dir: c.String("save-attachments")}
	v, err := mailview.Read(body, s.sink())
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return term.WriteJSON(a.stdout, showJSON{newMailJSON(mail), v, s.saved})
	}
	if s.dir != "" {
		return a.printSaved(s)
	}
	_, err = io.WriteString(a.stdout, render(mail, v, a))
	return err
}

type showJSON struct {
	mailJSON
	*mailview.View
	Saved []string `json:"saved,omitempty"`
}

// saver writes attachments into a directory.
type saver struct {
	dir   string
	saved []string
}

func (s *saver) sink() mailview.Sink {
	if s.dir == "" {
		return nil
	}
	return func(att mailview.Attachment, content io.Reader) error {
		if err := os.MkdirAll(s.dir, 0o755); err != nil {
			return err
		}
		path, err := mailview.Save(s.dir, mailview.SafeName(att, len(s.saved)+1), content)
		if err == nil {
			s.saved = append(s.saved, path)
		}
		return err
	}
}

func (a *app) printSaved(s saver) error {
	for _, path := range s.saved {
		if _, err := fmt.Fprintln(a.stdout, term.Clean(path)); err != nil {
			return err
		}
	}
	if len(s.saved) == 0 {
		a.ui.say("the message has no attachments")
	}
	return nil
}

// stateText says what is not as usual.
var stateText = map[string]string{
	localstore.StateVanished: "vanished from the server, kept here",
	localstore.StateLocal:    "not on the server yet",
	stateDeleted:             "deleted here, still on the server",
}

// render is the message for a terminal. Everything from the message is cleaned.
func render(mail localstore.Mail, v *mailview.View, a *app) string {
	var b strings.Builder
	for _, f := range v.Fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, term.Clean(f.Value))
	}
	fmt.Fprintf(&b, "Folder: %s\n", term.Clean(mail.Account+":"+mail.Folder))
	if mail.Flags != "" {
		fmt.Fprintf(&b, "Flags: %s\n", term.Clean(mail.Flags))
	}
	if labels := localstore.Labels(mail.Labels); len(labels) > 0 {
		fmt.Fprintf(&b, "Labels: %s\n", term.Clean(strings.Join(labels, ", ")))
	}
	fmt.Fprintf(&b, "Arrived: %s\n", term.Date(mail.InternalDate, a.now().Location()))
	if state := stateText[mail.State]; state != "" {
		fmt.Fprintf(&b, "State: %s\n", state)
	}
	if text := strings.TrimRight(term.CleanText(v.Text), "\n"); text != "" {
		fmt.Fprintf(&b, "\n%s\n", text)
	}
	for i, att := range v.Attachments {
		if i == 0 {
			b.WriteString("\nAttachments:\n")
		}
		name := att.Name
		if name == "" {
			name = "(no name)"
		}
		fmt.Fprintf(&b, "  %s  %s, %s\n", term.Clean(name), term.Clean(att.Type), term.Size(att.Size))
	}
	for _, note := range v.Notes {
		fmt.Fprintf(&b, "\n[%s]\n", term.Clean(note))
	}
	return b.String()
}
