package demo

import "mailstow/sync/testkit/mailgen"

type box struct {
	name     string
	messages []mailgen.Message
}

// layout is what people have: nested, foreign, empty and oddly named mailboxes.
var layout = []struct {
	name string
	n    int
}{
	{"INBOX", 60}, {"Archive/2023", 80}, {"Archive/2024", 50}, {"Drafts", 3}, {"Empty", 0},
	{"Lists/golang-nuts", 45}, {"Projekte/Übersicht", 14}, {"R&D", 6}, {"Sent", 30}, {"Trash", 6},
	{"Входящие/Счета", 9}, {"日本語/メール", 8},
}

// Oddities holds one message of each kind that breaks mail programs.
const Oddities = "Oddities"

// sample is the mail of the demo, always the same.
func sample() []box {
	g := mailgen.New(20240229)
	var boxes []box
	for _, l := range layout {
		boxes = append(boxes, box{l.name, g.Messages(l.n)})
	}
	archive := &boxes[2]
	archive.messages = append(archive.messages, g.Large(3<<20))
	return append(boxes, box{Oddities, mailgen.Odd()})
}
