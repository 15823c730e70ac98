package mailgen

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Message is one message with what a mailbox knows about it.
type Message struct {
	Kind  string      // "text", "attachment", ..., "odd: bare LF"
	Flags []imap.Flag // system flags in RFC spelling, then keywords
	Date  time.Time   // internal date, to the second, in some zone
	Data  []byte

	// NUL says that Data holds NUL bytes: APPEND then needs literal8 (RFC 9051
	// section 4.3), and some servers refuse even that.
	NUL bool
	// LF says that Data holds bare LF: servers may store CRLF instead.
	LF bool
}

// Generator makes ordinary messages in sequence.
type Generator struct {
	r   *rand.Rand
	n   int
	now time.Time
	ids []string // Message-IDs so far, for replies
}

// New starts a sequence.
func New(seed uint64) *Generator {
	return &Generator{
		r:   rand.New(rand.NewPCG(seed, 0x6d61696c)),
		now: time.Date(2023, 3, 1, 8, 0, 0, 0, time.UTC),
	}
}

// Messages are the next n messages. Kinds take turns, so that a dozen or more
// messages hold every kind.
func (g *Generator) Messages(n int) []Message {
	out := make([]Message, n)
	for i := range out {
		out[i] = g.Next()
	}
	return out
}

// Next is the next message.
func (g *Generator) Next() Message {
	k := kinds[g.n%len(kinds)]
	g.now = g.now.Add(time.Duration(600+g.r.IntN(40000)) * time.Second)
	e := g.envelope()
	g.n++
	return Message{Kind: k.name, Flags: g.flags(), Date: g.internalDate(), Data: k.build(g, e)}
}

// Large is a message with one attachment, of about size bytes in all.
func (g *Generator) Large(size int) Message {
	m := g.Next()
	e := g.envelope()
	g.n++
	e.subject = fmt.Sprintf("Photos, %d bytes", size)
	m.Kind = "large"
	m.Data = e.multipart("mixed", []part{
		textPart("utf-8", "8bit", "See attachment."),
		filePart("photos.bin", "application/octet-stream", g.noise(size*72/100)),
	})
	return m
}

func (g *Generator) flags() (flags []imap.Flag) {
	for _, f := range []struct {
		flag    imap.Flag
		percent int
	}{
		{imap.FlagSeen, 60}, {imap.FlagAnswered, 15}, {imap.FlagFlagged, 8}, {imap.FlagDraft, 1},
		{"$Forwarded", 6}, {"$Label1", 6}, {"NonJunk", 12}, {"project-x", 4},
	} {
		if g.r.IntN(100) < f.percent {
			flags = append(flags, f.flag)
		}
	}
	return flags
}

func (g *Generator) internalDate() time.Time {
	minutes := []int{0, 60, 120, -300, -480, 330, 540}[g.r.IntN(7)]
	return g.now.Add(time.Duration(1+g.r.IntN(90)) * time.Second).In(time.FixedZone("", minutes*60))
}

func (g *Generator) pick(list []string) string { return list[g.r.IntN(len(list))] }

// noise is incompressible, as photos are.
func (g *Generator) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.r.Uint32())
	}
	return b
}
