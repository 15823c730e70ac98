package remote_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
)

func never(t testing.TB) func(remote.Meta) error {
	return func(m remote.Meta) error {
		t.Errorf("heard of %d", m.UID)
		return nil
	}
}

// When EXAMINE is refused nothing that came behind it counts, even from a server
// that still has another mailbox open.
func TestExamineChangedRefused(t *testing.T) {
	_, _, heard, trips, err := examined(t, qresync, held, []exchange{
		{examineQ, "* OK [UIDVALIDITY 7] v\r\n$ NO [NONEXISTENT] gone\r\n"}, {askNew, listed(10, 11) + "* VANISHED 1\r\n"}})
	wantClass(t, err, remote.Refused, `examine "box": server answered NO [NONEXISTENT] gone`)
	if heard != "" || trips != 1 {
		t.Errorf("heard %q in %d round trips", heard, trips)
	}
}

// A refused or garbled answer about new mail is an error: it is nowhere else.
func TestNewMailRefused(t *testing.T) {
	open := exchange{examineQ, opening(9, 11, 30)}
	_, _, _, _, err := examined(t, qresync, held, []exchange{open, {askNew, "$ NO [SERVERBUG] x\r\n"}})
	wantClass(t, err, remote.Refused, `fetch "box": server answered NO [SERVERBUG] x`)
	_, _, _, _, err = examined(t, qresync, held, []exchange{open, {askNew, "* 9 FETCH (UID 10 FLAGS (\r\n"}})
	wantClass(t, err, remote.Refused, "uid 10: the server's answer for a message: malformed response")
	_, _, _, _, err = examined(t, "", held, []exchange{{"EXAMINE", opening(8, 10, 0)}, {askScan, "$ NO x\r\n"}, {askNew, ""}})
	wantClass(t, err, remote.Refused, "server answered NO x")
	_, _, _, _, err = examined(t, "", held, []exchange{{"EXAMINE", opening(8, 10, 0)}, {askScan, "* 9 FETCH (UID 2 FLAGS (\r\n"}, {askNew, ""}})
	wantClass(t, err, remote.Refused, "uid 2: the server's answer for a message: malformed response")
}

// An error of the callback ends it and comes back as it is, whichever report it
// was for; the connection goes on.
func TestChangedCallbackFails(t *testing.T) {
	for _, at := range []imap.UID{3, 10} {
		calls, stop := 0, errors.New("stop")
		c := session(t, qresync, func(p *peer) {
			p.answer("ENABLE", "* ENABLED QRESYNC\r\n")
			p.answer(examineQ, opening(9, 12, 30)+"* 3 FETCH (UID 3 FLAGS ())\r\n")
			p.answer(askNew, listed(10, 11))
			p.answer("NOOP", "")
			p.wait()
		})
		_, _, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, func(m remote.Meta) error {
			if calls++; m.UID == at {
				return stop
			}
			return nil
		})
		if err != stop || at == 3 && calls != 1 {
			t.Errorf("%v after %d calls", err, calls)
		}
		if err := c.Noop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// So it does from the scan that follows a doubt.
func TestChangedCallbackFailsInScan(t *testing.T) {
	stop := errors.New("stop")
	c := session(t, condstore, func(p *peer) {
		p.answer(examineC, opening(8, 10, 0))
		p.answer(askSince, "")
		p.answer(askCount, "")
		p.answer(askNew, "")
		p.answer("UID FETCH 1:9 (UID FLAGS)", listed(1, 2, 3, 4, 6, 7, 8, 9))
		p.wait()
	})
	if _, ch, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, func(remote.Meta) error { return stop }); err != stop || ch.Exact {
		t.Errorf("%+v, %v", ch, err)
	}
}

// A server that answers FETCH before the EXAMINE ahead of it is not followed: the
// answer could be about the mailbox open before.
func TestAnsweredOutOfOrder(t *testing.T) {
	c := session(t, "", func(p *peer) {
		open, scan, fetch := p.command("EXAMINE"), p.command("UID FETCH"), p.command(askNew)
		p.raw(listed(10) + fetch + " OK\r\n" + opening(9, 11, 0) + open + " OK\r\n" + scan + " OK\r\n")
	})
	_, _, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, never(t))
	wantClass(t, err, remote.Protocol, "ahead of the EXAMINE")
}

