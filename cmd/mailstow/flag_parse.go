package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"
)

const flagHint = `flags are seen, answered, flagged, draft, deleted, and keywords such as work or $Forwarded`

// systemFlags may be written without their backslash.
var systemFlags = map[string]imap.Flag{
	"seen": imap.FlagSeen, "answered": imap.FlagAnswered, "flagged": imap.FlagFlagged,
	"deleted": imap.FlagDeleted, "draft": imap.FlagDraft,
}

// systemWord is what people call system flags, and IMAP does not.
var systemWord = map[string]string{
	"read": "seen", "unread": "--remove seen", "unseen": "--remove seen", "starred": "flagged",
	"unflagged": "--remove flagged", "replied": "answered", "trashed": "deleted",
}

// parseFlag reads a flag as people write it.
func parseFlag(word string) (imap.Flag, error) {
	name, backslash := strings.CutPrefix(word, `\`)
	if flag, ok := systemFlags[strings.ToLower(name)]; ok {
		return flag, nil
	}
	switch {
	case strings.EqualFold(name, "recent"):
		return "", errors.New(`\Recent is for the server alone to set`)
	case backslash:
		return "", fmt.Errorf("%s: there is no such system flag, and a keyword has no backslash", word)
	case word == "":
		return "", errors.New("a flag has at least one character")
	case strings.ContainsFunc(word, notInKeyword):
		return "", fmt.Errorf("%q is no flag: a keyword is ASCII without blanks and without %s", word, `( ) { } % * " \ ]`)
	}
	return imap.Flag(word), nil
}

// notInKeyword: a keyword is an atom (RFC 9051 section 9).
func notInKeyword(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r)
}
