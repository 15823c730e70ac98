// Package killpoints lets a process die at every point at which it matters, and looks
// whether the next one brings everything to its right end.
//
// What a process leaves behind is what it did to files and what it sent. So the points
// are: before, and in the middle of, everything that SQLite does to a file (of a
// transaction that is its begin, its pages, its commit and the checkpoint behind it)
// and everything that is sent, and behind every response. What happens between two of
// them is memory, and gone. After one is before the next; after a commit and before
// anybody hears of it is a point, too. The server carries out what reached it whole.
//
// At the n-th point the files are copied as they are, which is what a dead process
// leaves; from then on nothing that it does counts. The copy is opened by another one.
// Then, whatever the point:
//   - the store's own Check finds nothing, before anything is repaired;
//   - it holds every body that it held, and each command that left is allowed;
//   - runs come to rest; the last one sent nothing that changes anything and wrote
//     nothing;
//   - mirror and server are equal, message by message;
//   - the server has what it has when nobody dies: each message as often, with the same
//     flags, under the same mailboxes; the same edits wait.
//
// When the power is cut, what was synced is left, and of the rest whatever the disk
// happened to write. Everything above holds then, too.
//
// A disk that is full or broken, and a store that another program holds, are the same
// with a fault in place of a death: the process must say what is wrong and what to do,
// and the next one come to the same end.
//
// TestKillPoints, TestPowerCuts, TestDiskFaults and TestBusy try some points of each
// scenario; MAILSTOW_TEST_KILLPOINTS=200 that many of each, 0 all. A failure prints a
// MAILSTOW_TEST_KILLPOINT, which tries one and tells what is sent.
//
// Layout: scenario.go is what is tried, owner.go what it is told with, account.go its
// servers; counter.go counts points, process.go is a life, image.go what is left of
// it, and power.go what a power cut leaves; try.go is one try, after.go what must be
// true behind it; fault.go are faults.
package killpoints
