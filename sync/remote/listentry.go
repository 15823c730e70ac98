package remote

import (
	"strings"

	"mailstow/sync/wire"
)

// readList reads a LIST or LSUB response behind its name (RFC 9051 section
// 7.3.1); extended data at its end is skipped.
func readList(resp *wire.Response) (box Mailbox, err error) {
	err = resp.Atoms(func(attr []byte) { box.Attrs = append(box.Attrs, string(attr)) })
	if err != nil {
		return box, err
	}
	if box.Delim, err = readDelim(resp); err != nil {
		return box, err
	}
	if box.Raw, err = readMailbox(resp); err != nil {
		return box, err
	}
	box.Name = DecodeName(box.Raw)
	interpret(&box)
	return box, nil
}

// readMailbox reads a mailbox name as it is. Only INBOX folds case (RFC 9051
// section 5.1).
func readMailbox(resp *wire.Response) (string, error) {
	name, err := resp.Mailbox()
	if err != nil {
		return "", err
	}
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
	}
	return name, nil
}

// interpret derives what the attributes mean.
func interpret(box *Mailbox) {
	box.Selectable = !hasAttr(box.Attrs, `\NoSelect`) && !hasAttr(box.Attrs, `\NonExistent`)
	box.Subscribed = hasAttr(box.Attrs, `\Subscribed`)
	box.Role = role(box)
}

func hasAttr(attrs []string, want string) bool {
	for _, attr := range attrs {
		if strings.EqualFold(attr, want) {
			return true
		}
	}
	return false
}

// roles maps special-use attributes (RFC 6154) and the older ones of XLIST.
var roles = map[string]string{
	`\all`: "all", `\allmail`: "all", `\archive`: "archive", `\drafts`: "drafts",
	`\flagged`: "flagged", `\starred`: "flagged", `\junk`: "junk", `\spam`: "junk",
	`\sent`: "sent", `\trash`: "trash",
}

func role(box *Mailbox) string {
	if box.Raw == "INBOX" {
		return "inbox"
	}
	for _, attr := range box.Attrs {
		if r := roles[strings.ToLower(attr)]; r != "" {
			return r
		}
	}
	return ""
}
