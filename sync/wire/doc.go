// Package wire is what lies between imapclient and the server: a guarded
// connection that survives any bytes, and raw exchanges for all that imapclient
// v2.0.0-beta.8 cannot do, or cannot do safely (the table is in upstream.go).
//
// # Layers
//
//	imapclient ── clientConn ──┐
//	                           ├── Conn ── reader/writer ── (deflate) ── (TLS) ── Socket ── TCP
//	raw exchanges (Do) ────────┘
//
// A response is read in one place (reader, Response), whoever asked. Raw
// exchanges get it as a stream of tokens; imapclient gets a fresh rendering of
// those few responses it needs (filter.go), so that it never sees a byte it
// could stumble over. Reading is pull-based and there is no goroutine here:
// imapclient's own reader blocks, off the socket, while no command of imapclient
// is in flight, and raw exchanges run only then.
//
// # What goes which way
//
// Raw: greeting, CAPABILITY, STARTTLS, LOGIN and AUTHENTICATE, because imapclient
// trusts them too much; LIST and STATUS, because it decodes names and dies of one
// it cannot decode; EXAMINE, because it encodes names and drops codes this
// program needs; FETCH, because it buffers, routes by arrival, and takes a cut
// literal for a short message; ENABLE and QRESYNC, because it has none; STORE, COPY,
// MOVE and APPEND, because it drops MODIFIED, makes up a MOVE out of a bare EXPUNGE
// and loses the connection with a refused literal; CREATE and its kin, because it
// encodes names. Through imapclient: SEARCH (but for a count in the flight of
// EXAMINE), NOOP, LOGOUT.
//
// # Invariants
//
//   - A part never looks like a whole: the end of the stream is io.EOF only
//     between responses, everywhere else it is io.ErrUnexpectedEOF; a literal's
//     reader says io.EOF only behind its last octet. So it is with what is sent:
//     the end of a literal leaves only once its source has ended where it should.
//   - The first error sticks, closes the socket and is what everybody gets.
//   - Memory is bounded whatever comes (limits.go); literals stream.
//   - Silence trips, slowness does not: one rolling deadline in Socket.
//   - A malformed response costs itself; it ends the connection only where the
//     framing may be lost (behind a literal) or where dropping it would look like
//     an answer (SEARCH).
//   - BYE ends the connection and becomes its error, but for LOGOUT.
//   - A trace holds no credential and no mail, whatever the server repeats.
//   - When a context ends, the socket is closed, and nothing waits any longer.
//
// # Files
//
//	limits.go     every limit, with its reason
//	errors.go     what can go wrong
//	socket.go     deadlines and counters below TLS
//	reader.go     segments and literals; literal.go announcements
//	response.go   the head of a response; token.go its tokens; value.go strings,
//	              lists; mailbox.go names; status.go response codes
//	command.go    outgoing commands, quoting; source.go literals that stream
//	conn.go       life and death of a connection, greeting, TLS
//	exchange.go   commands sent ahead and their answers
//	trace.go      the conversation for bug reports, without credentials and mail
//	compress.go   COMPRESS, and when it pays; meter.go measures that
//	client.go     imapclient's end; outgoing.go what it has in flight;
//	              filter.go, filter_search.go, flagfetch.go what it gets to see
package wire
