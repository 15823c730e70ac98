package model

import (
	"slices"
	"strings"
)

// Delim separates the levels of names.
const Delim = "/"

// Account is everything that one login sees.
type Account struct {
	Quota int // how many messages it may hold; 0: any number

	boxes      map[string]*Mailbox
	subscribed map[string]bool
	validity   uint32 // the last one given
	ids        int    // MAILBOXIDs given
	emails     int    // EMAILIDs given
}

// New is an account with an empty INBOX.
func New() *Account {
	a := &Account{boxes: map[string]*Mailbox{}, subscribed: map[string]bool{}, validity: 1000}
	a.add("INBOX")
	return a
}

// Listed is a name as LIST tells it.
type Listed struct {
	Name       string
	Box        *Mailbox // nil: a name without mail, there for what is below it
	Children   bool
	Subscribed bool
}

// Names are all names there are, sorted. What is only a level of another is among
// them (RFC 9051 section 6.3.9, \NonExistent).
func (a *Account) Names() (all []Listed) {
	names := map[string]bool{}
	for name := range a.boxes {
		for ; name != "" && !names[name]; name = parent(name) {
			names[name] = true
		}
	}
	for name := range names {
		all = append(all, Listed{Name: name, Box: a.boxes[name], Children: a.parentOf(names, name), Subscribed: a.subscribed[name]})
	}
	slices.SortFunc(all, func(x, y Listed) int { return strings.Compare(x.Name, y.Name) })
	return all
}

func (a *Account) parentOf(names map[string]bool, name string) bool {
	for other := range names {
		if strings.HasPrefix(other, name+Delim) {
			return true
		}
	}
	return false
}

// Mailboxes are those that hold mail, by name.
func (a *Account) Mailboxes() (all []*Mailbox) {
	for _, m := range a.boxes {
		all = append(all, m)
	}
	slices.SortFunc(all, func(x, y *Mailbox) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// Room reports whether so many messages more may come.
func (a *Account) Room(n int) bool {
	for _, m := range a.boxes {
		n += len(m.Messages)
	}
	return a.Quota == 0 || n <= a.Quota
}

// Mailbox is the one with a name; nil: there is none. INBOX folds case.
func (a *Account) Mailbox(name string) *Mailbox { return a.boxes[fold(name)] }

func fold(name string) string {
	first, rest, deeper := strings.Cut(name, Delim)
	if !strings.EqualFold(first, "INBOX") {
		return name
	}
	if !deeper {
		return "INBOX"
	}
	return "INBOX" + Delim + rest
}

func parent(name string) string {
	i := strings.LastIndex(name, Delim)
	return name[:max(i, 0)]
}

// add makes a mailbox under a free name.
func (a *Account) add(name string) *Mailbox {
	a.ids++
	m := &Mailbox{account: a, Name: name, number: a.ids, UIDValidity: a.nextValidity(), UIDNext: 1, ModSeq: 1}
	a.boxes[name] = m
	return m
}

func (a *Account) nextValidity() uint32 {
	a.validity++
	return a.validity
}
