package plan

import (
	"testing"
)

func TestPush(t *testing.T) {
	const modern = "UIDPLUS MOVE CONDSTORE"
	for name, c := range map[string]struct{ caps, queue, want string }{
		"nothing": {modern, ``, ``},

		"equal changes are one command": {modern, `
			flags A1 >\Seen
			flags A2 >\Seen
			flags A9 \Flagged>\Flagged,\Seen
			flags B3 >\Seen`, `
			store A1:2,9 +\Seen if<=50
			store B3 +\Seen if<=50`},
		"added and removed: two commands, the second is not conditional": {modern, `
			flags A1 \Seen>\Flagged
			flags A2 >\Flagged
			flags A3 \Seen>`, `
			store A1:2 +\Flagged if<=50
			store A1 -\Seen
			store A3 -\Seen if<=50`},
		"without CONDSTORE": {"UIDPLUS MOVE", `
			flags A1 >\Seen`, `
			store A1 +\Seen`},
		"of a message that was looked at again": {modern, `
			flags A1 >\Seen !newer
			flags A2 >\Seen`, `
			store A1 +\Seen if<=90
			store A2 +\Seen if<=50`},
		"agreed meanwhile": {modern, `
			flags A1 \Seen>\Seen
			flags A2 work>WORK`, `
			done #1
			done #2`},
		"a keyword that cannot be stored does not hold the rest up": {modern, `
			flags F1 >\Seen,work
			flags F2 >work
			flags F3 \Seen,old>`, `
			store F1 +\Seen if<=50
			store F3 -\Seen if<=50
			unpushable #1 work
			unpushable #2 work alone
			unpushable #3 old`},
		"what the server did not say to refuse is tried": {modern, `
			flags B/C1 >anything`, `
			store B/C1 +anything if<=50`},

		"moves and copies by where they go": {modern, `
			move A1>B
			move A2>B/C
			move A3>B
			copy A4>B
			copy A5>B`, `
			copy A4:5>B
			move A1,3>B
			move A2>B/C`},
		"flags go along, copies are made before the original goes": {modern, `
			move A1>B
			flags A1 >\Seen
			copy A1>B/C
			move A2>B`, `
			store A1 +\Seen if<=50
			copy A1>B/C
			move A1>B needs #3
			move A2>B`},
		"a move without MOVE": {"UIDPLUS", `
			move A1>B
			move A2>B`, `
			copy A1:2>B verify
			erase A1:2 verified expunge`},
		"a copy that was made before, its source left to go": {"UIDPLUS", `
			move A1>B !copied
			move A2>B
			move A3>B !sent`, `
			settle B #3
			copy A2>B verify
			erase A1:2 verified expunge`},
		"copied before, and MOVE is offered now": {"UIDPLUS MOVE", `
			move A1>B !copied
			move A2>B`, `
			move A2>B
			erase A1 verified expunge`},
		"a move without MOVE and UIDPLUS": {"", `
			move A1>B`, `
			copy A1>B verify
			erase A1 verified`},
		"deleted": {modern, `
			delete A3
			delete A1`, `
			erase A1,3 expunge`},
		"deleted without UIDPLUS": {"", `
			delete A1`, `
			erase A1`},
		"no source is copied that may not go": {"UIDPLUS", `
			move F1>A
			delete F2
			copy F3>A
			move F4>A !copied`, `
			copy F3>A
			wait #1: F lets nothing be deleted
			wait #2: F lets nothing be deleted
			wait #4: F lets nothing be deleted`},
		"MOVE needs no right to delete": {modern, `
			move F1>A
			move F2>A !copied`, `
			move F1>A
			wait #2: F lets nothing be deleted`},

		"appended": {modern, `
			append >B 100
			append >A 100
			append >B 100`, `
			append B #1 #3
			append A #2`},
		"batches": {modern, `
			append >B 12000000
			append >B 12000000
			append >B 10`, `
			append B #1
			append B #2 #3`},
		"too large for the mailbox": {modern, `
			append >S 50
			append >S 51`, `
			append S #1
			park #2: 51 bytes: S takes messages of at most 50`},

		"too large for the server, but not for the mailbox": {modern + " APPENDLIMIT", `
			append >B 60
			append >B 61
			append >S 51`, `
			append B #1
			park #2: 61 bytes: B takes messages of at most 60
			park #3: 51 bytes: S takes messages of at most 50`},

		"the mailbox below was made first": {modern, `
			create N/P
			create N`, `
			create N/P
			create N`},
		"made here": {modern, `
			create N
			append >N 10
			create N/P
			move A1>N/P
			move A2>B
			subscribe N`, `
			create N
			create N/P needs #1
			subscribe N needs #1
			append N #2 needs #1
			move A1>N/P needs #3
			move A2>B`},
		"renamed, one into the other's name": {modern, `
			rename A Z
			rename B A`, `
			rename A Z
			rename B A needs #1`},
		"a name that is free, and one that is soon taken": {modern, `
			rename A G
			rename B N`, `
			rename A G
			wait #2: another mailbox is named N`},
		"the name is another's": {modern, `
			rename B A
			rename A Z
			append >B 10`, `
			rename A Z
			append B #3
			wait #1: another mailbox is named A`},
		"removed: what is below first, and after what was saved from it": {modern, `
			remove B
			remove B/C
			move B/C1>A`, `
			move B/C1>A
			remove B/C needs #3
			held B #1 100 of 100: the mailbox would go with its mail
			`},
		"removed, the upper one first": {modern, `
			remove E
			remove E/E`, `
			remove E/E
			remove E needs #2`},
		"what is not removed keeps what is above it": {modern, `
			remove E
			remove E/E
			move E/E1>Q
			rename B/C Z !later
			remove B/C`, `
			wait #3: Q: UIDNEXT went back
			wait #4: over quota
			wait #2: after #3, which is not done yet
			wait #5: after #4, which is not done yet
			wait #1: after #2, which is not done yet`},
		"however long the way": {modern, `
			remove E
			remove E/E
			move E/E1>N
			create N !later`, `
			wait #4: over quota
			wait #3: after #4, which is not done yet
			wait #2: after #3, which is not done yet
			wait #1: after #2, which is not done yet`},
		"not removed with what the mirror lacks": {modern, `
			remove U`, `
			wait #1: U has 1 message that the mirror does not hold yet`},
		"removed only once everything is out": {modern, `
			move B/C1>Q
			remove B/C`, `
			wait #1: Q: UIDNEXT went back
			wait #2: after #1, which is not done yet`},

		"looked for before it is sent again": {modern, `
			append >B 10 !sent
			append >B 10
			move A1>B !sent !vanished
			copy A2>A !done
			delete A2`, `
			settle B #1 #3
			settle A #4
			append B #2
			wait #5: after #4, which is not done yet`},
		"sent, and safe to send again": {modern, `
			create N !sent
			flags A1 >\Seen !sent
			delete A1 !sent`, `
			create N
			store A1 +\Seen if<=50
			erase A1 expunge`},

		"each waits for a reason of its own": {modern, `
			flags A1 >\Seen !later
			flags A2 >\Seen !parked
			flags A3 >\Seen !vanished
			flags A4 >\Seen !renumbered
			flags A >\Seen
			flags R1 >\Seen
			flags G1 >\Seen
			flags Q1 >\Seen
			copy A5>G
			append >B 10 !unheld
			delete A6 !unheld
			flags A7 >\Seen`, `
			store A7 +\Seen if<=50
			wait #1: over quota
			wait #2: parked: its reason
			wait #3: its message is gone from the server: to be decided first
			wait #4: UIDVALIDITY of A changed: to be decided first
			wait #5: its message is not on the server yet
			wait #6: R is read-only
			wait #7: G is no longer on the server: to be decided first
			wait #8: Q: UIDNEXT went back
			wait #9: G is no longer on the server: to be decided first
			wait #10: the mirror does not hold the message yet
			wait #11: the mirror does not hold the message yet`},
		"a read-only mailbox can be copied from": {modern, `
			copy R1>B
			move R2>B`, `
			copy R1>B
			wait #2: R is read-only`},
		"what waits holds up what depends on it, and nothing else": {modern, `
			create N !later
			create N/P
			move A1>N/P
			copy A2>N
			delete A2
			delete A3`, `
			erase A3 expunge
			wait #1: over quota
			wait #2: after #1, which is not done yet
			wait #3: after #2, which is not done yet
			wait #4: after #1, which is not done yet
			wait #5: after #4, which is not done yet`},
	} {
		expect(t, name, Push(input(t, c.caps, c.queue)), c.want)
	}
}

// read-only = true: not one step, whatever is queued.
func TestPushOfReadOnlyAccount(t *testing.T) {
	in := input(t, "", "append >B 1 !sent\nflags A1 >\\Seen\ncreate N")
	in.ReadOnly = true
	expect(t, "read-only", Push(in), `
		wait #1: the account is read-only
		wait #2: the account is read-only
		wait #3: the account is read-only`)
}
