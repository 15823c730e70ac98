package remote

import (
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// confirming finds out whether the messages were there whose flags were changed: a UID
// that names none is no error (RFC 9051 section 6.4.8), and what somebody has just
// moved elsewhere has not got its flags there. A search behind the changes shows which
// are there. But a session goes on to see what it has not been told to be gone, and
// may change its flags as well: what is told while they are changed counts, too.
type confirming struct {
	of    []*storing
	found imap.UIDSet
	gone  imap.UIDSet
	some  bool // are gone, nobody knows which
	own   Outcomes
}

// confirm puts it behind the changes of flags.
func (w *work) confirm() {
	t := &confirming{}
	for _, task := range w.tasks {
		t.of = append(t.of, task.(*storing))
	}
	if len(t.of) > 0 {
		w.tasks = append(w.tasks, t)
	}
}

func (t *confirming) uids() (all imap.UIDSet) {
	for _, s := range t.of {
		all = append(all, s.left...)
	}
	return merge(all)
}

func (t *confirming) result() *Outcomes                   { return &t.own }
func (t *confirming) heard(imap.UIDSet, wire.Status) bool { return false }

func (t *confirming) command(w *work, part imap.UIDSet) *wire.Command {
	cmd := wire.Cmd("UID SEARCH")
	if w.c.Has(imap.CapESearch) {
		cmd.Raw("RETURN (ALL)")
	}
	return cmd.Raw("UID " + part.String()).Brief(briefFor(part, 8))
}

func (t *confirming) answered(_ *work, part imap.UIDSet, s wire.Status) {
	if s.OK() {
		t.gone = append(t.gone, without(part, merge(t.found))...)
	}
}

// conclude: flags of a message that is gone are to be decided about anew, like those
// that somebody else has changed. A server may answer the search before the changes
// ahead of it (RFC 9051 section 5.5): Dovecot does.
func (t *confirming) conclude() {
	gone := merge(t.gone)
	if t.some {
		gone = imap.UIDSet{{Start: 1, Stop: 1<<32 - 1}}
	}
	for _, s := range t.of {
		s.out.Modified = merge(append(s.out.Modified, common(s.out.Done, gone)...))
		s.out.Done = without(s.out.Done, gone)
	}
}

// expunged hears of messages that are gone, while flags are being changed.
func (w *work) expunged(resp *wire.Response) error {
	for _, j := range w.jobs {
		t, is := j.task.(*confirming)
		if !is || j.done && !w.storing() {
			continue
		}
		if resp.Name == "EXPUNGE" {
			t.some = true
			continue
		}
		_, err := readRanges(resp, func(r imap.UIDRange) error {
			if len(t.gone) >= maxRanges {
				return wire.ErrSyntax
			}
			t.gone = append(t.gone, r)
			return nil
		})
		t.some = t.some || err != nil
		return err
	}
	return wire.ErrStray
}

// storing: changes of flags are not answered yet.
func (w *work) storing() bool {
	return slices.ContainsFunc(w.jobs, func(j *job) bool { _, is := j.task.(*storing); return is && !j.done })
}

// confirmed takes the answer to the search that is under way.
func (w *work) confirmed(resp *wire.Response) error {
	i := slices.IndexFunc(w.jobs, func(j *job) bool { _, is := j.task.(*confirming); return is && !j.done })
	if i < 0 {
		return wire.ErrStray
	}
	t := w.jobs[i].task.(*confirming)
	if resp.Name == "ESEARCH" {
		tag, set, err := readESearch(resp)
		if err == nil && tag == w.jobs[i].cmd.Tag() {
			t.found = append(t.found, set...)
		}
		return err
	}
	for {
		tok, err := resp.Next()
		if err != nil || tok.Kind == wire.End {
			return err
		}
		if n, ok := wire.ParseNumber(tok.Text); ok && n < 1<<32 {
			t.found = append(t.found, imap.UIDRange{Start: imap.UID(n), Stop: imap.UID(n)})
		}
	}
}
