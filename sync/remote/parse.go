package remote

import (
	"strings"

	"github.com/emersion/go-imap/v2"
)

// number32 is n where it is a 32-bit number, else 0, which stands for not sent.
func number32(n uint64, ok bool) uint32 {
	if !ok || n >= 1<<32 {
		return 0
	}
	return uint32(n)
}

func unparen(arg string) string {
	return strings.TrimSuffix(strings.TrimPrefix(arg, "("), ")")
}

// parseFlags reads the argument of PERMANENTFLAGS; the result is never nil.
func parseFlags(arg string) []imap.Flag {
	flags := []imap.Flag{}
	for _, f := range strings.Fields(unparen(arg)) {
		flags = append(flags, imap.Flag(f))
	}
	return flags
}

// isAtom accepts an atom (RFC 9051 section 9) without "]", which ends response
// codes.
func isAtom(word string) bool {
	for i := 0; i < len(word); i++ {
		if word[i] <= ' ' || word[i] > '~' || strings.IndexByte(`(){%*"\]`, word[i]) >= 0 {
			return false
		}
	}
	return word != ""
}
