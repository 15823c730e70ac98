package remote_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// era is what a server says of a mailbox that is selected under this UIDVALIDITY.
func era(validity int) string {
	return fmt.Sprintf("* FLAGS (\\Seen)\r\n* 9 EXISTS\r\n* OK [UIDVALIDITY %d] v\r\n* OK [UIDNEXT 10] n\r\n* OK [HIGHESTMODSEQ 50] h\r\n", validity)
}

func set(uids ...imap.UID) imap.UIDSet { return imap.UIDSetNum(uids...) }

func add(flag imap.Flag, uids ...imap.UID) remote.Change {
	return remote.Change{UIDs: set(uids...), Add: true, Flags: []imap.Flag{flag}}
}

// outcomes renders what became of messages.
func outcomes(o remote.Outcomes) (s string) {
	for _, x := range []struct {
		name string
		set  imap.UIDSet
	}{{"done", o.Done}, {"not", o.NotDone}, {"unknown", o.Unknown}} {
		if len(x.set) > 0 {
			s += " " + x.name + " " + x.set.String()
		}
	}
	if e, ok := errors.AsType[*remote.Error](o.Err); ok {
		s += " (" + e.Class.String() + " " + e.Code + ")"
	} else if o.Err != nil {
		s += " " + o.Err.Error()
	}
	return s
}

