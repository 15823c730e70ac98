package remote_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// held is what the caller knows in these tests: messages 1 to 9 but 5, under
// UIDVALIDITY 7, up to mod-sequence 20.
var held = remote.Known{UIDValidity: 7, ModSeq: 20, Last: 9, UIDs: imap.UIDSet{{Start: 1, Stop: 4}, {Start: 6, Stop: 9}}}

// opening is what a server says of that mailbox: n messages, UIDNEXT, HIGHESTMODSEQ.
func opening(n, next, modSeq int) string {
	return fmt.Sprintf("* FLAGS (\\Seen)\r\n* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT %d] n\r\n* OK [HIGHESTMODSEQ %d] h\r\n", n, next, modSeq)
}

// listed answers a scan: flags of these messages, none.
func listed(uids ...int) (s string) {
	for i, uid := range uids {
		s += fmt.Sprintf("* %d FETCH (UID %d FLAGS ())\r\n", i+1, uid)
	}
	return s
}

const (
	qresync   = "ENABLE QRESYNC CONDSTORE ESEARCH"
	condstore = "CONDSTORE ESEARCH"

	examineQ = `EXAMINE "box" (QRESYNC (7 20 1:4,6:9))`
	examineC = `EXAMINE "box" (CONDSTORE)`
	askNew   = "UID FETCH 10:* (UID FLAGS)"
	askSince = "UID FETCH 1:9 (UID FLAGS) (CHANGEDSINCE 20)"
	askCount = "UID SEARCH RETURN (COUNT) UID 1:9"
	askAll   = "UID SEARCH RETURN (ALL) UID 1:9"
	askScan  = "UID FETCH 1:9 (UID FLAGS)\r"
)

// exchange is a command that a script expects and its answer, where $ is the tag;
// OK follows unless the answer is a tagged one by itself.
type exchange struct{ want, data string }

// examined lets ExamineChanged loose on a script.
func examined(t testing.TB, caps string, k remote.Known, script []exchange) (sel remote.Selected, ch remote.Changes, heard string, trips int, err error) {
	t.Helper()
	c := session(t, caps, func(p *peer) {
		if strings.Contains(caps, "QRESYNC") {
			p.answer("ENABLE QRESYNC", "* ENABLED QRESYNC\r\n")
		}
		for _, x := range script {
			tag := p.command(strings.TrimSuffix(x.want, "\r"))
			data := strings.ReplaceAll(x.data, "$", tag)
			if !strings.HasPrefix(data, tag+" ") {
				data += tag + " OK done\r\n"
			}
			p.raw(data)
		}
		p.wait()
	})
	got := map[imap.UID]string{}
	sel, ch, err = c.ExamineChanged(t.Context(), "box", k, remote.Want{}, func(m remote.Meta) error {
		got[m.UID] = text(m.Flags)
		return nil
	})
	for _, uid := range slices.Sorted(maps.Keys(got)) {
		heard += fmt.Sprintf("%d%s", uid, got[uid])
	}
	return sel, ch, heard, c.Stats().RoundTrips, err
}

const allEight = "1[]2[]3[]4[]6[]7[]8[]9[]"

// lie is what a server says that is wrong, or odd and right, and what is found all
// the same.
type lie struct {
	name, caps string
	k          remote.Known
	script     []exchange
	method     remote.Method
	vanished   string
	heard      string
	why        string // "" only when it must be empty
	trips      int
}

