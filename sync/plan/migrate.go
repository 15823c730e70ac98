package plan

import (
	"cmp"
	"slices"

	"mailstow/conflict"
)

// MigrateInput is two accounts, and how one shall come to the other.
type MigrateInput struct {
	Source, Target           []MigrateBox // what is on the servers, or on its way there
	SourceSpace, TargetSpace Space
	Map                      []NameRule
	Folders                  []string // patterns of source mailboxes, as Selected reads them
	Messages                 []Copyable
	There                    []TargetMail
	Delete                   bool // what is gone from the source goes from the target
	Passing                  bool // bodies are not kept: see migrate_passing.go
}

// MigrateBox is a mailbox of either side.
type MigrateBox struct {
	ID                int64
	Name, Delim, Role string // Name is decoded
	Mail              bool   // it can hold mail
	Subscribed        bool
	Unseen            bool // of the target: what it holds could not be looked at
}

// Copyable is a message of the source.
type Copyable struct {
	ID, Mailbox int64
	Body        int64 // equal where the bytes are; 0: not held
	Size        int64
	Date        int64
	Flags       conflict.Flags
	Dropped     bool // Body is known, and its bytes are to be fetched again
	Aside       bool // its bytes cannot be had now
	Begun       bool // a part of its bytes is here
	Refused     int  // how often the target did not take it
}

// TargetMail is a message of the target.
type TargetMail struct {
	ID, Mailbox int64
	Body        int64
	Size        int64
	Date        int64
	Flags       conflict.Flags
	Of          int64 // the message of the source that it was made of; 0: of none
	OfGone      bool  // which is gone from the source
	Waits       bool  // it is not on the server yet
	Changed     bool  // somebody changed its flags on its server
	Aside       bool  // its bytes cannot be had now
	Begun       bool  // a part of them is here
}

// MigratePlan is what to queue for the target, and where both stand.
type MigratePlan struct {
	Targets []TargetBox  `json:"targets"`
	Folders []FolderPlan `json:"folders"` // one for each mailbox of the source
	Put     []MigratePut `json:"-"`
	Flags   []Reflag     `json:"-"`
	Delete  []int64      `json:"-"` // messages of the target
	// Where bodies are not kept: what is to be fetched of the source, and what of the
	// target is to be read before.
	Fetch, Read []Fetching `json:"-"`
	// Accepted is what the target refused before, and has now.
	Accepted []int64 `json:"-"`
}

// TargetBox is a mailbox that mail comes into.
type TargetBox struct {
	ID        int64  `json:"id,omitempty"` // 0: it is to be made
	Name      string `json:"name"`
	Role      string `json:"role,omitempty"`
	Subscribe bool   `json:"subscribe,omitempty"` // it is to be subscribed to
	Unseen    bool   `json:"unseen,omitempty"`    // it may hold anything: nothing is put there
}

// FolderPlan is where a mailbox of the source stands.
type FolderPlan struct {
	Source   int64  `json:"-"`
	Name     string `json:"source"`
	Target   int    `json:"-"` // index of Targets
	Messages int    `json:"messages"`
	Bytes    int64  `json:"bytes"`
	There    int    `json:"there"`   // on the server of the target
	Put      int    `json:"to_copy"` // not there
	PutBytes int64  `json:"to_copy_bytes"`
	Waits    int    `json:"waiting"` // queued, and not there yet
	Unsure   int    `json:"unsure"`  // something like it is there that could not be read
	Unheld   int    `json:"unheld"`  // the source did not give it
	Flags    int    `json:"flags"`
	Fetch    int    `json:"to_fetch,omitempty"` // not known yet whether it is there, or to be copied when it has been fetched
	// Waiting are the messages of the target that Waits counts, Lacking those of the
	// source of Unheld, where bodies are not kept.
	Waiting, Lacking []int64 `json:"-"`
}

// Missing is how many messages are not proven to be at the target.
func (f FolderPlan) Missing() int { return f.Messages - f.There }

