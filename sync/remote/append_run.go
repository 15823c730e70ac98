package remote

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// appending is an Append under way.
type appending struct {
	c    *Conn
	raw  string
	msgs []Outgoing
	out  []Appended
	sent []*appendCommand // the last command that a message left with
	stop error            // why no more are sent
	room *room
}

// appendCommand is one APPEND of one or several messages.
type appendCommand struct {
	cmd      *wire.Command
	msgs     []int
	closers  []func()
	answered bool
}

// run sends all messages, and once more those that were refused together.
func (a *appending) run(ctx context.Context) error {
	var alone [][]int
	err := a.fly(ctx, a.groups(), func(group []int, s wire.Status) {
		if len(group) > 1 && !s.OK() || a.inTheWay(s) {
			for _, i := range group {
				alone = append(alone, []int{i})
			}
		}
	})
	if err == nil && len(alone) > 0 && a.c.box == a.raw && !a.c.opened.writable {
		err = a.leave(ctx)
	}
	if err == nil && len(alone) > 0 && a.stop == nil {
		err = a.fly(ctx, alone, func([]int, wire.Status) {})
	}
	if err == nil && ClassOf(a.stop) == Connect {
		err = a.stop
	}
	return err
}

// inTheWay: Courier appends nothing to the mailbox that is open, if it was opened to
// look only.
func (a *appending) inTheWay(s wire.Status) bool {
	return s.Type == "NO" && s.Code == "" && a.c.box == a.raw && !a.c.opened.writable
}

// leave opens the mailbox for changes instead.
func (a *appending) leave(ctx context.Context) error {
	_, err := a.c.openBox(ctx, "SELECT", a.raw)
	if _, refused := errors.AsType[statusError](err); refused {
		return nil // the messages will be, too
	}
	return err
}

// groups are the messages that leave together.
func (a *appending) groups() (groups [][]int) {
	multi := a.c.Has(imap.CapMultiAppend)
	var size int64
	for i, m := range a.msgs {
		if a.out[i].Err = a.unfit(m); a.out[i].Err != nil {
			continue
		}
		last := len(groups) - 1
		// Without octets a message would mean that all of them are called off (RFC 3502
		// section 6.3.11).
		short := multi && m.Size > 0 && m.Size <= min(a.c.wire.NonSync, maxUnasked)
		if short && size > 0 && size+m.Size <= maxBatch && len(groups[last]) < maxTogether {
			groups[last] = append(groups[last], i)
			size += m.Size
			continue
		}
		groups = append(groups, []int{i})
		if size = 0; short {
			size = m.Size
		}
	}
	return groups
}

// fly sends commands for groups and reads the answers.
func (a *appending) fly(ctx context.Context, groups [][]int, answered func(group []int, s wire.Status)) error {
	byCmd := map[*wire.Command]*appendCommand{}
	err := a.c.stream(ctx, a.commands(groups, byCmd), a.c.unasked, func(cmd *wire.Command, s wire.Status) error {
		ac := byCmd[cmd]
		delete(byCmd, cmd)
		a.answer(ac, s)
		answered(ac.msgs, s)
		return nil
	})
	return fail(ctx, "append", a.raw, err)
}

// commands makes each command when the one before has left.
func (a *appending) commands(groups [][]int, byCmd map[*wire.Command]*appendCommand) iter.Seq[*wire.Command] {
	return func(yield func(*wire.Command) bool) {
		for _, group := range groups {
			if a.stop != nil {
				return
			}
			ac := a.command(group)
			if len(ac.msgs) == 0 {
				continue
			}
			byCmd[ac.cmd] = ac
			more := yield(ac.cmd)
			ac.close()
			a.room.clear()
			if !more {
				return
			}
		}
	}
}

// command makes an APPEND of those of a group that can be read.
func (a *appending) command(group []int) *appendCommand {
	ac := &appendCommand{cmd: wire.Cmd("APPEND").Mailbox(a.raw).Brief(briefAnswer)}
	for _, i := range group {
		m := a.msgs[i]
		src, closeSrc, err := a.room.load(m)
		if err != nil {
			a.out[i].Err = err
			continue
		}
		if len(m.Flags) > 0 {
			ac.cmd.Raw(flagList(m.Flags))
		}
		if date := dateTime(m.Date); date != "" {
			ac.cmd.Raw(date)
		}
		ac.cmd.Literal(m.Size, src)
		ac.msgs, ac.closers = append(ac.msgs, i), append(ac.closers, closeSrc)
		a.sent[i], a.out[i].Err = ac, nil
	}
	return ac
}

func (ac *appendCommand) close() {
	for _, f := range ac.closers {
		f()
	}
	ac.closers = nil
}

// answer takes the answer to a command.
func (a *appending) answer(ac *appendCommand, s wire.Status) {
	ac.answered = true
	if s.OK() && ac.cmd.Whole() {
		validity, uids := parseAppendUID(s.Arg, s.Code, len(ac.msgs))
		for k, i := range ac.msgs {
			a.out[i] = Appended{Outcome: Done}
			if uids != nil {
				a.out[i].UIDValidity, a.out[i].UID = validity, uids[k]
			}
		}
		return
	}
	err := notDone("append", a.raw, s)
	if s.OK() {
		err = &Error{Class: Refused, Op: "append", Where: a.raw, Outcome: NotDone, Err: errUnread}
	}
	for _, i := range ac.msgs {
		a.out[i] = Appended{Outcome: NotDone, Err: err}
	}
	if ClassOf(err) == Connect || hopeless[s.Code] {
		a.stop = err
	}
}

// errUnread: a server says OK to a message that it did not wait for.
var errUnread = errors.New("the server answered OK before it had the message")

// hopeless are refusals that every other message for the mailbox would meet.
var hopeless = map[string]bool{"TRYCREATE": true, "NONEXISTENT": true, "NOPERM": true, "READ-ONLY": true}

// settle says what became of messages without an answer. A source that failed
// explains its own message; the connection failed for the others.
func (a *appending) settle(err error) {
	source, _ := errors.AsType[*wire.SourceError](err)
	for i := range a.out {
		o, ac := &a.out[i], a.sent[i]
		switch {
		case o.Outcome == Done || o.Err != nil:
			if o.Outcome != Done {
				o.Outcome = NotDone
			}
		case ac == nil: // never left
			o.Outcome, o.Err = NotDone, err
			if err == nil {
				o.Err = a.stop
			}
		default:
			if o.Outcome, o.Err = outcome(ac.cmd), err; source != nil && o.Outcome == NotDone {
				o.Err = source
			}
		}
	}
}

// parseAppendUID reads APPENDUID (RFC 4315 section 3). It counts only with one UID
// for each message, in ascending order (row 34).
func parseAppendUID(arg, code string, n int) (validity uint32, uids []imap.UID) {
	if code != "APPENDUID" {
		return 0, nil
	}
	validity, set, ok := uidsIn(arg)
	if !ok || total(set) != int64(n) {
		return 0, nil
	}
	uids = slices.Collect(each(set))
	for k := 1; k < len(uids); k++ {
		if uids[k] <= uids[k-1] {
			return 0, nil
		}
	}
	return validity, uids
}