// rendered is all that an Edit reports of one mailbox.
func rendered(e remote.Edited) string {
	var b strings.Builder
	for _, s := range e.Stored {
		b.WriteString("store" + outcomes(s.Outcomes))
		if len(s.Modified) > 0 {
			b.WriteString(" modified " + s.Modified.String())
		}
		if len(s.Unkept) > 0 {
			fmt.Fprintf(&b, " unkept %v", s.Unkept)
		}
		b.WriteString("; ")
	}
	for i, list := range [][]remote.Relocated{e.Copied, e.Moved} {
		for _, r := range list {
			b.WriteString([]string{"copy", "move"}[i] + outcomes(r.Outcomes))
			r.Map.Each(func(from, to imap.UID) { fmt.Fprintf(&b, " %d>%d", from, to) })
			if r.UIDValidity != 0 {
				fmt.Fprintf(&b, " in %d", r.UIDValidity)
			}
			b.WriteString("; ")
		}
	}
	if s := outcomes(e.Expunged); s != "" {
		b.WriteString("expunge" + s + "; ")
	}
	if e.Err != nil {
		b.WriteString("err " + e.Err.Error())
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// exactly is command for a whole line where want ends in CR, else for its beginning.
func (p *peer) exactly(want string) (tag string) {
	start, whole := strings.CutSuffix(want, "\r")
	if !whole {
		return p.command(want)
	}
	line, _ := p.r.ReadString('\n')
	tag, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	if rest != start {
		p.t.Errorf("command %q, want exactly %q", rest, start)
	}
	return tag
}

// edit lets Edit loose on a script.
func edit(t testing.TB, caps string, edits []remote.Edits, script []exchange) (got []string, news string, trips int, err error) {
	t.Helper()
	start := session
	if strings.Contains(caps, "SEARCHRES") || caps == "IMAP4rev2" {
		start = distantSession
	}
	c := start(t, caps, func(p *peer) {
		for _, x := range script {
			tag := p.exactly(x.want)
			if x.data == "hang up" {
				return
			}
			data := strings.ReplaceAll(x.data, "$", tag)
			if !strings.Contains(data, tag+" ") && data != "no answer" {
				data += tag + " OK done\r\n"
			}
			p.raw(strings.TrimPrefix(data, "no answer"))
		}
		p.wait()
	})
	before := c.Stats().RoundTrips
	done := make([][]string, len(edits))
	out, err := c.Edit(t.Context(), edits, func(i int, told remote.Told) {
		news += fmt.Sprintf("%d:%d", i, told.UID)
		if told.HasFlags {
			news += text(told.Flags)
		}
		news += fmt.Sprintf("@%d ", told.ModSeq)
	}, func(i int, e remote.Edited) { done[i] = append(done[i], rendered(e)) })
	for i, e := range out {
		got = append(got, rendered(e))
		if !slices.Equal(done[i], got[i:]) {
			t.Errorf("told when it was done %q, afterwards %q", done[i], got[i])
		}
	}
	return got, strings.TrimSpace(news), c.Stats().RoundTrips - before, err
}

func TestEditServersThatLie(t *testing.T) {
	const selA, selB = `SELECT "a"`, `SELECT "b"`
	storeA, storeB := `UID STORE 1:3 +FLAGS.SILENT (\Seen)`, `UID STORE 5 +FLAGS.SILENT (\Seen)`
	a := remote.Edits{Raw: "a", UIDValidity: 7, Store: []remote.Change{add(imap.FlagSeen, 1, 2, 3)}}
	b := remote.Edits{Raw: "b", UIDValidity: 8, Store: []remote.Change{add(imap.FlagSeen, 5)}}
	one, both := []remote.Edits{a}, []remote.Edits{a, b}
	sure := []remote.Edits{{Raw: "a", UIDValidity: 7, Store: []remote.Change{add(imap.FlagSeen, 1, 2, 3)}, Move: []remote.Relocation{{UIDs: set(2), To: "t"}}, Confirm: true}}
	search := "UID SEARCH UID 1:3\r"
	since := []remote.Edits{{Raw: "a", UIDValidity: 7, Store: []remote.Change{{UIDs: set(1, 2, 3), Flags: []imap.Flag{"x"}, UnchangedSince: 40}}}}
	storeSince := "UID STORE 1:3 (UNCHANGEDSINCE 40) -FLAGS.SILENT (x)"
	moves := []remote.Edits{{Raw: "a", UIDValidity: 7, Move: []remote.Relocation{{UIDs: set(1, 2, 3), To: "t"}}}}
	copies := []remote.Edits{{Raw: "a", UIDValidity: 7, Copy: []remote.Relocation{{UIDs: set(1, 2, 3), To: "t"}}}}
	expunge := []remote.Edits{{Raw: "a", UIDValidity: 7, Expunge: set(1, 3)}}
	for _, tc := range []struct {
		name, caps string
		edits      []remote.Edits
		script     []exchange
		want       []string
		news       string
		trips      int
	}{
		{"one mailbox", "", one, []exchange{{selA, era(7)}, {storeA, ""}}, []string{"store done 1:3"}, "", 2},
		{"two", "", both, []exchange{{selA, era(7)}, {storeA, ""}, {selB, era(8)}, {storeB, ""}}, []string{"store done 1:3", "store done 5"}, "", 3},
		{"looked for", "MOVE", sure, []exchange{{selA, era(7)}, {storeA, ""}, {search, "* SEARCH 3 1\r\n"}, {"UID MOVE 2", ""}}, []string{"store done 1,3 modified 2; move done 2"}, "", 2},
		{"looked for in ranges", "MOVE ESEARCH", sure, []exchange{{selA, era(7)}, {storeA, ""}, {"UID SEARCH RETURN (ALL) UID 1:3\r", "* ESEARCH (TAG \"x\") UID ALL 1\r\n* ESEARCH (TAG \"$\") UID ALL 2:3\r\n"}, {"UID MOVE 2", ""}},
			[]string{"store done 2:3 modified 1; move done 2"}, "", 2},
		{"told to be gone", "MOVE", sure, []exchange{{selA, era(7)}, {storeA, "* 9 EXPUNGE\r\n"}, {search, "* SEARCH 1 2 3\r\n"}, {"UID MOVE 2", "* 2 EXPUNGE\r\n"}}, []string{"store modified 1:3; move done 2"}, "", 2},
		{"told which are gone", "MOVE", sure, []exchange{{selA, era(7)}, {storeA, "* VANISHED 2,9\r\n"}, {search, "* SEARCH 1 2 3\r\n"}, {"UID MOVE 2", "* VANISHED 1\r\n"}}, []string{"store done 1,3 modified 2; move done 2"}, "", 2},
		{"told beyond understanding", "MOVE", sure, []exchange{{selA, era(7)}, {storeA, "* VANISHED 2,x\r\n"}, {search, "* SEARCH 1 2 3\r\n"}, {"UID MOVE 2", ""}}, []string{"store modified 1:3; move done 2"}, "", 2},
		{"all gone", "MOVE", sure, []exchange{{selA, era(7)}, {storeA, ""}, {search, "* SEARCH\r\n"}, {"UID MOVE 2", ""}}, []string{"store modified 1:3; move done 2"}, "", 2},
		{"not looked for", "MOVE", sure, []exchange{{selA, era(7)}, {storeA, ""}, {search, "$ NO no index\r\n"}, {"UID MOVE 2", ""}}, []string{"store done 1:3; move done 2"}, "", 2},
		{"refused and looked for", "MOVE", sure, []exchange{{selA, era(7)}, {storeA, "$ NO x\r\n"}, {search, "* SEARCH 3 1\r\n"}, {"UID MOVE 2", ""}}, []string{"store not 1:3 (refused ); move done 2"}, "", 2},
		{"first refused", "", both, []exchange{{selA, "$ NO [NONEXISTENT] x\r\n"}, {selB, era(8)}, {storeB, ""}},
			[]string{`store not 1:3 (refused NONEXISTENT); err select "a": server answered NO [NONEXISTENT] x`, "store done 5"}, "", 3},
		{"another era", "", both, []exchange{{selA, era(8)}, {selB, era(8)}, {storeB, ""}},
			[]string{`store not 1:3 (refused UIDVALIDITY); err select "a": uidvalidity is 8, not 7: its UIDs mean other messages now`, "store done 5"}, "", 3},
		{"the last one another era", "", both, []exchange{{selA, era(7)}, {storeA, ""}, {selB, era(7)}},
			[]string{"store done 1:3", `store not 5 (refused UIDVALIDITY); err select "b": uidvalidity is 7, not 8: its UIDs mean other messages now`}, "", 2},
		{"no era", "", one, []exchange{{selA, "* 3 EXISTS\r\n"}}, []string{`store not 1:3 (refused UIDNOTSTICKY); err select "a": UIDs of this mailbox do not last`}, "", 1},
		{"UIDs that do not last", "", one, []exchange{{selA, era(7) + "* NO [UIDNOTSTICKY] x\r\n"}},
			[]string{`store not 1:3 (refused UIDNOTSTICKY); err select "a": UIDs of this mailbox do not last`}, "", 1},
		{"read-only", "", one, []exchange{{selA, era(7) + "$ OK [READ-ONLY] x\r\n"}},
			[]string{`store not 1:3 (refused READ-ONLY); err select "a": the server opens it read-only`}, "", 1},
		{"BAD SELECT leaves the mailbox before it open", "", both, []exchange{{selA, era(7)}, {storeA, ""}, {selB, "$ BAD x\r\n"}},
			[]string{"store done 1:3", `store not 5 (refused ); err select "b": server answered BAD x`}, "", 2},
		{"CONDSTORE not understood", "CONDSTORE", both, []exchange{{selA + " (CONDSTORE)", "$ BAD x\r\n"}, {"SELECT \"a\"\r", era(7)}, {storeA, ""}, {selB + " (CONDSTORE)", era(8)}, {storeB, ""}},
			[]string{"store done 1:3", "store done 5"}, "", 4},
		{"refused", "", both, []exchange{{selA, era(7)}, {storeA, "$ NO [LIMIT] too many keywords\r\n"}, {selB, era(8)}, {storeB, "$ BAD x\r\n"}},
			[]string{"store not 1:3 (refused LIMIT)", "store not 5 (refused )"}, "", 3},
		{"news", "CONDSTORE", both, []exchange{{selA, era(7)}, {storeA, "* 1 FETCH (UID 1 MODSEQ (61))\r\n* 2 FETCH (FLAGS (\\Seen x) UID 2 MODSEQ (60))\r\n* 3 FETCH (FLAGS (q))\r\n* 8 FETCH (UID 8 FLAGS ())\r\n* 4 EXPUNGE\r\n"},
			{selB, "* 1 FETCH (UID 1 FLAGS (late))\r\n* OK [CLOSED] c\r\n" + era(8)}, {storeB, "* 5 FETCH (UID 5 MODSEQ (9223372036854775808))\r\n"}},
			[]string{"store done 1:3", "store done 5"}, `0:1@61 0:2[\Seen x]@60 0:8[]@0 1:5@0`, 3},
		{"the mailbox before without CLOSED", "", both, []exchange{{selA, era(7)}, {storeA, ""}, {selB, "* OK [UIDVALIDITY 7] x\r\n" + era(8)}, {storeB, ""}},
			[]string{"store done 1:3", "store done 5"}, "", 3},

		{"what was said of the mailbox before", "", both, []exchange{{selA, era(7)}, {storeA, ""}, {selB, "* NO [UIDNOTSTICKY] x\r\n* OK [CLOSED] c\r\n" + era(8)}, {storeB, ""}},
			[]string{"store done 1:3", "store done 5"}, "", 3},
		{"the same mailbox twice", "", []remote.Edits{a, a}, []exchange{{selA, era(7)}, {storeA, ""}, {selA, era(7)}, {storeA, ""}}, []string{"store done 1:3", "store done 1:3"}, "", 3},

		{"MODIFIED in OK", "CONDSTORE", since, []exchange{{selA, era(7)}, {storeSince, "$ OK [MODIFIED 2] x\r\n"}}, []string{"store done 1,3 modified 2"}, "", 2},
		{"MODIFIED in NO", "CONDSTORE", since, []exchange{{selA, era(7)}, {storeSince, "* 1 FETCH (UID 1 MODSEQ (60))\r\n$ NO [MODIFIED 3,2] x\r\n"}}, []string{"store done 1 modified 2:3"}, "0:1@60", 2},
		{"MODIFIED of everything", "CONDSTORE", since, []exchange{{selA, era(7)}, {storeSince, "$ OK [MODIFIED 1:4294967295] x\r\n"}}, []string{"store modified 1:3"}, "", 2},
		{"MODIFIED of others", "CONDSTORE", since, []exchange{{selA, era(7)}, {storeSince, "$ OK [MODIFIED 4:9] x\r\n"}}, []string{"store done 1:3"}, "", 2},
		{"MODIFIED beyond understanding", "CONDSTORE", since, []exchange{{selA, era(7)}, {storeSince, "$ OK [MODIFIED 2,*] x\r\n"}}, []string{"store modified 1:3"}, "", 2},
		{"MODIFIED of nothing", "CONDSTORE", since, []exchange{{selA, era(7)}, {storeSince, "$ OK [MODIFIED] x\r\n"}}, []string{"store modified 1:3"}, "", 2},
		{"no mod-sequences", "CONDSTORE", since, []exchange{{selA, era(7) + "* OK [NOMODSEQ] x\r\n"}, {"UID STORE 1:3 -FLAGS.SILENT (x)", ""}}, []string{"store done 1:3"}, "", 2},

		{"moved", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "* OK [COPYUID 9 1:3 11,13:14] m\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n"}},
			[]string{"move done 1:3 1>11 2>13 3>14 in 9"}, "", 2},
		{"moved, told in parts", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "* OK [COPYUID 9 1 11] m\r\n* OK [COPYUID 9 2:3 12:13] m\r\n* VANISHED 1:3\r\n"}},
			[]string{"move done 1:3 1>11 2>12 3>13 in 9"}, "", 2},
		{"moved, told twice", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "* OK [COPYUID 9 1:2 11:12] m\r\n* OK [COPYUID 9 2:3 22:23] m\r\n"}},
			[]string{"move done 1:3 1>11 2>12 in 9"}, "", 2},
		{"moved, told of two eras", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "* OK [COPYUID 9 1:2 11:12] m\r\n* OK [COPYUID 8 3 13] m\r\n"}},
			[]string{"move done 1:3 1>11 2>12 in 9"}, "", 2},
		{"moved in part", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "* OK [COPYUID 9 1 11] m\r\n* 1 EXPUNGE\r\n$ NO [OVERQUOTA] full\r\n"}},
			[]string{"move done 1 unknown 2:3 (refused OVERQUOTA) 1>11 in 9"}, "", 2},
		{"nowhere to move", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "$ NO [TRYCREATE] x\r\n"}}, []string{"move not 1:3 (refused TRYCREATE)"}, "", 2},
		{"move refused without a word", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "$ NO x\r\n"}}, []string{"move unknown 1:3 (refused )"}, "", 2},
		{"move not understood", "MOVE", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, "$ BAD x\r\n"}}, []string{"move not 1:3 (refused )"}, "", 2},
		{"no MOVE", "", moves, nil, []string{"move not 1:3 (refused )"}, "", 0},
		{"MOVE by IMAP4rev2", "IMAP4rev2", moves, []exchange{{selA, era(7)}, {`UID MOVE 1:3 "t"`, ""}}, []string{"move done 1:3"}, "", 2},
		{"copied", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 1,3 4:5] c\r\n"}}, []string{"copy done 1:3 1>4 3>5 in 9"}, "", 2},
		{"copied, order of its own", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 3,1:2 4:6] c\r\n"}}, []string{"copy done 1:3 3>4 1>5 2>6 in 9"}, "", 2},
		{"copy refused", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ NO [OVERQUOTA] c\r\n"}}, []string{"copy not 1:3 (refused OVERQUOTA)"}, "", 2},
		{"COPYUID of more than was asked for", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 1:4 4:7] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID of others", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 4:6 14:16] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID with targets left over", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 1:2 4:6] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID without end", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 1:4294967295 1:4294967295] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID that does not pair", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 1:3 4:5] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID with one target twice", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 1:3 4,5,4] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID with one source twice", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 1,1 4:5] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID backwards", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 9 3:1 4:6] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID without era", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "$ OK [COPYUID 0 1:3 4:6] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"COPYUID of another command", "", copies, []exchange{{selA, era(7)}, {`UID COPY 1:3 "t"`, "* OK [COPYUID 9 1:3 4:6] c\r\n"}}, []string{"copy done 1:3"}, "", 2},
		{"expunged", "UIDPLUS", expunge, []exchange{{selA, era(7)}, {`UID EXPUNGE 1,3`, "* 1 EXPUNGE\r\n* 2 EXPUNGE\r\n"}}, []string{"expunge done 1,3"}, "", 2},
		{"no UIDPLUS", "", expunge, nil, []string{"expunge not 1,3 (refused )"}, "", 0},
		{"expunge refused", "UIDPLUS", expunge, []exchange{{selA, era(7)}, {`UID EXPUNGE 1,3`, "$ NO [NOPERM] x\r\n"}}, []string{"expunge not 1,3 (refused NOPERM)"}, "", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, news, trips, err := edit(t, tc.caps, tc.edits, tc.script)
			if err != nil {
				t.Fatal(err)
			}
			for i := range tc.want {
				if got[i] != tc.want[i] {
					t.Errorf("%s\nwant %s", got[i], tc.want[i])
				}
			}
			if news != tc.news || trips != tc.trips {
				t.Errorf("news %s, %d round trips; want %s, %d", news, trips, tc.news, tc.trips)
			}
		})
	}
}

