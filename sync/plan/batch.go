package plan

// A request carries some dozens of messages: one each wastes round trips, hundreds
// lose more when a connection is cut, since only an answered command counts (I7).
// Requests for bodies are shorter than those that send them: some servers answer
// several at once (Dovecot: four), and all of them wait in memory for their end.
const (
	BatchMessages = 64
	BatchBytes    = 4 << 20
	FetchBytes    = 1 << 20
)

// A step that appends is noted on the disk before it begins, which takes as long as
// some hundred messages: it has more of them than one command.
const (
	AppendMessages = 4 * BatchMessages
	AppendBytes    = 4 * BatchBytes
)

// Due is a message whose body is to be fetched.
type Due struct {
	ID      int64
	UID     uint32
	Size    int64 // as announced; a hint only (I24)
	Content Content
}

// Content is what messages of the same content have in common: two that are due
// at once need not both be fetched. The zero value says nothing.
type Content struct {
	Identity string // as the server has it; "" where it has none, or the message is large
	Fixed
}

// sized is a message that travels with others.
type sized interface{ octets() int64 }

func (d Due) octets() int64        { return d.Size }
func (i Intent) octets() int64     { return i.Result.Size }
func (p MigratePut) octets() int64 { return p.Size }

// Batches cuts what travels into requests of at most limit messages, in order. A
// message larger than octets travels alone.
func Batches[T sized](all []T, limit int, octets int64) [][]T {
	var out [][]T
	start, bytes := 0, int64(0)
	for i, m := range all {
		size := min(max(m.octets(), 0), octets+1) // a server may announce anything
		full := i-start == limit || bytes+size > octets
		if i > start && full {
			out = append(out, all[start:i])
			start, bytes = i, 0
		}
		bytes += size
	}
	if start < len(all) {
		out = append(out, all[start:])
	}
	return out
}
