package remote_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"mailstow/sync/remote"
)

const pieceSize = remote.PieceSize

// octets are n octets of a message; one is found in it at any place.
func octets(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.IntN(26)) + 'a'
	}
	return b
}

// part is what an honest server answers.
func part(msg []byte, at, n int) []byte {
	at = min(at, len(msg))
	return msg[at:min(at+n, len(msg))]
}

// answerPiece is a FETCH response of UID 9.
func answerPiece(at int, data []byte) string {
	return fmt.Sprintf("* 1 FETCH (UID 9 BODY[]<%d> {%d}\r\n%s)\r\n", at, len(data), data)
}

// pieceServer answers requests for pieces of UID 9 until the client goes. answer
// gives what stands before the tagged answer, and that from its second word on: "" is
// OK, "later" that all of it comes behind the next answer. asked counts.
func pieceServer(t *testing.T, asked *int, answer func(msg []byte, at, n int) (data, tagged string), msg []byte) *remote.Conn {
	later := ""
	cfg := play(t, func(p *peer) {
		p.send("* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n")
		p.answer(`EXAMINE "box"`, "* 1 EXISTS\r\n")
		for {
			line, err := p.r.ReadString('\n')
			if err != nil {
				return
			}
			*asked++
			var tag string
			var at, n int
			if _, err := fmt.Sscanf(line, "%s UID FETCH 9 (UID BODY.PEEK[]<%d.%d>)", &tag, &at, &n); err != nil {
				t.Errorf("%q: %v", line, err)
				return
			}
			data, tagged := answer(msg, at, n)
			switch tagged {
			case "later":
				later = data + tag + " OK done\r\n"
				continue
			case "":
				tagged = "OK done"
			}
			p.raw(data + tag + " " + tagged + "\r\n" + later)
			later = ""
		}
	})
	cfg.MaxMessage = 16 * pieceSize
	return dial(t, cfg)
}

func honest(msg []byte, at, n int) (string, string) { return answerPiece(at, part(msg, at, n)), "" }

// collected runs Pieces and puts together what was answered.
func collected(t *testing.T, c *remote.Conn, from, size int64) ([]byte, error) {
	t.Helper()
	var got, kept []byte
	var ends []int
	err := c.Pieces(t.Context(), 9, from, size, func(n int64, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err == nil && int64(len(b)) != n {
			t.Errorf("%d octets, %d announced", len(b), n)
		}
		got = append(got, b...)
		ends = append(ends, len(got))
		return err
	}, func() error {
		kept, ends = got[:ends[0]], ends[1:]
		return nil
	})
	if err == nil && len(ends) > 0 {
		t.Errorf("%d pieces without answer", len(ends))
	}
	return kept, err
}

