package plan

import (
	"cmp"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// obstacle says why an intent cannot be sent now, "" when it can. What only has
// to be looked for needs nothing but its target.
func (q *queue) obstacle(i *Intent) string {
	switch {
	case q.ReadOnly:
		return "the account is read-only"
	case i.State == Parked:
		return "parked: " + i.Reason
	case i.RetryAt.After(q.Now):
		return cmp.Or(i.Reason, "failed before")
	case i.Waits != "":
		return i.Waits
	case i.Kind == conflict.EditUnsubscribe && q.box[i.Mailbox].Gone:
		return "" // the name stays on the list of subscriptions when its mailbox goes (RFC 9051 section 6.3.7)
	}
	if why := q.closed(i.Target); why != "" || q.unsettled(i) {
		return why
	}
	if i.Vanished {
		return "its message is gone from the server: to be decided first"
	}
	if why := q.closed(i.Mailbox); why != "" {
		return why
	}
	switch i.Kind {
	case conflict.EditCreate, conflict.EditRename:
		return q.taken(i)
	case conflict.EditRemove:
		return q.unseen(q.box[i.Mailbox])
	case conflict.EditAppend:
		return unheld(i.Result)
	case conflict.EditFlags, conflict.EditMove, conflict.EditCopy, conflict.EditDelete:
		return q.message(i)
	}
	return ""
}

// closed says why nothing can be done in a mailbox; 0 is none.
func (q *queue) closed(id int64) string {
	b, known := q.box[id]
	switch {
	case id == 0:
		return ""
	case !known:
		return fmt.Sprintf("mailbox %d is not known: it was neither listed nor made here", id)
	case b.Gone:
		return b.Name + " is no longer on the server: to be decided first"
	case b.Aside != "":
		return b.Name + ": " + b.Aside
	}
	return ""
}

// message says why a message cannot be acted on.
func (q *queue) message(i *Intent) string {
	b := q.box[i.Mailbox]
	switch {
	case i.Message.UID == 0:
		return "its message is not on the server yet"
	case i.Message.UIDValidity != b.UIDValidity:
		return "UIDVALIDITY of " + b.Name + " changed: to be decided first"
	case i.Kind == conflict.EditCopy:
		return ""
	case b.ReadOnly:
		return b.Name + " is read-only"
	case i.Kind == conflict.EditDelete && !i.Message.Held:
		return unheld(i.Message)
	case q.erases(i) && !deletable(b):
		return b.Name + " lets nothing be deleted"
	}
	return ""
}

// erases reports whether an intent needs \Deleted.
func (q *queue) erases(i *Intent) bool {
	return i.Kind == conflict.EditDelete || i.Kind == conflict.EditMove && (!q.Caps.Move || i.Result.UID != 0)
}

func deletable(b Box) bool {
	_, no := Storable([]imap.Flag{imap.FlagDeleted}, b.PermanentFlags)
	return len(no) == 0
}

// unheld: what the mirror has no copy of is neither sent nor deleted.
func unheld(m Message) string {
	if m.Held {
		return ""
	}
	return "the mirror does not hold the message yet"
}

// unseen: a mailbox is not removed with mail that the mirror does not have.
func (q *queue) unseen(b Box) string {
	if n := b.Messages - b.Mirrored; n > 0 {
		return fmt.Sprintf("%s has %s that the mirror does not hold yet", b.Name, count(n, "message"))
	}
	return ""
}

// taken: a name that another mailbox has is free only once that one has made way.
func (q *queue) taken(i *Intent) string {
	b, ok := q.index.bearer[i.Name]
	if !ok || b == i.Mailbox {
		return ""
	}
	if way := q.index.renames[b]; way != 0 && way < i.ID {
		return ""
	}
	return "another mailbox is named " + q.box[b].Name
}
