package proto

import (
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/model"
)

// pair is a real server and the model, which are told the same.
type pair struct {
	*testing.T
	rng    *rand.Rand
	real   *peer
	model  *peer
	open   string
	looks  bool      // only: Dovecot says OK to changes then, and ignores them
	marks  [2]string // HIGHESTMODSEQ of either, some time ago
	number int
}

// The model does what Dovecot does: the same commands have the same outcome, find the
// same messages, tell the same changes, and leave the same state.
func TestLikeDovecot(t *testing.T) {
	server := dovecot.Start(t, dovecot.SDBox())
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	for seed := range uint64(rounds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			name := fmt.Sprint("u", seed)
			server.User(t, name)
			conn, err := net.Dial("tcp", server.Addr)
			if err != nil {
				t.Fatal(err)
			}
			s := NewServer(model.New(), Everything...)
			ours, _ := s.Dial(t.Context(), "", "")
			w := &pair{T: t, rng: rand.New(rand.NewPCG(seed, 3)), real: newPeer(t, conn), model: newPeer(t, ours)}
			w.both(fmt.Sprintf("LOGIN %s %s", name, server.Password))
			w.both("ENABLE QRESYNC")
			for range 120 {
				w.step()
				if t.Failed() {
					return
				}
			}
			w.compare()
		})
	}
}

func (w *pair) both(line string) (real, model answer) {
	w.Helper()
	real, model = w.real.do("%s", line), w.model.do("%s", line)
	if real.outcome() != model.outcome() {
		w.Errorf("%.200s: %s; the model: %s", line, real.status, model.status)
	}
	return real, model
}

// same wants both answers to tell the same of something.
func (w *pair) same(line, pattern string) {
	w.Helper()
	real, model := w.both(line)
	if a, b := real.like(pattern), model.like(pattern); !slices.Equal(a, b) {
		w.Errorf("%s: %q; the model: %q", line, a, b)
	}
}

func (w *pair) one(of ...string) string { return of[w.rng.IntN(len(of))] }

// box is flat: Dovecot keeps the folder of a name above for a while.
func (w *pair) box() string { return w.one("INBOX", "A", "B", "C", "D") }

func (w *pair) set() string {
	a, b := 1+w.rng.IntN(12), 1+w.rng.IntN(12)
	return w.one(fmt.Sprint(a), fmt.Sprintf("%d:%d", a, b), fmt.Sprintf("%d,%d", a, b), fmt.Sprintf("%d:*", a), "*")
}

func (w *pair) flag() string {
	return w.one(`\Seen`, `\Deleted`, `\Flagged`, "work", `\answered`, "Home")
}

var copied = regexp.MustCompile(`\[(?:APPEND|COPY)UID \d+ ([\d:,]+ ?[\d:,]*)\]`)

// step is a command, the same on both.
func (w *pair) step() {
	w.Helper()
	switch w.rng.IntN(16) {
	case 0:
		if box := w.box(); box != "INBOX" { // which Dovecot makes when somebody looks
			w.both("CREATE " + box)
		}
	case 1:
		if box := w.box(); box != w.open { // Dovecot goes on for a while in one that is gone
			w.both("DELETE " + box)
		}
	case 2:
		if from, to := w.box(), w.box(); !strings.HasPrefix(w.open, from) && from != "INBOX" && !strings.HasPrefix(to, from) {
			w.both("RENAME " + from + " " + to)
		}
	case 3, 4, 5:
		w.append()
	case 6, 7:
		w.open = w.box()
		verb := w.one("SELECT ", "SELECT ", "EXAMINE ")
		real, model := w.both(verb + w.open)
		w.looks = verb == "EXAMINE "
		if real.outcome() != "OK" {
			w.open = ""
			return
		}
		const modSeq = `HIGHESTMODSEQ (\d+)`
		w.marks = [2]string{real.like(modSeq)[0], model.like(modSeq)[0]}
	case 8:
		w.compare()
	default:
		if w.open != "" {
			w.inside()
		}
	}
}

