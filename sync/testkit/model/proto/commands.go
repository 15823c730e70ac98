package proto

// state is what a session must have come to before a command.
type state int

const (
	always state = iota
	loggedIn
	opened
)

// verb is a command that is known.
type verb struct {
	state state
	needs string // a capability, or ""
	run   func(*session, command) string
}

var commands map[string]verb

func init() { // not at once: some of them look here
	commands = map[string]verb{
		"CAPABILITY": {always, "", (*session).capability}, "NOOP": {always, "", (*session).nothing},
		"LOGOUT": {always, "", (*session).logout}, "LOGIN": {always, "", (*session).login},
		"AUTHENTICATE": {always, "", (*session).authenticate}, "ID": {always, "ID", (*session).id},
		"STARTTLS": {always, "", (*session).startTLS}, "COMPRESS": {loggedIn, "COMPRESS=DEFLATE", (*session).compress},
		"IDLE":   {loggedIn, "IDLE", (*session).idle},
		"ENABLE": {loggedIn, "ENABLE", (*session).enable}, "NAMESPACE": {loggedIn, "NAMESPACE", (*session).namespace},
		"LIST": {loggedIn, "", (*session).list}, "LSUB": {loggedIn, "", (*session).lsub},
		"STATUS": {loggedIn, "", (*session).status},
		"SELECT": {loggedIn, "", (*session).open}, "EXAMINE": {loggedIn, "", (*session).open},
		"CREATE": {loggedIn, "", (*session).create}, "DELETE": {loggedIn, "", (*session).delete},
		"RENAME": {loggedIn, "", (*session).rename}, "SUBSCRIBE": {loggedIn, "", (*session).subscribe},
		"UNSUBSCRIBE": {loggedIn, "", (*session).subscribe}, "APPEND": {loggedIn, "", (*session).append},
		"UNSELECT": {opened, "UNSELECT", (*session).close}, "CLOSE": {opened, "", (*session).close},
		"CHECK": {opened, "", (*session).nothing}, "EXPUNGE": {opened, "", (*session).expunge},
		"UID EXPUNGE": {opened, "UIDPLUS", (*session).expunge},
		"FETCH":       {opened, "", (*session).fetch}, "UID FETCH": {opened, "", (*session).fetch},
		"STORE": {opened, "", (*session).store}, "UID STORE": {opened, "", (*session).store},
		"COPY": {opened, "", (*session).copy}, "UID COPY": {opened, "", (*session).copy},
		"MOVE": {opened, "MOVE", (*session).move}, "UID MOVE": {opened, "MOVE", (*session).move},
		"SEARCH": {opened, "", (*session).search}, "UID SEARCH": {opened, "", (*session).search},
	}
}
