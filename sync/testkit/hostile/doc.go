// Package hostile plays conversations to the engine that no honest server has: whole
// runs, from the socket to the store, against the model server with its words changed
// on the way, against recordings of its words, changed, that go on whatever is asked,
// and with what real servers once said to others in between.
//
// A stream is a seed: the same seed gives the same mutations of the same words. Wanted
// of every one of them:
//   - nothing panics, and the run ends within two seconds after its input has;
//   - the memory in use grows by 64 MiB at most, and no goroutine is left;
//   - the store passes its own Check, and holds every body that it held before;
//   - an honest server behind all that still has every message that the owner did not
//     expunge;
//   - no file appears outside the store's folder.
//
// TestStreams plays some; MAILSTOW_TEST_STREAMS=10000 as many, from the number in
// MAILSTOW_TEST_STREAMS_FROM on. cmd/mailstow looks at what is shown of the stores.
//
// Layout: stage.go is what is prepared once, scene.go the mail and the edits in it;
// play.go plays one stream and judges; line.go is the connection, mutate.go changes
// what goes over it, with words from evil.go; monster.go are words without end.
package hostile
