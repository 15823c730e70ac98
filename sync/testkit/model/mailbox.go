package model

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// Mailbox holds messages.
type Mailbox struct {
	Name        string
	UIDValidity uint32
	UIDNext     uint32
	ModSeq      uint64     // HIGHESTMODSEQ
	Messages    []*Message // by UID
	Expunged    []Expunged // in the order of their ends
	Keywords    []string   // ever used here
	Use         string     // a special use such as \Trash, or ""
	ReadOnly    bool       // whoever opens it, and nothing goes in

	account *Account
	number  int
	gone    bool
}

// Message is one of them.
type Message struct {
	UID    uint32
	Flags  []string // sorted
	Date   time.Time
	Body   []byte // shared by copies, never changed
	ModSeq uint64
	email  int
}

// Expunged is one that was.
type Expunged struct {
	UID    uint32
	ModSeq uint64
}

// ID is the MAILBOXID (RFC 8474 section 4).
func (m *Mailbox) ID() string { return fmt.Sprint("F", m.number) }

// EmailID is that of a message and of all its copies (RFC 8474 section 5.1).
func (m *Message) EmailID() string { return fmt.Sprint("M", m.email) }

// Exists: it has not been deleted since.
func (m *Mailbox) Exists() bool { return !m.gone }

// Append delivers a message.
func (m *Mailbox) Append(flags []string, date time.Time, body []byte) *Message {
	m.account.emails++
	return m.put(&Message{Flags: flags, Date: date, Body: body, email: m.account.emails})
}

// put gives a message a place at the end.
func (m *Mailbox) put(msg *Message) *Message {
	m.ModSeq++
	msg.UID, msg.ModSeq, msg.Flags = m.UIDNext, m.ModSeq, m.set(msg.Flags)
	m.UIDNext++
	m.Messages = append(m.Messages, msg)
	return msg
}

// UIDs are those of all messages.
func (m *Mailbox) UIDs() (all []uint32) {
	for _, msg := range m.Messages {
		all = append(all, msg.UID)
	}
	return all
}

// Message is the one with a UID; nil: there is none.
func (m *Mailbox) Message(uid uint32) *Message {
	if i, ok := m.index(uid); ok {
		return m.Messages[i]
	}
	return nil
}

func (m *Mailbox) index(uid uint32) (int, bool) {
	i := sort.Search(len(m.Messages), func(i int) bool { return m.Messages[i].UID >= uid })
	return i, i < len(m.Messages) && m.Messages[i].UID == uid
}

// Store changes flags. Messages changed after unchangedSince are left alone and
// returned (RFC 7162 section 3.1.3); 0: whatever their mod-sequence.
func (m *Mailbox) Store(uids []uint32, op Op, flags []string, unchangedSince uint64) (modified []uint32) {
	raised := false
	for _, uid := range uids {
		msg := m.Message(uid)
		switch {
		case msg == nil:
			continue
		case unchangedSince > 0 && msg.ModSeq > unchangedSince:
			modified = append(modified, uid)
			continue
		}
		now := m.changed(op, msg.Flags, flags)
		if slices.Equal(now, msg.Flags) {
			continue
		}
		if !raised {
			m.ModSeq++
			raised = true
		}
		msg.Flags, msg.ModSeq = now, m.ModSeq
	}
	return modified
}

// Expunge removes those of the messages for good that are there; whether they are
// marked is for the caller to look at. It returns them.
func (m *Mailbox) Expunge(uids []uint32) (gone []uint32) {
	for _, uid := range uids {
		i, ok := m.index(uid)
		if !ok {
			continue
		}
		if len(gone) == 0 {
			m.ModSeq++
		}
		m.Messages = slices.Delete(m.Messages, i, i+1)
		m.Expunged = append(m.Expunged, Expunged{uid, m.ModSeq})
		gone = append(gone, uid)
	}
	return gone
}

// Renumber is what a server does that has lost its index: another UIDVALIDITY, UIDs
// from 1, mod-sequences anew.
func (m *Mailbox) Renumber() {
	m.UIDValidity, m.UIDNext, m.ModSeq, m.Expunged = m.account.nextValidity(), 1, 1, nil
	old := m.Messages
	m.Messages = nil
	for _, msg := range old {
		moved := *msg
		m.put(&moved)
	}
}
