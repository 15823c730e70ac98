package proto

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// peer is a client that knows nothing but lines and literals.
type peer struct {
	*testing.T
	conn net.Conn
	r    *bufio.Reader
	tags int
}

// answer is what came for a command: untagged responses, literals in place, and the
// tagged one.
type answer struct {
	untagged []string
	status   string // without tag
}

func (a answer) outcome() string {
	word, _, _ := strings.Cut(a.status, " ")
	return word
}

func newPeer(t *testing.T, conn net.Conn) *peer {
	t.Helper()
	p := &peer{T: t, conn: conn, r: bufio.NewReader(conn)}
	t.Cleanup(func() { conn.Close() })
	if greeting := p.line(); !strings.HasPrefix(greeting, "* OK") {
		t.Fatal(greeting)
	}
	return p
}

var literalEnd = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// line reads a response with its literals.
func (p *peer) line() string {
	p.Helper()
	var all strings.Builder
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			p.Fatalf("%q, %v", line, err)
		}
		all.WriteString(line)
		m := literalEnd.FindStringSubmatch(line)
		if m == nil {
			return strings.TrimRight(all.String(), "\r\n")
		}
		n, _ := strconv.Atoi(m[1])
		data := make([]byte, n)
		if _, err := io.ReadFull(p.r, data); err != nil {
			p.Fatal(err)
		}
		all.Write(data)
	}
}

// do sends a command, literals without waiting, and reads the answer.
func (p *peer) do(format string, args ...any) (a answer) {
	p.Helper()
	p.tags++
	tag := fmt.Sprintf("t%d", p.tags)
	if _, err := fmt.Fprintf(p.conn, "%s %s\r\n", tag, fmt.Sprintf(format, args...)); err != nil {
		p.Fatal(err)
	}
	for {
		line := p.line()
		if status, ok := strings.CutPrefix(line, tag+" "); ok {
			a.status = status
			return a
		}
		a.untagged = append(a.untagged, line)
	}
}

// must wants OK.
func (p *peer) must(format string, args ...any) answer {
	p.Helper()
	a := p.do(format, args...)
	if a.outcome() != "OK" {
		p.Fatalf("%s: %s", fmt.Sprintf(format, args...), a.status)
	}
	return a
}

// like are the untagged responses in which a pattern is found, as it was found.
func (a answer) like(pattern string) (found []string) {
	exp := regexp.MustCompile(pattern)
	for _, line := range a.untagged {
		if m := exp.FindStringSubmatch(line); m != nil {
			found = append(found, m[len(m)-1])
		}
	}
	slices.Sort(found)
	return found
}
