package imapuser

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// User is one logged-in connection.
type User struct {
	Name string
	// Wire and Back turn names of mailboxes into those of the server and back; nil:
	// they are the same.
	Wire, Back func(string) string

	t testing.TB
	c *imapclient.Client
}

func (u *User) wire(mailbox string) string {
	if u.Wire == nil {
		return mailbox
	}
	return u.Wire(mailbox)
}

// Dial logs in over a plaintext connection, which lasts until the test ends.
func Dial(t testing.TB, addr, name, password string) *User {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		t.Fatalf("connect to %s: %v", addr, err)
	}
	u := &User{Name: name, t: t, c: imapclient.New(conn, nil)}
	t.Cleanup(func() { conn.Close() }) // Client.Close can hang on unread data, the connection cannot
	u.must("login", u.c.Login(name, password).Wait())
	return u
}

// Client is the connection itself, for what has no method here.
func (u *User) Client() *imapclient.Client { return u.c }

// Append stores a message and returns its UID. A zero date lets the server choose.
func (u *User) Append(mailbox string, flags []imap.Flag, date time.Time, data []byte) imap.UID {
	u.t.Helper()
	cmd := u.c.Append(u.wire(mailbox), int64(len(data)), &imap.AppendOptions{Flags: flags, Time: date})
	_, err := cmd.Write(data)
	u.must("append to "+mailbox, err)
	u.must("append to "+mailbox, cmd.Close())
	res, err := cmd.Wait()
	u.must("append to "+mailbox, err)
	return res.UID
}

// SetFlags replaces the flags of messages.
func (u *User) SetFlags(mailbox string, flags []imap.Flag, uids ...imap.UID) {
	u.t.Helper()
	u.store(mailbox, imap.StoreFlagsSet, flags, uids)
}

// AddFlags adds flags to messages.
func (u *User) AddFlags(mailbox string, flags []imap.Flag, uids ...imap.UID) {
	u.t.Helper()
	u.store(mailbox, imap.StoreFlagsAdd, flags, uids)
}

// RemoveFlags takes flags from messages.
func (u *User) RemoveFlags(mailbox string, flags []imap.Flag, uids ...imap.UID) {
	u.t.Helper()
	u.store(mailbox, imap.StoreFlagsDel, flags, uids)
}

func (u *User) store(mailbox string, op imap.StoreFlagsOp, flags []imap.Flag, uids []imap.UID) {
	u.t.Helper()
	u.within(mailbox, func() {
		u.t.Helper()
		u.must("store in "+mailbox, u.c.Store(imap.UIDSetNum(uids...),
			&imap.StoreFlags{Op: op, Silent: true, Flags: flags}, nil).Close())
	})
}

// Expunge removes exactly these messages (UID EXPUNGE).
func (u *User) Expunge(mailbox string, uids ...imap.UID) {
	u.t.Helper()
	u.AddFlags(mailbox, []imap.Flag{imap.FlagDeleted}, uids...)
	u.within(mailbox, func() {
		u.t.Helper()
		u.must("expunge in "+mailbox, u.c.UIDExpunge(imap.UIDSetNum(uids...)).Close())
	})
}

// Move moves messages (MOVE, or what the client makes of it).
func (u *User) Move(mailbox, to string, uids ...imap.UID) {
	u.t.Helper()
	u.within(mailbox, func() {
		u.t.Helper()
		_, err := u.c.Move(imap.UIDSetNum(uids...), u.wire(to)).Wait()
		u.must("move from "+mailbox, err)
	})
}

// Copy copies messages and returns their UIDs there.
func (u *User) Copy(mailbox, to string, uids ...imap.UID) {
	u.t.Helper()
	u.within(mailbox, func() {
		u.t.Helper()
		_, err := u.c.Copy(imap.UIDSetNum(uids...), u.wire(to)).Wait()
		u.must("copy from "+mailbox, err)
	})
}

// Create makes a mailbox.
func (u *User) Create(mailbox string) {
	u.t.Helper()
	u.must("create "+mailbox, u.c.Create(u.wire(mailbox), nil).Wait())
}

// Delete removes a mailbox.
func (u *User) Delete(mailbox string) {
	u.t.Helper()
	u.must("delete "+mailbox, u.c.Delete(u.wire(mailbox)).Wait())
}

// Rename renames a mailbox.
func (u *User) Rename(from, to string) {
	u.t.Helper()
	u.must("rename "+from, u.c.Rename(u.wire(from), u.wire(to), nil).Wait())
}

// Subscribe subscribes to a mailbox.
func (u *User) Subscribe(mailbox string) {
	u.t.Helper()
	u.must("subscribe "+mailbox, u.c.Subscribe(u.wire(mailbox)).Wait())
}

