package remote_test

import (
	"fmt"
	"strings"
	"testing"

	"mailstow/sync/remote"
)

// A server that makes up flags without end fills no memory: a message keeps as many
// as any message needs, which is said once, and the others theirs.
func TestFlagsWithoutEnd(t *testing.T) {
	var many strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&many, " flag%d", i)
	}
	var notices []string
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		p.answer("UID FETCH", "* 1 FETCH (UID 1 FLAGS (\\Seen"+many.String()+"))\r\n* 2 FETCH (UID 2 FLAGS (a "+strings.Repeat("b", 9000)+" c))\r\n"+
			"* 3 FETCH (FLAGS ("+strings.Repeat("x ", 499)+"last) UID 3)\r\n* 4 FETCH (UID 4 FLAGS (\\Seen))\r\n")
		p.answer("UID FETCH", "* 4 FETCH (UID 4 FLAGS (\\Seen))\r\n")
	})
	cfg.Notice = func(text string) { notices = append(notices, text) }
	c := dial(t, cfg)
	kept := map[uint32]string{}
	err := c.Metadata(t.Context(), 1, 0, remote.Want{}, func(m remote.Meta) error {
		kept[uint32(m.UID)] = fmt.Sprintf("%d %s %s", len(m.Flags), m.Flags[0], m.Flags[len(m.Flags)-1])
		return nil
	})
	want := map[uint32]string{1: `500 \Seen flag498`, 2: "1 a a", 3: "500 x last", 4: `1 \Seen \Seen`}
	if err != nil || fmt.Sprint(kept) != fmt.Sprint(want) {
		t.Errorf("%v, %v", kept, err)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "uid 1 has more flags") {
		t.Errorf("notices: %q", notices)
	}
	if got, err := metadata(t, c, 4, 0, remote.Want{}); err != nil || got != "4 [\\Seen];" {
		t.Errorf("afterwards: %s, %v", got, err)
	}
}