func lies() []lie {
	eight := listed(1, 2, 3, 4, 6, 7, 8, 9)
	known := func(change func(k *remote.Known)) remote.Known {
		k := held
		change(&k)
		return k
	}
	vanished := func(what string) string { return "* VANISHED (EARLIER) " + what + "\r\n" }
	return []lie{
		{"nothing changed", qresync, held, []exchange{{examineQ, opening(8, 10, 20)}, {askNew, listed(9)}}, // n:* names the last one
			remote.ByQResync, "", "9[]", "", 1},
		{"all there is", qresync, held, []exchange{
			{examineQ, opening(7, 12, 30) + vanished("2,5:7") + "* 1 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (25))\r\n* 5 FETCH (UID 10 FLAGS () MODSEQ (26))\r\n"},
			{askNew, listed(10, 11, 12)}}, // 12 arrived since EXAMINE
			remote.ByQResync, "2,6:7", `3[\Seen]10[]11[]12[]`, "", 1},
		{"silent about deletions", qresync, held, []exchange{{examineQ, opening(7, 10, 30)}, {askNew, ""}, {askScan, listed(1, 2, 3, 4, 6, 7, 8)}},
			remote.ByScan, "9", "1[]2[]3[]4[]6[]7[]8[]", "of 8 messages 0 vanished, says the server, and counts 7", 2},
		{"everything vanished, says VANISHED alone", qresync, held, []exchange{{examineQ, opening(8, 10, 30) + vanished("1:4294967295")}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "of 8 messages 8 vanished, says the server, and counts 8", 2},
		{"everything vanished", qresync, held, []exchange{{examineQ, opening(0, 10, 30) + vanished("1:4294967295")}, {askNew, "$ BAD empty\r\n"}},
			remote.ByQResync, "1:4,6:9", "", "", 1},
		{"overlapping, reversed, twice, above the known", qresync, held, []exchange{
			{examineQ, opening(5, 10, 30) + vanished("3:2,2:3,3") + vanished("7") + vanished("7:7,11:4294967295,5")}, {askNew, ""}},
			remote.ByQResync, "2:3,7", "", "", 1},
		{"VANISHED without EARLIER", qresync, held, []exchange{{examineQ, opening(7, 10, 30) + "* VANISHED 2\r\n"}, {askNew, ""}},
			remote.ByQResync, "2", "", "", 1},
		{"vanished and yet there", qresync, held, []exchange{{examineQ, opening(7, 10, 30) + vanished("2") + "* 2 FETCH (UID 2 FLAGS (a))\r\n"}, {askNew, ""}, {askScan, listed(1, 2, 3, 4, 6, 7, 8)}},
			remote.ByScan, "9", "1[]2[]3[]4[]6[]7[]8[]", "had vanished", 2},
		{"malformed VANISHED", qresync, held, []exchange{{examineQ, opening(8, 10, 30) + vanished("1:*")}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "beyond understanding", 2},
		{"VANISHED of nothing", qresync, held, []exchange{{examineQ, opening(8, 10, 30) + "* VANISHED (EARLIER)\r\n* VANISHED\r\n* VANISHED (LATER) 1\r\n* VANISHED (EARLIER) ,\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "beyond understanding", 2},
		{"a change without FLAGS", qresync, held, []exchange{{examineQ, opening(8, 10, 30) + "* 1 FETCH (UID 1 MODSEQ (22))\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "no FLAGS in it", 2},
		{"a malformed change", qresync, held, []exchange{{examineQ, opening(8, 10, 30) + "* 1 FETCH (UID 1 FLAGS \r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "malformed", 2},
		{"changes ahead of UIDVALIDITY", qresync, held, []exchange{{examineQ, "* 1 FETCH (UID 1 FLAGS (x))\r\n" + opening(8, 10, 30)}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "before it told UIDVALIDITY", 2},
		{"news of the mailbox open before", qresync, held, []exchange{
			{examineQ, "* 1 FETCH (UID 1 FLAGS (x))\r\n* VANISHED 1:3\r\n* 55 EXISTS\r\n* OK [CLOSED] c\r\n" + opening(8, 10, 30)}, {askNew, ""}},
			remote.ByQResync, "", "", "", 1},
		{"expunged by others meanwhile", qresync, held, []exchange{{examineQ, opening(8, 10, 30)}, {askNew, "* VANISHED 3:5,10\r\n"}},
			remote.ByQResync, "3:4", "", "", 1},
		{"new mail gone again", qresync, held, []exchange{{examineQ, opening(10, 12, 30)}, {askNew, "* VANISHED 10\r\n" + listed(11)}},
			remote.ByQResync, "", "11[]", "", 1},
		{"arrived meanwhile", qresync, held, []exchange{{examineQ, opening(8, 10, 30)}, {askNew, listed(10) + "* 10 EXISTS\r\n"}},
			remote.ByQResync, "", "10[]", "", 1},
		{"messages missed before", qresync, held, []exchange{{examineQ, opening(9, 10, 30)}, {askNew, ""}, {askScan, listed(1, 2, 3, 4, 5, 6, 7, 8, 9)}},
			remote.ByScan, "", "1[]2[]3[]4[]5[]6[]7[]8[]9[]", "of 8 messages 0 vanished", 2},
		{"highestmodseq went back", qresync, held, []exchange{{examineQ, opening(8, 10, 19)}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "highestmodseq went back from 20 to 19", 2},
		{"highestmodseq of 64 bits", qresync, held, []exchange{{examineQ, opening(8, 10, 0) + "* OK [HIGHESTMODSEQ 9223372036854775808] h\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "no mod-sequences", 2},
		{"NOMODSEQ", qresync, held, []exchange{{examineQ, opening(8, 10, 30) + "* OK [NOMODSEQ] none\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "no mod-sequences", 2},
		{"no EXISTS", qresync, held, []exchange{{examineQ, "* OK [UIDVALIDITY 7] v\r\n* OK [HIGHESTMODSEQ 30] h\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "of 8 messages", 2},
		{"no EXISTS, and everything vanished", qresync, held, []exchange{{examineQ, "* OK [UIDVALIDITY 7] v\r\n* OK [HIGHESTMODSEQ 30] h\r\n" + vanished("1:9")}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "of 8 messages", 2},
		{"no UIDNEXT", qresync, held, []exchange{{examineQ, "* 9 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [HIGHESTMODSEQ 30] h\r\n"}, {askNew, listed(10)}},
			remote.ByQResync, "", "10[]", "", 1},
		{"uidvalidity changed", qresync, held, []exchange{
			{examineQ, "* 8 EXISTS\r\n* OK [UIDVALIDITY 8] v\r\n* OK [UIDNEXT 90] n\r\n* VANISHED (EARLIER) 1:9\r\n* 1 FETCH (UID 1 FLAGS (other))\r\n"}, {askNew, listed(10, 11)}},
			remote.Unusable, "", "", "uidvalidity is 8, not 7", 1},
		{"uidvalidity changed, and nothing to fetch", qresync, held, []exchange{{examineQ, "* 8 EXISTS\r\n* OK [UIDVALIDITY 8] v\r\n"}, {askNew, "$ NO nothing\r\n"}},
			remote.Unusable, "", "", "uidvalidity is 8, not 7", 1},
		{"uids that do not last", qresync, held, []exchange{{examineQ, opening(8, 10, 30) + "* NO [UIDNOTSTICKY] no\r\n"}, {askNew, listed(10)}},
			remote.Unusable, "", "", "do not last", 1},
		{"uidnext went back", qresync, held, []exchange{{examineQ, opening(8, 9, 30)}, {askNew, listed(10)}},
			remote.Unusable, "", "", "uidnext went back to 9", 1},
		{"uidnext went back, above what was seen", qresync, known(func(k *remote.Known) { k.UIDNext = 15 }), []exchange{{examineQ, opening(9, 12, 30)}, {askNew, listed(10)}},
			remote.Unusable, "", "", "uidnext went back from 15 to 12", 1},
		{"another mailbox under the same UIDVALIDITY", qresync, known(func(k *remote.Known) { k.MailboxID = "a1" }), []exchange{{examineQ, opening(9, 12, 30) + "* OK [MAILBOXID (b2)] id\r\n"}, {askNew, listed(10)}},
			remote.Unusable, "", "", "another mailbox", 1},
		{"QRESYNC not understood", qresync, held, []exchange{
			{examineQ, "$ BAD what\r\n"}, {askNew, "$ BAD what\r\n"},
			{examineC, opening(8, 10, 30)}, {askSince, ""}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}},
			remote.ByModSeq, "", "", "", 2},
		{"mod-sequence unknown", qresync, known(func(k *remote.Known) { k.ModSeq = 0 }), []exchange{{examineC, opening(8, 10, 30)}, {askScan, eight}, {askNew, ""}},
			remote.ByScan, "", allEight, "", 1},
		{"mod-sequence of 64 bits", qresync, known(func(k *remote.Known) { k.ModSeq = 1 << 63 }), []exchange{{examineC, opening(8, 10, 30)}, {askScan, eight}, {askNew, ""}},
			remote.ByScan, "", allEight, "", 1},
		{"nothing new expected", qresync, known(func(k *remote.Known) { k.NoNew = true }), []exchange{{examineQ, opening(7, 10, 30) + vanished("8")}},
			remote.ByQResync, "8", "", "", 1},
		{"nothing new expected, wrongly", qresync, known(func(k *remote.Known) { k.NoNew = true }), []exchange{{examineQ, opening(9, 11, 30)}, {askNew, listed(10)}},
			remote.ByQResync, "", "10[]", "", 2},
		{"no message held", qresync, known(func(k *remote.Known) { k.UIDs = nil }), []exchange{{`EXAMINE "box" (QRESYNC (7 20 1:9))`, opening(1, 11, 30)}, {askNew, listed(10)}},
			remote.ByQResync, "", "10[]", "", 1},
		{"the highest UID", qresync, remote.Known{UIDValidity: 7, ModSeq: 20, Last: 1<<32 - 1, UIDs: imap.UIDSet{{Start: 1<<32 - 1, Stop: 1<<32 - 1}}},
			[]exchange{{`EXAMINE "box" (QRESYNC (7 20 4294967295))`, "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [HIGHESTMODSEQ 30] h\r\n* VANISHED (EARLIER) 4294967295:1\r\n"}},
			remote.ByQResync, "4294967295", "", "", 1},

		{"count agrees", condstore, held, []exchange{{examineC, opening(8, 10, 30)}, {askSince, "* 2 FETCH (UID 2 FLAGS (a) MODSEQ (29))\r\n"}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}},
			remote.ByModSeq, "", "2[a]", "", 1},
		{"count differs", condstore, held, []exchange{{examineC, opening(7, 10, 30)}, {askSince, ""}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 7\r\n"}, {askNew, ""}, {askAll, "* ESEARCH (TAG \"$\") UID ALL 1:3,6:9\r\n"}},
			remote.ByModSeq, "4", "", "", 2},
		{"empty, and no ALL", condstore, held, []exchange{{examineC, opening(0, 10, 30)}, {askSince, "$ BAD empty\r\n"}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 0\r\n"}, {askNew, "$ BAD empty\r\n"}, {askScan, "$ BAD empty\r\n"}},
			remote.ByScan, "1:4,6:9", "", "server answered BAD", 2},
		{"enumeration and count differ", condstore, held, []exchange{{examineC, opening(7, 10, 30)}, {askSince, ""}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 7\r\n"}, {askNew, ""}, {askAll, "* ESEARCH (TAG \"$\") UID\r\n"}, {askScan, listed(1, 2, 3, 4, 6, 7, 8)}},
			remote.ByScan, "9", "1[]2[]3[]4[]6[]7[]8[]", "counted 7 messages and enumerated 0", 3},
		{"huge enumeration", condstore, held, []exchange{{examineC, opening(9, 10, 30)}, {askSince, ""}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 9\r\n"}, {askNew, ""}, {askAll, "* ESEARCH (TAG \"$\") UID ALL 1:4294967295\r\n"}, {askScan, listed(1, 2, 3, 4, 5, 6, 7, 8, 9)}},
			remote.ByScan, "", "1[]2[]3[]4[]5[]6[]7[]8[]9[]", "missed before", 3},
		{"count agrees, and the end is left out", condstore, held, []exchange{{examineC, opening(9, 11, 30)}, {askSince, ""}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "counted 9 messages and listed 8", 2},
		{"one missed, another gone", condstore, held, []exchange{{examineC, opening(8, 10, 30)}, {askSince, "* 5 FETCH (UID 5 FLAGS () MODSEQ (29))\r\n"}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}, {askAll, "* ESEARCH (TAG \"$\") UID ALL 1:8\r\n"}, {askScan, listed(1, 2, 3, 4, 5, 6, 7, 8)}},
			remote.ByScan, "9", "1[]2[]3[]4[]5[]6[]7[]8[]", "missed before", 3},
		{"no answer to the count", condstore, held, []exchange{{examineC, opening(8, 10, 30)}, {askSince, ""}, {askCount, ""}, {askNew, ""}},
			remote.ByModSeq, "", "", "", 1},
		{"count refused", condstore, held, []exchange{{examineC, opening(9, 11, 30)}, {askSince, ""}, {askCount, "$ NO x\r\n"}, {askNew, listed(10)}},
			remote.ByModSeq, "", "10[]", "", 1},
		{"CHANGEDSINCE refused", condstore, held, []exchange{{examineC, opening(8, 10, 30)}, {askSince, "$ BAD x\r\n"}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "server answered BAD", 2},
		{"CONDSTORE not understood", condstore, held, []exchange{
			{examineC, "$ BAD x\r\n"}, {askSince, "$ BAD x\r\n"}, {askCount, "$ BAD x\r\n"}, {askNew, "$ BAD x\r\n"},
			{"EXAMINE \"box\"\r", opening(8, 10, 0)}, {askScan, eight}, {askNew, ""}},
			remote.ByScan, "", allEight, "", 2},
		{"no modseq, CONDSTORE", condstore, held, []exchange{{examineC, opening(8, 10, 0) + "* OK [NOMODSEQ] n\r\n"}, {askSince, ""}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}, {askScan, eight}},
			remote.ByScan, "", allEight, "no mod-sequences", 2},
		{"news of another mailbox without CLOSED", condstore, held, []exchange{{examineC, "* 1 FETCH (UID 1 FLAGS (x))\r\n* 3 EXPUNGE\r\n" + opening(8, 10, 30)}, {askSince, ""}, {askCount, "* ESEARCH (TAG \"$\") UID COUNT 8\r\n"}, {askNew, ""}},
			remote.ByModSeq, "", "", "", 1},

		{"short", "", held, []exchange{{`EXAMINE "box"`, opening(8, 10, 0)}, {askScan, listed(1, 2, 3)}, {askNew, ""}},
			remote.ByScan, "", "1[]2[]3[]", "counted 8 messages and listed 3", 1},
		{"short, made up for by new mail", "", held, []exchange{{`EXAMINE "box"`, opening(8, 10, 0)}, {askScan, listed(1, 2, 3, 4, 6, 7, 8)}, {askNew, listed(10)}},
			remote.ByScan, "", "1[]2[]3[]4[]6[]7[]8[]10[]", "counted 8 messages and listed 8", 1},
		{"expunged during the scan", "", held, []exchange{{`EXAMINE "box"`, opening(8, 10, 0)}, {askScan, "* 4 EXPUNGE\r\n" + listed(1, 2, 3, 6, 7, 8, 9)}, {askNew, ""}},
			remote.ByScan, "4", "1[]2[]3[]6[]7[]8[]9[]", "", 1},
		{"VANISHED during the scan", "", held, []exchange{{`EXAMINE "box"`, opening(8, 10, 0)}, {askScan, "* VANISHED 4,99\r\n" + listed(1, 2, 3, 6, 7, 8, 9)}, {askNew, ""}},
			remote.ByScan, "4", "1[]2[]3[]6[]7[]8[]9[]", "", 1},
		{"short, and VANISHED of others", "", held, []exchange{{`EXAMINE "box"`, opening(8, 10, 0)}, {askScan, "* VANISHED 4,99\r\n" + listed(1, 2, 3, 6, 7, 8)}, {askNew, ""}},
			remote.ByScan, "", "1[]2[]3[]6[]7[]8[]", "counted 8 messages and listed 6", 1},
		{"nothing known", "", remote.Known{}, []exchange{{`EXAMINE "box"`, opening(2, 10, 0)}, {"UID FETCH 1:* (UID FLAGS)", listed(3, 9)}},
			remote.ByScan, "", "3[]9[]", "", 1},
		{"nothing known, no uidvalidity", "", remote.Known{}, []exchange{{`EXAMINE "box"`, "* 2 EXISTS\r\n"}, {"UID FETCH 1:* (UID FLAGS)", listed(3, 9)}},
			remote.Unusable, "", "", "does not say UIDVALIDITY", 1},
	}
}

// What servers say that is wrong, or odd and right. Where the server's word does
// not come out, everything is read, and the end is the same.
func TestServersThatLie(t *testing.T) {
	for _, tc := range lies() {
		t.Run(tc.name, func(t *testing.T) {
			sel, ch, heard, trips, err := examined(t, tc.caps, tc.k, tc.script)
			if err != nil {
				t.Fatal(err)
			}
			if ch.Method != tc.method || ch.Vanished.String() != tc.vanished || (ch.Why == "") != (tc.why == "") || !strings.Contains(ch.Why, tc.why) {
				t.Errorf("%+v; want %v, vanished %s, why %q", ch, tc.method, tc.vanished, tc.why)
			}
			if exact := tc.method != remote.Unusable && !strings.Contains(tc.why, "and listed"); ch.Exact != exact {
				t.Errorf("exact: %v", ch.Exact)
			}
			if sel.NoModSeq != (sel.HighestModSeq == 0) {
				t.Errorf("no mod-sequences: %v, but %d", sel.NoModSeq, sel.HighestModSeq)
			}
			if heard != tc.heard {
				t.Errorf("heard %s, want %s", heard, tc.heard)
			}
			if trips != tc.trips {
				t.Errorf("%d round trips, want %d", trips, tc.trips)
			}
		})
	}
}