// What ends the connection, and what is known then of everything asked for.
func TestEditCutShort(t *testing.T) {
	a := remote.Edits{Raw: "a", UIDValidity: 7, Store: []remote.Change{add(imap.FlagSeen, 1), add("x", 2)}}
	b := remote.Edits{Raw: "b", UIDValidity: 8, Move: []remote.Relocation{{UIDs: set(5), To: "t"}}}
	selA := exchange{`SELECT "a"`, era(7)}
	storeA := `UID STORE 1 +FLAGS.SILENT (\Seen)`
	for _, tc := range []struct {
		name   string
		script []exchange
		class  remote.Class
		text   string
		want   [2]string
	}{
		{"before anything", []exchange{{`SELECT "a"`, "hang up"}}, remote.Connect, "EOF", [2]string{"store not 1 (connect ); store not 2 (connect )", "move not 5 (connect )"}},
		{"amid the changes", []exchange{selA, {storeA, ""}, {"UID STORE 2", "hang up"}}, remote.Connect, "EOF", [2]string{"store done 1; store unknown 2 (connect )", "move not 5 (connect )"}},
		{"left alone", []exchange{selA, {storeA, ""}, {"UID STORE 2", "$ NO [THROTTLED] x\r\n"}, {`SELECT "b"`, era(8)}}, remote.Connect, "THROTTLED",
			[2]string{"store done 1; store not 2 (connect THROTTLED)", "move not 5 (connect THROTTLED)"}},
		{"out of order", []exchange{selA, {storeA, ""}, {"UID STORE 2", "no answer"}, {`SELECT "b"`, era(7)}}, remote.Protocol, "ahead of",
			[2]string{"store done 1; store unknown 2 (protocol )", "move not 5 (protocol )"}},
		{"out of order, another era", []exchange{selA, {storeA, ""}, {"UID STORE 2", "no answer"}, {`SELECT "b"`, era(8)}}, remote.Protocol, "store \"a\": uidvalidity changed",
			[2]string{"store done 1; store unknown 2 (protocol )", "move not 5 (protocol )"}},
		{"another era meanwhile", []exchange{selA, {storeA, "* OK [UIDVALIDITY 9] x\r\n"}}, remote.Protocol, "uidvalidity changed",
			[2]string{"store unknown 1 (protocol ); store unknown 2 (protocol )", "move not 5 (protocol )"}},
		{"goodbye", []exchange{selA, {storeA, "* BYE x\r\n$ OK y\r\n"}}, remote.Connect, "goodbye",
			[2]string{"store unknown 1 (connect ); store unknown 2 (connect )", "move not 5 (connect )"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := session(t, "MOVE", func(p *peer) {
				for _, x := range tc.script {
					tag := p.command(x.want)
					if x.data == "hang up" {
						return
					}
					if data := strings.ReplaceAll(x.data, "$", tag); strings.Contains(data, tag+" ") {
						p.raw(data)
					} else if x.data != "no answer" {
						p.raw(data + tag + " OK done\r\n")
					}
				}
				for {
					if _, err := p.r.ReadString('\n'); err != nil {
						return
					}
				}
			})
			out, err := c.Edit(t.Context(), []remote.Edits{a, b}, nil, nil)
			wantClass(t, err, tc.class, tc.text)
			for i, e := range out {
				if got, _, _ := strings.Cut(rendered(e), "; err "); got != tc.want[i] {
					t.Errorf("%s\nwant %s", got, tc.want[i])
				}
			}
		})
	}
}

