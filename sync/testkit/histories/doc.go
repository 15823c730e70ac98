// Package histories tries the engine on histories: what an owner did offline on one
// or two machines, what others did on the server meanwhile, and runs that met faults,
// in any order; then the line is good, all run until nothing is left to do, and what
// is there is compared with what must be.
//
// Wanted after every run, be it cut or not:
//   - the store holds every body that it ever held (I7), by hash;
//   - no cursor is ahead of what was applied (I8): what the server changed up to
//     HIGHESTMODSEQ is in the rows, and so is every UID up to the one listed;
//   - no command left that is not allowed (I14, I18).
//
// And when all is quiet:
//   - mirror and server are equal, message by message;
//   - a message that nobody deleted is there, and no more often than it was copied;
//   - its flags are what the ledger says, which knows nothing of the engine;
//   - at the very end one more run sends nothing that changes anything, and writes
//     nothing, and the store's own Check finds nothing.
//
// TestHistories tries some; MAILSTOW_TEST_HISTORIES=10000 as many, from the number in
// MAILSTOW_TEST_HISTORIES_FROM on; before a release
//
//	go test ./sync/testkit/histories -run TestHistories$ -timeout 0 -v -soak 1h
//
// tries others for an hour. What went wrong once stays in TestFound; TestShown has those that
// show what few seeds would.
//
// TestSevered cuts one run behind every octet of either side.
//
// A History is a value: it prints as JSON, and runs again from that.
//
// The server has capabilities, quirks, quotas and locks drawn at random; a store may be
// replaced by an old backup of itself (what was done since is then unknown to the
// ledger), and a run may be told to delete nothing (I26), which is looked at.
//
// Layout: history.go is the value, shrink.go makes it short; ground.go runs one after the
// other in stores of place.go, which stay open and begin anew; world.go is what happens
// once, with machine.go for each owner and quirks.go for the server; owner.go,
// owner_more.go, others.go, past.go and runs.go carry out its steps; ledger.go remembers what was done and says what must be
// there; rows.go reads a store, check.go and owed.go compare.
package histories