func (w *pair) append() {
	w.Helper()
	var line strings.Builder
	fmt.Fprint(&line, "APPEND ", w.box())
	for range 1 + w.rng.IntN(2) {
		w.number++
		text := fmt.Sprintf("Subject: %d\r\n\r\nbody %s\r\n", w.number, strings.Repeat("x", w.rng.IntN(50)))
		fmt.Fprintf(&line, ` (%s) "%2d-Feb-2021 10:00:00 +0000" {%d+}`+"\r\n%s", w.flag(), 1+w.rng.IntN(28), len(text), text)
	}
	real, model := w.both(line.String())
	if a, b := copied.FindStringSubmatch(real.status), copied.FindStringSubmatch(model.status); !slices.Equal(a[min(1, len(a)):], b[min(1, len(b)):]) {
		w.Errorf("%s; the model: %s", real.status, model.status)
	}
}

// inside is a command about messages.
func (w *pair) inside() {
	w.Helper()
	what := w.rng.IntN(8)
	if w.looks {
		what = 4 + what%4
	}
	switch what {
	case 0, 1:
		w.same(fmt.Sprintf("UID STORE %s %sFLAGS.SILENT (%s)", w.set(), w.one("+", "-"), w.flag()), `^$`)
	case 2:
		w.same("UID EXPUNGE "+w.set(), `VANISHED [\d:,]+`)
	case 3:
		w.same(fmt.Sprintf("UID %s %s %s", w.one("COPY", "MOVE"), w.set(), w.box()), `VANISHED [\d:,]+|COPYUID \d+ ([\d:,]+ [\d:,]+)`)
	case 4:
		w.same("UID SEARCH RETURN ("+w.one("COUNT", "ALL", "MIN MAX", "ALL COUNT")+") "+w.key(), `ESEARCH \(TAG "t\d+"\) (.*)`)
	case 5:
		w.same("SEARCH "+w.key(), `SEARCH(.*)`)
	case 6:
		w.changes()
	case 7:
		w.same("UID FETCH "+w.set()+" (FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER] BODY.PEEK[]<3.7>)", `FETCH .*UID (\d+)`)
	}
}

func (w *pair) key() string {
	flag := w.one("SEEN", "UNSEEN", "DELETED", "FLAGGED", "KEYWORD work", "UNKEYWORD home", "UID 2:5", "LARGER 40", "SMALLER 60", "SINCE 11-Feb-2021", "BEFORE 11-Feb-2021", "ON 5-Feb-2021", "ALL")
	return w.one(flag, "NOT "+flag, "OR "+flag+" SEEN", "("+flag+" UNSEEN)")
}

// changes asks what changed since the mailbox was opened.
func (w *pair) changes() {
	w.Helper()
	var told [2][]string
	for i, p := range []*peer{w.real, w.model} {
		a := p.must("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %s VANISHED)", w.marks[i])
		told[i] = append(a.like(`FETCH .*UID (\d+)`), a.like(`VANISHED \(EARLIER\) ([\d:,]+)`)...)
	}
	if !slices.Equal(told[0], told[1]) {
		w.Errorf("changed in %s: %q; the model: %q", w.open, told[0], told[1])
	}
}

// compare wants the same mailboxes with the same messages.
func (w *pair) compare() {
	w.Helper()
	w.open = ""
	var states [2][]string
	for i, p := range []*peer{w.real, w.model} {
		for _, name := range p.must(`LIST "" *`).like(`^\* LIST \([^)]*\) "/" (.*)$`) {
			name = strings.Trim(name, `"`)
			a := p.do("EXAMINE %q", name)
			if a.outcome() == "OK" { // names that are no mailboxes any more Dovecot keeps for a while
				states[i] = append(states[i], name)
				states[i] = append(states[i], a.like(`UIDNEXT \d+`)...)
				states[i] = append(states[i], p.messages()...)
				p.must("UNSELECT")
			}
		}
	}
	if !slices.Equal(states[0], states[1]) {
		w.Errorf("the server has\n%s\nthe model\n%s", strings.Join(states[0], "\n"), strings.Join(states[1], "\n"))
	}
}

var fetched = regexp.MustCompile(`(?s)FLAGS \(([^)]*)\).*INTERNALDATE ("[^"]*").*BODY\[\] \{\d+\}\r\n(.*)\)$`)

// messages are those of the mailbox that is open, by UID.
func (p *peer) messages() (all []string) {
	p.Helper()
	for _, line := range p.must("UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").untagged {
		m := fetched.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		flags := slices.DeleteFunc(strings.Fields(strings.ToLower(m[1])), func(f string) bool { return f == `\recent` })
		slices.Sort(flags)
		all = append(all, fmt.Sprintf("   %q %s %q", flags, strings.Replace(m[2], `" `, `"0`, 1), m[3]))
	}
	return all
}
