package histories

// actor is who does something: others on the server, or an owner's machine.
type actor int

const someone actor = 0

// ledger is what was done, and so what must be there. It knows the steps and nothing
// of the engine.
type ledger struct {
	messages   map[int]*entry
	last       int
	epoch      int  // rises with every run
	renumbered bool // a UIDVALIDITY changed: edits may be left to their owner
	removed    bool // an owner removed a mailbox
}

// entry is one message, however many copies of it there are.
type entry struct {
	doomed bool // somebody deleted it, or its mailbox
	copies int  // that anybody made
	lifted int  // how often its mailbox got another name: without MAILBOXID it is gone, and something like it is elsewhere
	movers map[actor]bool
	vague  bool            // an edit of it may have been taken back: what must be is not known
	base   map[string]bool // flags when all was quiet last
	writes []write         // since
}

// write is one change of one flag.
type write struct {
	who   actor
	flag  string
	on    bool
	epoch int
}

func newLedger() ledger { return ledger{messages: map[int]*entry{}} }

func (l *ledger) next() int { l.last++; return l.last }

func (l *ledger) add(n int, flags []string) {
	e := &entry{base: map[string]bool{}, movers: map[actor]bool{}}
	for _, f := range flags {
		e.base[f] = true
	}
	l.messages[n] = e
}

func (l *ledger) doom(n int)            { l.messages[n].doomed = true }
func (l *ledger) lift(n int)            { l.messages[n].lifted++ }
func (l *ledger) unsure(n int)          { l.messages[n].vague = true }
func (l *ledger) copy(n int)            { l.messages[n].copies++ }
func (l *ledger) move(n int, who actor) { l.messages[n].movers[who] = true }
func (l *ledger) flag(n int, who actor, flag string, on bool) {
	e := l.messages[n]
	e.writes = append(e.writes, write{who, flag, on, l.epoch})
}

// quiet begins anew: this is what all agree on.
func (l *ledger) quiet(n int, flags []string) {
	e := l.messages[n]
	e.base, e.writes = map[string]bool{}, nil
	for _, f := range flags {
		e.base[f] = true
	}
}

// may tells which values a flag may have: those of whoever changed it. Where nobody
// ran in between and no two machines were at work it is a merge of three: what one
// side changed has its value, and what both did has the same.
func (e *entry) may(flag string) (on, off bool) {
	base := e.base[flag]
	last, epochs := map[actor]bool{}, map[int]bool{}
	for _, w := range e.writes {
		if w.flag == flag {
			last[w.who], epochs[w.epoch] = w.on, true
		}
	}
	if len(last) == 0 {
		return base, !base
	}
	theirs, they := last[someone]
	if len(epochs) == 1 && len(last) <= 2 && (they || len(last) == 1) {
		value := theirs
		if !they {
			value = base
		}
		for who, mine := range last {
			if who != someone && mine != base {
				value = mine
			}
		}
		return value, !value
	}
	for _, v := range last {
		on, off = on || v, off || !v
	}
	if len(last) > 1 {
		on, off = on || base, off || !base
	}
	return on, off
}
