package sync

import (
	"context"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// Migration is what shall come from one account of a store to another.
type Migration struct {
	Source, Target           localstore.AccountID
	SourceSpace, TargetSpace plan.Space
	Map                      []plan.NameRule
	Folders                  []string         // of the source, patterns as plan.Selected reads them
	Delete                   bool             // what is gone from the source goes from the target
	Now                      func() time.Time // nil: time.Now
}

// Migrated is a plan, and what is needed to queue it.
type Migrated struct {
	plan.MigratePlan
	target localstore.AccountID
	delim  string
}

// Space asks where the mailboxes of an account lie.
func Space(ctx context.Context, acct Account) (plan.Space, error) {
	c, err := acct.Dial(ctx)
	if err != nil {
		return plan.Space{}, err
	}
	defer c.Close()
	all, err := c.Namespaces(ctx)
	for _, n := range all {
		if n.Kind == "personal" {
			return plan.Space{Prefix: remote.DecodeName(n.Prefix), Delim: n.Delim}, err
		}
	}
	if err != nil {
		return plan.Space{}, err
	}
	boxes, err := c.List(ctx)
	for _, b := range boxes {
		if b.Role == "inbox" {
			return plan.Space{Delim: b.Delim}, err
		}
	}
	return plan.Space{}, err
}

// PlanMigration compares the mirrors of both accounts, which the caller has just
// pulled.
func PlanMigration(ctx context.Context, store *localstore.Store, m Migration) (Migrated, error) {
	out := Migrated{target: m.Target, delim: m.TargetSpace.Delim}
	in := plan.MigrateInput{SourceSpace: m.SourceSpace, TargetSpace: m.TargetSpace, Map: m.Map, Folders: m.Folders, Delete: m.Delete, Passing: store.Passing()}
	known, err := standing(ctx, store, m)
	if err != nil {
		return out, err
	}
	if in.Source, in.Target, err = sides(ctx, store, m); err != nil {
		return out, err
	}
	err = store.Contents(ctx, m.Source, func(c localstore.Content) error {
		if c.UID != 0 {
			in.Messages = append(in.Messages, plan.Copyable{ID: int64(c.Message), Mailbox: int64(c.Mailbox), Body: c.Body,
				Size: c.Size, Date: c.Date, Flags: conflict.Flags(c.Flags), Dropped: c.Dropped,
				Aside: known.aside[c.Message], Begun: known.begun[c.Message], Refused: known.refused[c.Message]})
		}
		return nil
	})
	if err == nil {
		in.There, err = there(ctx, store, m, known)
	}
	if err != nil {
		return out, err
	}
	out.MigratePlan = plan.Migrate(in)
	return out, nil
}

// sides are the mailboxes of both accounts.
func sides(ctx context.Context, store *localstore.Store, m Migration) (source, target []plan.MigrateBox, err error) {
	if source, err = migrateBoxes(ctx, store, m.Source); err != nil {
		return nil, nil, err
	}
	if target, err = migrateBoxes(ctx, store, m.Target); err != nil {
		return nil, nil, err
	}
	return source, target, unseen(ctx, store, m.Target, target)
}

// migrateBoxes are those that are on the server, or shall be.
func migrateBoxes(ctx context.Context, store *localstore.Store, acct localstore.AccountID) (all []plan.MigrateBox, err error) {
	boxes, err := store.Mailboxes(ctx, acct)
	for _, b := range boxes {
		if b.Detached && !b.Unborn || b.Leaving != 0 {
			continue
		}
		all = append(all, plan.MigrateBox{ID: int64(b.ID), Name: b.Shown(), Delim: b.Delim, Role: b.Role, Mail: b.Selectable, Subscribed: b.WantsSubscribed})
	}
	return all, err
}

// unseen marks the mailboxes that the last run could not look at: they may hold anything.
func unseen(ctx context.Context, store *localstore.Store, acct localstore.AccountID, boxes []plan.MigrateBox) error {
	problems, err := store.Problems(ctx, acct)
	for _, p := range problems {
		for i, b := range boxes {
			if p.Message == 0 && p.UID == 0 && int64(p.Mailbox) == b.ID {
				boxes[i].Unseen = true
			}
		}
	}
	return err
}

// there is what the target holds, and what of it was made of the source.
func there(ctx context.Context, store *localstore.Store, m Migration, known standings) (all []plan.TargetMail, err error) {
	made, err := store.Made(ctx, m.Source)
	if err != nil {
		return nil, err
	}
	of := map[localstore.MessageID]localstore.Made{}
	for _, x := range made {
		if old, ok := of[x.Message]; !ok || old.Gone {
			of[x.Message] = x
		}
	}
	err = store.Contents(ctx, m.Target, func(c localstore.Content) error {
		x := of[c.Message]
		all = append(all, plan.TargetMail{ID: int64(c.Message), Mailbox: int64(c.Mailbox), Body: c.Body, Size: c.Size, Date: c.Date,
			Flags: conflict.Flags(c.Flags), Of: int64(x.Of), OfGone: x.Gone, Waits: c.UID == 0, Changed: c.Changed,
			Aside: known.aside[c.Message], Begun: known.begun[c.Message]})
		return nil
	})
	return all, err
}

// stuck is what is left to do about what may be at the target, where no mail is kept
// to send again.
const stuck = "; no later pass sends it: if it is not there, delete what looks like it there, then the state file, and migrate again"

// Reasons tells why messages of an account that wait are not on its server, and, where
// no mail is kept, why others cannot be had.
func Reasons(ctx context.Context, store *localstore.Store, acct localstore.AccountID) (map[int64]string, error) {
	why := map[int64]string{}
	err := store.Intents(ctx, acct, func(in localstore.Intent) error {
		if in.Result.ID != 0 {
			why[int64(in.Result.ID)] = in.Reason
			if store.Passing() && in.State == localstore.Parked {
				why[int64(in.Result.ID)] += stuck
			}
		}
		return nil
	})
	if err != nil || !store.Passing() {
		return why, err
	}
	problems, err := store.Problems(ctx, acct)
	for _, x := range problems {
		if x.Message != 0 {
			why[int64(x.Message)] = x.Reason
		}
	}
	return why, err
}
