package sync

import (
	"cmp"
	"encoding/json"
	"slices"

	"mailstow/conflict"
	"mailstow/localstore"
)

// record lists a conflict, with both sides, unless it was listed before.
func (p *pushing) record(tx *localstore.Tx, in localstore.Intent, c conflict.Case, d conflict.Decision, to place) error {
	if !d.Record {
		return nil
	}
	box, target := p.boxes[in.Mailbox], p.boxes[in.Target]
	w := conflict.Wanted{Edit: conflict.Edit(in.Kind), From: box.Shown(), Target: target.Shown(), TargetID: int64(target.ID), Name: p.shown(in)}
	h := conflict.Had{Message: c.Message, Mailbox: c.Mailbox, Answer: c.Answer, Flags: conflict.Flags(cmp.Or(to.flags, in.Message.Base)),
		Name: cmp.Or(box.Name, target.Name)}
	if w.Flags = conflict.Flags(in.Message.Local); in.Result.ID != 0 {
		w.Flags = conflict.Flags(in.Result.Local)
	}
	if to.id != 0 {
		h.Now, h.ID = p.boxes[to.box].Name, int64(to.id)
	}
	x := localstore.Conflict{Account: p.account, Run: p.run.id, Rule: d.Rule, Mailbox: cmp.Or(box.ID, target.ID),
		Message: cmp.Or(in.Message.ID, in.Result.ID), Wanted: text(w), Had: text(h), Decision: d.Side}
	if d.Action == conflict.Park {
		x.Intent = in.ID
	}
	if p.listed(in, x) {
		return nil
	}
	p.receipt.Conflicts++
	p.observe(Event{Kind: Note, Mailbox: cmp.Or(box.Shown(), target.Shown()), Text: "conflict (" + d.Rule + "): " + d.Why})
	_, err := tx.RecordConflict(x)
	return err
}

func text(side any) string {
	b, _ := json.Marshal(side)
	return string(b)
}

// listed: what is carried out all the same, and held up by something else, meets the
// same rule in every run.
func (p *pushing) listed(in localstore.Intent, x localstore.Conflict) bool {
	return slices.ContainsFunc(p.known, func(c localstore.Conflict) bool {
		return c.Rule == x.Rule && c.Mailbox == x.Mailbox && c.Message == x.Message && c.Intent == x.Intent && !c.At.Before(in.Made)
	})
}

// park leaves an intent to its owner, for what an attempt met.
func (p *pushing) park(tx *localstore.Tx, in localstore.Intent, met conflict.Fate, why string) error {
	c := conflict.Case{Policy: p.opt.Policy, Edit: conflict.Edit(in.Kind), Answer: met, Held: true}
	d := conflict.Decide(c)
	d.Action, d.Side = conflict.Park, "parked"
	p.failed[int64(in.ID)] = true
	p.observe(Event{Kind: Failed, Mailbox: p.boxOf(in).Shown(), Text: string(in.Kind) + ": " + why})
	if err := tx.ParkIntent(in.ID, why); err != nil {
		return err
	}
	return p.record(tx, in, c, d, place{})
}

// boxOf is the mailbox that an intent is about.
func (p *pushing) boxOf(in localstore.Intent) localstore.Mailbox {
	if b := p.boxes[in.Mailbox]; b.ID != 0 {
		return b
	}
	return p.boxes[in.Target]
}
