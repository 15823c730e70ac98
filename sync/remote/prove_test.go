package remote_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// distantSession is a session with a server that is far enough away for round trips
// to matter.
func distantSession(t testing.TB, caps string, script func(p *peer)) *remote.Conn {
	return dial(t, away(play(t, func(p *peer) {
		p.raw("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n")
		p.send("%s OK [CAPABILITY IMAP4rev1 %s] in\r\n", p.command("AUTHENTICATE"), caps)
		script(p)
	}), 20*time.Millisecond))
}

// known are fingerprints of messages: 100 octets and the UID, of one day.
func known(uids ...imap.UID) map[imap.UID]remote.Fingerprint {
	m := map[imap.UID]remote.Fingerprint{}
	for _, uid := range uids {
		m[uid] = remote.Fingerprint{Size: 100 + int64(uid), Date: time.Date(2024, 3, 1, 0, 30, 0, 0, time.FixedZone("", 3600))}
	}
	return m
}

func key(uid int) string {
	return fmt.Sprintf("(UID %d LARGER %d SMALLER %d SINCE 29-Feb-2024 BEFORE 3-Mar-2024)", uid, 99+uid, 101+uid)
}

// proven is what is asked for one mailbox, and answered: of the messages searched
// for, these are found.
func proven(box, search, found, store string) []exchange {
	return []exchange{
		{`SELECT "` + box + `"`, era(7)},
		{"UID SEARCH RETURN (SAVE) NOT ALL\r", ""},
		{"UID SEARCH RETURN (SAVE ALL) " + search + "\r", `* ESEARCH (TAG "$") UID` + found + "\r\n"},
		{"UID STORE $ " + store + "\r", ""},
	}
}

