package histories

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"

	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/faultconn"
	"mailstow/sync/testkit/mirror"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// runs are the ways in which a run can go.
var runs map[string]func(*machine, Step)

func init() { // not at once: a step may be one of others
	runs = map[string]func(*machine, Step){
		"run":           func(m *machine, _ Step) { m.run() },
		"run-cut-read":  func(m *machine, s Step) { m.faulty(faultconn.CutRead(int64(100 + s.A%6000))) },
		"run-cut-write": func(m *machine, s Step) { m.faulty(faultconn.CutWrite(int64(60 + s.A%1500))) },
		"run-lost":      func(m *machine, s Step) { m.fault(s, proto.Fault{Lost: true}) },
		"run-cut":       func(m *machine, s Step) { m.fault(s, proto.Fault{Cut: true}) },
		"run-refused":   (*machine).refused,
		"run-meanwhile": (*machine).meanwhile,
		"run-bye":       func(m *machine, s Step) { m.fault(s, proto.Fault{Says: "* BYE %s: not now", Lost: true}) },
		"run-garbage":   func(m *machine, s Step) { m.fault(s, proto.Fault{Ahead: garbage[s.C%len(garbage)]}) },
		"run-killed":    (*machine).killed,
		"run-bad-line":  (*machine).badLine,
		"run-severed":   (*machine).severed,
		"run-late":      func(m *machine, s Step) { m.fault(s, proto.Fault{Late: 1 + s.C}) },
		"run-full":      func(m *machine, _ Step) { m.runAs(func(o *mailsync.Options) { o.Full = true }) },
		"run-dry":       func(m *machine, _ Step) { m.runAs(func(o *mailsync.Options) { o.DryRun = true }) },
		"run-pull":      func(m *machine, _ Step) { m.runAs(func(o *mailsync.Options) { o.PullOnly = true }) },
		"run-within":    (*machine).within,
		"run-unreadable": func(m *machine, s Step) {
			m.server.Lies.Unreadable = uint32(1 + s.A%3)
			m.ledger.unfollowed()
			m.run()
			m.calm()
		},
		"run-guarded": (*machine).guarded,
		"put-back":    (*machine).revert,
		"run-push":    func(m *machine, _ Step) { m.runAs(func(o *mailsync.Options) { o.PushOnly = true }) },
	}
}

// garbage is what no server should say.
var garbage = []string{"* 1 FETCH (UID {x} 1\r\n", ")(\x00\r\n", "* OK [UIDVALIDITY\r\n", "* 99 EXPUNGE\r\n", "* SEARCH 0 4294967296\r\n",
	"* LIST (\\NoSelect) NIL {4}\r\nab\r\n\r\n", "* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n", "* STATUS M (MESSAGES 0 UIDNEXT 1)\r\n",
	"* VANISHED 1:4294967295\r\n"}

// faulty is a run whose first connections meet a fault.
func (m *machine) faulty(opt faultconn.Option) {
	m.Helper()
	m.calm() // connections are counted anew
	m.dialer.Faults = func(n int) []faultconn.Option {
		if n > 1 {
			return nil
		}
		return []faultconn.Option{opt}
	}
	m.run()
	m.calm()
}

// fault is a run in which a fault meets a command that changes something, or failing
// that any other one.
func (m *machine) fault(s Step, f proto.Fault) {
	m.Helper()
	seen, done := 0, false
	m.server.Fault = func(line string) proto.Fault {
		if changing := !mirror.Reads(line); done || changing != (s.B%4 != 0) || strings.HasPrefix(line, "LOG") {
			return proto.Fault{}
		}
		if seen++; seen <= s.A%6 {
			return proto.Fault{}
		}
		done, m.at = true, line
		m.lied = strings.Contains(f.Ahead, "FETCH (FLAGS")
		m.logf("   at %s", line)
		return f
	}
	m.run()
	m.calm()
}

// refused is a run in which the server refuses one command that changes something.
func (m *machine) refused(s Step) {
	m.Helper()
	s.B = 1
	m.fault(s, proto.Fault{Says: "%s NO [LIMIT] not today"})
}