// What cannot be sent is refused here, and keeps nothing else from being done.
func TestEditRefusesToSend(t *testing.T) {
	change := func(c remote.Change) remote.Edits {
		return remote.Edits{Raw: "a", UIDValidity: 7, Store: []remote.Change{c, add(imap.FlagSeen, 9)}}
	}
	for name, tc := range map[string]struct {
		e    remote.Edits
		want string
	}{
		"CR in a flag":     {change(add("x\r\nM9 DELETE a", 1)), `store not 1 (refused ); store done 9`},
		"space in a flag":  {change(add("a b", 1)), `store not 1 (refused ); store done 9`},
		"parenthesis":      {change(add("a)", 1)), `store not 1 (refused ); store done 9`},
		"bracket":          {change(add("a]", 1)), `store not 1 (refused ); store done 9`},
		"8-bit":            {change(add("ü", 1)), `store not 1 (refused ); store done 9`},
		"wildcard":         {change(add(`\*`, 1)), `store not 1 (refused ); store done 9`},
		"empty":            {change(add("", 1)), `store not 1 (refused ); store done 9`},
		"Recent":           {change(add(`\reCent`, 1)), `store not 1 (refused ); store done 9`},
		"no flag":          {change(remote.Change{UIDs: set(1), Add: true}), `store done 1; store done 9`},
		"no message":       {change(remote.Change{Add: true, Flags: []imap.Flag{"x"}}), `store; store done 9`},
		"messages to come": {change(remote.Change{UIDs: imap.UIDSet{{Start: 1}}, Add: true, Flags: []imap.Flag{"x"}}), `store not 1:* (refused ); store done 9`},
		"all messages":     {change(remote.Change{UIDs: imap.UIDSet{{}}, Add: true, Flags: []imap.Flag{"x"}}), `store not * (refused ); store done 9`},
		"target with CR":   {remote.Edits{Raw: "a", UIDValidity: 7, Store: []remote.Change{add(imap.FlagSeen, 9)}, Copy: []remote.Relocation{{UIDs: set(1), To: "t\r"}}}, `store done 9; copy not 1 (refused )`},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, _, err := edit(t, "", []remote.Edits{tc.e}, []exchange{{`SELECT "a"`, era(7)}, {`UID STORE 9 +FLAGS.SILENT (\Seen)`, ""}})
			if err != nil || got[0] != tc.want {
				t.Errorf("%v: %s\nwant %s", err, got[0], tc.want)
			}
		})
	}
	got, _, trips, err := edit(t, "", []remote.Edits{{Raw: "a\n", UIDValidity: 7, Store: []remote.Change{add("x", 1)}}, {Raw: "b", UIDValidity: 8, Store: []remote.Change{add(imap.FlagSeen, 9)}}},
		[]exchange{{`SELECT "b"`, era(8)}, {`UID STORE 9`, ""}})
	if err != nil || got[0] != `store not 1 (refused ); err select "a\n": holds NUL, CR or LF` || got[1] != "store done 9" || trips != 2 {
		t.Errorf("%q, %d round trips, %v", got, trips, err)
	}
}

