package histories

// actor is who does something: others on the server, or an owner's machine.
type actor int

const someone actor = 0

// ledger is what was done, and so what must be there. It knows the steps and nothing
// of the engine.
type ledger struct {
	messages map[int]*entry
	last     int
	epoch    int  // rises with every run
	steps    int  // so far
	removed  bool // an owner removed a mailbox
}

// entry is one message, however many copies of it there are.
type entry struct {
	doomed  bool // somebody deleted it, or its mailbox
	copies  int  // that anybody made
	lifted  int  // how often its mailbox got another name: without MAILBOXID it is gone, and something like it is elsewhere
	movers  map[actor]bool
	marked  bool            // somebody marked it as deleted, which may stay
	cleared int             // how often such marks were taken away, perhaps from what had gone
	vague   bool            // an edit of it may have been taken back: what must be is not known
	touched int             // the last step that was about it
	base    map[string]bool // flags when all was quiet last
	writes  []write         // since
	blurred bool            // since: one of several copies was meant
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
	e := &entry{base: map[string]bool{}, movers: map[actor]bool{}, touched: l.steps}
	for _, f := range flags {
		e.base[f] = true
	}
	l.messages[n] = e
}

// touch is a message that a step is about.
func (l *ledger) touch(n int) *entry {
	e := l.messages[n]
	e.touched = l.steps
	return e
}

func (l *ledger) doom(n int)            { l.touch(n).doomed = true }
func (l *ledger) lift(n int)            { l.touch(n).lifted++ }
func (l *ledger) unsure(n int)          { l.touch(n).vague = true }
func (l *ledger) copy(n int)            { l.touch(n).copies++ }
func (l *ledger) move(n int, who actor) { l.touch(n).movers[who] = true }

// mark is a mark that somebody set or took away.
func (l *ledger) mark(n int, on bool) {
	e := l.touch(n)
	e.marked = true
	if !on {
		e.cleared++
	}
}

// back is a message that is put back where it was deleted; sure: it will be there.
func (l *ledger) back(n int, sure bool) {
	e := l.touch(n)
	e.copies++
	e.doomed = e.doomed && !sure
}

// unfollowed: what was moved cannot be recognised where it is now, so that an edit of it
// is lost, or puts it back, as the policy says.
func (l *ledger) unfollowed() {
	for _, e := range l.messages {
		e.blurred = true
		if len(e.movers) > 0 {
			e.lifted++
		}
	}
}

func (l *ledger) flag(n int, who actor, flag string, on bool) {
	e := l.touch(n)
	e.writes = append(e.writes, write{who, flag, on, l.epoch})
}

// quiet begins anew: this is what all agree on.
func (l *ledger) quiet(n int, flags []string) {
	e := l.messages[n]
	e.base, e.writes, e.blurred = map[string]bool{}, nil, false
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
