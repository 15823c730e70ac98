package mailgen

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

type kind struct {
	name  string
	build func(*Generator, *envelope) []byte
}

// kinds take turns. Plain text comes often, as it does in life.
var kinds = []kind{
	{"text", plainText},
	{"html", alternative},
	{"text", plainText},
	{"attachment", attachment},
	{"quoted-printable", quotedPrintable},
	{"8bit", eightBit},
	{"text", plainText},
	{"iso-8859-1", charset("iso-8859-1", "quoted-printable", charmap.ISO8859_1)},
	{"koi8-r", charset("koi8-r", "8bit", charmap.KOI8R)},
	{"shift_jis", charset("shift_jis", "base64", japanese.ShiftJIS)},
	{"encoded-words", encodedWords},
	{"text", plainText},
	{"nested", nested},
	{"long-header", longHeader},
	{"mixed", mixed},
}

func plainText(g *Generator, e *envelope) []byte {
	return e.single(textPart("us-ascii", "7bit", g.text()))
}

func quotedPrintable(g *Generator, e *envelope) []byte {
	return e.single(textPart("utf-8", "quoted-printable", g.text()+national["utf-8"]+"\r\n"))
}

func eightBit(g *Generator, e *envelope) []byte {
	return e.single(textPart("utf-8", "8bit", national["utf-8"]+"\r\n"+g.text()))
}

func charset(name, transfer string, enc encoding.Encoding) func(*Generator, *envelope) []byte {
	return func(g *Generator, e *envelope) []byte {
		text, err := enc.NewEncoder().String(national[name] + "\r\n")
		if err != nil {
			panic(fmt.Sprintf("mailgen: text for %s: %v", name, err)) // a mistake in words.go
		}
		return e.single(textPart(name, transfer, text+g.text()))
	}
}

func html(g *Generator) part {
	text := strings.ReplaceAll(strings.TrimSpace(g.text()), "\r\n", "<br>\r\n")
	return typed("text/html; charset=utf-8", "quoted-printable",
		"<!DOCTYPE html><html><head><style>p{color:#333}</style></head>\r\n<body><p>"+text+"</p>\r\n"+
			"<a href=\"https://example.org/?a=1&amp;b=2\">näheres</a></body></html>\r\n")
}

func alternative(g *Generator, e *envelope) []byte {
	return e.multipart("alternative", []part{textPart("utf-8", "8bit", g.text()), html(g)})
}

func attachment(g *Generator, e *envelope) []byte {
	name := g.pick([]string{"report.pdf", "Übersicht 2024.pdf", "a b;c.bin", "資料.pdf"})
	return e.multipart("mixed", []part{
		textPart("us-ascii", "7bit", g.text()),
		filePart(name, "application/pdf", append([]byte("%PDF-1.4\n"), g.noise(2000+g.r.IntN(30000))...)),
	})
}

func mixed(g *Generator, e *envelope) []byte {
	inner := multipart("alternative", e.boundary+"a", []part{textPart("utf-8", "8bit", g.text()), html(g)})
	image := filePart("logo.png", "image/png", append([]byte("\x89PNG\r\n\x1a\n"), g.noise(800)...))
	image.header = strings.Replace(image.header, "attachment", "inline", 1) + "Content-ID: <logo@mailgen.example>\r\n"
	related := multipart("related", e.boundary+"r", []part{inner, image})
	csv := filePart("numbers.csv", "text/csv; charset=utf-8", []byte("name;total\r\nMüller;12,50\r\n"))
	return e.multipart("mixed", []part{related, csv})
}

func encodedWords(g *Generator, e *envelope) []byte {
	e.subject = "Grüße, привет, こんにちは: " + e.subject
	e.extra = "Comments: =?iso-8859-1?Q?Andr=E9?= =?koi8-r?B?8NLJ18XU?=\r\n\t=?shift_jis?B?k/qWe4zq?=\r\n"
	return e.single(textPart("us-ascii", "7bit", g.text()))
}

func nested(g *Generator, e *envelope) []byte {
	inner := g.envelope()
	inner.subject = "The original: " + inner.subject
	body := inner.multipart("mixed", []part{
		textPart("utf-8", "8bit", g.text()), filePart("notes.txt", "text/plain", []byte(g.text()))})
	e.subject = "Fwd: " + inner.subject
	return e.multipart("mixed", []part{
		textPart("us-ascii", "7bit", "See below.\r\n"),
		{"Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n", string(body)},
	})
}

func longHeader(g *Generator, e *envelope) []byte {
	var b strings.Builder
	b.WriteString("Cc: ")
	for i := range 60 {
		fmt.Fprintf(&b, "Member Number %d <member%d@lists.example.org>,\r\n ", i, i)
	}
	b.WriteString("last@lists.example.org\r\nDKIM-Signature: v=1; b=" + strings.Repeat("QUJDREVG", 110) + "\r\n")
	e.extra = b.String()
	return e.single(textPart("us-ascii", "7bit", g.text()))
}
