package mailgen

import (
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Odd is one message of each kind that breaks mail programs, always the same.
// All of them are legal to hold for a server; none is legal mail.
func Odd() []Message {
	date := time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("", 2*3600))
	odd := oddities()
	out := make([]Message, len(odd))
	for i, o := range odd {
		out[i] = Message{
			Kind: "odd: " + o.kind, Date: date.Add(time.Duration(i) * time.Hour), Data: []byte(o.data),
			NUL: strings.Contains(o.data, "\x00"),
			LF:  strings.Contains(strings.ReplaceAll(o.data, "\r\n", ""), "\n"),
		}
		if i%3 == 0 {
			out[i].Flags = []imap.Flag{imap.FlagSeen}
		}
	}
	return out
}

const (
	oddFrom = "From: Odd <odd@example.org>\r\nTo: you@example.org\r\n"
	oddDate = "Date: Thu, 29 Feb 2024 12:00:00 +0200\r\n"
)

type oddity struct{ kind, data string }

// oddities are made when they are wanted: the program that has them for its demo starts
// in less time.
func oddities() []oddity {
	return []oddity{
		{"no headers", "this line is not a header\r\nneither is this\r\n"},
		{"empty line only", "\r\n"},
		{"empty body", oddFrom + oddDate + "Subject: empty body\r\n\r\n"},
		{"header without end", oddFrom + oddDate + "Subject: the header never ends\r\n"},
		{"leading blank line", "\r\n" + oddFrom + oddDate + "Subject: after a blank line\r\n\r\nbody\r\n"},
		{"NUL bytes", oddFrom + oddDate + "Subject: NUL\r\n\r\nbefore\x00after\r\n"},
		{"bare LF", strings.ReplaceAll(oddFrom+oddDate+"Subject: bare LF\r\n\r\nline\r\nline\r\n", "\r\n", "\n")},
		{"no end of line", oddFrom + oddDate + "Subject: stops\r\n\r\nin the middle of a li"},
		{"bare CR", oddFrom + oddDate + "Subject: bare CR\r\n\r\none\rtwo\r\n"},
		{"huge header", oddFrom + oddDate + "Subject: huge header\r\nX-Huge: " + hugeHeader() + "\r\n\r\nbody\r\n"},
		{"no date", oddFrom + "Subject: no date\r\n\r\nbody\r\n"},
		{"bad date", oddFrom + "Date: 31 Feb 19100 25:61 Uhr\r\nSubject: bad date\r\n\r\nbody\r\n"},
		{"no from", oddDate + "Subject: nobody wrote this\r\n\r\nbody\r\n"},
		{"duplicate Message-ID 1", oddFrom + oddDate + "Message-ID: <twin@example.org>\r\nSubject: first twin\r\n\r\none\r\n"},
		{"duplicate Message-ID 2", oddFrom + oddDate + "Message-ID: <twin@example.org>\r\nSubject: second twin\r\n\r\ntwo\r\n"},
		{"two subjects", oddFrom + oddDate + "Subject: one\r\nSubject: two\r\n\r\nbody\r\n"},
		{"escapes in subject", oddFrom + oddDate + "Subject: \x1b[31mred\x1b[0m \x1b]0;title\x07 =?utf-8?Q?=1B[2Jgone=E2=80=AEgnp.exe?=\r\n\r\nbody \x1b[2J\r\n"},
		{"bidi in subject", oddFrom + oddDate + "Subject: \u202egnp.exe\u202c \u2066isolated\u2069\r\n\r\nbody\r\n"},
		{"invalid UTF-8", oddFrom + oddDate + "Subject: caf\xe9 \xff\xfe \xc3(\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc0\xaf\xed\xa0\x80\r\n"},
		{"unknown charset", oddFrom + oddDate + "Subject: =?x-klingon?Q?nuqneH?=\r\nContent-Type: text/plain; charset=x-klingon\r\n\r\nnuqneH\r\n"},
		{"broken base64", oddFrom + oddDate + "Subject: broken base64\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!! QUJD= =x\r\n"},
		{"multipart without end", oddFrom + oddDate + "Subject: no closing boundary\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhalf a pa"},
		{"multipart without boundary", oddFrom + oddDate + "Subject: no boundary\r\nContent-Type: multipart/mixed\r\n\r\n--\r\n\r\nbody\r\n"},
		{"attachment names", oddFrom + oddDate + "Subject: where files want to go\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
			"--x\r\nContent-Disposition: attachment; filename=\"../../etc/passwd\"\r\n\r\none\r\n" +
			"--x\r\nContent-Disposition: attachment; filename=\"..\"\r\n\r\ntwo\r\n" +
			"--x\r\nContent-Disposition: attachment; filename=\"\"\r\n\r\nthree\r\n--x--\r\n"},
		{"deep nesting", oddFrom + oddDate + "Subject: deep\r\n" + deep(60)},
		{"mbox line", oddFrom + oddDate + "Subject: mbox\r\n\r\nFrom odd@example.org Thu Feb 29 12:00:00 2024\r\n>From here\r\n"},
	}
}

func hugeHeader() string { return strings.Repeat("0123456789abcdef", 4096) }

// deep is a multipart within a multipart within ...
func deep(levels int) string {
	b := "b" + strings.Repeat("x", levels)
	if levels == 0 {
		return "Content-Type: text/plain\r\n\r\nthe bottom\r\n"
	}
	return "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n" + deep(levels-1) + "--" + b + "--\r\n"
}
