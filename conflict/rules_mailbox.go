package conflict

// What meets the mailbox that an edit goes into, or that it is about.
var mailboxRules = []Rule{{
	Name: "target-renamed", Local: "appended, copied or moved into M", Server: "M renamed, proven by its MAILBOXID",
	edits: append(incoming, EditSubscribe, EditUnsubscribe), mailbox: []Fate{Renamed},
	By:    always(Follow, "goes into M under its new name"),
	Keeps: "both sides' changes",
}, {
	Name: "target-deleted", Local: "appended, copied or moved into M", Server: "M deleted, or renamed without proof", Record: true,
	edits: incoming, mailbox: []Fate{Deleted},
	By:    always(Create, "M is created again"),
	Keeps: "the message, in M; what M held before, in history",
	takes: [3]Action{"", Create, ""}, deny: "M was created again for the mail put there; move that elsewhere and remove M",
}, {
	Name: "rename-renamed", Local: "mailbox renamed", Server: "renamed differently", Record: true,
	edits: []Edit{EditRename}, mailbox: []Fate{Renamed},
	By: [3]Outcome{
		{Drop, "has the server's name"},
		{Follow, "renamed from the server's name to the one wanted here"},
		{Drop, "has the server's name"},
	},
	Keeps: "the mailbox and its mail, on the server",
	takes: [3]Action{Drop, Follow, ""}, deny: "a mailbox has one name; take local or server",
}, {
	Name: "rename-deleted", Local: "mailbox renamed", Server: "deleted, or renamed without proof", Record: true,
	edits: []Edit{EditRename}, mailbox: []Fate{Deleted},
	By: [3]Outcome{
		{Drop, "detached and kept here"},
		{Recreate, "created under the name wanted here, with its mail"},
		{Drop, "detached and kept here"},
	},
	Keeps: "the mailbox and its mail, in the mirror",
	takes: [3]Action{Drop, Recreate, ""}, deny: "a mailbox is there or it is not; take local to put it back, or server",
}, {
	Name: "rename-taken", Local: "mailbox renamed", Server: "another mailbox has that name", Record: true,
	edits: []Edit{EditRename}, mailbox: []Fate{Taken},
	By:    always(Park, "keeps its name on the server until it is renamed to a free one"),
	Keeps: "both mailboxes, on the server",
	takes: [3]Action{Drop, Push, ""}, deny: "two mailboxes are not merged; rename it to a name that is free",
}, {
	Name: "remove-arrived", Local: "mailbox removed", Server: "mail arrived in it", Record: true,
	edits: []Edit{EditRemove}, mailbox: []Fate{Arrived},
	By: [3]Outcome{
		{Drop, "stays, with all its mail"},
		{Push, "removed once the mirror holds all its mail"},
		{Drop, "stays, with all its mail"},
	},
	Keeps: "its mail, on the server or in history",
	takes: [3]Action{Drop, Push, ""}, deny: "a mailbox is there or it is not; take local to remove it, or server",
}, {
	Name: "remove-renamed", Local: "mailbox removed", Server: "renamed, proven by its MAILBOXID", Record: true,
	edits: []Edit{EditRemove}, mailbox: []Fate{Renamed},
	By: [3]Outcome{
		{Drop, "stays, under its new name"},
		{Follow, "removed under its new name"},
		{Drop, "stays, under its new name"},
	},
	Keeps: "its mail, on the server or in history",
	takes: [3]Action{Drop, Follow, ""}, deny: "a mailbox is there or it is not; take local to remove it, or server",
}, {
	Name: "subscribe-deleted", Local: "subscribed to M", Server: "M deleted", Record: true,
	edits: []Edit{EditSubscribe}, mailbox: []Fate{Deleted},
	By:    always(Drop, "there is nothing to subscribe to"),
	Keeps: "what M held, in the mirror",
	takes: [3]Action{Drop, "", ""}, deny: "the server has no such mailbox; create it, then subscribe",
}}
