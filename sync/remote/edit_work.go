package remote

import (
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// work is one mailbox of an Edit: what is to be done there, and the commands for
// it once it is open.
type work struct {
	c     *Conn
	e     *Edits
	out   *Edited
	told  func(Told)
	done  func() // hears when out is all that will be said
	tasks []task
	jobs  []*job // made when the mailbox is open
	sel   Selected
	ended bool // it is known why nothing more is done here
	plain bool // SELECT without CONDSTORE

	settled bool
}

// task is one thing to do; it may take several commands.
type task interface {
	uids() imap.UIDSet
	result() *Outcomes
	// command makes the command for a part of the messages, in the open mailbox.
	command(w *work, part imap.UIDSet) *wire.Command
	// answered sorts a part of the messages by the answer.
	answered(w *work, part imap.UIDSet, s wire.Status)
	// heard takes a code that came ahead of the answer, if it is about that part.
	heard(part imap.UIDSet, s wire.Status) bool
}

// job is one command of a task.
type job struct {
	task task
	part imap.UIDSet
	cmd  *wire.Command
	done bool
}

// plan checks what is asked for; what cannot be done is NotDone from the start.
func (c *Conn) plan(e *Edits, out *Edited, told func(Told)) *work {
	w := &work{c: c, e: e, out: out, told: told}
	out.Stored = make([]Stored, len(e.Store))
	out.Copied, out.Moved = make([]Relocated, len(e.Copy)), make([]Relocated, len(e.Move))
	for i := range e.Store {
		w.add(&storing{change: e.Store[i], left: e.Store[i].UIDs, out: &out.Stored[i]}, "store", checkFlags(e.Store[i].Flags))
	}
	if e.Confirm {
		w.confirm()
	}
	for i := range e.Copy {
		w.add(&relocating{verb: "UID COPY", to: e.Copy[i], out: &out.Copied[i]}, "copy", nil)
	}
	for i := range e.Move {
		w.add(&relocating{verb: "UID MOVE", to: e.Move[i], out: &out.Moved[i]}, "move", c.offers(imap.CapMove))
	}
	w.add(&expunging{set: e.Expunge, out: &out.Expunged}, "expunge", c.offers(imap.CapUIDPlus))
	w.ended = len(w.tasks) == 0
	if err := openCommand("SELECT", e.Raw, false).Err(); err != nil {
		w.end(&Error{Class: Refused, Op: "select", Where: e.Raw, Err: err, Outcome: NotDone})
	}
	return w
}

// offers is ErrNotOffered without a capability that IMAP4rev2 includes.
func (c *Conn) offers(name imap.Cap) error {
	if c.hasRev2(name) {
		return nil
	}
	return fmt.Errorf("%w: no %s", ErrNotOffered, name)
}

// add puts a task on the list, or its messages aside with the reason why not.
func (w *work) add(t task, op string, reason error) {
	set := t.uids()
	if len(set) == 0 {
		return
	}
	if reason == nil {
		reason = closed(set)
	}
	if reason == nil {
		reason = t.command(w, nil).Err() // names that cannot be sent
	}
	if reason != nil {
		err := &Error{Class: Refused, Op: op, Where: w.e.Raw, Err: reason, Outcome: NotDone}
		*t.result() = Outcomes{NotDone: set, Err: err}
		return
	}
	w.tasks = append(w.tasks, t)
}

// begin makes the commands for the mailbox as it was opened.
func (w *work) begin(sel Selected) {
	w.sel, w.out.Selected = sel, sel
	if err := w.unfit(); err != nil {
		w.end(err)
		return
	}
	for _, t := range w.tasks {
		for _, part := range pieces(sorted(t.uids())) {
			if cmd := t.command(w, part); cmd != nil {
				w.jobs = append(w.jobs, &job{task: t, part: part, cmd: cmd})
			} else {
				t.result().put(Done, part, nil) // nothing is left to do
			}
		}
	}
}

// unfit says why nothing may be changed in the mailbox that was opened.
func (w *work) unfit() error {
	e := &Error{Class: Refused, Op: "select", Where: w.e.Raw, Outcome: NotDone}
	switch sel := w.sel; {
	case sel.UIDValidity == 0 || sel.UIDNotSticky:
		e.Code, e.Err = "UIDNOTSTICKY", errNotSticky
	case sel.UIDValidity != w.e.UIDValidity:
		e.Code, e.Err = "UIDVALIDITY", fmt.Errorf("uidvalidity is %d, not %d: its UIDs mean other messages now", sel.UIDValidity, w.e.UIDValidity)
	case sel.ReadOnly:
		e.Code, e.Err = "READ-ONLY", errOpenedReadOnly
	default:
		return nil
	}
	return e
}

// end closes the visit: nothing was done, for this reason.
func (w *work) end(err error) {
	w.ended, w.out.Err = true, err
	for _, t := range w.tasks {
		t.result().put(NotDone, t.uids(), err)
	}
}

// settle says, once, what became of what was not answered; err is why.
func (w *work) settle(err error) {
	if w.settled {
		return
	}
	w.settled = true
	defer w.done()
	switch {
	case w.ended:
	case w.sel.UIDValidity == 0: // not reached
		w.end(err)
		w.out.Err = err
	default:
		for _, j := range w.jobs {
			if !j.done {
				j.task.result().put(outcome(j.cmd), j.part, err)
			}
		}
	}
	for _, t := range w.tasks {
		if t, is := t.(*confirming); is {
			t.conclude()
		}
	}
}

// outcome is what became of a command without an answer.
func outcome(cmd *wire.Command) Outcome {
	if cmd.Whole() {
		return Unknown
	}
	return NotDone
}

// left is how many commands are not answered.
func (w *work) left() (n int) {
	for _, j := range w.jobs {
		if !j.done {
			n++
		}
	}
	return n
}

// answered sorts out the messages of a command.
func (w *work) answered(cmd *wire.Command, s wire.Status) {
	i := slices.IndexFunc(w.jobs, func(j *job) bool { return j.cmd == cmd })
	if i < 0 {
		return
	}
	w.jobs[i].done = true
	w.jobs[i].task.answered(w, w.jobs[i].part, s)
}

// take hears what the server tells meanwhile.
func (w *work) take(resp *wire.Response) error {
	if resp.HasNum && resp.Name == "FETCH" {
		f, err := wire.ReadFlagFetch(resp)
		if err != nil || f.UID == 0 {
			return err
		}
		t := Told{UID: imap.UID(f.UID), HasFlags: f.HasFlags, ModSeq: modSeq(f.ModSeq)}
		for _, flag := range f.Flags {
			t.Flags = append(t.Flags, imap.Flag(flag))
		}
		w.told(t)
		return nil
	}
	if resp.Name == "VANISHED" || resp.HasNum && resp.Name == "EXPUNGE" {
		return w.expunged(resp)
	}
	if resp.Name == "SEARCH" || resp.Name == "ESEARCH" {
		return w.confirmed(resp)
	}
	if resp.Name == "OK" && !resp.HasNum {
		for _, j := range w.jobs {
			if !j.done && j.task.heard(j.part, resp.Status()) {
				return nil
			}
		}
	}
	return w.c.unasked(resp)
}
