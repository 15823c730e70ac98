package remote

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"mailstow/sync/wire"
)

// maxRetryAfter bounds what a server may ask for: Gmail locks an account for a day
// at most.
const maxRetryAfter = 24 * time.Hour

// patience is what servers say instead of a response code, in lower case, when it
// is not this command that is wrong but the moment.
var patience = []string{
	"request is throttled",                              // Exchange Online: "Request is throttled. Suggested Backoff Time: 299961 milliseconds"
	"user is authenticated but not connected",           // Exchange Online, after too many connections
	"server unavailable",                                // Exchange Online: "Server Unavailable. 15"
	"exceeded command or bandwidth limits",              // Gmail, with OVERQUOTA or ALERT
	"too many simultaneous connections",                 // Gmail, with ALERT
	"maximum number of connections from user+ip",        // Dovecot, at login with UNAVAILABLE
	"rate limit hit",                                    // Yahoo: "[LIMIT] LOGIN Rate limit hit."
	"unable to log you in at this time",                 // Yahoo, with UNAVAILABLE or SERVERBUG
	"exceeded the number of requests",                   // Yahoo
	"temporary authentication failure",                  // Dovecot, when its user database does not answer
	"exceeded the maximum number of simultaneous",       // several hosters
	"maximum number of simultaneous connections exceed", // several hosters
}

var suggested = regexp.MustCompile(`(?i)suggested backoff time: *(\d{1,12}) *milliseconds`)

// tryLater tells whether a refusal is about the moment, so that no other command
// would fare better, and how long the server wants to be left alone (0: it does
// not say). THROTTLED means that wherever it stands. UNAVAILABLE, INUSE, LIMIT and
// OVERQUOTA do not (RFC 5530): of a mailbox that cannot be opened now, or of mail
// that does not fit, the others know nothing; at login they mean everything, and
// refused there sees to it.
func tryLater(s wire.Status) (later bool, after time.Duration) {
	if m := suggested.FindStringSubmatch(s.Text); m != nil {
		ms, _ := strconv.ParseInt(m[1], 10, 64) // twelve digits at most
		return true, min(time.Duration(ms)*time.Millisecond, maxRetryAfter)
	}
	if s.Code == "THROTTLED" {
		return true, 0
	}
	text := strings.ToLower(s.Text)
	for _, words := range patience {
		if strings.Contains(text, words) {
			return true, 0
		}
	}
	return false, 0
}

// laterHint says when to come back.
func laterHint(after time.Duration) string {
	if after > 0 {
		return "the server asks to be left alone for a while: try again in " + after.Round(time.Second).String()
	}
	return "the server limits what an account may do for a while: try later, with fewer connections"
}
