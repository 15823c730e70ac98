// Package mailgen makes deterministic sample mail: what people have, and one odd
// message of each kind that breaks mail programs.
//
// The same seed gives the same bytes, flags and dates on every machine and in
// every run; nothing reads the clock or the environment. Lines end in CRLF except
// where a message is odd precisely because they do not.
//
//	mailgen.go  Message, Generator
//	kinds.go    the ordinary kinds
//	odd.go      the odd ones
//	mime.go     headers, bodies, encodings
//	words.go    what people write
package mailgen
