package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// Every transcript of a real server goes through the whole stack, in the place where
// it was recorded: nothing of it is lost, or taken for something else.
func TestTranscripts(t *testing.T) {
	for name, text := range someTranscripts(t) {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			text := tagged(text, "M1", "M2", "M3", "M4")
			switch {
			case strings.Contains(name, "greeting"):
				c, err := remote.Dial(t.Context(), cannedConfig(text))
				if err == nil { // PREAUTH with capabilities: all there is to say
					c.Close()
					return
				}
				wantClass(t, err, remote.Connect, "EOF") // behind the greeting
			case strings.Contains(name, "/list-"), strings.Contains(name, "/status-"):
				list := hear(t, welcome+text+answers(2, 40))
				entries := strings.Count(text, "* LIST ") - strings.Count(text, `"/" ""`)
				if len(list) != entries {
					t.Errorf("%d mailboxes of %d entries: %+v", len(list), entries, list)
				}
			case strings.Contains(name, "/fetch"):
				replayFetch(t, text)
			default:
				hear(t, welcome+text)
			}
		})
	}
}

// replayFetch: no message of the transcript may be missing.
func replayFetch(t *testing.T, text string) {
	c, err := remote.Dial(t.Context(), cannedConfig(welcome+text))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen := map[imap.UID]bool{}
	err = c.Metadata(t.Context(), 1, 0, remote.Want{}, func(m remote.Meta) error { seen[m.UID] = true; return nil })
	want := map[string]bool{}
	for _, m := range regexp.MustCompile(`FETCH \(UID (\d+) FLAGS`).FindAllStringSubmatch(text, -1) {
		want[m[1]] = true
	}
	if len(seen) != len(want) || len(want) > 0 && err != nil {
		t.Errorf("%d messages of %d, %v", len(seen), len(want), err)
	}
}

// answers is the OK to the commands from first to last.
func answers(first, last int) string {
	var b strings.Builder
	for n := first; n <= last; n++ {
		fmt.Fprintf(&b, "M%d OK\r\n", n)
	}
	return b.String()
}

// operations are all that a connection does, the tours of several mailboxes and the
// changes included.
var operations = map[string]func(ctx context.Context, c *remote.Conn) error{
	"list":             list,
	"namespace":        func(ctx context.Context, c *remote.Conn) error { _, err := c.Namespaces(ctx); return err },
	"examine":          func(ctx context.Context, c *remote.Conn) error { _, err := c.Examine(ctx, "box"); return err },
	"changes":          findChanges,
	"tour":             examineBoth,
	"bodies of a tour": fetchBoth,
	"metadata": func(ctx context.Context, c *remote.Conn) error {
		return c.Metadata(ctx, 1, 0, remote.Want{Date: true, Size: true, Identity: true, Labels: true}, func(remote.Meta) error { return nil })
	},
	"pieces": func(ctx context.Context, c *remote.Conn) error {
		err := c.Pieces(ctx, 1, 0, 2*remote.PieceSize, func(_ int64, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		}, func() error { return nil })
		if errors.Is(err, remote.ErrWhole) {
			return nil
		}
		return err
	},
	"bodies": fetchBodies,
	"headers": func(ctx context.Context, c *remote.Conn) error {
		return c.Headers(ctx, imap.UIDSet{{Start: 1, Stop: 9}}, func(imap.UID, []byte) error { return nil })
	},
	"search": func(ctx context.Context, c *remote.Conn) error { _, err := c.UIDs(ctx, 1, 0); return err },
	"noop":   func(ctx context.Context, c *remote.Conn) error { return c.Noop(ctx) },
	"append": func(ctx context.Context, c *remote.Conn) error {
		_, err := c.Append(ctx, "box", []remote.Outgoing{outgoing("a"), outgoing("b")})
		return err
	},
	"edit": func(ctx context.Context, c *remote.Conn) error {
		_, err := c.Edit(ctx, []remote.Edits{{Raw: "box", UIDValidity: 7, Store: []remote.Change{add("x", 1, 2)}}}, nil, nil)
		return err
	},
	"create": func(ctx context.Context, c *remote.Conn) error { return c.Create(ctx, "box", "drafts") },
}

// Every transcript comes in answer to every command, as what another client does
// comes at any time, and as what servers make of pipelined commands: whatever the
// operation makes of it, it ends, the connection stands, and it cost no memory to
// speak of.
func TestTranscriptsAnywhere(t *testing.T) {
	const most = 4 << 20 // octets allocated by both ends
	for name, text := range someTranscripts(t) {
		if strings.Contains(name, "greeting") {
			continue
		}
		for op, do := range operations {
			if op == "search" && foreignSearch.MatchString(text) {
				continue // what was asked in another way must not pass for our answer
			}
			if op == "pieces" && strings.Count(text, " FETCH (BODY[] ") > 1 {
				continue // whose they are is told behind them, too late for what goes on to the store at once
			}
			t.Run(name+"/"+strings.ReplaceAll(op, " ", "_"), func(t *testing.T) {
				c := session(t, "ESEARCH NAMESPACE CONDSTORE UIDPLUS", func(p *peer) { obey(p, text) })
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := do(t.Context(), c)
				if err != nil && remote.ClassOf(err) != remote.Refused {
					t.Errorf("%v: %v", remote.ClassOf(err), err)
				}
				if err := c.Noop(t.Context()); err != nil {
					t.Errorf("afterwards: %v", err)
				}
				runtime.ReadMemStats(&after)
				if n := after.TotalAlloc - before.TotalAlloc; n > most {
					t.Errorf("%d octets were allocated", n)
				}
			})
		}
	}
}

var foreignSearch = regexp.MustCompile(`\* ESEARCH .*(PARTIAL|RELEVANCY|COUNT|MIN|MAX)`)

// obey answers the first command with a transcript and the others with OK.
func obey(p *peer, text string) {
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return
		}
		tag, _, _ := strings.Cut(line, " ")
		for announcement := literalSize.FindStringSubmatch(line); announcement != nil; announcement = literalSize.FindStringSubmatch(line) {
			var n int64
			fmt.Sscan(announcement[1], &n)
			if announcement[2] == "" {
				p.raw("+ go\r\n")
			}
			if _, err := io.CopyN(io.Discard, p.r, n); err != nil {
				return
			}
			if line, err = p.r.ReadString('\n'); err != nil {
				return
			}
		}
		if p.raw(tagged(text, tag)); !strings.Contains(text, "\nA######## ") && !strings.HasPrefix(text, "A######## ") {
			p.send("%s OK done\r\n", tag)
		}
		text = ""
	}
}

var literalSize = regexp.MustCompile(`\{(\d+)(\+?)\}\r\n$`)

// tagged puts tags in the place of those that were masked; the last one stands for
// all that remain.
func tagged(text string, tags ...string) string {
	for _, tag := range tags[:len(tags)-1] {
		text = strings.Replace(text, "A########", tag, 1)
	}
	return strings.ReplaceAll(text, "A########", tags[len(tags)-1])
}

// someTranscripts are all there are, of which there must be some.
func someTranscripts(t *testing.T) map[string]string {
	all := transcripts()
	if len(all) == 0 {
		t.Skip("NOT TESTED: no transcripts: set MAILSTOW_CORPUS to the folder that holds them")
	}
	return all
}
