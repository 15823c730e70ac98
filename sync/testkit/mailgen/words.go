package mailgen

import "strings"

var people = []string{
	"Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.com>",
	"Jürgen Groß <juergen@example.de>", "Мария Иванова <maria@example.ru>",
	"山田太郎 <yamada@example.jp>", "\"O'Brien, Pat\" <pat@example.ie>",
	"build@ci.example.net", "Zoë Núñez <zoe@example.es>",
}

var subjects = []string{
	"Minutes of Tuesday's meeting", "Re: invoice 4711", "Offer for the roof", "Build failed: main #1289",
	"Lunch?", "Your order has been shipped", "[golang-nuts] range over func", "Trip to Lisbon",
	"Quarterly report, second draft", "Fwd: keys for the flat", "Reminder: dentist", "Photos from Sunday",
}

var sentences = []string{
	"Thank you for the quick answer.", "I have attached the new version; only section three has changed.",
	"Could we move the call to four o'clock?", "The numbers for March are still missing.",
	"It works on my machine, but the build does not agree.", "See you on Sunday, bring the children.",
	"Nothing else has changed since the last time.", "Please let me know by Friday, or I will book the earlier train.",
	"From now on the list is moderated.", "The parcel is with the neighbour on the second floor.",
}

// national texts go with a charset that can write them.
var national = map[string]string{
	"iso-8859-1": "Schöne Grüße aus Köln, à bientôt, mañana más.",
	"koi8-r":     "Добрый день! Документы будут готовы в пятницу.",
	"shift_jis":  "お世話になっております。資料を送ります。",
	"utf-8":      "Grüße, привет, こんにちは — 👋🏽 naïve café",
}

// text is a few paragraphs, wrapped the way people's programs do.
func (g *Generator) text() string {
	var b strings.Builder
	for range 1 + g.r.IntN(5) {
		for range 2 + g.r.IntN(6) {
			b.WriteString(g.pick(sentences))
			b.WriteString("\r\n")
		}
		b.WriteString("\r\n")
	}
	if g.r.IntN(3) == 0 {
		b.WriteString("-- \r\nsent from my desk\r\n")
	}
	return b.String()
}
