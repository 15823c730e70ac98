package sync_test

import (
	"fmt"
	"testing"

	"mailstow/conflict"
	"mailstow/sync/testkit/courier"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
	"mailstow/sync/testkit/model/proto"
)

// elsewhere are servers that read the standards in another way than Dovecot does.
var elsewhere = map[string]func(t *testing.T) func(t *testing.T, name string) *fixture{
	"cyrus": func(t *testing.T) func(*testing.T, string) *fixture {
		s := cyrus.Start(t)
		return func(t *testing.T, name string) *fixture {
			return foreign(t, &dovecot.Server{Host: s.Host, Port: s.Port, Addr: s.Addr, Password: s.Password}, s.User(t, name), "", "")
		}
	},
	"cyrus without much": func(t *testing.T) func(*testing.T, string) *fixture {
		s := cyrus.Start(t, cyrus.SuppressCapabilities("QRESYNC CONDSTORE MOVE OBJECTID"))
		return func(t *testing.T, name string) *fixture {
			return foreign(t, &dovecot.Server{Host: s.Host, Port: s.Port, Addr: s.Addr, Password: s.Password}, s.User(t, name), "", "")
		}
	},
	"model": func(*testing.T) func(*testing.T, string) *fixture {
		return func(t *testing.T, _ string) *fixture {
			server, user := modelled(t, proto.Everything...)
			return foreign(t, server, user, "", "")
		}
	},
	"model without much": func(*testing.T) func(*testing.T, string) *fixture {
		return func(t *testing.T, _ string) *fixture {
			server, user := modelled(t, "UIDPLUS")
			return foreign(t, server, user, "", "")
		}
	},
	"courier": func(t *testing.T) func(*testing.T, string) *fixture {
		s := courier.Start(t)
		return func(t *testing.T, name string) *fixture {
			return foreign(t, &dovecot.Server{Host: s.Host, Port: s.Port, Addr: s.Addr, Password: s.Password}, s.User(t, name), "INBOX.", ".")
		}
	},
}

func foreign(t *testing.T, server *dovecot.Server, user *imapuser.User, prefix, delim string) *fixture {
	t.Helper()
	f := fixtureAt(t, server, user)
	f.name, f.prefix, f.delim = user.Name, prefix, delim
	f.another()
	return f
}

// The conflict table holds on every server.
func TestClashesElsewhere(t *testing.T) {
	t.Parallel()
	for where, start := range elsewhere {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			at := start(t)
			step := every(4)
			if where == "courier" { // it takes seconds for what others do in none
				step = every(12)
			}
			for i := 0; i < len(clashes); i += step {
				c := clashes[i]
				t.Run(c.name, func(t *testing.T) {
					f := at(t, fmt.Sprint("u", i))
					f.opt.Policy = conflict.Server
					f.clash(c, where)
				})
			}
		})
	}
}

// Everything arrives on every server, through lost connections as well.
func TestPushElsewhere(t *testing.T) {
	t.Parallel()
	for where, start := range elsewhere {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			at, n := start(t), 0
			busy := func(t *testing.T) *fixture {
				n++
				f := at(t, fmt.Sprint("b", n))
				f.busy()
				return f
			}
			writes, reads := busy(t).undisturbed(where)
			all, step := cuts(writes, reads, where), every(12)
			if where == "courier" {
				step = every(48)
			}
			for i := step / 2; i < len(all); i += step {
				t.Run(all[i].String(), func(t *testing.T) { busy(t).disturbed(all[i], where) })
			}
		})
	}
}
