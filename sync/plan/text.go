package plan

import (
	"fmt"
	"strings"
)

// MailboxPlan is the plan of one mailbox with what people want to know of it.
type MailboxPlan struct {
	Mailbox  string `json:"mailbox"` // decoded name, as the server gave it
	Why      string `json:"why,omitempty"`
	New      int    `json:"new"`       // messages the mirror does not have
	NewBytes int64  `json:"new_bytes"` // their announced size
	Linked   int    `json:"linked"`    // of New: content already held, not downloaded
	Due      int    `json:"due"`       // bodies owed from earlier runs
	Plan
}

// String is a line for people: what a sync would do to the mailbox.
func (m MailboxPlan) String() string {
	var parts []string
	add := func(n int, what string) {
		if n == 1 {
			what = strings.Replace(strings.Replace(what, "changes", "change", 1), "bodies", "body", 1)
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(m.New, fmt.Sprintf("new (%d bytes)", m.NewBytes))
	add(m.Linked, "linked without download")
	add(m.Due, "bodies due")
	add(len(m.Flags), "flag changes")
	add(len(m.Vanish), "vanished")
	if m.Held != nil {
		parts = append(parts, m.Held.String())
	}
	if m.Why != "" {
		parts = append(parts, m.Why)
	}
	if len(parts) == 0 {
		parts = []string{"nothing to do"}
	}
	return m.Mailbox + ": " + strings.Join(parts, ", ")
}

// String says what is held back, why, and how to let it through.
func (h Held) String() string {
	return fmt.Sprintf("%d of %d deletions held back (%d %%, %s): %s lets them through",
		h.Count, h.Of, h.Percent(), h.Reason, h.Override())
}
