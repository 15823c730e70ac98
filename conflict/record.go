package conflict

// Wanted is the owner's side of a conflict, as it is recorded in JSON: fields are
// only ever added. Names are for people, ids are the store's.
type Wanted struct {
	Edit     Edit   `json:"edit"`
	From     string `json:"from,omitempty"`      // the mailbox that the message was in
	Flags    Flags  `json:"flags,omitempty"`     // as the owner saw them
	Target   string `json:"target,omitempty"`    // the mailbox that it was to go into
	TargetID int64  `json:"target_id,omitempty"` // of that
	Name     string `json:"name,omitempty"`      // that a mailbox was to have
}

// Had is the server's side.
type Had struct {
	Message Fate   `json:"message,omitempty"`
	Mailbox Fate   `json:"mailbox,omitempty"`
	Answer  Fate   `json:"answer,omitempty"`
	Flags   Flags  `json:"flags,omitempty"` // as last seen on the server
	Name    string `json:"name,omitempty"`  // of the mailbox
	Now     string `json:"now,omitempty"`   // the mailbox that the message is in
	ID      int64  `json:"id,omitempty"`    // of the message there
}
