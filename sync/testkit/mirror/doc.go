// Package mirror compares a store with the server that it mirrors, for machines that
// try the engine: with plain SQL on one side and the model on the other, so that it
// shares nothing with what it looks at. And it knows what may leave for a server at
// all.
//
// Layout: rows.go reads a store, compare.go compares, allowed.go looks at commands.
package mirror