func TestEditProvesWhatItChanges(t *testing.T) {
	const caps = "SEARCHRES ESEARCH"
	edits := func() (all []remote.Edits) {
		for _, raw := range []string{"a", "b", "c"} {
			all = append(all, remote.Edits{Raw: raw, UIDValidity: 7, Known: known(1, 2, 5), Store: []remote.Change{add(imap.FlagSeen, 1, 2, 5)}})
		}
		return all
	}
	three := "UID 1:2,5 OR " + key(1) + " OR " + key(2) + " " + key(5)
	fine := func(box string) []exchange { return proven(box, three, " ALL 1:2,5", `+FLAGS.SILENT (\Seen)`) }
	with := func(box string, change func(x []exchange)) []exchange {
		x := fine(box)
		change(x)
		return x
	}
	slowly := func(box, store string) []exchange {
		return []exchange{{`SELECT "` + box + `"`, era(7)}, {store, ""}}
	}
	sure := edits()
	sure[1].Confirm = true
	told := with("b", func(x []exchange) { x[3].data = "* 4 EXPUNGE\r\n" })
	seen := func(set string) string { return "UID STORE " + set + ` +FLAGS.SILENT (\Seen)` }
	const all = "store done 1:2,5"
	for _, tc := range []struct {
		name   string
		caps   string
		edits  []remote.Edits
		script [][]exchange
		want   [3]string
		trips  int
	}{
		{"all found", caps, edits(), [][]exchange{fine("a"), fine("b"), fine("c")}, [3]string{all, all, all}, 1},
		{"by IMAP4rev2", "IMAP4rev2", edits(), [][]exchange{fine("a"), fine("b"), fine("c")}, [3]string{all, all, all}, 1},
		{"some not found", caps, edits(), [][]exchange{fine("a"), proven("b", three, " ALL 2", `+FLAGS.SILENT (\Seen)`), fine("c"), slowly("b", seen("1,5"))}, [3]string{all, all, all}, 3},
		{"some of it gone", caps, edits(), [][]exchange{fine("a"), told, fine("c")}, [3]string{all, all, all}, 1},
		{"some of it gone, looked for", caps, sure, [][]exchange{fine("a"), told, fine("c"), slowly("b", seen("1:2,5")), {{"UID SEARCH RETURN (ALL) UID 1:2,5", "* ESEARCH (TAG \"$\") UID ALL 1:2\r\n"}}},
			[3]string{all, "store done 1:2 modified 5", all}, 3},
		{"none found", caps, edits(), [][]exchange{proven("a", three, "", `+FLAGS.SILENT (\Seen)`), fine("b"), fine("c"), slowly("a", seen("1:2,5"))}, [3]string{all, all, all}, 3},
		{"found what was not asked for", caps, edits(), [][]exchange{fine("a"), fine("b"), proven("c", three, " ALL 5:1", `+FLAGS.SILENT (\Seen)`)}, [3]string{all, all, all}, 1},
		{"no answer to the search", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[2].data = "" }), fine("b"), fine("c"), slowly("a", seen("1:2,5"))}, [3]string{all, all, all}, 3},
		{"answer to another search", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[2].data = "* ESEARCH (TAG \"M1\") UID ALL 1:9\r\n" }), fine("b"), fine("c"), slowly("a", seen("1:2,5"))}, [3]string{all, all, all}, 3},
		{"malformed answer", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[2].data = "* ESEARCH (TAG \"$\") UID ALL 1:*\r\n" }), fine("b"), fine("c"), slowly("a", seen("1:2,5"))}, [3]string{all, all, all}, 3},
		{"search refused", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[2].data = "$ NO x\r\n" }), fine("b"), fine("c"), slowly("a", seen("1:2,5"))}, [3]string{all, all, all}, 3},
		{"search refused that finds them", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[2].data += "$ NO x\r\n" }), fine("b"), fine("c"), slowly("a", seen("1:2,5"))}, [3]string{all, all, all}, 3},
		{"search and change not understood", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[1].data, x[2].data, x[3].data = "$ BAD x\r\n", "$ BAD x\r\n", "$ BAD x\r\n" }), fine("b"), fine("c"), slowly("a", seen("1:2,5"))},
			[3]string{all, all, all}, 3},
		{"change refused", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[3].data = "$ NO [LIMIT] x\r\n" }), fine("b"), fine("c"), {{`SELECT "a"`, era(7)}, {seen("1:2,5"), "$ NO [LIMIT] x\r\n"}}},
			[3]string{"store not 1:2,5 (refused LIMIT)", all, all}, 3},
		{"mailbox that does not open", caps, edits(), [][]exchange{fine("a"), with("b", func(x []exchange) {
			x[0].data, x[1].data, x[2].data, x[3].data = "$ BAD x\r\n", "$ BAD x\r\n", "* ESEARCH (TAG \"$\") UID ALL 1:5\r\n", "" // as if it was that before
		}), fine("c"), {{`SELECT "b"`, "$ NO [NONEXISTENT] x\r\n"}}},
			[3]string{all, `store not 1:2,5 (refused NONEXISTENT); err select "b": server answered NO [NONEXISTENT] x`, all}, 2},
		{"mailbox made anew", caps, edits(), [][]exchange{fine("a"), fine("b"), with("c", func(x []exchange) { x[0].data = era(8); x[2].data = "" })}, // and still open
			[3]string{all, all, `store not 1:2,5 (refused UIDVALIDITY); err select "c": uidvalidity is 8, not 7: its UIDs mean other messages now`}, 1},
		{"mailbox made anew that finds them", caps, edits(), [][]exchange{fine("a"), with("b", func(x []exchange) { x[0].data = era(8) }), fine("c"), {{`SELECT "b"`, era(8)}}},
			[3]string{all, `store not 1:2,5 (refused UIDVALIDITY); err select "b": uidvalidity is 8, not 7: its UIDs mean other messages now`, all}, 2},
		{"read-only", caps, edits(), [][]exchange{fine("a"), with("b", func(x []exchange) {
			x[0].data, x[3].data = era(7)+"$ OK [READ-ONLY] x\r\n", "$ NO x\r\n"
		}), fine("c"), {{`SELECT "b"`, era(7) + "$ OK [READ-ONLY] x\r\n"}}},
			[3]string{all, `store not 1:2,5 (refused READ-ONLY); err select "b": the server opens it read-only`, all}, 2},
		{"flags that are not kept", caps, edits(), [][]exchange{with("a", func(x []exchange) { x[0].data += "* OK [PERMANENTFLAGS (x)] p\r\n" }), fine("b"), fine("c")},
			[3]string{all + ` unkept [\Seen]`, all, all}, 1},
		{"no SEARCHRES", "ESEARCH", edits(), [][]exchange{slowly("a", seen("1:2,5")), slowly("b", seen("1:2,5")), slowly("c", seen("1:2,5"))}, [3]string{all, all, all}, 4},
		{"message not known", caps, func() []remote.Edits { e := edits(); delete(e[1].Known, 2); return e }(),
			[][]exchange{fine("a"), fine("c"), slowly("b", seen("1:2,5"))}, [3]string{all, all, all}, 3},
		{"more than flags", caps + " UIDPLUS", func() []remote.Edits { e := edits(); e[1].Expunge = set(5); return e }(),
			[][]exchange{fine("a"), fine("c"), append(slowly("b", seen("1:2,5")), exchange{"UID EXPUNGE 5", ""})}, [3]string{all, all + "; expunge done 5", all}, 3},
		{"only one", caps, func() []remote.Edits { e := edits(); e[0].Known, e[2].Known = nil, nil; return e }(),
			[][]exchange{slowly("a", seen("1:2,5")), slowly("b", seen("1:2,5")), slowly("c", seen("1:2,5"))}, [3]string{all, all, all}, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var script []exchange
			for _, x := range tc.script {
				script = append(script, x...)
			}
			got, _, trips, err := edit(t, tc.caps, tc.edits, script)
			if err != nil || trips != tc.trips {
				t.Errorf("%d round trips, want %d, %v", trips, tc.trips, err)
			}
			for i := range tc.want {
				if got[i] != tc.want[i] {
					t.Errorf("%s\nwant %s", got[i], tc.want[i])
				}
			}
		})
	}
}

