package killpoints

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// change is what others did on a server.
type change struct {
	account string
	do      func(*model.Account)
}

// servers are those of all accounts, in a state that changes lead to.
func (m *Machine) servers() map[string]*proto.Server {
	all := map[string]*proto.Server{}
	for _, name := range []string{"work", "new"} {
		all[name] = proto.NewServer(model.New(), m.Caps...)
		all[name].Lies = m.Lies
	}
	for _, c := range m.steps {
		all[c.account].Do(c.do)
	}
	return all
}

// dialer opens a connection to a server.
type dialer func(context.Context, string, string) (net.Conn, error)

func account(name string, dial dialer) mailsync.Account {
	cfg := remote.Config{Host: name, Port: 143, Security: remote.Plain, User: "ann",
		Password: func(context.Context) (string, error) { return "secret", nil },
		Timeout:  20 * time.Second, Dial: dial}
	return mailsync.Account{Name: name, URL: "imap+insecure://ann@" + name,
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

// line is one of a large message, behind a number.
var line = " " + strings.Repeat("line ", 100) + "\r\n"

// Text is the n-th message; from 1000 on they are as many KiB long, and from 100000 on
// less that, of what hardly shrinks.
func Text(n int) []byte {
	b := fmt.Appendf(nil, "From: a@example.org\r\nSubject: %d\r\nMessage-ID: <%d@example.org>\r\n\r\nbody %d\r\n", n, n, n)
	if n >= 100000 {
		rng := rand.New(rand.NewPCG(uint64(n), 0))
		for len(b) < (n-100000)<<10 {
			for range 100 {
				b = fmt.Appendf(b, "%016x", rng.Uint64())
			}
			b = append(b, "\r\n"...)
		}
		return b
	}
	if n >= 1000 {
		b = slices.Grow(b, n<<10+len(line)+20)
	}
	for n >= 1000 && len(b) < n<<10 {
		b = append(strconv.AppendInt(b, int64(len(b)), 10), line...)
	}
	return b
}

// date is that of the n-th message; some have the same.
func date(n int) time.Time {
	return time.Date(2020, 1, 1, 9, 30, 0, 0, time.FixedZone("", 2*3600)).AddDate(0, 0, n/3)
}

// told tells what an account holds: mailboxes by name, messages by number with their
// flags.
func told(a *model.Account) string {
	var lines []string
	for _, l := range a.Names() {
		line := l.Name + ":"
		if l.Subscribed {
			line = l.Name + " (subscribed):"
		}
		if l.Box == nil {
			continue
		}
		var all []string
		for _, msg := range l.Box.Messages {
			all = append(all, " "+Number(msg.Body)+strings.Join(msg.Flags, ""))
		}
		slices.Sort(all)
		lines = append(lines, line+strings.Join(all, ""))
	}
	return strings.Join(lines, "; ")
}

// Number is that of a message; one that is not byte for byte what it was has none.
func Number(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte("Subject: "))
	var n int
	if _, err := fmt.Sscan(string(rest[:min(len(rest), 20)]), &n); err != nil || !bytes.Equal(body, Text(n)) {
		return fmt.Sprintf("%.100q", body)
	}
	return fmt.Sprint(n)
}
