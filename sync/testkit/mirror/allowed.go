package mirror

import "regexp"

// What may leave at all (I14, I17, I18): the source of a move goes by MOVE or UID
// EXPUNGE, flags are added and taken away, bodies read without marking them as seen.
var (
	reading = regexp.MustCompile(`^(CAPABILITY|ID|LOGIN|AUTHENTICATE|ENABLE|NAMESPACE|LIST|LSUB|STATUS|EXAMINE|UID FETCH|UID SEARCH|NOOP|LOGOUT|UNSELECT)\b`)
	writing = regexp.MustCompile(`^(SELECT|CREATE|DELETE|RENAME|SUBSCRIBE|UNSUBSCRIBE|APPEND|UID COPY|UID MOVE|UID EXPUNGE|UID STORE \S+ (\(UNCHANGEDSINCE \d+\) )?[-+]FLAGS\.SILENT) `)
	unseen  = regexp.MustCompile(`BODY\[|RFC822(\.TEXT)?[ )]|ENVELOPE|BODYSTRUCTURE|CHANGEDSINCE 0\b`)
)

// Reads: a command changes nothing on the server.
func Reads(command string) bool { return reading.MatchString(command) }

// Allowed: a command may be sent.
func Allowed(command string) bool {
	return (Reads(command) || writing.MatchString(command)) && !unseen.MatchString(command)
}
