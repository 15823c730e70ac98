package conflict

import "fmt"

// Resolve returns what is to be done about a recorded conflict when its owner
// takes one side, whatever was decided at first: a goal that may be reached
// already. Taking the server's side of a message that was deleted here puts it
// back where the server had it, with the server's flags.
func Resolve(rule string, take Policy) (Action, error) {
	r := named(rule)
	switch {
	case r == nil:
		return "", fmt.Errorf("conflict rule %q is not known: the store was written by a newer version", rule)
	case !r.Record:
		return "", fmt.Errorf("%s: nothing to resolve: neither side lost anything", rule)
	case r.takes[take] == "":
		return "", fmt.Errorf("%s: %s cannot be taken: %s", rule, take, r.deny)
	}
	return r.takes[take], nil
}

// named finds a rule by its name.
func named(name string) *Rule {
	for i := range rules {
		if rules[i].Name == name {
			return &rules[i]
		}
	}
	return nil
}