// Whatever a server does with requests for pieces: what comes is the message, or the
// caller hears that it must ask for the whole.
func TestPieces(t *testing.T) {
	const long = 5*pieceSize/2 + 17
	whole := func(why string) string { return "the message cannot be had in pieces: the server " + why }
	type answer = func(msg []byte, at, n int) (string, string)
	for _, test := range []struct {
		name      string
		size      int // of the message
		from      int64
		announced int64 // 0: size
		answer    answer
		asked     int // requests at most; 0: as many as pieces
		err       string
	}{
		{name: "honest", size: long, answer: honest},
		{name: "from the middle", size: long, from: pieceSize + 5, answer: honest, asked: 2},
		{name: "from the end", size: long, from: long, answer: honest, asked: 1},
		{name: "a multiple", size: 2 * pieceSize, answer: honest, asked: 3},
		{name: "one piece", size: 100, answer: honest, asked: 1},
		{name: "empty", size: 0, answer: honest, asked: 1},
		{name: "announced too long", size: long, announced: long + 3*pieceSize, answer: honest, asked: 8},
		{name: "announced too long by little", size: long, announced: long + 1, answer: honest, asked: 4},
		{name: "announced too short", size: long, announced: 10, answer: honest, asked: 4},
		{name: "announced too short by little", size: 2 * pieceSize, announced: 2*pieceSize - 1, answer: honest, asked: 3},
		{name: "announced beyond belief", size: long, announced: 1 << 62, answer: honest, asked: 40},
		{name: "more than may be", size: long, announced: 1 << 62, asked: 40, err: whole("has more of the message than it may be long"),
			answer: func(msg []byte, at, n int) (string, string) { return answerPiece(at, msg[:n]), "" }},
		{name: "UID behind", size: long, answer: func(msg []byte, at, n int) (string, string) {
			b := part(msg, at, n)
			return fmt.Sprintf("* 1 FETCH (FLAGS () BODY[]<%d> {%d}\r\n%s UID 9)\r\n", at, len(b), b), ""
		}},
		{name: "twice", size: long, answer: func(msg []byte, at, n int) (string, string) {
			return answerPiece(at, part(msg, at, n)) + answerPiece(at, bytes.ToUpper(part(msg, at, n))), ""
		}},
		{name: "with news", size: long, answer: func(msg []byte, at, n int) (string, string) {
			return "* 2 EXISTS\r\n* 1 FETCH (UID 9 FLAGS (x))\r\n* 3 FETCH (UID 7 BODY[]<0> {3}\r\nabc)\r\n" + answerPiece(at, part(msg, at, n)), ""
		}},
		{name: "quoted", size: 100, asked: 1, answer: func(msg []byte, at, n int) (string, string) {
			return fmt.Sprintf("* 1 FETCH (UID 9 BODY[]<%d> %q)\r\n", at, part(msg, at, n)), ""
		}},
		{name: "in another order", size: 8*pieceSize + 3, answer: func(msg []byte, at, n int) (string, string) {
			if at/pieceSize%2 == 1 {
				return answerPiece(at, part(msg, at, n)), "later"
			}
			return answerPiece(at, part(msg, at, n)), ""
		}},
		{name: "the whole at once", size: long, asked: 1, err: whole("answered with other octets than asked for"),
			answer: func(msg []byte, at, n int) (string, string) {
				return fmt.Sprintf("* 1 FETCH (UID 9 BODY[] {%d}\r\n%s)\r\n", len(msg), msg), ""
			}},
		{name: "the rest at once", size: long, asked: 1, err: whole("answered with other octets than asked for"),
			answer: func(msg []byte, at, n int) (string, string) { return answerPiece(at, msg[at:]), "" }},
		{name: "without offset", size: 100, asked: 1, err: whole("answered with other octets than asked for"),
			answer: func(msg []byte, at, n int) (string, string) {
				return fmt.Sprintf("* 1 FETCH (UID 9 BODY[] {%d}\r\n%s)\r\n", len(msg), msg), ""
			}},
		{name: "another offset", size: long, asked: 1, err: whole("answered without a piece of the message"),
			answer: func(msg []byte, at, n int) (string, string) { return answerPiece(at+1, part(msg, at, n)), "" }},
		{name: "less than asked for", size: long, err: whole("answered with fewer octets than asked for"),
			answer: func(msg []byte, at, n int) (string, string) { return answerPiece(at, part(msg, at, n/3)), "" }},
		{name: "less than asked for, and the end hidden", size: pieceSize - 10, asked: 2, err: whole("answered with fewer octets than asked for"),
			answer: func(msg []byte, at, n int) (string, string) { return answerPiece(at, part(msg, at, n/2)), "" }},
		{name: "one octet more", size: long, asked: 1, err: whole("answered with other octets than asked for"),
			answer: func(msg []byte, at, n int) (string, string) { return answerPiece(at, part(msg, at, n+1)), "" }},
		{name: "NIL", size: long, asked: 1, err: whole("answered without a piece of the message"),
			answer: func(_ []byte, at, n int) (string, string) {
				return fmt.Sprintf("* 1 FETCH (UID 9 BODY[]<%d> NIL)\r\n", at), ""
			}},
		{name: "nothing", size: long, asked: 1, err: whole("answered without a piece of the message"),
			answer: func([]byte, int, int) (string, string) { return "", "" }},
		{name: "NO", size: long, asked: 1, err: whole("server answered NO not now"),
			answer: func([]byte, int, int) (string, string) { return "", "NO not now" }},
		{name: "NO behind a piece", size: long, err: whole("server answered NO not now"),
			answer: func(msg []byte, at, n int) (string, string) { return answerPiece(at, part(msg, at, n)), "NO not now" }},
		{name: "BAD", size: long, asked: 1, err: whole("does not understand the question"),
			answer: func([]byte, int, int) (string, string) { return "", "BAD what" }},
		{name: "another message", size: long, asked: 1, err: "another message than the one asked for",
			answer: func(msg []byte, at, n int) (string, string) {
				return fmt.Sprintf("* 1 FETCH (BODY[]<%d> {3}\r\nabc UID 8)\r\n", at), ""
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			msg, asked := octets(test.size), 0
			c := pieceServer(t, &asked, test.answer, msg)
			if _, err := c.Examine(t.Context(), "box"); err != nil {
				t.Fatal(err)
			}
			announced := test.announced
			if announced == 0 {
				announced = int64(test.size)
			}
			got, err := collected(t, c, test.from, announced)
			if errors.Is(err, remote.ErrWhole) && (strings.Contains(test.err, "octets") || strings.Contains(test.err, "understand")) {
				before := asked // the server is known now
				if _, err := collected(t, c, test.from, announced); !errors.Is(err, remote.ErrWhole) || asked > before {
					t.Errorf("asked again: %v", err)
				}
			}
			c.Close()
			switch {
			case test.err != "":
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				if strings.HasPrefix(test.err, "the message cannot") && !errors.Is(err, remote.ErrWhole) {
					t.Errorf("%v is not ErrWhole", err)
				}
			case err != nil:
				t.Error(err)
			case !bytes.Equal(got, msg[test.from:]):
				t.Errorf("%d octets of %d", len(got), len(msg))
			}
			if test.asked == 0 {
				test.asked = test.size/pieceSize + 1
			}
			if asked > test.asked {
				t.Errorf("%d requests, want at most %d", asked, test.asked)
			}
		})
	}
}
