package model

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func names(a *Account) string {
	var all []string
	for _, l := range a.Names() {
		name := l.Name
		if l.Box == nil {
			name += "(none)"
		}
		if l.Children {
			name += "+"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// Names and what is below them.
func TestNames(t *testing.T) {
	a := New()
	for _, step := range []struct {
		what string
		do   func() error
		err  error
		want string
	}{
		{"below nothing", func() error { _, err := a.Create("A/B"); return err }, nil, "A(none)+ A/B INBOX"},
		{"what is a level only", func() error { _, err := a.Create("A/"); return err }, nil, "A+ A/B INBOX"},
		{"twice", func() error { _, err := a.Create("A"); return err }, ErrExists, "A+ A/B INBOX"},
		{"inbox", func() error { _, err := a.Create("inBox"); return err }, ErrExists, "A+ A/B INBOX"},
		{"nothing", func() error { _, err := a.Create("/"); return err }, ErrName, "A+ A/B INBOX"},
		{"with what is below", func() error { return a.Rename("A", "C/D") }, nil, "C(none)+ C/D+ C/D/B INBOX"},
		{"into itself", func() error { return a.Rename("C", "C/X") }, ErrName, "C(none)+ C/D+ C/D/B INBOX"},
		{"one above", func() error { return a.Delete("C/D") }, nil, "C(none)+ C/D(none)+ C/D/B INBOX"},
		{"one that is none", func() error { return a.Delete("C") }, ErrNotThere, "C(none)+ C/D(none)+ C/D/B INBOX"},
		{"onto one", func() error { return a.Rename("C/D", "INBOX") }, ErrExists, "C(none)+ C/D(none)+ C/D/B INBOX"},
		{"a level only", func() error { return a.Rename("C", "E") }, nil, "E(none)+ E/D(none)+ E/D/B INBOX"},
		{"none", func() error { return a.Rename("X", "Y") }, ErrNotThere, "E(none)+ E/D(none)+ E/D/B INBOX"},
		{"never", func() error { return a.Delete("INBOX") }, ErrInbox, "E(none)+ E/D(none)+ E/D/B INBOX"},
	} {
		if err := step.do(); !errors.Is(err, step.err) || names(a) != step.want {
			t.Fatalf("%s: %v, %s", step.what, err, names(a))
		}
	}
}

// Of INBOX the mail goes, and INBOX stays.
func TestRenameInbox(t *testing.T) {
	a := New()
	inbox := a.Mailbox("Inbox")
	inbox.Append(nil, time.Time{}, []byte("x"))
	if err := a.Rename("INBOX", "Old"); err != nil || len(inbox.Messages) != 0 || len(a.Mailbox("Old").Messages) != 1 || a.Mailbox("INBOX") != inbox {
		t.Errorf("%v, %s", err, names(a))
	}
}

// UIDs and UIDVALIDITYs are never given twice, mod-sequences only grow.
func TestNumbers(t *testing.T) {
	a := New()
	m, _ := a.Create("M")
	for i := range 3 {
		m.Append([]string{"Work", `\SEEN`, "work"}, time.Time{}, fmt.Append(nil, i))
	}
	if flags := strings.Join(m.Messages[2].Flags, " "); flags != `Work \Seen` {
		t.Errorf("flags %s", flags)
	}
	seq := m.ModSeq
	if m.Store([]uint32{1, 2, 7}, Add, []string{"WORK"}, 0); m.ModSeq != seq {
		t.Error("nothing changed, but the mod-sequence")
	}
	if modified := m.Store([]uint32{1, 3}, Remove, []string{"work"}, m.Messages[0].ModSeq); len(modified) != 1 || modified[0] != 3 {
		t.Errorf("modified %v", modified)
	}
	seq = m.ModSeq
	if gone := m.Expunge([]uint32{2, 3, 9}); len(gone) != 2 || m.ModSeq != seq+1 || m.UIDNext != 4 || m.Expunged[1].ModSeq != m.ModSeq {
		t.Errorf("%v gone; %+v", gone, m)
	}
	validity, email := m.UIDValidity, m.Messages[0].EmailID()
	m.Renumber()
	if m.UIDValidity <= validity || m.UIDNext != 2 || m.Messages[0].EmailID() != email || len(m.Expunged) != 0 {
		t.Errorf("%+v", m)
	}
	if err := a.Delete("M"); err != nil || m.Exists() {
		t.Error(err)
	}
	if n, _ := a.Create("M"); n.UIDValidity <= m.UIDValidity || n.ID() == m.ID() {
		t.Errorf("%+v", n)
	}
}

// A view keeps its numbers until it is told.
func TestView(t *testing.T) {
	m := New().Mailbox("INBOX")
	for range 4 {
		m.Append(nil, time.Time{}, nil)
	}
	v := m.Open()
	m.Expunge([]uint32{1, 3})
	m.Store([]uint32{4}, Replace, []string{`\Seen`}, 0)
	m.Append(nil, time.Time{}, nil)
	if n := v.Next(false); len(n.Gone) != 0 || n.Exists != 5 || !n.More || len(n.Changed) != 1 || v.Seq(4) != 4 {
		t.Errorf("%+v", n)
	}
	if n := v.Next(true); fmt.Sprint(n.Gone, n.Seqs, n.Exists, n.More, len(n.Changed)) != "[1 3] [1 2] 3 false 0" || v.Seq(5) != 3 || v.Seq(3) != 0 {
		t.Errorf("%+v", n)
	}
	if m.Renumber(); !v.Stale() {
		t.Error("numbers of another time")
	}
}
