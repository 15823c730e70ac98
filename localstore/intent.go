package localstore

import (
	"fmt"
	"time"
)

// Ids of what the owner wants and of what could not be had; as other ids.
type (
	IntentID   int64
	ConflictID int64
)

// IntentKind is what an intent does on the server.
type IntentKind string

// Kinds of intents; sql/0003_offline.sql says what each one uses.
const (
	IntentFlags       IntentKind = "flags"
	IntentMove        IntentKind = "move"
	IntentCopy        IntentKind = "copy"
	IntentExpunge     IntentKind = "delete"
	IntentAppend      IntentKind = "append"
	IntentCreate      IntentKind = "create"
	IntentRename      IntentKind = "rename"
	IntentRemove      IntentKind = "remove"
	IntentSubscribe   IntentKind = "subscribe"
	IntentUnsubscribe IntentKind = "unsubscribe"
)

// IntentState is how far an intent is.
type IntentState string

const (
	Queued IntentState = "queued"
	Sent   IntentState = "sent"   // what became of the command is not known: look before anything is sent again (I19)
	Done   IntentState = "done"   // the server has it, its UID is not known yet: never sent again (I20)
	Parked IntentState = "parked" // waits for a person
)

// Intent is one thing the owner wants of the server. Intents are carried out in
// the order of their ids, as far as what they need allows (I22).
type Intent struct {
	ID                   IntentID
	Account              AccountID
	Made                 time.Time
	Kind                 IntentKind
	State                IntentState
	Mailbox              MailboxID // where Message is; of create, rename, remove, subscribe and unsubscribe: the mailbox itself
	Target               MailboxID // where Result is
	Message              Row       // acted on: base becomes local, or it moves, is copied, is deleted; ID 0: none
	Vanished             bool      // Message is no longer on the server
	Result               Row       // stands for the outcome of move, copy, append, UID 0; ID 0: none
	Name                 string    // of create and rename: the raw wire name wanted
	Needs                IntentID  // the one that creates Mailbox or Target and must succeed first; 0: none
	UIDValidity, UIDNext uint32    // of Target when the command left (RFC 4549 section 5.1)
	Tries                int
	Reason               string    // the server's words after the last try, or why it is parked
	RetryAt              time.Time // zero: due
}

// Due reports whether there is something to do about it: to send it, or to find
// out what became of it.
func (in Intent) Due(now time.Time) bool {
	return in.State == Sent || in.State == Done || in.State == Queued && !in.RetryAt.After(now)
}

// pending is what the store's own steps need of an intent.
type pending struct {
	id              IntentID
	account         AccountID
	kind            IntentKind
	state           IntentState
	mailbox, target MailboxID
	message, result MessageID
	name, label     string
}

// unsettled refuses to touch what the server may have already.
func (p pending) unsettled() error {
	if p.state == Sent || p.state == Done {
		return fmt.Errorf("intent %d (%s): %w", p.id, p.kind, ErrUnsettled)
	}
	return nil
}

const pendingColumns = `SELECT id, account, kind, state, ifnull(mailbox, 0), ifnull(target, 0), ifnull(message, 0), ifnull(result, 0),
	ifnull(CAST(name AS TEXT), ''), ifnull(label, '') FROM intent WHERE `

// pending gives the first intent for which where holds.
func (tx *Tx) pending(where string, args ...any) (p pending, ok bool, err error) {
	var name []byte
	ok, err = tx.get(pendingColumns+where, args, &p.id, &p.account, &p.kind, &p.state, &p.mailbox, &p.target,
		&p.message, &p.result, &name, &p.label)
	p.name = string(name)
	return p, ok, err
}

// intentByID is an intent that must be there.
func (tx *Tx) intentByID(id IntentID) (pending, error) {
	p, ok, err := tx.pending("id = ?", id)
	if err == nil && !ok {
		err = tx.fail(fmt.Errorf("intent %d: %w", id, ErrNotFound))
	}
	return p, err
}

// addIntent queues what p says; its id and state are given by the store.
func (tx *Tx) addIntent(p pending) (IntentID, error) {
	var name, label any
	if p.kind == IntentRename {
		name, label = []byte(p.name), p.label
	}
	id, err := tx.insert(`INSERT INTO intent(account, made, since, kind, mailbox, target, message, result, name, label)
		VALUES (?1, ?2, (SELECT max(id) FROM run WHERE account = ?1), ?3, ?4, ?5, ?6, ?7, ?8, ?9)`, p.account, tx.at.Unix(), p.kind,
		orNull(p.mailbox), orNull(p.target), orNull(p.message), orNull(p.result), name, label)
	return IntentID(id), err
}

func (tx *Tx) deleteIntent(id IntentID) error {
	_, err := tx.exec("DELETE FROM intent WHERE id = ?", id)
	return err
}

// owner refuses a change that must outlast a power cut where it might not.
func (tx *Tx) owner() error {
	if !tx.durable {
		return tx.fail(fmt.Errorf("%s: changes that only its owner has belong into Edit", tx.s.path))
	}
	if tx.broken != nil {
		return tx.broken
	}
	return tx.settleNames()
}

// orNull is an id for a column, NULL when zero.
func orNull[T ~int64](id T) any {
	if id == 0 {
		return nil
	}
	return int64(id)
}
