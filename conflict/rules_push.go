package conflict

// What a UIDVALIDITY change does to edits: UIDs mean other messages now (I2).
var uidvalidityRules = []Rule{{
	Name: "renumbered", Local: "anything", Server: "UIDVALIDITY changed, one message is surely it",
	edits: append(onMessages, EditDelete), message: []Fate{Rebound},
	By:    always(Push, "goes to the message's new UID"),
	Keeps: "both sides' changes",
}, {
	Name: "append-renumbered", Local: "appended, copied or moved into M", Server: "UIDVALIDITY of M changed",
	edits: incoming, mailbox: []Fate{Renumbered},
	By:    always(Push, "kept: it needs no UID there"),
	Keeps: "both sides' changes",
}, {
	Name: "unmatched", Local: "flags changed, moved or copied", Server: "UIDVALIDITY changed, none is surely it", Record: true,
	edits: onMessages, message: []Fate{Unmatched},
	By:    always(Park, "which message is meant now is not known"),
	Keeps: "the message with the edit, in history; what the server has, there",
	takes: [3]Action{Drop, Recreate, Recreate},
}, {
	Name: "delete-unmatched", Local: "deleted", Server: "UIDVALIDITY changed, none is surely it", Record: true,
	edits: []Edit{EditDelete}, message: []Fate{Unmatched},
	By:    always(Park, "which message is meant now is not known"),
	Keeps: "the message, in history; what the server has, there",
	takes: [3]Action{Drop, "", Drop}, deny: "which message is meant is not known; find it with list and delete it by its id",
}}

// everything is what can be refused.
var everything = []Edit{EditFlags, EditMove, EditCopy, EditDelete, EditAppend,
	EditCreate, EditRename, EditRemove, EditSubscribe, EditUnsubscribe}

// What an attempt meets.
var answerRules = []Rule{{
	Name: "keyword-unstorable", Local: "keyword set that the server cannot store", Server: "-",
	edits: everything, answer: Unstorable,
	By:    always(Keep, "stays here, shown as not pushable, not tried again"),
	Keeps: "the keyword, in the mirror",
}, {
	Name: "refused", Local: "anything", Server: "mailbox read-only, over quota, not allowed",
	edits: everything, answer: Refused,
	By:    always(Wait, "stays queued with the server's words, tried again later and later; the rest goes on"),
	Keeps: "the edit, in the queue",
}, {
	Name: "too-large", Local: "appended", Server: "takes no message that large", Record: true,
	edits: incoming, answer: TooLarge,
	By:    always(Park, "stays here only"),
	Keeps: "the message, in the mirror",
	takes: [3]Action{Drop, Push, ""}, deny: "take local to try again, or server to give it up",
}, {
	Name: "append-ambiguous", Local: "appended, copied or moved; the answer was lost", Server: "has several that may be it", Record: true,
	edits: incoming, answer: Ambiguous,
	By:    always(Park, "not sent again: one of them is probably it"),
	Keeps: "the message, in the mirror; what the server has, there",
	takes: [3]Action{Drop, Push, Push},
}}
