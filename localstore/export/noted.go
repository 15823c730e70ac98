package export

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// What other programs note of where on the server a message is:
//
//	mbsync       ,U=UID in a name is its own; the state file of the folder says which
//	             one of the server that is, and of which UIDVALIDITY
//	offlineimap  ,U=UID,FMD5=... is the server's; FolderValidity has a file for each
//	             folder with the UIDVALIDITY
//	imap-backup  NAME.imap beside NAME.mbox: JSON with both

// uidNotes tells for the names in a Maildir what is known of them.
type uidNotes struct {
	validity uint32            // of the server
	far      map[uint32]uint32 // by the UID in a name; nil: it is the server's
}

func (n uidNotes) of(name string) Noted {
	uid := uidOf(name)
	if n.far != nil {
		uid = n.far[uid]
	} else if !strings.Contains(name, ",FMD5=") {
		uid = 0
	}
	if uid == 0 || n.validity == 0 {
		return Noted{}
	}
	return Noted{n.validity, uid}
}

// notes finds what is noted about a Maildir.
func (r *Reader) notes(dir string, names []string) uidNotes {
	near := readValidity(dir)
	if s, ok := readSyncState(filepath.Join(dir, ".mbsyncstate")); ok && s.near == near {
		return s.uidNotes
	}
	box := strings.Join(names, "/")
	found, several := uidNotes{}, 0
	for _, state := range r.States {
		for _, path := range stateFiles(state) {
			if near == 0 || !boxOf(path, box) {
				continue
			}
			if s, ok := readSyncState(path); ok && s.near == near {
				found = s.uidNotes
				several++
			}
		}
	}
	if several == 1 {
		return found
	}
	return uidNotes{validity: r.folderValidity(strings.ReplaceAll(box, "/", "."))}
}

// syncState is a state file of mbsync.
type syncState struct {
	uidNotes
	near uint32 // its own UIDVALIDITY
}

// readSyncState reads one. Versions before 1.4 call far and near master and slave.
func readSyncState(path string) (syncState, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return syncState{}, false
	}
	s := syncState{uidNotes: uidNotes{far: map[uint32]uint32{}}}
	head, rows, ok := strings.Cut(string(text), "\n\n")
	if !ok {
		return s, false
	}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, _ := strconv.ParseUint(value, 10, 32)
		switch name {
		case "FarUidValidity", "MasterUidValidity":
			s.validity = uint32(n)
		case "NearUidValidity", "SlaveUidValidity":
			s.near = uint32(n)
		}
	}
	for line := range strings.Lines(rows) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		far, err := strconv.ParseUint(words[0], 10, 32)
		near, err2 := strconv.ParseUint(words[1], 10, 32)
		if err == nil && err2 == nil && far > 0 && near > 0 {
			s.far[uint32(near)] = uint32(far)
		}
	}
	return s, s.validity != 0 && s.near != 0
}

// stateFiles are those in the folder where mbsync keeps them: ":FAR:BOX_:NEAR:BOX", or
// "BOX" where the folder is that of one channel.
func stateFiles(dir string) []string {
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil
	}
	return all
}

// boxOf tells whether a state file is that of a folder.
func boxOf(path, box string) bool {
	name := filepath.Base(path)
	near := strings.ReplaceAll(name[strings.LastIndexByte(name, ':')+1:], "!", "/")
	return near == box || strings.EqualFold(near, "INBOX") && (box == "" || strings.EqualFold(box, "INBOX"))
}

// folderValidity is the UIDVALIDITY that offlineimap noted of a folder; 0 where two
// accounts have a folder of that name. 42 is that of its Maildirs.
func (r *Reader) folderValidity(name string) uint32 {
	if name == "" {
		name = "INBOX"
	}
	validity := uint32(0)
	for _, state := range r.States {
		files, _ := filepath.Glob(filepath.Join(state, "*", "FolderValidity", "*"))
		for _, path := range files {
			if filepath.Base(path) != name {
				continue
			}
			text, err := os.ReadFile(path)
			n, err2 := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
			if err != nil || err2 != nil || n == 42 {
				continue
			}
			if validity != 0 && validity != uint32(n) {
				return 0
			}
			validity = uint32(n)
		}
	}
	return validity
}
