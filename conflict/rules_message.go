package conflict

// What meets the message that an edit is about.
var messageRules = []Rule{{
	Name: "flags-flags", Local: "flags changed, moved or copied", Server: "other flags changed",
	edits: onMessages, message: []Fate{FlagsChanged},
	By:    always(Push, "merged flag by flag: each has the value of the side that changed it"),
	Keeps: "both sides' changes",
}, {
	Name: "flags-expunged", Local: "flags changed", Server: "expunged", Record: true,
	edits: []Edit{EditFlags}, message: []Fate{Expunged, Lookalike},
	By: [3]Outcome{
		{Drop, "stays vanished, the edit is recorded"},
		{Recreate, "put back from the mirror, with the edit"},
		{Drop, "stays vanished, the edit is recorded"},
	},
	Keeps: "the message with its edited flags, in history",
	takes: [3]Action{Drop, Recreate, ""}, deny: "a message is there or it is not; take local to put it back, or server",
}, {
	Name: "flags-moved", Local: "flags changed", Server: "moved, recognised",
	edits: []Edit{EditFlags}, message: []Fate{MovedAway},
	By:    always(Follow, "the flags follow the message"),
	Keeps: "both sides' changes",
}, {
	Name: "delete-flags", Local: "deleted", Server: "flags changed", Record: true,
	edits: []Edit{EditDelete}, message: []Fate{FlagsChanged},
	By:    always(Push, "deleted"),
	Keeps: "the message with the server's flags, in history",
	takes: [3]Action{Recreate, Push, ""}, deny: "a message is there or it is not; take server to put it back, or local",
}, {
	Name: "delete-moved", Local: "deleted", Server: "moved, recognised", Record: true,
	edits: []Edit{EditDelete}, message: []Fate{MovedAway},
	By: [3]Outcome{
		{Follow, "deleted where it now is"},
		{Follow, "deleted where it now is"},
		{Drop, "gone from where it was, left where it now is"},
	},
	Keeps: "the message, in history",
	takes: [3]Action{Recreate, Follow, Recreate},
}, {
	Name: "delete-lookalike", Local: "deleted", Server: "gone; mail like it appeared elsewhere", Record: true,
	edits: []Edit{EditDelete}, message: []Fate{Lookalike},
	By:    always(Drop, "what appeared elsewhere is not surely it, and is left"),
	Keeps: "the message, in history; what appeared elsewhere, on the server",
	takes: [3]Action{Drop, "", Drop}, deny: "which message is meant is not known; find it with list and delete it by its id",
}, {
	Name: "move-expunged", Local: "moved to X", Server: "expunged", Record: true,
	edits: []Edit{EditMove}, message: []Fate{Expunged, Lookalike},
	By: [3]Outcome{
		{Drop, "stays vanished, the move is recorded"},
		{Recreate, "put back from the mirror, in X"},
		{Recreate, "put back from the mirror, in X"},
	},
	Keeps: "the message, in history",
	takes: [3]Action{Drop, Recreate, Recreate},
}, {
	Name: "move-moved", Local: "moved to X", Server: "moved to Y, recognised", Record: true,
	edits: []Edit{EditMove}, message: []Fate{MovedAway},
	By: [3]Outcome{
		{Drop, "stays in Y, the move to X is recorded"},
		{Follow, "moved from Y to X"},
		{Copy, "stays in Y, copied to X"},
	},
	Keeps: "the message, on the server",
	takes: [3]Action{Drop, Follow, Copy},
}, {
	Name: "copy-expunged", Local: "copied to X", Server: "expunged",
	edits: []Edit{EditCopy}, message: []Fate{Expunged, Lookalike},
	By:    always(Recreate, "the copy in X is made from the mirror"),
	Keeps: "the message, in X",
}, {
	Name: "copy-moved", Local: "copied to X", Server: "moved, recognised",
	edits: []Edit{EditCopy}, message: []Fate{MovedAway},
	By:    always(Follow, "copied from where it now is"),
	Keeps: "both sides' changes",
}, {
	Name: "unheld", Local: "deleted, before its mail was downloaded", Server: "-",
	By:    always(Wait, "deleted once the mirror holds what would go"),
	Keeps: "the message, on the server until the mirror has it",
}, {
	Name: "never-held", Local: "to be put back, but never downloaded", Server: "expunged", Record: true,
	By:    always(Drop, "stays vanished: the mirror has no copy to put back"),
	Keeps: "what the server told of it, in history",
	takes: [3]Action{Drop, "", ""}, deny: "the mirror has no copy of it",
}, {
	Name: "agreed", Local: "deleted, moved, renamed, created, ...", Server: "did the same",
	By:    always(Done, "the server has it so already"),
	Keeps: "what both sides wanted",
}}
