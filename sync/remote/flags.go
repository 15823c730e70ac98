package remote

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// checkFlags refuses what is no flag a client may store (RFC 9051 section 2.3.2).
func checkFlags(flags []imap.Flag) error {
	for _, flag := range flags {
		if !isAtom(strings.TrimPrefix(string(flag), `\`)) {
			return fmt.Errorf("%q is no flag that IMAP can name", flag)
		}
		if strings.EqualFold(string(flag), `\Recent`) {
			return fmt.Errorf("flag %q is set by the server alone", flag)
		}
	}
	return nil
}

// keeps tells whether the mailbox stores a flag for good.
func (sel *Selected) keeps(flag imap.Flag) bool {
	if sel.PermanentFlags == nil {
		return true
	}
	keyword := !strings.HasPrefix(string(flag), `\`)
	return slices.ContainsFunc(sel.PermanentFlags, func(known imap.Flag) bool {
		return strings.EqualFold(string(known), string(flag)) || keyword && known == imap.FlagWildcard
	})
}

func flagList(flags []imap.Flag) string {
	words := make([]string, len(flags))
	for i, flag := range flags {
		words[i] = string(flag)
	}
	return "(" + strings.Join(words, " ") + ")"
}
