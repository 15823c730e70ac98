package export

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// imap-backup (versions 2 to 16) keeps a mailbox in two files. NAME.imap is JSON with
// its UIDVALIDITY and for each message the UID, the flags and where it is in NAME.mbox.
// That one is an mbox of its own kind:
//
//	From ADDRESS DATE   of the header, in the zone of the header; either may miss
//	the message         with line feeds alone; each line but the first that begins with
//	                    any number of > and "From", be it "From:" in the header, has one
//	                    > more; no field is added
//	line feeds          one or two, so that it ends with two at least
//
// Nothing says how many were added: mail that ended with an empty line looks like mail
// that did not. In NAME, %3a; is a colon.

// backupNotes are what NAME.imap says.
type backupNotes struct {
	Version     int      `json:"version"`
	UIDValidity uint32   `json:"uid_validity"`
	UIDs        []uint32 `json:"uids"` // of version 2: one after another
	Messages    []struct {
		UID    uint32   `json:"uid"`
		Offset int64    `json:"offset"`
		Flags  []string `json:"flags"`
	} `json:"messages"`
	at map[int64]int // messages by offset
}

// readBackup reads NAME.imap beside NAME.mbox; nil: there is none. One that cannot be
// read says whose the mbox is, all the same.
func readBackup(path string) (*backupNotes, error) {
	text, err := os.ReadFile(strings.TrimSuffix(path, ".mbox") + ".imap")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	n := &backupNotes{at: map[int64]int{}}
	if err == nil {
		err = json.Unmarshal(text, n)
	}
	for i, m := range n.Messages {
		n.at[m.Offset] = i
	}
	return n, err
}

// of gives what is known of the message at an offset, the i-th one.
func (n *backupNotes) of(offset int64, i int) (Noted, []string) {
	if n == nil {
		return Noted{}, nil
	}
	if at, ok := n.at[offset]; ok {
		var flags []string
		for _, f := range n.Messages[at].Flags {
			if f != "Recent" { // which was of that session, and is no keyword
				flags = append(flags, systemFlag(f))
			}
		}
		return Noted{n.UIDValidity, n.Messages[at].UID}, flags
	}
	if len(n.Messages) == 0 && i < len(n.UIDs) {
		return Noted{n.UIDValidity, n.UIDs[i]}, nil
	}
	return Noted{}, nil
}

// systemFlag gives the flags of IMAP their backslash back.
func systemFlag(name string) string {
	for _, l := range letters {
		if strings.EqualFold(`\`+name, l.flag) {
			return l.flag
		}
	}
	return name
}

var backupEscape = regexp.MustCompile("%([0-9a-f]{2});")

// backupNames are the names that imap-backup made these of.
func backupNames(names []string) []string {
	plain := make([]string, len(names))
	for i, name := range names {
		plain[i] = backupEscape.ReplaceAllStringFunc(name, func(s string) string {
			c, _ := strconv.ParseUint(s[1:3], 16, 8) // it has the form
			return string(rune(c))
		})
	}
	return plain
}

// mostTwice is how long a message is at most that is found in two forms: a store keeps
// both until the server has shown which is right.
const mostTwice = 1 << 20

// ofBackup is a message that imap-backup wrote. Of one with CRs there is no other form:
// it may have had CR CR LF, of which one CR is lost, so that the wrong form is as long
// as what the server has.
func (p mboxPart) ofBackup(path string) (Message, error) {
	end, err := p.lastBytes(path, 3)
	if err != nil {
		return Message{}, err
	}
	open := func(added int64) func() (io.ReadCloser, error) {
		part := p
		part.end -= min(added, p.end-p.start)
		return func() (io.ReadCloser, error) { return part.unquoted(path, 0) }
	}
	switch {
	case p.blanks < 2 || string(end) == "\n\n\n": // a header alone; or nothing was added
		return Message{plain: open(0)}, nil
	case p.cr || p.end-p.start > mostTwice:
		return Message{plain: open(1)}, nil
	}
	return Message{plain: open(1), other: open(0)}, nil
}
