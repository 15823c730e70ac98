package config

import "mailstow/conflict"

// Policy is conflict.Policy in the file: server, local or both.
type Policy struct{ conflict.Policy }

// UnmarshalText accepts the three words.
func (p *Policy) UnmarshalText(text []byte) (err error) {
	p.Policy, err = conflict.ParsePolicy(string(text))
	return err
}
