package main

import (
	"fmt"
	"strings"

	"mailstow/conflict"
)

// standing says whose state stands.
func standing(decision string) string {
	switch decision {
	case "parked":
		return "waits for you"
	case "both":
		return "both sides stand"
	case "local":
		return "what was done here stands"
	}
	return "the server's state stands"
}

// wantedText is the owner's side.
func wantedText(w conflict.Wanted) string {
	switch w.Edit {
	case conflict.EditFlags:
		return "flags became " + flagText(w.Flags)
	case conflict.EditMove, conflict.EditCopy, conflict.EditAppend:
		verb := map[conflict.Edit]string{conflict.EditMove: "moved", conflict.EditCopy: "copied", conflict.EditAppend: "appended"}[w.Edit]
		if w.From != "" {
			verb += " from " + w.From
		}
		return fmt.Sprintf("%s to %s, flags %s", verb, w.Target, flagText(w.Flags))
	case conflict.EditDelete:
		return "deleted for good, flags " + flagText(w.Flags)
	case conflict.EditRename:
		return "folder renamed to " + w.Name
	case conflict.EditCreate:
		return "folder made"
	case conflict.EditRemove:
		return "folder removed"
	case conflict.EditSubscribe:
		return "subscribed to"
	}
	return "unsubscribed from"
}

// fateText says what the server did.
var fateText = map[conflict.Fate]string{
	conflict.FlagsChanged: "flags changed",
	conflict.Expunged:     "deleted",
	conflict.MovedAway:    "moved",
	conflict.Lookalike:    "gone, and mail like it appeared elsewhere",
	conflict.Rebound:      "numbered anew (UIDVALIDITY), and recognised",
	conflict.Unmatched:    "numbered anew (UIDVALIDITY), and not surely recognised",
	conflict.Renamed:      "folder renamed",
	conflict.Deleted:      "folder deleted, or renamed without proof",
	conflict.Taken:        "another folder has that name",
	conflict.Arrived:      "mail arrived in the folder",
	conflict.Renumbered:   "folder numbered anew (UIDVALIDITY)",
	conflict.Refused:      "refused",
	conflict.TooLarge:     "takes no message that large",
	conflict.Unstorable:   "cannot store the flag",
	conflict.Ambiguous:    "the answer was lost, and it is not clear what became of it",
}

// hadText is the server's side; why is what kept the edit waiting.
func hadText(h conflict.Had, why string) string {
	var parts []string
	for _, fate := range []conflict.Fate{h.Message, h.Mailbox, h.Answer} {
		switch {
		case fate == conflict.Unchanged:
		case fate == conflict.MovedAway && h.Now != "":
			parts = append(parts, fmt.Sprintf("moved to %s, where it is %d", h.Now, h.ID))
		case fate == conflict.Renamed && h.Name != "":
			parts = append(parts, "folder renamed to "+h.Name)
		default:
			parts = append(parts, fateText[fate])
		}
	}
	if why != "" {
		parts = append(parts, why)
	}
	if h.Message != conflict.Unchanged {
		parts = append(parts, "flags were "+flagText(h.Flags))
	}
	return strings.Join(parts, "; ")
}

func flagText(f conflict.Flags) string {
	if f == "" {
		return "none"
	}
	return string(f)
}