// A stream that ends anywhere is an error: what had not been said by then would
// look like no change (invariant I10).
func TestChangedCut(t *testing.T) {
	data := "* ENABLED QRESYNC\r\nM1 OK\r\n" + opening(8, 11, 30) + "* VANISHED (EARLIER) 2\r\nM2 OK\r\n* 8 FETCH (UID 10 FLAGS ())\r\nM3 OK\r\n"
	for n := range len(data) - 1 {
		c, err := remote.Dial(t.Context(), cannedConfig("* PREAUTH [CAPABILITY IMAP4rev1 "+qresync+"] hi\r\n"+data[:n]))
		if err != nil {
			t.Fatal(err)
		}
		_, ch, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, func(remote.Meta) error { return nil })
		wantClass(t, err, remote.Connect, "EOF")
		if ch.Exact || ch.Vanished != nil {
			t.Errorf("cut at %d: %+v", n, ch)
		}
		c.Close()
	}
}

// ENABLE that fails costs one round trip once.
func TestEnableRefused(t *testing.T) {
	for _, answer := range []string{"$ BAD x\r\n", "$ NO x\r\n", "* ENABLED CONDSTORE\r\n$ OK\r\n", "$ OK nothing\r\n"} {
		count := "* ESEARCH (TAG \"x\") UID COUNT 8\r\n"
		c := session(t, qresync, func(p *peer) {
			tag := p.command("ENABLE QRESYNC")
			p.raw(strings.ReplaceAll(answer, "$", tag))
			p.send("%s BAD what\r\n", p.command(examineQ))
			p.send("%s BAD what\r\n", p.command(askNew))
			for range 2 {
				p.answer(examineC, opening(8, 10, 30))
				p.answer(askSince, "")
				p.answer(askCount, count)
				p.answer(askNew, "")
			}
			p.wait()
		})
		for i := range 2 {
			before := c.Stats().RoundTrips
			_, ch, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, never(t))
			if err != nil || !ch.Exact || ch.Method != remote.ByModSeq {
				t.Errorf("%+v, %v", ch, err)
			}
			if trips := c.Stats().RoundTrips - before; trips != 2-i {
				t.Errorf("%d round trips", trips)
			}
		}
	}
}

// A server that does not know what it offers is asked once.
func TestQResyncGivenUp(t *testing.T) {
	var notices []string
	cfg := play(t, func(p *peer) {
		p.send("* PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC] hi\r\n")
		p.answer("ENABLE QRESYNC", "* ENABLED QRESYNC\r\n")
		p.send("%s BAD what\r\n", p.command(examineQ))
		p.send("%s BAD what\r\n", p.command(askNew))
		for range 2 {
			p.answer(examineC, opening(8, 10, 30))
			p.answer(askSince, "")
			p.answer(askNew, "")
		}
		p.wait()
	})
	cfg.Notice = func(text string) { notices = append(notices, text) }
	c := dial(t, cfg)
	for range 2 {
		if _, ch, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, never(t)); err != nil || ch.Method != remote.ByModSeq {
			t.Errorf("%+v, %v", ch, err)
		}
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "QRESYNC") {
		t.Errorf("%q", notices)
	}
}

