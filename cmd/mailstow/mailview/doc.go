// Package mailview turns the bytes of a message into what a person reads:
// decoded headers, the text, and a list of attachments.
//
// Invariants:
//   - No message is refused: what cannot be decoded is shown as far as it goes,
//     with a note. A message without headers is all text.
//   - Memory is bounded whatever the message holds: attachments are streamed,
//     texts cut at maxText, nesting at maxDepth, parts at maxParts.
//   - Nothing is fetched and nothing is executed: HTML becomes text, its
//     scripts, styles and remote images are left out.
//   - The result is decoded, not safe: who prints it cleans it (package term).
//     A file name from a message never becomes a path: see SafeName and Save.
//
// Layout: view.go (walking the parts), header.go (lenient header block), text.go
// (charsets), html.go (HTML to text), save.go (attachments to files).
package mailview
