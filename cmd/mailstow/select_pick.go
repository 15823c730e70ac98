package main

import (
	"errors"
	"fmt"

	"mailstow/localstore"
)

// picked is a selected message as it was before the edit.
type picked struct {
	id                     localstore.MessageID // as people see it: after a move, the new one
	given                  localstore.MessageID // as it was named
	account, folder, flags string
}

// pick finds the selected messages: those of the ids in the order given, each
// once, or those of the folder as they are listed.
func (e *edit) pick(s selection) ([]picked, error) {
	p := picker{edit: e, s: s, query: s.filters, has: map[localstore.MessageID]bool{}, texts: map[string]string{}}
	if err := p.place(); err != nil {
		return nil, err
	}
	if !s.byID {
		return p.all, e.store.List(e.ctx, p.query, p.add)
	}
	for _, one := range s.ids {
		find := p.span
		if one.first == one.last {
			find = p.one
		}
		if err := find(one); err != nil {
			return nil, err
		}
	}
	return p.all, nil
}

type picker struct {
	*edit
	s     selection
	query localstore.ListQuery
	only  string // the only account that counts, "" any
	all   []picked
	has   map[localstore.MessageID]bool
	texts map[string]string // names and flags, kept once
}

// place finds the account and the folder.
func (p *picker) place() error {
	account := p.edit.account
	if p.s.folder != "" {
		one, box, err := p.m.mailbox(p.ctx, account, p.s.folder)
		p.query.Account, p.query.Mailbox, p.only = one.ID, box.ID, one.Name
		return err
	}
	if account == "" {
		return nil
	}
	chosen, err := p.m.only(account)
	if err == nil {
		p.query.Account, p.only = chosen[0].ID, chosen[0].Name
	}
	return err
}

// one finds the message of an id, which must be there.
func (p *picker) one(s span) error {
	id, deleted, err := p.store.Meant(p.ctx, s.first)
	if err != nil {
		return err
	}
	if deleted != 0 {
		return &problem{code: exitFailed, text: fmt.Sprintf("message %d is deleted here already", s.first),
			hint: fmt.Sprintf("mailstow pending drop %d takes that back", deleted)}
	}
	mail, err := p.store.Message(p.ctx, id)
	if errors.Is(err, localstore.ErrNotFound) {
		return noMessage(s.first, p.store, err)
	}
	if err != nil {
		return err
	}
	if err := p.refuse(mail, s.first); err != nil {
		return err
	}
	if !p.s.filtered && p.s.folder == "" {
		return p.addAs(mail, s.first)
	}
	q := p.query
	q.First, q.Last = id, id
	return p.store.List(p.ctx, q, func(m localstore.Mail) error { return p.addAs(m, s.first) })
}

// refuse names a message that is known, but cannot be meant.
func (p *picker) refuse(mail localstore.Mail, given localstore.MessageID) error {
	if mail.State == localstore.StateVanished {
		return &problem{code: exitFailed, text: fmt.Sprintf("message %d vanished from the server and is kept here only", given),
			hint: fmt.Sprintf("mailstow show %d shows it; mailstow list without --deleted leaves such messages out", given)}
	}
	if p.only != "" && mail.Account != p.only {
		return &problem{code: exitFailed, text: fmt.Sprintf("message %d belongs to account %s, not to %s", given, mail.Account, p.only),
			hint: "one account at a time; mailstow list shows the ids"}
	}
	return nil
}

// span finds the messages of a range; gaps are nothing to complain about.
func (p *picker) span(s span) error {
	q, found := p.query, p.s.filtered || p.s.folder != ""
	q.First, q.Last = s.first, s.last
	err := p.store.List(p.ctx, q, func(m localstore.Mail) error {
		found = true
		return p.add(m)
	})
	if err != nil || found {
		return err
	}
	return &problem{code: exitFailed, text: fmt.Sprintf("no message has an id from %d to %d", s.first, s.last),
		hint: "mailstow list FOLDER shows the ids at the end of its lines"}
}

func (p *picker) add(m localstore.Mail) error { return p.addAs(m, m.ID) }

func (p *picker) addAs(m localstore.Mail, given localstore.MessageID) error {
	if !p.has[m.ID] {
		p.has[m.ID] = true
		p.all = append(p.all, picked{m.ID, given, p.once(m.Account), p.once(m.Folder), p.once(m.Flags)})
	}
	return nil
}

// once keeps one copy of texts that many messages share.
func (p *picker) once(s string) string {
	kept, ok := p.texts[s]
	if !ok {
		kept = s
		p.texts[s] = s
	}
	return kept
}
