// Package term turns what servers and messages say into what a person, or a
// script, may safely read.
//
// Invariants:
//   - Nothing a server or a message said reaches a terminal as it came. Clean
//     (one line) and CleanText (many lines) leave no C0 or C1 control, no
//     escape sequence, no bidirectional override and no invalid UTF-8: each is
//     replaced by a visible escape, never dropped, so that an attack is seen
//     and not just defused.
//   - JSON gives valid JSON on one line, with the same characters as \u escapes.
//   - Widths are display columns, not bytes or runes.
//
// Layout: clean.go (escaping), json.go, table.go (columns), human.go (sizes,
// ages, dates).
package term