// MigratePut is a message to append.
type MigratePut struct {
	ID     int64
	Target int // index of Targets
	Size   int64
	Flags  conflict.Flags
}

// Migrate plans what of the source the target lacks. A message is there when the target
// has one that was made of it, wherever it is now, or one with the same bytes in the
// mailbox it belongs into, one for each.
func Migrate(in MigrateInput) MigratePlan {
	m := migrating{in: in, taken: map[int64]bool{}, made: map[int64]TargetMail{}, turn: map[int64]int{}, folder: map[int64]int{}, target: map[string]int{}}
	m.folders()
	m.index()
	slices.SortFunc(m.in.Messages, func(a, b Copyable) int { return cmp.Compare(a.ID, b.ID) })
	var rest []Copyable
	for _, w := range m.in.Messages {
		at, ok := m.folder[w.Mailbox]
		if !ok {
			continue
		}
		f := &m.plan.Folders[at]
		f.Messages++
		f.Bytes += max(0, w.Size)
		if c, ok := m.made[w.ID]; ok {
			m.found(f, w, c)
			continue
		}
		rest = append(rest, w)
	}
	for _, w := range rest {
		m.one(&m.plan.Folders[m.folder[w.Mailbox]], w)
	}
	m.deletions()
	m.readings()
	m.order()
	return m.plan
}

type migrating struct {
	in     MigrateInput
	plan   MigratePlan
	folder map[int64]int        // of Folders, by mailbox of the source
	target map[string]int       // of Targets, by name
	made   map[int64]TargetMail // by what it was made of
	like   map[spot][]TargetMail
	taken  map[int64]bool
	turn   map[int64]int  // of what is fetched, where it is not that of its id
	unread map[int64]bool // mailboxes of the target that hold what was not read yet
	asked  map[int64]bool // and may hold what is looked for
}

// spot is where equal messages are looked for. Body 0: those whose bytes nobody
// knows, by their size and date.
type spot struct{ mailbox, body, size, date int64 }

// folders decides where each mailbox goes. Those that show other mailboxes' mail again
// go only when they are named.
func (m *migrating) folders() {
	source, target := byRole(m.in.Source, m.in.SourceSpace), byRole(m.in.Target, m.in.TargetSpace)
	for _, b := range m.in.Source {
		again := b.Role == "all" || b.Role == "flagged" || b.Role == "important"
		if !b.Mail || !Selected(m.in.Folders, b.Name, b.Delim) || again && len(m.in.Folders) == 0 {
			continue
		}
		m.folder[b.ID] = len(m.plan.Folders)
		m.plan.Folders = append(m.plan.Folders, FolderPlan{Source: b.ID, Name: b.Name, Target: m.goes(b, source, target)})
	}
}

func (m *migrating) goes(b MigrateBox, source, target map[string]int64) int {
	path := m.in.SourceSpace.path(b.Name, b.Delim)
	for _, r := range m.in.Map {
		if to, ok := r.apply(path); ok {
			return m.into(m.in.TargetSpace.name(to), b)
		}
	}
	for role, id := range source {
		if id != b.ID || target[role] == 0 {
			continue
		}
		i := slices.IndexFunc(m.in.Target, func(t MigrateBox) bool { return t.ID == target[role] })
		return m.into(m.in.Target[i].Name, b)
	}
	return m.into(m.in.TargetSpace.name(path), b)
}

// into gives the index of a target.
func (m *migrating) into(name string, b MigrateBox) int {
	at, ok := m.target[name]
	if !ok {
		at = len(m.plan.Targets)
		m.target[name] = at
		t := TargetBox{Name: name, Role: b.Role}
		for _, have := range m.in.Target {
			if have.Name == name && (t.ID == 0 || have.Mail) {
				t.ID, t.Unseen = have.ID, have.Unseen
			}
		}
		m.plan.Targets = append(m.plan.Targets, t)
	}
	t := &m.plan.Targets[at]
	there := slices.ContainsFunc(m.in.Target, func(have MigrateBox) bool { return have.ID == t.ID && have.Subscribed })
	t.Subscribe = t.Subscribe || b.Subscribed && !there
	return at
}

