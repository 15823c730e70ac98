package histories

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/testkit/mirror"
	"mailstow/sync/testkit/model"

	"github.com/google/go-cmp/cmp"
)

// afterwards is what must hold after every run.
func (m *machine) afterwards() {
	m.Helper()
	lines := m.allowed()
	if m.Log != nil {
		for _, line := range lines {
			m.logf("      %s", line)
		}
	}
	m.keeps()
	m.server.Do(m.behind)
}

// keeps: no body that was held is gone.
func (m *machine) keeps() {
	m.Helper()
	now := m.bodies()
	for sha := range m.held {
		if !now[sha] {
			m.Errorf("machine %d has no longer the body %s", m.number, sha)
		}
	}
	m.held = now
}

// behind: no cursor is ahead of what was applied (I8).
func (m *machine) behind(a *model.Account) {
	m.Helper()
	rows := map[string]map[uint32]mirror.Row{}
	for _, r := range m.present() {
		if rows[r.Raw] == nil {
			rows[r.Raw] = map[uint32]mirror.Row{}
		}
		rows[r.Raw][r.UID] = r
	}
	for _, c := range m.cursors() {
		box := a.Mailbox(c.raw)
		if box == nil || box.UIDValidity != c.uidvalidity || c.listed == 0 {
			continue
		}
		for _, msg := range box.Messages {
			r, known := rows[c.raw][msg.UID]
			switch {
			case msg.UID <= c.listed && !known:
				m.Errorf("machine %d: %s is listed up to %d, and lacks %d", m.number, c.raw, c.listed, msg.UID)
			case m.lied && msg.UID == 1: // what its flags are
			case msg.UID <= c.listed && msg.ModSeq <= c.modSeq && r.Base != mirror.Canonical(msg.Flags):
				m.Errorf("machine %d: %s is applied up to %d, and %d, of %d, has %q instead of %q",
					m.number, c.raw, c.modSeq, msg.UID, msg.ModSeq, r.Base, msg.Flags)
			}
		}
		for _, x := range box.Expunged {
			if _, known := rows[c.raw][x.UID]; known && x.ModSeq <= c.modSeq {
				m.Errorf("machine %d: %s is applied up to %d, and has %d, expunged at %d", m.number, c.raw, c.modSeq, x.UID, x.ModSeq)
			}
		}
	}
}

// settle lets all machines run, with a good line and nobody else at work, until
// nothing is left to do, and compares.
func (w *World) settle() (last []mailsync.Receipt) {
	w.Helper()
	w.clock = w.clock.Add(30 * 24 * time.Hour) // whatever waits is due
	w.server.Do(heal)
	last = make([]mailsync.Receipt, len(w.machines))
	for range w.machines { // what one brings, the others have to hear of
		for i, m := range w.machines {
			m.calm()
			last[i] = m.run()
		}
	}
	for i, m := range w.machines {
		if last[i].Exit != 0 && (last[i].Exit != mailsync.ExitPartial || len(m.waiting()) == 0) {
			m.Errorf("machine %d ends with %d: %s; %+v", m.number, last[i].Exit, last[i].Error, last[i].Failures)
		}
		m.server.Do(m.equal)
	}
	if !w.Failed() {
		w.server.Do(w.owed)
	}
	return last
}

// over is settle, and then what costs the most to look at.
func (w *World) over() {
	w.Helper()
	ends := w.settle()
	for i, m := range w.machines {
		if !w.Failed() {
			m.idle(ends[i].Exit)
		}
		if !w.Failed() {
			m.sound()
		}
	}
}

// idle: one more run sends nothing that changes anything, and writes nothing.
func (m *machine) idle(exit int) {
	m.Helper()
	before := m.dump()
	m.ledger.epoch++
	m.server.Heard()
	rc, err := mailsync.Pull(context.Background(), m.store, m.account(), m.options())
	m.server.Wait()
	if rc.Exit != exit {
		m.Errorf("machine %d: the run after the last ends with %d, %v, instead of %d", m.number, rc.Exit, err, exit)
	}
	for _, line := range m.allowed() {
		if !mirror.Reads(line) {
			m.Errorf("machine %d is not at rest: %s", m.number, line)
		}
	}
	if after := m.dump(); after != before {
		m.Errorf("machine %d writes when nothing happened:\n%s", m.number, cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")))
	}
}

// equal: the mirror is what the server has; and what its owner sees, if nothing waits.
func (m *machine) equal(a *model.Account) {
	m.Helper()
	quiet := len(m.waiting()) == 0
	rows := m.present()
	for _, r := range rows {
		if quiet && r.Base != r.Local && !(m.has("no-keywords") && system(r.Base) == system(r.Local)) {
			m.Errorf("machine %d: nothing waits, and %s %d has %q here and %q there", m.number, r.Raw, r.UID, r.Local, r.Base)
		}
	}
	if diff := mirror.Difference(a, rows); diff != "" {
		m.Errorf("machine %d (-server +mirror):\n%s", m.number, diff)
	}
	m.sameNames(a, quiet)
}

// system are the flags that every server stores.
func system(flags string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(flags), func(f string) bool { return f[0] != '\\' }), " ")
}

func (m *machine) sameNames(a *model.Account, quiet bool) {
	m.Helper()
	var theirs, ours []string
	for _, box := range a.Mailboxes() {
		theirs = append(theirs, box.Name)
	}
	for _, b := range m.boxes() {
		ours = append(ours, b.Shown())
	}
	sort.Strings(ours)
	if quiet && !slices.Equal(theirs, ours) {
		m.Errorf("machine %d has the mailboxes %q, the server %q", m.number, ours, theirs)
	}
}

// waiting are the edits that have not been carried out.
func (m *machine) waiting() (all []string) {
	m.Helper()
	m.query(func(r *sql.Rows) error {
		var kind, state, reason string
		err := r.Scan(&kind, &state, &reason)
		all = append(all, fmt.Sprint(kind, " ", state, " ", reason))
		return err
	}, "SELECT kind, state, reason FROM intent")
	return all
}

// sound: the store's own check finds nothing.
func (m *machine) sound() {
	m.Helper()
	err := m.store.Check(context.Background(), localstore.CheckOptions{}, func(f localstore.Finding) {
		m.Errorf("machine %d: %s: %s (message %d, uid %d of %s)", m.number, f.Kind, f.What, f.Message, f.UID, f.Folder)
	})
	if err != nil {
		m.Fatalf("%v", err)
	}
}
