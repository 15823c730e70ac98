package sync

import (
	"strconv"
	"strings"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// labels are what a server that has them (X-GM-EXT-1) tells of the labels of a
// mailbox. They are its word alone: there is no merging, and no history.
type labels struct {
	texts map[string]string // by names: mail has few different sets of them
	told  map[uint32]string // of known messages, by UID
}

// text is how the store keeps the labels of a message; "" when none were told.
func (l *labels) text(r remote.Meta) string {
	if !r.HasLabels {
		return ""
	}
	key := strings.Join(r.Labels, "\x00")
	text, known := l.texts[key]
	if !known {
		if l.texts == nil {
			l.texts = map[string]string{}
		}
		text = localstore.LabelText(r.Labels)
		l.texts[key] = text
	}
	return text
}

// note keeps the labels of a known message.
func (l *labels) note(r remote.Meta) {
	if !r.HasLabels {
		return
	}
	if l.told == nil {
		l.told = map[uint32]string{}
	}
	l.told[uint32(r.UID)] = l.text(r)
}

// identity is what the server says a message is, wherever it lies in the account,
// "" when it does not say.
func identity(r remote.Meta) string {
	switch id := plan.ObjectID(r.EmailID); {
	case id != "":
		return "E:" + id
	case r.GmailID != 0:
		return "G:" + strconv.FormatUint(r.GmailID, 10)
	}
	return ""
}
