package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

// eventJSON is a contract with scripts: fields are only ever added.
type eventJSON struct {
	At      time.Time `json:"at"`
	Run     int64     `json:"run,omitempty"` // left out: done here, by no run
	Kind    string    `json:"kind"`
	Account string    `json:"account"`
	Folder  string    `json:"folder"`
	ID      int64     `json:"id,omitempty"`
	UID     uint32    `json:"uid,omitempty"`
	Old     string    `json:"old"`
	New     string    `json:"new"`
	From    string    `json:"from,omitempty"`
	Subject string    `json:"subject,omitempty"`
}

func newEventJSON(e localstore.Event) eventJSON {
	return eventJSON{e.At.UTC(), int64(e.Run), string(e.Kind), e.Account, e.Folder, int64(e.Message), e.UID, e.Old, e.New, e.From, e.Subject}
}

// runHistory tells every change of a run.
func (a *app) runHistory(c *cli.Context, m *mirrors) error {
	store, err := m.storeOf(c.String("account"))
	if err != nil {
		return err
	}
	id := localstore.RunID(c.Int64("run"))
	if _, err := store.Run(c.Context, id); err != nil {
		return noRun(id, err)
	}
	out := bufio.NewWriter(a.stdout)
	err = store.RunEvents(c.Context, id, func(e localstore.Event) error {
		if c.Bool("json") {
			return term.WriteJSON(out, newEventJSON(e))
		}
		return writeEvent(out, string(e.Kind), e.Folder, e.Message, eventNews(e), e)
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func noRun(id localstore.RunID, err error) error {
	if errors.Is(err, localstore.ErrNotFound) {
		return &problem{code: exitFailed, text: fmt.Sprintf("there was no run %d", id), hint: "mailstow history lists the runs", err: err}
	}
	return err
}

// writeEvent is a line about a message or a folder; parts that are empty are left out.
func writeEvent(out io.Writer, kind, folder string, id localstore.MessageID, news string, e localstore.Event) error {
	line := fmt.Sprintf("%-8s  %s", kind, folder)
	if id != 0 {
		line += fmt.Sprintf("  %d", id)
	}
	for _, part := range []string{news, e.From, e.Subject} {
		if part != "" {
			line += "  " + part
		}
	}
	_, err := fmt.Fprintln(out, term.Clean(line))
	return err
}

// eventNews is what an event says beyond its kind.
func eventNews(e localstore.Event) string {
	switch e.Kind {
	case localstore.EventFlags:
		return flagNews(e.Old, e.New)
	case localstore.EventMoved:
		return "as " + e.New
	case localstore.EventRenamed:
		return "was " + e.Old
	case localstore.EventOpened, localstore.EventRetired:
		return "UIDVALIDITY " + e.New
	}
	return ""
}

// flagNews writes the flags that came and went: +\Seen -work.
func flagNews(old, now string) string {
	was, is := strings.Fields(old), strings.Fields(now)
	var parts []string
	for _, f := range is {
		if !contains(was, f) {
			parts = append(parts, "+"+f)
		}
	}
	for _, f := range was {
		if !contains(is, f) {
			parts = append(parts, "-"+f)
		}
	}
	return strings.Join(parts, " ")
}

func contains(flags []string, flag string) bool {
	for _, f := range flags {
		if strings.EqualFold(f, flag) {
			return true
		}
	}
	return false
}

// messageHistory tells what happened to a message, before and after it was moved or
// put back as well.
func (a *app) messageHistory(c *cli.Context, m *mirrors) error {
	store, err := m.storeOf(c.String("account"))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(a.stdout)
	given := localstore.MessageID(c.Int64("message"))
	id, err := origin(c, store, given)
	for told := map[localstore.MessageID]bool{}; err == nil && id != 0 && !told[id]; {
		told[id] = true
		var all []localstore.Event
		if all, err = store.MessageEvents(c.Context, id); err != nil {
			return err
		}
		if len(all) == 0 {
			return noMessage(given, store, localstore.ErrNotFound)
		}
		for _, e := range all {
			if c.Bool("json") {
				err = term.WriteJSON(out, newEventJSON(e))
			} else {
				_, err = fmt.Fprintln(out, term.Clean(a.messageEvent(e)))
			}
			if err != nil {
				return err
			}
		}
		id, err = successor(c, store, all[len(all)-1])
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// origin follows a message back to where it came from.
func origin(c *cli.Context, store *localstore.Store, id localstore.MessageID) (localstore.MessageID, error) {
	for seen := map[localstore.MessageID]bool{}; !seen[id]; {
		seen[id] = true
		before, err := store.Predecessor(c.Context, id)
		if err != nil || before == 0 {
			return id, err
		}
		id = before
	}
	return id, nil
}

// successor is what a message became at last; 0: it is what it is.
func successor(c *cli.Context, store *localstore.Store, last localstore.Event) (localstore.MessageID, error) {
	switch last.Kind {
	case localstore.EventMoved:
		id, err := strconv.ParseInt(last.New, 10, 64)
		return localstore.MessageID(id), err
	case localstore.EventVanished:
		return store.Restored(c.Context, last.Message)
	}
	return 0, nil
}

// messageEvent is a line of the life of a message.
func (a *app) messageEvent(e localstore.Event) string {
	by := "here"
	if e.Run != 0 {
		by = fmt.Sprintf("run %d", e.Run)
	}
	what := string(e.Kind)
	switch {
	case e.Kind == localstore.EventArrived && e.Old != "":
		what = fmt.Sprintf("restored to %s, as %d", e.Folder, e.Message)
	case e.Kind == localstore.EventArrived && e.UID == 0:
		what = fmt.Sprintf("put into %s, as %d", e.Folder, e.Message)
	case e.Kind == localstore.EventArrived:
		what = fmt.Sprintf("arrived in %s, as %d", e.Folder, e.Message)
	case e.Kind == localstore.EventRebound && e.UID != 0:
		what = fmt.Sprintf("on the server in %s, UID %d", e.Folder, e.UID)
	case e.Kind == localstore.EventRebound:
		what = "goes to " + e.Folder
	case e.Kind == localstore.EventVanished:
		what = "vanished from " + e.Folder
	case e.Kind == localstore.EventMoved:
		what = fmt.Sprintf("moved from %s, as %s", e.Folder, e.New)
	case e.Kind == localstore.EventFlags:
		what = "flags " + flagNews(e.Old, e.New)
	}
	return fmt.Sprintf("%s  %-8s  %s", term.Date(e.At, a.now().Location()), by, what)
}
