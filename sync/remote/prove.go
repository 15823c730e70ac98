package remote

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// Changing flags in many mailboxes without waiting for each SELECT.
//
// A STORE behind a SELECT that is not answered yet would change other mail where
// the SELECT fails and the mailbox before stays open (BAD leaves it so), or where
// somebody has deleted the mailbox and made another under its name. UNCHANGEDSINCE
// does not help: mod-sequences of a new mailbox begin at 1. To look at UIDVALIDITY
// in an earlier flight only makes the gap small.
//
// So the server itself is made to check, by what a message is instead of by its
// number: UID SEARCH RETURN (SAVE ALL) finds those of the messages that have the
// size and the date (within a day) that are known of them, and UID STORE $ changes
// what was found and nothing else (SEARCHRES, RFC 5182; commands that refer to $
// may be sent ahead, section 2.3). A mail under the same UID, of the same size to
// the octet and of the same day is the one that was meant, whatever became of its
// mailbox.
//
// Before each of them another search, for nothing, empties $: SELECT does so, and a
// search that is answered NO, but one answered BAD leaves what was found before
// (section 2.1), which was meant for other flags, or in another mailbox.
//
// What is not found, or not answered as it should be, is done afterwards in the
// slow way, so that an error here costs time alone.

const (
	// perProven is what the server's search for one message takes (Dovecot, measured
	// with its mail in cache: 20 ms for 1,000).
	perProven = 20 * time.Microsecond
	// maxProof is the length of the conditions of one search.
	maxProof = 7000
)

// proveAll does what can be done in one flight.
func (c *Conn) proveAll(ctx context.Context, works []*work) error {
	var able []*work
	var messages int64
	if c.hasRev2(imap.CapSearchRes) {
		for _, w := range works {
			if n := provable(w); n > 0 {
				able = append(able, w)
				messages += n
			}
		}
	}
	if !worthProving(c.wire.Trip(), len(able), messages) {
		return nil
	}
	fit := make([]*proving, len(able))
	for i, w := range able {
		fit[i] = prove(w)
	}
	err := c.travel(ctx, "store", func(yield func(*stop) bool) {
		for _, p := range fit {
			if !yield(&stop{call: p, raw: p.w.e.Raw}) {
				return
			}
		}
	})
	for _, p := range fit {
		p.conclude(err)
	}
	return err
}

// worthProving weighs the round trips saved, all but one of the mailboxes', against
// the time that the searches take.
func worthProving(trip time.Duration, mailboxes int, messages int64) bool {
	return mailboxes > 1 && int64(time.Duration(mailboxes-1)*trip/perProven) > messages
}

// proving is one mailbox in that flight.
type proving struct {
	w      *work
	open   *wire.Command
	sel    Selected
	opened bool
	gone   bool // some of its messages went meanwhile: flags may have gone with them
	later  error
	proofs []*proof

	concluded bool
}

// proof is the search for some messages and the change of those found.
type proof struct {
	t             *storing
	part          imap.UIDSet
	search, store *wire.Command
	proven, done  bool // they were answered OK; answered at all
	found         imap.UIDSet
	status        wire.Status
}

// provable counts the messages that can be changed in that flight: 0 where flags are not
// all that is to be changed, or a message is not known.
func provable(w *work) (messages int64) {
	if w.ended {
		return 0
	}
	for _, t := range w.tasks {
		switch t := t.(type) {
		case *confirming: // of what is left to do afterwards
		case *storing:
			for uid := range each(sorted(t.change.UIDs)) {
				if w.e.Known[uid].Size <= 0 {
					return 0
				}
				messages++
			}
		default:
			return 0
		}
	}
	return messages
}

// each goes through the messages of a set without *, in its order.
func each(set imap.UIDSet) iter.Seq[imap.UID] {
	return func(yield func(imap.UID) bool) {
		for _, r := range set {
			for uid := r.Start; ; uid++ {
				if !yield(uid) {
					return
				}
				if uid == r.Stop {
					break
				}
			}
		}
	}
}

// prove makes the searches and changes.
func prove(w *work) *proving {
	p := &proving{w: w}
	for _, t := range w.tasks {
		if t, is := t.(*storing); is {
			p.add(t)
		}
	}
	return p
}

// add cuts a task into searches that fit into a command.
func (p *proving) add(t *storing) {
	var part imap.UIDSet
	var keys []string
	length := 0
	cut := func() {
		if len(keys) > 0 {
			p.proofs = append(p.proofs, p.proof(t, part, keys))
		}
		part, keys, length = nil, nil, 0
	}
	for uid := range each(sorted(t.change.UIDs)) {
		key := p.w.e.Known[uid].key(uid)
		if length += len(key) + 10; length > maxProof {
			cut()
		}
		part, keys = append(part, imap.UIDRange{Start: uid, Stop: uid}), append(keys, key)
	}
	cut()
}

