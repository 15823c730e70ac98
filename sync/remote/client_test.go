package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/wire"
)

// More messages than any mailbox has end the listing.
func TestMessagesWithoutEnd(t *testing.T) {
	m := newMetadata(&Conn{}, 1, 0, Want{}, func(Meta) error { return nil })
	m.count = maxMessages - 1
	if err := m.offer(Meta{UID: 1, has: hasFlags}); err != nil {
		t.Error(err)
	}
	err := m.offer(Meta{UID: 2, has: hasFlags})
	if limit, ok := errors.AsType[*wire.LimitError](err); !ok || limit.Limit != maxMessages {
		t.Errorf("%v", err)
	}
}

// The commands that imapclient is kept for work through the guard beneath it, on
// a session that raw exchanges began, and with raw exchanges in between.
func TestImapclientBeyondReading(t *testing.T) {
	for _, caps := range []string{"", "IMAP4rev1 UIDPLUS MOVE"} {
		var opts []dovecot.Option
		if caps != "" {
			opts = append(opts, dovecot.Capability(caps))
		}
		srv := dovecot.Start(t, opts...)
		c, err := Dial(t.Context(), Config{
			Host: srv.Host, Port: srv.TLSPort, CAFile: srv.CAFile, User: "writer", Timeout: 10 * time.Second,
			Password: func(context.Context) (string, error) { return srv.Password, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		cl := c.client
		if err := cl.Create("Entwürfe", nil).Wait(); err != nil { // a literal or quoted
			t.Fatal(err)
		}
		body := strings.Repeat("line of text\r\n", 1000) // beyond LITERAL-
		for range 2 {
			cmd := cl.Append("Entwürfe", int64(len(body)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
			if _, err := cmd.Write([]byte(body)); err != nil {
				t.Fatal(err)
			}
			cmd.Close()
			if data, err := cmd.Wait(); err != nil || data.UID == 0 || data.UIDValidity == 0 {
				t.Fatalf("%+v, %v", data, err)
			}
		}
		if _, err := cl.Select("Entwürfe", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		store := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{"work"}}
		msgs, err := cl.Store(imap.UIDSetNum(1), store, nil).Collect()
		if err != nil || len(msgs) != 1 || msgs[0].UID != 1 || fmt.Sprint(msgs[0].Flags) == "[]" {
			t.Errorf("store: %+v, %v", msgs, err)
		}
		copied, err := cl.Copy(imap.UIDSetNum(1), "INBOX").Wait()
		if err != nil || copied.DestUIDs.String() != "1" || copied.SourceUIDs.String() != "1" {
			t.Errorf("copy: %+v, %v", copied, err)
		}
		if _, err := c.List(t.Context()); err != nil { // raw, in between
			t.Fatal(err)
		}
		store.Flags = []imap.Flag{imap.FlagDeleted}
		if err := cl.Store(imap.UIDSetNum(2), store, nil).Close(); err != nil {
			t.Error(err)
		}
		if err := cl.UIDExpunge(imap.UIDSetNum(2)).Close(); err != nil {
			t.Error(err)
		}
		if uids, err := c.UIDs(t.Context(), 1, 0); err != nil || uids.String() != "1" {
			t.Errorf("%v, %v", uids, err)
		}
		_, err = cl.Copy(imap.UIDSetNum(1), "nowhere").Wait()
		if no, ok := errors.AsType[*imap.Error](err); !ok || no.Code != "TRYCREATE" {
			t.Errorf("%v", err)
		}
	}
}

// The last guard holds whoever makes the command.
func TestReadOnlyBeneathEverything(t *testing.T) {
	c := &Conn{cfg: Config{ReadOnly: true}}
	for name, want := range map[string]bool{
		"UID STORE": false, "STORE": false, "SELECT": false, "APPEND": false, "CLOSE": false, "EXPUNGE": false, "UID MOVE": false, "SETMETADATA": false,
		"UID FETCH": true, "EXAMINE": true, "LIST": true, "STATUS": true,
	} {
		if err := c.allowed(wire.Cmd(name)).Err(); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if err := new(Conn).allowed(wire.Cmd(name)).Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
