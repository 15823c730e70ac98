package remote

import (
	"errors"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

var (
	errNotSticky      = errors.New("UIDs of this mailbox do not last")
	errOpenedReadOnly = errors.New("the server opens it read-only")
)

// Octets that an answer has beside what each message adds to it.
const (
	briefAnswer = 200
	briefOpen   = 2000 // the flags of the mailbox, twice
	perStored   = 50   // * 12345 FETCH (UID 1234567 MODSEQ (1234567890))
	perMoved    = 20   // * 12345 EXPUNGE
)

func briefFor(part imap.UIDSet, each int) int {
	return int(min(briefAnswer+total(part)*int64(each), 1<<30))
}

// storing is a Change under way.
type storing struct {
	change Change
	left   imap.UIDSet // what of its messages is still to be done
	out    *Stored
}

func (t *storing) uids() imap.UIDSet                          { return t.left }
func (t *storing) result() *Outcomes                          { return &t.out.Outcomes }
func (t *storing) heard(part imap.UIDSet, s wire.Status) bool { return false }

// command is nil when no flag is left that the mailbox stores.
func (t *storing) command(w *work, part imap.UIDSet) *wire.Command {
	flags := t.kept(&w.sel)
	if len(flags) == 0 && part != nil {
		return nil
	}
	return t.store(w, part, part.String(), flags)
}

// store makes the command for a part that goes by this name.
func (t *storing) store(w *work, part imap.UIDSet, name string, flags []imap.Flag) *wire.Command {
	cmd := wire.Cmd("UID STORE").Raw(name)
	if n := t.change.UnchangedSince; n > 0 && n < 1<<63 && !w.sel.NoModSeq {
		cmd.Raw("(UNCHANGEDSINCE " + decimal(n) + ")")
	}
	item := "-FLAGS.SILENT"
	if t.change.Add {
		item = "+FLAGS.SILENT"
	}
	return cmd.Raw(item + " " + flagList(flags)).Brief(briefFor(part, perStored))
}

// kept leaves out the flags that the mailbox does not store. Taking one away that
// is there for this session alone does no harm.
func (t *storing) kept(sel *Selected) (flags []imap.Flag) {
	t.out.Unkept = nil
	for _, flag := range t.change.Flags {
		if t.change.Add && !sel.keeps(flag) {
			t.out.Unkept = append(t.out.Unkept, flag)
		} else {
			flags = append(flags, flag)
		}
	}
	return flags
}

// answered: MODIFIED may come with OK or NO, and with NO too all others were
// changed (RFC 7162 section 3.1.3, example 10). A set that does not parse may mean
// any of them.
func (t *storing) answered(w *work, part imap.UIDSet, s wire.Status) {
	if s.Code != "MODIFIED" {
		t.out.byStatus("store", w.e.Raw, part, s)
		return
	}
	var modified imap.UIDSet
	err := parseRanges([]byte(s.Arg), func(r imap.UIDRange) error {
		modified = append(modified, r)
		return nil
	})
	if modified = common(part, merge(modified)); err != nil {
		modified = part
	}
	t.out.Modified = merge(append(t.out.Modified, modified...))
	t.out.put(Done, without(part, modified), nil)
}

// byStatus: all of them or none.
func (o *Outcomes) byStatus(op, where string, part imap.UIDSet, s wire.Status) {
	if s.OK() {
		o.put(Done, part, nil)
		return
	}
	o.put(NotDone, part, notDone(op, where, s))
}

// notDone is the error of a change that the server refused.
func notDone(op, where string, s wire.Status) error {
	e := refused(op, where, s).(*Error)
	e.Outcome = NotDone
	return e
}

// relocating is a Relocation under way.
type relocating struct {
	verb string
	to   Relocation
	out  *Relocated
}

func (t *relocating) uids() imap.UIDSet { return t.to.UIDs }
func (t *relocating) result() *Outcomes { return &t.out.Outcomes }

func (t *relocating) command(_ *work, part imap.UIDSet) *wire.Command {
	return wire.Cmd(t.verb).Raw(part.String()).Mailbox(t.to.To).Brief(briefFor(part, perMoved))
}

// heard: MOVE tells COPYUID ahead of its answer (RFC 6851 section 4.3), COPY in it.
func (t *relocating) heard(part imap.UIDSet, s wire.Status) bool {
	return t.verb == "UID MOVE" && t.mapped(part, s)
}

// mapped takes a COPYUID that fits.
func (t *relocating) mapped(part imap.UIDSet, s wire.Status) bool {
	validity, m, ok := uint32(0), UIDMap(nil), false
	if s.Code == "COPYUID" {
		validity, m, ok = parseCopyUID(s.Arg, part)
	}
	if !ok || t.out.UIDValidity != 0 && t.out.UIDValidity != validity || len(common(t.out.Map.sources(), m.sources())) > 0 {
		return false
	}
	t.out.UIDValidity, t.out.Map = validity, append(t.out.Map, m...)
	return true
}

// answered: COPY is all or nothing (RFC 9051 section 6.4.7). MOVE is not: after NO
// some may have gone (RFC 6851 section 3.3), unless there was nowhere to go.
func (t *relocating) answered(w *work, part imap.UIDSet, s wire.Status) {
	t.mapped(part, s)
	op := opName(wire.Cmd(t.verb))
	if s.OK() || t.verb == "UID COPY" || s.Type == "BAD" || s.Code == "TRYCREATE" {
		t.out.byStatus(op, w.e.Raw, part, s)
		return
	}
	moved := common(part, t.out.Map.sources())
	t.out.put(Done, moved, nil)
	e := refused(op, t.to.To, s).(*Error)
	t.out.put(Unknown, without(part, moved), e)
}

// expunging is UID EXPUNGE, the only way in which anything is removed (I18).
type expunging struct {
	set imap.UIDSet
	out *Outcomes
}

func (t *expunging) uids() imap.UIDSet                          { return t.set }
func (t *expunging) result() *Outcomes                          { return t.out }
func (t *expunging) heard(part imap.UIDSet, s wire.Status) bool { return false }

func (t *expunging) command(_ *work, part imap.UIDSet) *wire.Command {
	return wire.Cmd("UID EXPUNGE").Raw(part.String()).Brief(briefFor(part, perMoved))
}

func (t *expunging) answered(w *work, part imap.UIDSet, s wire.Status) {
	t.out.byStatus("expunge", w.e.Raw, part, s)
}
