package remote

import (
	"errors"
	"strings"

	"mailstow/sync/wire"
)

// ahead is a LIST that left together with the login: on a distant server a run in
// which nothing happened costs little more than its round trips.
//
// A client may send ahead what does not depend on an answer outstanding (RFC 9051
// section 5.5), but Courier throws away what it finds behind LOGIN, and a SASL
// exchange would take it for its own. So it is done only behind LOGIN, and PLAIN
// with its initial response, and only for servers known to read on. What they will
// offer after login is a guess; when it is wrong the list is asked for again.
type ahead struct {
	text     string // of the command
	list     *listing
	loggedIn bool // the login was answered with OK
	early    bool // mailboxes were told before: the list may lack them
	answered bool // the command was
	ok       bool // with OK too, behind the login
}

// readsOn are words in the greetings of servers that read what is sent behind LOGIN.
var readsOn = []string{"dovecot"}

// usual is LIST as it will be asked of a Dovecot of this decade.
const usual = `"" "*" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE))`

// ahead returns what may leave behind the login.
func (a *attempt) ahead() []*wire.Command {
	c := a.c
	if !c.cfg.ListAhead || a.sasl != nil && (a.m.name != "PLAIN" || !a.whole) {
		return nil
	}
	greeting := strings.ToLower(c.info.Greeting)
	for _, word := range readsOn {
		if strings.Contains(greeting, word) {
			cmd := wire.Cmd("LIST").Raw(usual)
			c.ahead = &ahead{text: cmd.Text(), list: newListing()}
			return []*wire.Command{cmd}
		}
	}
	return nil
}

// note hears of the answers to the login and to what followed it.
func (a *ahead) note(login bool, s wire.Status) {
	switch {
	case a == nil:
	case login:
		a.loggedIn = s.OK()
	default:
		a.answered, a.ok = true, s.OK() && a.loggedIn && !a.early
	}
}

// take hears of what comes with the answers.
func (a *ahead) take(resp *wire.Response) error {
	switch {
	case a == nil:
		return wire.ErrStray
	case !a.loggedIn:
		a.early = a.early || resp.Name == "LIST" || resp.Name == "STATUS"
		return wire.ErrStray
	}
	return a.list.take(resp)
}

// takeAhead returns the list that came with the login, if it is what would be asked
// for now; it is good once.
func (c *Conn) takeAhead() *listing {
	a := c.ahead
	c.ahead = nil
	if a == nil || !a.ok {
		return nil
	}
	cmd := c.extendedList()
	if cmd == nil || cmd.Text() != a.text && cmd.Text() != strings.Replace(a.text, "SPECIAL-USE ", "", 1) {
		return nil // more than was asked for, or less: what is not offered is not relied on
	}
	return a.list
}

// swallowed reports whether the server took the login and no notice of what was
// sent behind it: then a login that sends nothing ahead may help. Not where it
// said why it wants no more, nor where it talks nonsense.
func (c *Conn) swallowed(err error) bool {
	if c == nil || c.ahead == nil || !c.ahead.loggedIn || c.ahead.answered {
		return false
	}
	_, bye := errors.AsType[*wire.ByeError](err)
	return ClassOf(err) == Connect && !bye
}