// Flags that the mailbox does not store are left out, and said; the others leave.
func TestEditKeepsToPermanentFlags(t *testing.T) {
	for _, tc := range []struct{ permanent, sent, want string }{
		{`* OK [PERMANENTFLAGS (\Seen \flagged work)] p` + "\r\n", `(\Flagged WORK)`, "store done 1 unkept [new]"},
		{`* OK [PERMANENTFLAGS (\Flagged \*)] p` + "\r\n", `(\Flagged WORK new)`, "store done 1"},
		{`* OK [PERMANENTFLAGS (\*)] p` + "\r\n", `(WORK new)`, `store done 1 unkept [\Flagged]`},
		{`* OK [PERMANENTFLAGS ()] p` + "\r\n", "", `store done 1 unkept [\Flagged WORK new]`},
		{"", `(\Flagged WORK new)`, "store done 1"},
	} {
		script := []exchange{{`SELECT "a"`, era(7) + tc.permanent}}
		if tc.sent != "" {
			script = append(script, exchange{"UID STORE 1 +FLAGS.SILENT " + tc.sent + "\r", ""})
		}
		script = append(script, exchange{"UID STORE 2 -FLAGS.SILENT (gone)", ""})
		got, _, _, err := edit(t, "", []remote.Edits{{Raw: "a", UIDValidity: 7, Store: []remote.Change{
			{UIDs: set(1), Add: true, Flags: []imap.Flag{imap.FlagFlagged, "WORK", "new"}}, {UIDs: set(2), Flags: []imap.Flag{"gone"}}}}}, script)
		if want := tc.want + "; store done 2"; err != nil || got[0] != want {
			t.Errorf("%s: %v, %s\nwant %s", tc.permanent, err, got[0], want)
		}
	}
}

