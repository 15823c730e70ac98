package wire

// What of this package exists because of imapclient v2.0.0-beta.8, and can go
// once upstream is different. Numbers are issues or pull requests of
// github.com/emersion/go-imap; "-" means that none is known.
//
//	#757, #720  no QRESYNC; VANISHED ends the connection
//	                                                  filter.go drops it; sync/remote's enable.go
//	                                                  and resync.go speak it raw
//	#650        Close waits for FETCH data unread     FETCH is raw; Close closes the socket beneath
//	-           a cut literal reads as a short body   FETCH is raw; reader.go says io.ErrUnexpectedEOF
//	-           FETCH routed by arrival: news of flags, a UID behind the literal
//	            or a split answer lose a body         FETCH is raw, routed by UID within one response
//	#726        absolute deadlines                    socket.go, clientConn.Set*Deadline
//	#762        silence is unbounded                  socket.go
//	-           unknown responses end the connection  filter.go
//	-           a name that does not decode ends it   LIST and STATUS are raw; filter.go
//	-           a stray "+" ends it                   outgoing.go counts the literals that wait
//	-           a bad date or keyword in FETCH ends it filter.go, flagfetch.go
//	-           "(" in CAPABILITY or ENABLED spins    filter.go, parsed by sync/remote
//	#574        nested "(" in BODYSTRUCTURE overflows the stack
//	                                                  filter.go
//	#574        lines and buffered literals unbounded limits.go
//	-           LOGIN in clear despite LOGINDISABLED  login is raw
//	-           BYE is ignored                        conn.go
//	-           SELECT encodes names, drops NOMODSEQ, UIDNOTSTICKY, MAILBOXID
//	                                                  EXAMINE is raw
//	-           STORE: no MODIFIED; Move without MOVE: COPY, STORE, bare EXPUNGE
//	                                                  raw, sync/remote's edit.go
//	#750        APPEND: no MULTIAPPEND, LITERAL+ up to 4096 octets only, a refused
//	            literal ends the connection           raw, sync/remote's append.go
//	-           DialTLS always offers ALPN "imap"     sync/remote dials itself
//	#606        no COMPRESS                           compress.go
//	#742        no contexts                           conn.go closes the socket when one ends
