package sync

import (
	"context"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// unheld takes out of a page what need not be downloaded. Bodies that are held
// already, in whichever mailbox of the account and whether its message is still
// there or not, are linked: then a move or a copy by another client, or All Mail
// of Gmail, costs metadata alone. What waits for a body that is on its way is put
// off.
func (f *fetcher) unheld(ctx context.Context, page []localstore.MissingRow) ([]plan.Due, error) {
	links, err := f.recognised(ctx, page)
	if err != nil {
		return nil, err
	}
	if err := f.m.link(ctx, page, links); err != nil {
		return nil, err
	}
	due := make([]plan.Due, 0, len(page))
	here := map[plan.Content]bool{}
	for _, r := range page {
		if _, linked := links[r.ID]; linked {
			continue
		}
		what := content(r)
		d := plan.Due{ID: int64(r.ID), UID: r.UID, Size: r.Size, Content: what}
		into := f.turn(r, &due)
		if into == nil || what != (plan.Content{}) && !f.last && (here[what] || f.m.underway.has(what)) {
			f.putOff = true
			continue
		}
		*into = append(*into, d)
		here[what] = true
	}
	return due, nil
}

// turn tells where a message waits for its turn: among those due now, among those due
// when mail is known to come fast, or among those for pieces; nil: for a visit of the
// mailbox alone.
func (f *fetcher) turn(r localstore.MissingRow, due *[]plan.Due) *[]plan.Due {
	switch large := f.m.inPieces(r); {
	case f.alone && large:
		return &f.large
	case f.alone, !large && !r.Alike:
		return due
	case r.Alike || !f.m.late(r):
		return nil
	}
	return &f.behind
}

// content is what another message must have in common with this one to have the
// same body, or to be asked about it.
func content(r localstore.MissingRow) plan.Content {
	fixed := plan.Fixed{Size: r.Size, Date: r.Date.Unix()}
	switch {
	case r.Size < 0 || r.Date.IsZero():
		return plan.Content{}
	case r.Size >= localstore.LargeSize:
		return plan.Content{Fixed: fixed}
	case r.Identity != "":
		return plan.Content{Identity: r.Identity, Fixed: fixed}
	}
	return plan.Content{}
}

// recognised finds the bodies of messages among those that are held: by what the
// server says, or, for large ones, by their headers.
func (f *fetcher) recognised(ctx context.Context, page []localstore.MissingRow) (map[localstore.MessageID][32]byte, error) {
	links := map[localstore.MessageID][32]byte{}
	var alike []localstore.MissingRow
	for _, r := range page {
		switch {
		case r.Same != nil:
			links[r.ID] = *r.Same
		case r.Alike && f.alone && !f.m.headless:
			alike = append(alike, r)
		}
	}
	if len(alike) == 0 {
		return links, nil
	}
	return links, f.prove(ctx, alike, links)
}

// prove compares the headers of messages with those of held bodies of the same
// size and date. Where that fails the whole messages are downloaded, which knows
// how to deal with the one that a server stumbles over.
func (f *fetcher) prove(ctx context.Context, rows []localstore.MissingRow, links map[localstore.MessageID][32]byte) error {
	uids := make([]uint32, len(rows))
	ids := map[uint32]localstore.MessageID{}
	for i, r := range rows {
		uids[i], ids[r.UID] = r.UID, r.ID
	}
	headers, err := f.m.headers(ctx, f.conn, uids)
	if remote.ClassOf(err) == remote.Refused {
		return nil
	}
	if f.m.headless = lost(err); err != nil {
		return err
	}
	old, err := f.candidates(ctx, rows)
	if err != nil {
		return err
	}
	var now []plan.New
	for _, r := range rows {
		if h, ok := headers[r.UID]; ok {
			now = append(now, plan.New{UID: r.UID, Fixed: plan.Fixed{Size: r.Size, Date: r.Date.Unix()}, Header: h})
		}
	}
	for _, l := range plan.Relink(old, now) {
		links[ids[l.UID]] = l.Body
	}
	return nil
}

// candidates are the held bodies that agree with one of the rows in size and date.
func (f *fetcher) candidates(ctx context.Context, rows []localstore.MissingRow) (old []plan.Old, err error) {
	asked := map[plan.Fixed]bool{}
	for _, r := range rows {
		fixed := plan.Fixed{Size: r.Size, Date: r.Date.Unix()}
		if asked[fixed] {
			continue
		}
		asked[fixed] = true
		held, err := f.m.store.Alike(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			old = append(old, plan.Old{Fixed: fixed, Header: h.HeaderSHA256, Body: h.SHA256})
		}
	}
	return old, nil
}

// link gives messages of a page the bodies that were recognised. Those whose body
// is found damaged meanwhile leave links.
func (m *mailbox) link(ctx context.Context, page []localstore.MissingRow, links map[localstore.MessageID][32]byte) error {
	if len(links) == 0 {
		return nil
	}
	var done tally
	err := m.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, r := range page {
			sum, known := links[r.ID]
			if !known {
				continue
			}
			ok, err := tx.LinkBody(r.ID, sum)
			if err != nil {
				return err
			}
			if !ok {
				delete(links, r.ID)
				continue
			}
			done.messages++
			done.bytes += max(r.Size, 0)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.counter.linked(m, done)
	m.session.progress()
	return nil
}