// Mailboxes are the names of the selectable mailboxes, decoded and sorted.
func (u *User) Mailboxes() []string {
	u.t.Helper()
	list, err := u.c.List("", "*", nil).Collect()
	u.must("list", err)
	var names []string
	for _, m := range list {
		if !selectable(m.Attrs) {
			continue
		}
		if u.Back != nil {
			m.Mailbox = u.Back(m.Mailbox)
		}
		names = append(names, m.Mailbox)
	}
	sort.Strings(names)
	return names
}

func selectable(attrs []imap.MailboxAttr) bool {
	for _, a := range attrs {
		if strings.EqualFold(string(a), `\NoSelect`) || strings.EqualFold(string(a), `\NonExistent`) {
			return false
		}
	}
	return true
}

// Message is one message as the server serves it.
type Message struct {
	UID    imap.UID
	Flags  []imap.Flag // sorted by lower-cased name, without \Recent
	Date   time.Time   // INTERNALDATE
	Size   int64       // RFC822.SIZE
	SHA256 string      // lower-case hex, of the bytes of BODY[]
	Data   []byte      // BODY[]; nil when only listed
}

// UIDs are the UIDs of all messages of a mailbox in ascending order.
func (u *User) UIDs(mailbox string) []imap.UID {
	u.t.Helper()
	var uids []imap.UID
	for _, m := range u.fetch(mailbox, &imap.FetchOptions{UID: true}) {
		uids = append(uids, m.UID)
	}
	return uids
}

// Messages lists a mailbox with the bytes of every message, in UID order.
func (u *User) Messages(mailbox string) []Message {
	u.t.Helper()
	return u.fetch(mailbox, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true,
		BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
}

// Selected is what SELECT says of a mailbox: UIDVALIDITY, UIDNEXT, count.
func (u *User) Selected(mailbox string) imap.SelectData {
	u.t.Helper()
	d, err := u.c.Select(u.wire(mailbox), &imap.SelectOptions{ReadOnly: true}).Wait()
	u.must("examine "+mailbox, err)
	u.leave(mailbox)
	return *d
}

func (u *User) within(mailbox string, fn func()) {
	u.t.Helper()
	_, err := u.c.Select(u.wire(mailbox), nil).Wait()
	u.must("select "+mailbox, err)
	fn()
	u.leave(mailbox)
}

// leave closes the mailbox without expunging. Where the server cannot (RFC 3691), it is
// opened read-only first: from that, CLOSE expunges nothing (RFC 3501 section 6.4.2).
func (u *User) leave(mailbox string) {
	u.t.Helper()
	if u.c.Caps().Has(imap.CapUnselect) {
		u.must("unselect "+mailbox, u.c.Unselect().Wait())
		return
	}
	_, err := u.c.Select(u.wire(mailbox), &imap.SelectOptions{ReadOnly: true}).Wait()
	u.must("examine "+mailbox, err)
	u.must("close "+mailbox, u.c.UnselectAndExpunge().Wait())
}

func (u *User) fetch(mailbox string, opts *imap.FetchOptions) (out []Message) {
	u.t.Helper()
	u.within(mailbox, func() {
		u.t.Helper()
		cmd := u.c.Fetch(imap.UIDSet{imap.UIDRange{Start: 1, Stop: 0}}, opts)
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			msg, err := collect(m)
			u.must("fetch from "+mailbox, err)
			if msg.UID != 0 { // unsolicited flag updates carry none
				out = append(out, msg)
			}
		}
		u.must("fetch from "+mailbox, cmd.Close())
	})
	sort.Slice(out, func(i, j int) bool { return out[i].UID < out[j].UID })
	return out
}

func collect(d *imapclient.FetchMessageData) (m Message, err error) {
	for item := d.Next(); item != nil; item = d.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			m.UID = item.UID
		case imapclient.FetchItemDataFlags:
			m.Flags = tidy(item.Flags)
		case imapclient.FetchItemDataInternalDate:
			m.Date = item.Time
		case imapclient.FetchItemDataRFC822Size:
			m.Size = item.Size
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			m.Data = make([]byte, item.Literal.Size())
			if _, err = io.ReadFull(item.Literal, m.Data); err != nil {
				return m, err
			}
			sum := sha256.Sum256(m.Data)
			m.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	return m, nil
}

func tidy(flags []imap.Flag) []imap.Flag {
	out := []imap.Flag{}
	for _, f := range flags {
		if !strings.EqualFold(string(f), `\Recent`) {
			out = append(out, f)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return strings.ToLower(string(out[i])) < strings.ToLower(string(out[j]))
	})
	return out
}

func (u *User) must(what string, err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatalf("%s (user %s): %v", what, u.Name, err)
	}
}