// Several changes in a mailbox are searched for one by one, the search before
// forgotten; each is told apart.
func TestEditProvesEachChange(t *testing.T) {
	var edits []remote.Edits
	var script []exchange
	for _, raw := range []string{"a", "b", "c"} {
		e := remote.Edits{Raw: raw, UIDValidity: 7, Known: map[imap.UID]remote.Fingerprint{1: {Size: 1}, 2: {Size: 2}}, Store: []remote.Change{
			{UIDs: set(1), Add: true, Flags: []imap.Flag{"x"}, UnchangedSince: 40}, {UIDs: set(2), Flags: []imap.Flag{"y"}}}}
		x := proven(raw, "UID 1 (UID 1 LARGER 0 SMALLER 2)", " ALL 1", "(UNCHANGEDSINCE 40) +FLAGS.SILENT (x)")
		x[0].want += " (CONDSTORE)"
		if raw == "b" {
			x[3].data = "* 1 FETCH (UID 1 FLAGS (theirs) MODSEQ (60))\r\n$ OK [MODIFIED 1] x\r\n"
		}
		script = append(append(script, x...), proven(raw, "UID 2 (UID 2 LARGER 1 SMALLER 3)", " ALL 2", "-FLAGS.SILENT (y)")[1:]...)
		edits = append(edits, e)
	}
	got, news, trips, err := edit(t, "CONDSTORE SEARCHRES ESEARCH", edits, script)
	want := "[store done 1; store done 2 store modified 1; store done 2 store done 1; store done 2]"
	if fmt.Sprint(got) != want || news != "1:1[theirs]@60" || trips != 1 || err != nil {
		t.Errorf("%s, %s, %d round trips, %v", got, news, trips, err)
	}
}

