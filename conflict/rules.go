package conflict

import "slices"

// Rule is a row of the table that conflicts are settled by.
type Rule struct {
	Name   string     // stable: stored with each conflict
	Local  string     // what was done here
	Server string     // what the server did meanwhile
	By     [3]Outcome // by policy
	Keeps  string     // what is not lost, and where it is
	Record bool       // goes into the list of conflicts

	edits   []Edit
	message []Fate
	mailbox []Fate
	answer  Fate
	takes   [3]Action // for Resolve; "" cannot be taken, for the reason deny
	deny    string
}

// Outcome is what a policy makes of a case.
type Outcome struct {
	Action Action
	Text   string // for people
}

// side names whose state stands after an outcome.
func (o Outcome) side() string {
	switch o.Action {
	case Drop, Done:
		return "server"
	case Copy:
		return "both"
	case Park:
		return "parked"
	}
	return "local"
}

// always is a row in which the policy makes no difference.
func always(a Action, text string) [3]Outcome {
	o := Outcome{a, text}
	return [3]Outcome{o, o, o}
}

// Rules returns the table, for documentation.
func Rules() []Rule { return slices.Clone(rules) }

var (
	onMessages = []Edit{EditFlags, EditMove, EditCopy}
	incoming   = []Edit{EditMove, EditCopy, EditAppend}
	rules      = slices.Concat(messageRules, mailboxRules, uidvalidityRules, answerRules)
)
