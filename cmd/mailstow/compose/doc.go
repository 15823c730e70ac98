// Package compose reads a message from a file the way a mail program sends it.
//
// Invariants:
//   - What comes out is what an IMAP server can be given: lines end with CRLF (RFC
//     5322 section 2.3) and no octet is zero (RFC 9051 section 9, CHAR8).
//   - Of bytes that are so already, none is changed.
//   - What does not begin with a header field is refused by New, before any byte of
//     it comes out.
//   - Memory is bounded whatever the size.
//
// Layout: compose.go.
package compose