// meanwhile is a run during which somebody does something at some command.
func (m *machine) meanwhile(s Step) {
	m.Helper()
	what := Step{Do: s.Then, A: s.C, B: s.A / 7, C: s.C / 3}
	m.fault(Step{A: s.A, B: s.C}, proto.Fault{First: func(a *model.Account) {
		m.ledger.epoch++
		m.logf("   %+v", what)
		m.other(a, what)
		m.lateFor(a)
	}})
}

// lateFor: what is there when a mailbox is deleted goes with it, however late it came.
func (m *machine) lateFor(a *model.Account) {
	name, deleted := strings.CutPrefix(m.at, "DELETE ")
	if box := a.Mailbox(strings.Trim(name, `"`)); deleted && box != nil {
		for _, msg := range box.Messages {
			m.ledger.doom(numberIn(msg.Body))
		}
	}
}

// severed is a run whose connection ends behind exactly so many octets, of the server or
// of its own, and who finds no server any more.
func (m *machine) severed(s Step) {
	m.Helper()
	m.calm()
	opt, passed := faultconn.CutRead(int64(s.A)), (*faultconn.Conn).In
	if s.B == 1 {
		opt, passed = faultconn.CutWrite(int64(s.A)), (*faultconn.Conn).Out
	}
	m.dialer.Faults = func(int) []faultconn.Option { return []faultconn.Option{opt} }
	m.dialer.Refuse = func(n int) error {
		if n > 0 {
			return syscall.ECONNREFUSED
		}
		return nil
	}
	m.run()
	if passed(m.dialer.Conns()[0]) < int64(s.A) {
		m.logf("%s", NotCut)
	}
	m.calm()
}

// NotCut is logged of a run that was over before it could be severed.
const NotCut = "the run was not cut"

// killed is a run that ends at some command, as the process may; the store is opened
// anew.
func (m *machine) killed(s Step) {
	m.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m.ctx = ctx
	m.fault(s, proto.Fault{First: func(*model.Account) { cancel() }, Cut: s.C%2 == 0, Lost: true})
	m.ctx = context.Background()
	m.reopen()
}

// within is a run in which an answer breaks off.
func (m *machine) within(s Step) {
	m.Helper()
	f := proto.Fault{At: 1 + s.A%4}
	switch s.C % 4 {
	case 0:
		f.Cut = true
	case 1:
		f.Says, f.Lost = "* BYE %s: not now", true
	case 2:
		f.Ahead = garbage[s.C/4%len(garbage)]
	default:
		f.Says, s.B = "%s NO [LIMIT] not today", 1
	}
	m.fault(s, f)
}

// badLine is a run whose connections are all cut, a little later each time.
func (m *machine) badLine(s Step) {
	m.Helper()
	m.calm()
	m.dialer.Faults = func(n int) []faultconn.Option {
		return []faultconn.Option{faultconn.CutRead(int64(300 + s.A%3000 + n*700))}
	}
	m.run()
	m.calm()
}

var endings = []int{mailsync.ExitOK, mailsync.ExitPartial, mailsync.ExitConnect, mailsync.ExitInterrupted}

func (m *machine) run() mailsync.Receipt { return m.runAs(func(*mailsync.Options) {}) }

// runAs syncs, and looks at what must hold after every run.
func (m *machine) runAs(how func(*mailsync.Options)) mailsync.Receipt {
	m.Helper()
	m.ledger.epoch++
	m.server.Heard()
	opt := m.options()
	how(&opt)
	rc, err := mailsync.Pull(m.ctx, m.store, m.account(), opt)
	m.ledger.epoch++
	m.server.Wait()
	if !slices.Contains(endings, rc.Exit) && !(rc.Exit == mailsync.ExitGuard && opt.MaxDeletes != plan.NoLimit) {
		m.Errorf("machine %d: exit %d, %v, %+v", m.number, rc.Exit, err, rc)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		m.Errorf("machine %d: %v", m.number, err)
	}
	m.logf("   exit %d, %v; pushed %+v; %d wait; %+v", rc.Exit, err, rc.Pushed, rc.Pending, rc.Failures)
	m.afterwards()
	return rc
}

// allowed looks at what left (I14, I17, I18), and returns it.
func (m *machine) allowed() []string {
	m.Helper()
	lines := m.server.Heard()
	for _, line := range lines {
		if !mirror.Allowed(line) {
			m.Errorf("machine %d sent %s", m.number, line)
		}
	}
	return lines
}