func (m *migrating) index() {
	m.like, m.unread, m.asked = map[spot][]TargetMail{}, map[int64]bool{}, map[int64]bool{}
	for _, c := range m.in.There {
		if c.Of != 0 && !c.OfGone {
			m.made[c.Of] = c
			m.taken[c.ID] = true
			continue
		}
		if m.toRead(c) {
			m.unread[c.Mailbox] = true
			continue
		}
		at := spot{mailbox: c.Mailbox, body: c.Body}
		if c.Body == 0 {
			at.size, at.date = c.Size, c.Date
		}
		m.like[at] = append(m.like[at], c)
	}
}

// found: the message has its like at the target. What its source has on it comes to
// it; what it lost there goes only where nobody else has changed it meanwhile.
func (m *migrating) found(f *FolderPlan, w Copyable, c TargetMail) {
	m.taken[c.ID] = true
	if c.Waits {
		f.Waits++
		f.Waiting = append(f.Waiting, c.ID)
	} else {
		f.There++
		if w.Refused > 0 {
			m.plan.Accepted = append(m.plan.Accepted, w.ID)
		}
	}
	r := Reflag{ID: c.ID, Add: conflict.Canonical(conflict.Added(c.Flags, w.Flags))}
	if c.Of == w.ID && !c.Changed {
		r.Remove = conflict.Canonical(conflict.Added(w.Flags, c.Flags))
	}
	if r.Add != "" || r.Remove != "" {
		f.Flags++
		m.plan.Flags = append(m.plan.Flags, r)
	}
}

func (m *migrating) one(f *FolderPlan, w Copyable) {
	to := m.plan.Targets[f.Target].ID
	switch {
	case w.Body == 0 && !m.in.Passing:
		f.Unheld++
		return
	case m.plan.Targets[f.Target].Unseen:
		f.Unsure++
		return
	case w.Body == 0:
		m.fetch(f, w, to)
		return
	}
	if c, ok := m.take(spot{mailbox: to, body: w.Body}); ok && to != 0 {
		m.found(f, w, c)
		return
	}
	if _, ok := m.take(spot{mailbox: to, size: w.Size, date: w.Date}); ok && to != 0 {
		f.Unsure++
		return
	}
	if w.Dropped || m.unread[to] {
		m.fetch(f, w, to)
		return
	}
	f.Put++
	f.PutBytes += max(0, w.Size)
	m.plan.Put = append(m.plan.Put, MigratePut{ID: w.ID, Target: f.Target, Size: w.Size, Flags: w.Flags})
}

func (m *migrating) take(at spot) (TargetMail, bool) {
	for _, c := range m.like[at] {
		if !m.taken[c.ID] {
			m.taken[c.ID] = true
			return c, true
		}
	}
	return TargetMail{}, false
}

// deletions are the messages made of what is gone, and taken for nothing else. Where
// bodies are not kept, all else is there before: what was moved at the source is not
// known for the same until it was fetched, and is not to be gone until it came.
func (m *migrating) deletions() {
	if m.in.Passing && m.plan.Missing() > 0 {
		return
	}
	for _, c := range m.in.There {
		if m.in.Delete && c.Of != 0 && c.OfGone && !m.taken[c.ID] {
			m.plan.Delete = append(m.plan.Delete, c.ID)
		}
	}
	slices.Sort(m.plan.Delete)
}

// Missing is how many messages are not proven to be at the target, in all.
func (p MigratePlan) Missing() (n int) {
	for _, f := range p.Folders {
		n += f.Missing()
	}
	return n
}

// TargetName is where a mailbox of the source goes.
func (p MigratePlan) TargetName(f FolderPlan) string { return p.Targets[f.Target].Name }