// A mailbox that is open for changes is not opened again: what was selected by this
// connection is the same mailbox whatever happens to its name.
func TestEditOpensOnce(t *testing.T) {
	c := session(t, "UIDPLUS UNSELECT", func(p *peer) {
		p.answer(`SELECT "a"`, era(7))
		p.answer(`UID COPY 1 "t"`, "")
		p.answer(`UID STORE 1 +FLAGS.SILENT (\Deleted)`, "")
		p.answer(`UID EXPUNGE 1`, "")
		p.answer(`EXAMINE "a"`, era(7))
		p.answer(`SELECT "a"`, era(7))
		p.answer(`UID EXPUNGE 1`, "")
		p.answer(`RENAME "a" "b"`, "")
		p.answer(`SELECT "a"`, era(8))
		p.send("%s NO x\r\n", p.command(`SELECT "b"`))
		p.answer(`SELECT "a"`, era(7))
		p.answer("UID EXPUNGE 1", "")
		p.wait()
	})
	expunge := remote.Edits{Raw: "a", UIDValidity: 7, Expunge: set(1)}
	for _, tc := range []struct {
		e      remote.Edits
		before func() error
		want   string
	}{
		{remote.Edits{Raw: "a", UIDValidity: 7, Copy: []remote.Relocation{{UIDs: set(1), To: "t"}}}, nil, "copy done 1"},
		{remote.Edits{Raw: "a", UIDValidity: 7, Store: []remote.Change{add(imap.FlagDeleted, 1)}, Expunge: set(1)}, nil, "store done 1; expunge done 1"},
		{expunge, func() error { _, err := c.Examine(t.Context(), "a"); return err }, "expunge done 1"},
		{expunge, func() error { return c.Rename(t.Context(), "a", "b") }, `expunge not 1 (refused UIDVALIDITY); err select "a": uidvalidity is 8, not 7: its UIDs mean other messages now`},
		{expunge, func() error {
			b := expunge
			b.Raw = "b"
			_, err := c.Edit(t.Context(), []remote.Edits{expunge, b}, nil, nil)
			return err
		}, "expunge done 1"},
	} {
		if tc.before != nil {
			if err := tc.before(); err != nil {
				t.Fatal(err)
			}
		}
		out, err := c.Edit(t.Context(), []remote.Edits{tc.e}, nil, nil)
		if err != nil || rendered(out[0]) != tc.want {
			t.Errorf("%v, %s\nwant %s", err, rendered(out[0]), tc.want)
		}
	}
}

