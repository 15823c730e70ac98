package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// junk: a server like UW-imapd, at $JUNK, which lists every file of a home
// directory as a mailbox and opens INBOX alone. Some names are undecodable,
// some would steer a terminal.
func junk(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv("JUNK", listener.Addr().String())
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveJunk(conn)
		}
	}()
}

func serveJunk(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1] ready\r\n")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		tag, rest, _ := strings.Cut(lines.Text(), " ")
		verb, args, _ := strings.Cut(rest, " ")
		untagged, status := answerJunk(strings.ToUpper(verb), args)
		fmt.Fprintf(conn, "%s%s %s\r\n", untagged, tag, status)
	}
}

func answerJunk(verb, args string) (untagged, status string) {
	inbox := strings.Contains(args, "INBOX")
	switch {
	case verb == "LIST":
		return junkList(), "OK done"
	case verb == "STATUS" && inbox:
		return "* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\r\n", "OK done"
	case verb == "EXAMINE" && inbox:
		return "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n", "OK [READ-ONLY] done"
	case verb == "STATUS", verb == "EXAMINE":
		return "", "NO not a mailbox \x1b[5m"
	}
	return "", "OK done"
}

func junkList() string {
	var b strings.Builder
	b.WriteString("* LIST (\\NoInferiors) \"/\" INBOX\r\n* LIST (\\NoInferiors) \"/\" \"junk/&2AA-\"\r\n* LIST () \"/\" {9}\r\njunk/\x1b[5m\r\n")
	b.WriteString("* LIST () \"/\" \"junk/\xff\xfe\"\r\n* LIST () \"/\" \"junk/../../x\"\r\n* LIST (\\NoSelect) \"/\" \"junk\"\r\n")
	for i := range 300 {
		fmt.Fprintf(&b, "* LIST (\\NoInferiors) \"/\" \"junk/%d\"\r\n", i)
	}
	return b.String()
}