// A connection that ends amid the flight: of what may have left, nothing is known.
func TestEditProvingCutShort(t *testing.T) {
	var edits []remote.Edits
	for _, raw := range []string{"a", "b", "c"} {
		edits = append(edits, remote.Edits{Raw: raw, UIDValidity: 7, Known: known(1, 2), Store: []remote.Change{add("x", 1), add("y", 2)}})
	}
	first := append(proven("a", "UID 1 "+key(1), " ALL 1", "+FLAGS.SILENT (x)"), proven("a", "UID 2 "+key(2), " ALL 2", "+FLAGS.SILENT (y)")[1:]...)
	script := append(first, exchange{`SELECT "b"`, "hang up"})
	got, _, _, err := edit(t, "SEARCHRES ESEARCH", edits, script)
	wantClass(t, err, remote.Connect, "EOF")
	lost := "store unknown 1 (connect ); store unknown 2 (connect )"
	if fmt.Sprint(got) != fmt.Sprint([]string{"store done 1; store done 2", lost, lost}) {
		t.Errorf("%q", got)
	}
}

// One that ends in the slow part: what the flight did is known, of the rest that it
// was not done.
func TestEditProvingCutShortAfterwards(t *testing.T) {
	var edits []remote.Edits
	var script []exchange
	for _, raw := range []string{"a", "b", "c"} {
		found := ""
		if raw == "c" {
			found = " ALL 1"
		}
		edits = append(edits, remote.Edits{Raw: raw, UIDValidity: 7, Known: known(1), Store: []remote.Change{add("x", 1)}})
		script = append(script, proven(raw, "UID 1 "+key(1), found, "+FLAGS.SILENT (x)")...)
	}
	got, _, _, err := edit(t, "SEARCHRES ESEARCH", edits, append(script, exchange{`SELECT "a"`, "hang up"}))
	wantClass(t, err, remote.Connect, "EOF")
	if want := `[store not 1 (connect ); err select "a": EOF store not 1 (connect ); err select "a": EOF store done 1]`; fmt.Sprint(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Conditions are cut so that no line is longer than servers take.
func TestEditProofsFitIntoLines(t *testing.T) {
	var edits []remote.Edits
	for _, raw := range []string{"a", "b", "c"} {
		e := remote.Edits{Raw: raw, UIDValidity: 7, Known: map[imap.UID]remote.Fingerprint{}}
		var uids imap.UIDSet
		for uid := imap.UID(1_000_000); uid < 1_000_600; uid += 2 {
			uids.AddNum(uid)
			e.Known[uid] = remote.Fingerprint{Size: 1_234_567, Date: time.Date(2024, 12, 24, 0, 0, 0, 0, time.UTC)}
		}
		e.Store = []remote.Change{{UIDs: uids, Add: true, Flags: []imap.Flag{"x"}}}
		edits = append(edits, e)
	}
	c := distantSession(t, "SEARCHRES ESEARCH", func(p *peer) {
		asked := ""
		for {
			line, err := p.r.ReadString('\n')
			if err != nil {
				return
			}
			f := strings.Fields(line)
			switch {
			case len(line) > 8000:
				p.t.Errorf("a line of %d octets", len(line))
			case f[1] == "SELECT":
				p.raw(era(7))
			case strings.Contains(line, "(SAVE ALL)"):
				asked = f[7]
				p.send("* ESEARCH (TAG %q) UID ALL %s\r\n", f[0], asked)
			case f[2] == "STORE" && f[3] != "$":
				p.t.Errorf("%.200s", line)
			}
			p.send("%s OK\r\n", f[0])
		}
	})
	before := c.Stats().RoundTrips
	out, err := c.Edit(t.Context(), edits, nil, nil)
	for _, e := range out {
		if err != nil || rendered(e) != "store done "+edits[0].Store[0].UIDs.String() {
			t.Errorf("%v: %.100s", err, rendered(e))
		}
	}
	if n := c.Stats().RoundTrips - before; n > 3 {
		t.Errorf("%d round trips", n)
	}
}
