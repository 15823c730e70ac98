package conflict

import "fmt"

// Policy is whose state stands where both sides changed the same thing.
type Policy int

const (
	// Server lets the server's state stand: the default.
	Server Policy = iota
	// Local carries out what the owner did offline.
	Local
	// Both keeps both outcomes where they can stand next to each other; where
	// only one can, it is Server.
	Both
)

var policies = [...]string{"server", "local", "both"}

// ParsePolicy reads a policy as users write it; "" is the default.
func ParsePolicy(s string) (Policy, error) {
	if s == "" {
		return Server, nil
	}
	for p, name := range policies {
		if s == name {
			return Policy(p), nil
		}
	}
	return Server, fmt.Errorf("conflict policy %q: want server, local or both", s)
}

// String gives the policy as users write it.
func (p Policy) String() string { return policies[p] }
