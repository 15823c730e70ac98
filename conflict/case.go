package conflict

// Edit is what the owner did offline. The words are those of the queue.
type Edit string

const (
	EditFlags       Edit = "flags"
	EditMove        Edit = "move" // to Trash as well
	EditCopy        Edit = "copy"
	EditDelete      Edit = "delete" // for good: an expunge
	EditAppend      Edit = "append"
	EditCreate      Edit = "create"
	EditRename      Edit = "rename"
	EditRemove      Edit = "remove"
	EditSubscribe   Edit = "subscribe"
	EditUnsubscribe Edit = "unsubscribe"
)

// Fate is what became of a message, a mailbox or an attempt meanwhile.
type Fate string

// Unchanged: nothing happened that matters to the edit.
const Unchanged Fate = ""

// Fates of the message that an edit is about.
const (
	FlagsChanged Fate = "flags"     // it is there, with other flags
	Expunged     Fate = "expunged"  // gone, also with its mailbox; nothing like it appeared
	MovedAway    Fate = "moved"     // gone, and recognised in another mailbox
	Lookalike    Fate = "lookalike" // gone, and what appeared elsewhere may be it, or not
	Rebound      Fate = "rebound"   // UIDVALIDITY changed; exactly one message is it
	Unmatched    Fate = "unmatched" // UIDVALIDITY changed; none is surely it
)

// Fates of the mailbox that an edit goes into, or that it is about.
const (
	Renamed    Fate = "renamed"    // proven by its MAILBOXID (I6)
	Deleted    Fate = "deleted"    // or renamed without proof
	Taken      Fate = "taken"      // another mailbox has the name that was wanted
	Arrived    Fate = "arrived"    // it holds mail that was not there when it was removed
	Renumbered Fate = "renumbered" // its UIDVALIDITY changed
)

// Fates of the attempt itself.
const (
	Refused    Fate = "refused"    // NO: read-only, quota, ACL; may work later
	TooLarge   Fate = "too-large"  // APPENDLIMIT (RFC 7889), [TOOBIG] (RFC 4469)
	Unstorable Fate = "unstorable" // a keyword outside PERMANENTFLAGS (I16), or one more than the server keeps
	Ambiguous  Fate = "ambiguous"  // the answer got lost, and several messages may be the outcome (I20)
)

// Case is an edit and what it meets.
type Case struct {
	Policy  Policy
	Edit    Edit
	Message Fate // of the message it is about
	Mailbox Fate // of the mailbox it goes into; of the mailbox it is about
	Answer  Fate // of the attempt
	// Agrees: the server moved or renamed just as was wanted here.
	Agrees bool
	// Held: the mirror has the bodies that are about to go or to be put back.
	Held bool
}

// Action is what becomes of an edit. Each is a goal, not a step: one that is
// reached already takes nothing.
type Action string

const (
	// Push sends the edit as it stands; of flags, what the merge left to send.
	Push Action = "push"
	// Done ends it: the server has it so already.
	Done Action = "done"
	// Drop ends it: the server's state stands. What was wanted stays recorded.
	Drop Action = "drop"
	// Follow sends it to where the message or the mailbox is now.
	Follow Action = "follow"
	// Create makes the mailbox again that it goes into, then sends it.
	Create Action = "create"
	// Recreate puts back from the mirror what the server has no more: a message
	// where it was wanted, or a mailbox with its mail.
	Recreate Action = "recreate"
	// Copy leaves the message where the server has it, and copies it to where
	// it was wanted.
	Copy Action = "copy"
	// Park takes it out of the queue until its owner decides.
	Park Action = "park"
	// Wait keeps it queued, with the reason and a time to try again.
	Wait Action = "wait"
	// Keep keeps it here, shown as what cannot be pushed; not tried again.
	Keep Action = "keep"
)