// key is the search key for one message. The day may be another one at the server,
// whose zone counts (RFC 9051 section 6.4.4).
func (f Fingerprint) key(uid imap.UID) string {
	key := fmt.Sprintf("UID %d LARGER %d SMALLER %d", uid, f.Size-1, f.Size+1)
	if !f.Date.IsZero() {
		const day = "2-Jan-2006"
		key += " SINCE " + f.Date.AddDate(0, 0, -1).Format(day) + " BEFORE " + f.Date.AddDate(0, 0, 2).Format(day)
	}
	return "(" + key + ")"
}

func (p *proving) proof(t *storing, part imap.UIDSet, keys []string) *proof {
	part = merge(part)
	return &proof{t: t, part: part,
		search: wire.Cmd("UID SEARCH").Raw("RETURN (SAVE ALL) UID " + part.String() + " " + anyOf(keys)).Brief(briefFor(part, 8)),
		store:  t.store(p.w, part, "$", t.change.Flags)}
}

// anyOf is OR of many keys, as a tree without depth.
func anyOf(keys []string) string {
	if len(keys) == 1 {
		return keys[0]
	}
	half := len(keys) / 2
	return "OR " + anyOf(keys[:half]) + " " + anyOf(keys[half:])
}

func (p *proving) commands() iter.Seq[*wire.Command] {
	p.open = openCommand("SELECT", p.w.e.Raw, p.w.c.condStore()).Brief(briefOpen)
	return func(yield func(*wire.Command) bool) {
		if !yield(p.open) {
			return
		}
		for _, f := range p.proofs {
			none := wire.Cmd("UID SEARCH").Raw("RETURN (SAVE) NOT ALL").Brief(briefAnswer)
			if !yield(none) || !yield(f.search) || !yield(f.store) {
				return
			}
		}
	}
}

func (p *proving) take(resp *wire.Response) error {
	switch {
	case !p.opened && resp.Name == "OK" && resp.Status().Code == "CLOSED":
		p.sel = Selected{}
		return nil
	case !p.opened:
		return p.sel.take(resp)
	case resp.Name == "ESEARCH":
		return p.found(resp)
	case resp.Name == "VANISHED" || resp.HasNum && resp.Name == "EXPUNGE":
		p.gone = true
	}
	return p.w.take(resp)
}

// found takes the result of a search.
func (p *proving) found(resp *wire.Response) error {
	tag, set, err := readESearch(resp)
	if err != nil {
		return err
	}
	for _, f := range p.proofs {
		if f.search.Tag() == tag && !f.done {
			f.found = common(f.part, merge(set))
		}
	}
	return nil
}

func (p *proving) answered(cmd *wire.Command, s wire.Status) error {
	if later, _ := tryLater(s); later && !s.OK() {
		p.later = notDone(opName(cmd), p.w.e.Raw, s)
	}
	if cmd == p.open {
		if p.opened = s.OK(); p.opened {
			p.sel.settle("SELECT", s)
			p.w.c.box, p.w.c.opened = p.w.e.Raw, p.sel
			p.w.sel = p.sel
		}
		return nil
	}
	for _, f := range p.proofs {
		switch cmd {
		case f.search:
			f.proven = s.OK()
		case f.store:
			f.done, f.status = true, s
		}
	}
	return nil
}

func (p *proving) failed() error { return nil }

func (p *proving) end() error {
	if p.conclude(nil); p.w.ended {
		p.w.settle(nil)
	}
	return p.later
}

// conclude sorts, once, the messages that are done with. The others are left to editAll;
// after an error, those whose STORE may have been carried out are not known of.
func (p *proving) conclude(err error) {
	if p.concluded {
		return
	}
	p.concluded = true
	fit := p.opened && p.w.unfit() == nil && !(p.gone && p.w.e.Confirm)
	for _, f := range p.proofs {
		found := f.found
		switch {
		case f.done && f.proven && fit && (f.status.OK() || f.status.Code == "MODIFIED"):
			f.t.answered(p.w, found, f.status)
			f.t.kept(&p.sel)
		case err != nil && !f.done && f.store.Whole():
			found = f.part
			f.t.out.put(Unknown, found, err)
		default:
			continue
		}
		f.t.left = without(f.t.left, found)
	}
	p.w.out.Selected, p.w.sel = p.sel, Selected{}
	p.w.ended = !slices.ContainsFunc(p.w.tasks, func(t task) bool { return len(t.uids()) > 0 })
}
