package wire

// Limits. Each is far above what an honest server sends and low enough that a
// hostile one can waste time, never memory. Three a user could come up against all
// the same, and can set: the length of a message (Options.MaxLiteral, max-message in
// an account), the ratio (compress = "off") and the silence (NewSocket, timeout).
const (
	// MaxLine bounds a response line (without its literals). A message with
	// thousands of keywords or a LIST entry of a deep hierarchy stays below.
	MaxLine = 1 << 20
	// MaxSetLine bounds the lines that carry UIDs of a whole mailbox: SEARCH over
	// two million messages without ESEARCH is one line of some 16 MB. It is held twice
	// while it grows.
	MaxSetLine = 16 << 20
	// MaxLiteral bounds a streamed literal, that is a message. Nobody's limit for
	// mail comes near; {4294967295} and beyond are refused unread.
	MaxLiteral = 1 << 30
	// MaxString bounds what is held in memory as one string: mailbox names, IDs.
	MaxString = 64 << 10
	// MaxStrings bounds the literals of one response that are held as strings: a name
	// and a few more. MaxSegments bounds its literals, streamed and skipped ones
	// included.
	MaxStrings  = 4 << 20
	MaxSegments = 64 << 10
	// MaxDepth bounds parentheses. Real BODYSTRUCTUREs of forwarded mail reach 30.
	MaxDepth = 64
	// MaxResponses bounds the responses of one exchange, whatever they are: twice the
	// messages of the largest mailbox listed (sync/remote).
	MaxResponses = 1 << 27
	// MaxFlags and MaxFlagOctets bound the flags of one message: Cyrus knows 128
	// keywords in a mailbox, people use a dozen.
	MaxFlags      = 500
	MaxFlagOctets = 8 << 10
	// MaxStray bounds the responses of one exchange that nobody asked for: another
	// client may mark every message of a large mailbox as read meanwhile.
	MaxStray = 4 << 20
	// MaxStrayBytes bounds what is read and thrown away in one exchange.
	MaxStrayBytes = 1 << 30
	// MaxGarbage bounds lines that are no response at all, per connection. Exchange
	// sends one now and then (a bare "[COPYUID ...]"); a page of them is no IMAP.
	MaxGarbage = 100
	// MaxInflateRatio and InflateGrace bound what a compressed connection may
	// inflate to beyond the literals that were asked for and taken, which have their
	// own limit: lists and flags shrink to a tenth, never to a hundredth, and what is
	// skipped is little.
	MaxInflateRatio = 100
	InflateGrace    = 64 << 20
	// MaxInflateIdle bounds compressed octets in a row that inflate to nothing.
	MaxInflateIdle = 1 << 20
	// MaxText bounds server text kept in an error.
	MaxText = 500
	// MaxAlerts bounds the different ALERTs handed on, per connection.
	MaxAlerts = 100

	// maxInFlight and maxWindow bound the commands, and their octets, that a
	// pipeline sends ahead of their answers: less than a socket's buffers hold, so
	// that neither side ever waits for the other to read.
	maxInFlight = 32
	maxWindow   = 16 << 10
	// maxBulk bounds the octets of mail asked for ahead: what arrives in a fifth of a
	// second at 80 MB/s. Another connection shall find something left to do.
	maxBulk = 16 << 20
	// maxAnswers bounds the octets expected of the answers in flight where the
	// commands themselves go beyond maxWindow, and maxBrief the commands whose
	// answers are known to be short. What others change meanwhile is told beside
	// them, but it takes much to fill a socket's buffers; if it happens, both sides
	// wait, and silence ends the connection.
	maxAnswers = 64 << 10
	maxBrief   = 128
)