// Long sets are cut into several commands, whose outcomes are put together.
func TestEditLongSets(t *testing.T) {
	var uids imap.UIDSet
	for uid := imap.UID(1_000_001); uid < 1_003_000; uid += 2 {
		uids.AddNum(uid)
	}
	var lines, refused int
	var last string
	c := session(t, "", func(p *peer) {
		p.answer("SELECT", era(7))
		for {
			line, err := p.r.ReadString('\n')
			if err != nil {
				return
			}
			if len(line) > 4100 {
				p.t.Errorf("a line of %d octets", len(line))
			}
			f := strings.Fields(line)
			if lines++; lines == 2 {
				refused, last = 1+strings.Count(f[3], ","), f[3]
				p.send("%s NO x\r\n", f[0])
				continue
			}
			p.send("%s OK\r\n", f[0])
		}
	})
	out, err := c.Edit(t.Context(), []remote.Edits{{Raw: "a", UIDValidity: 7, Store: []remote.Change{{UIDs: uids, Add: true, Flags: []imap.Flag{"x"}}}}}, nil, nil)
	c.Close()
	if err != nil || lines != 3 {
		t.Fatalf("%d lines, %v", lines, err)
	}
	s := out[0].Stored[0]
	if s.NotDone.String() != last || refused < 400 || len(s.Done)+refused != len(uids) || c.Stats().RoundTrips != 2 {
		t.Errorf("%d done, %d refused", len(s.Done), refused)
	}
}
