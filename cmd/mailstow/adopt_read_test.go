package main

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const getmails = "Return-Path: <%s>\nDelivered-To: unknown\nReceived: from x (x:143) by y with IMAP4 getmail6\n  msgid:17/4; 30 Nov 2026 07:25:43 -0000\n"

// What mbsync and getmail did to a message is undone: line ends, and their fields in
// the header.
func TestAsDownloaded(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for in, want := range map[string]string{
		"A: b\nX-TUID: abcdefghijkl\n\nbody\n":                "A: b\r\n\r\nbody\r\n",
		"X-TUID: abcdefghijkl\nA: b\n\nX-TUID: in the body\n": "A: b\r\n\r\nX-TUID: in the body\r\n",
		"A: b\r\nX-TUID: abcdefghijkl\r\n\r\nbody":            "A: b\r\n\r\nbody",
		"A: " + long + "\nX-TUID: abcdefghijkl\n\n" + long:    "A: " + long + "\r\n\r\n" + long,
		"A: X-TUID: no\n\n":                                   "A: X-TUID: no\r\n\r\n",
		strings.ReplaceAll(getmails, "%s", "unknown") + "Received: from getmail\nA: b\nX-getmail-retrieved-from-mailbox: In\n\nX-getmail-retrieved-from-mailbox: body": "Received: from getmail\r\nA: b\r\n\r\nX-getmail-retrieved-from-mailbox: body",
		strings.ReplaceAll(getmails, "%s", "ann@x") + "A: b\n\n":                                   "Return-Path: <ann@x>\r\nA: b\r\n\r\n",
		"Return-Path: <x>\nReceived: by y\nX-getmail-retrieved-from-mailbox: of somebody else\n\n": "Return-Path: <x>\r\nReceived: by y\r\nX-getmail-retrieved-from-mailbox: of somebody else\r\n\r\n",
		"": "", "no header": "no header", "\nX-TUID: body\n": "\r\nX-TUID: body\r\n",
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			m, err := asDownloaded(r)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(m); err != nil || string(got) != want {
				t.Errorf("%.60q: %.60q, %v; want %.60q", in, got, err, want)
			}
		}
	}
}
