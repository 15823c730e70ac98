package localstore

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestEnvelope(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       Envelope
	}{
		{"plain", "From: Ann <ann@example.org>\r\nTo: bob@example.org, \"C, D\" <cd@example.org>\r\nCc: e@example.org\r\n" +
			"Subject: Hello\r\nMessage-ID: <1@example.org>\r\nDate: Sat, 29 Feb 2020 23:30:00 -0530\r\n\r\nSubject: not this\r\n",
			Envelope{"<1@example.org>", "Hello", "Ann <ann@example.org>", "bob@example.org, C, D <cd@example.org>, e@example.org", testDate}},
		{"encoded", "Subject: =?iso-8859-2?Q?=B1?= =?UTF-8?B?w6Q=?=\nFrom: =?koi8-r?B?8NLJ18XU?= <x@y>\n\n",
			Envelope{Subject: "ąä", Sender: "Привет <x@y>"}},
		{"folded", "subject: a\r\n\t b\r\nX: y\r\n z\r\n\r\n", Envelope{Subject: "a b"}},
		{"eight bits", "Subject: caf\xe9 \x80\nFrom: na\xc3\xafve <a@b>\n\n", Envelope{Subject: "café €", Sender: "naïve <a@b>"}},
		{"NUL and escape", "Subject: a\x00b\x1b[31mc\n\n", Envelope{Subject: "a b [31mc"}},
		{"mbox line", "From ann Sat Feb 29\nSubject: x\n\n", Envelope{Subject: "x"}},
		{"garbage between", "no field\n: nothing\n\tcontinued\nSubject : x\n\n", Envelope{Subject: "x"}},
		{"unknown charset", "Subject: =?klingon?Q?x?=\n\n", Envelope{Subject: "=?klingon?Q?x?="}},
		{"bad address", "From: Ann <ann\nTo: undisclosed-recipients:;\n\n", Envelope{Sender: "Ann <ann", Recipients: "undisclosed-recipients:;"}},
		{"first counts", "Subject: one\nSubject: two\n\n", Envelope{Subject: "one"}},
		{"bad date", "Date: yesterday\n\n", Envelope{}},
		{"absurd date", "Date: Fri, 31 Dec 9999 23:30:00 -0530\n\n", Envelope{}},
		{"no header", "\r\nSubject: no\r\n", Envelope{}},
		{"empty", "", Envelope{}},
		{"no end", "Subject: x", Envelope{Subject: "x"}},
	} {
		got := pack(t, test.text).Envelope
		if !got.Date.Equal(test.want.Date) {
			t.Errorf("%s: date %v", test.name, got.Date)
		}
		got.Date, test.want.Date = time.Time{}, time.Time{}
		if got != test.want {
			t.Errorf("%s:\n got %#v\nwant %#v", test.name, got, test.want)
		}
	}
}

// Fields of absurd length are cut between characters.
func TestEnvelopeIsBounded(t *testing.T) {
	to := strings.Repeat("ä <a@example.org>, ", 1<<16)
	e := pack(t, "Subject: x"+strings.Repeat("ü", 1<<20)+"\r\nTo: "+to+"\r\nFrom:"+strings.Repeat("\r\n =?utf-8?q?x?=", 1<<17)+"\r\n\r\n").Envelope
	for _, f := range []string{e.Subject, e.Recipients, e.Sender} {
		if len(f) > maxRecipients || !utf8.ValidString(f) {
			t.Errorf("%d bytes, valid %v", len(f), utf8.ValidString(f))
		}
	}
	if len(e.Subject) != maxField-1 {
		t.Errorf("subject of %d bytes", len(e.Subject))
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte("From: =?utf-8?q?=00?= <a@b>\nTo: (((\nDate: x\n\n"))
	f.Add([]byte("Subject:\n =?iso-2022-jp?B?GyRC?=\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e := parseEnvelope(b)
		for _, s := range []string{e.MessageID, e.Subject, e.Sender, e.Recipients} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r\n") {
				t.Errorf("%q", s)
			}
		}
	})
}