// Once QRESYNC is on, VANISHED comes in the place of EXPUNGE, whenever the server
// likes; nobody may stumble over it, imapclient least of all.
func TestVanishedAnywhere(t *testing.T) {
	const news = "* VANISHED 4,7:4294967295\r\n* vanished (EARLIER) 1:4294967295\r\n* VANISHED\r\n* VANISHED (\r\n* VANISHED {3}\r\n1:3\r\n* 3 EXISTS\r\n"
	c := session(t, qresync+" NAMESPACE", func(p *peer) {
		p.answer("ENABLE QRESYNC", "* ENABLED QRESYNC\r\n")
		p.answer("LIST", news+"* LIST () \"/\" box\r\n")
		p.answer("LSUB", news)
		p.answer("STATUS", news+"* STATUS box (MESSAGES 1)\r\n")
		p.answer("NAMESPACE", news+"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")
		p.answer("EXAMINE", opening(8, 10, 30)+news)
		p.answer("UID FETCH", news+listed(1)+news)
		p.answer("UID FETCH 1 (UID BODY.PEEK[])", news+"* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\n"+news)
		tag := p.command("UID SEARCH")
		p.raw(strings.ReplaceAll(news+"* ESEARCH (TAG \"$\") UID ALL 1:3\r\n"+news+"$ OK\r\n", "$", tag))
		p.answer("NOOP", news)
		p.answer("LOGOUT", news+"* BYE\r\n")
	})
	boxes, err := c.List(t.Context())
	if err != nil || len(boxes) != 1 || boxes[0].Status == nil {
		t.Errorf("%+v, %v", boxes, err)
	}
	if ns, err := c.Namespaces(t.Context()); err != nil || len(ns) != 1 {
		t.Errorf("%+v, %v", ns, err)
	}
	if sel, err := c.Examine(t.Context(), "box"); err != nil || sel.UIDValidity != 7 {
		t.Errorf("%+v, %v", sel, err)
	}
	if got, err := metadata(t, c, 1, 0, remote.Want{}); err != nil || got != "1 [];" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := bodies(t, c, imap.UIDSetNum(1)); err != nil || got[1] != "one" {
		t.Errorf("%v, %v", got, err)
	}
	if uids, err := c.UIDs(t.Context(), 1, 0); err != nil || uids.String() != "1:3" {
		t.Errorf("%v, %v", uids, err)
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Logout(t.Context()); err != nil {
		t.Error(err)
	}
}

// Expunged under an open mailbox by somebody else, by real servers: told as
// VANISHED, which costs nothing and is found again by the next look.
func TestExpungedMeanwhile(t *testing.T) {
	for _, srv := range realServers() {
		t.Run(srv.name, func(t *testing.T) {
			cfg, u := srv.start(t)
			for i := range 9 {
				u.Append("INBOX", nil, noDate, message(i, 100))
			}
			c := dial(t, cfg)
			var m mirror
			if _, err := m.update(t, c, "INBOX"); err != nil {
				t.Fatal(err)
			}
			u.Expunge("INBOX", 2, 5)
			if err := c.Noop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, err := bodies(t, c, imap.UIDSet{{Start: 4, Stop: 7}}); err != nil || len(got) != 3 {
				t.Errorf("%d bodies, %v", len(got), err)
			}
			if ch, err := m.update(t, c, "INBOX"); err != nil || !ch.Exact || ch.Why != "" || ch.Vanished.String() != "2,5" {
				t.Errorf("%+v, %v", ch, err)
			}
			m.compare(t, u, "INBOX")
		})
	}
}

// Another UIDVALIDITY, and then none of the new messages may pass for an old one.
func TestChangedUIDValidity(t *testing.T) {
	srv := dovecot.Start(t)
	u := srv.User(t, "joe")
	u.Create("box")
	for i := range 5 {
		u.Append("box", nil, noDate, message(i, 100))
	}
	c := dial(t, config(srv, "joe"))
	var m mirror
	if _, err := m.update(t, c, "box"); err != nil {
		t.Fatal(err)
	}
	u.Expunge("box", 1)
	srv.Renumber(t, "joe", "box")
	c = dial(t, config(srv, "joe"))
	m.known.Last, m.known.UIDs = 2, imap.UIDSet{{Start: 1, Stop: 2}} // so that 3 and 4 would be new
	sel, ch, err := c.ExamineChanged(t.Context(), "box", m.known, remote.Want{}, never(t))
	if err != nil || ch.Exact || ch.Method != remote.Unusable || sel.Messages != 4 || sel.UIDValidity == m.known.UIDValidity || !strings.Contains(ch.Why, "uidvalidity is") {
		t.Errorf("%+v, %+v, %v", sel, ch, err)
	}
	if got, err := metadata(t, c, 1, 0, remote.Want{}); err != nil || strings.Count(got, ";") != 4 { // it is open
		t.Errorf("%+v, %v", got, err)
	}
}

// Too many ranges are not kept; the scan tells what is true.
func TestVanishedWithoutEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("30 MB of ranges")
	}
	c := session(t, qresync, func(p *peer) {
		p.answer("ENABLE", "* ENABLED QRESYNC\r\n")
		tag := p.command(examineQ)
		p.raw(opening(8, 10, 30))
		line := "* VANISHED (EARLIER) 1" + strings.Repeat(",11,13", 1<<20) + "\r\n"
		for range 3 {
			io.WriteString(p.conn, line)
		}
		p.raw(tag + " OK\r\n")
		p.answer(askNew, "")
		p.answer(askScan[:len(askScan)-1], listed(1, 2, 3, 4, 6, 7, 8, 9))
		p.wait()
	})
	heard := 0
	_, ch, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, func(remote.Meta) error { heard++; return nil })
	if err != nil || !ch.Exact || ch.Vanished != nil || heard != 8 || !strings.Contains(ch.Why, "beyond understanding") {
		t.Errorf("%+v, heard %d, %v", ch, heard, err)
	}
}
