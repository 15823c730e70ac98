package histories

import (
	"encoding/json"

	"mailstow/conflict"
)

// History is all that happens.
type History struct {
	Caps     []string // of the server
	Hide     bool     // it tells no UIDs of what it was given
	Policy   conflict.Policy
	Machines int
	Small    bool     `json:",omitempty"` // there is next to nothing to begin with
	Quirks   []string `json:",omitempty"` // of the server: see quirks.go
	// Connections are how many download at a time; 0: one.
	Connections int `json:",omitempty"`
	Steps       []Step
}

// Step is one thing that happens. The numbers say to which mailbox and message, modulo
// what there is, so that a step means something whatever was left out before it.
type Step struct {
	Do      string
	M       int // the machine
	A, B, C int
	Then    string `json:",omitempty"` // what others do during a run
}

// What an owner does offline, what others do on the server, and runs.
var (
	OwnerDoes = []string{"flag", "flag", "flag", "unflag", "move", "move", "move", "copy", "expunge", "append", "append", "create",
		"rename", "rename", "remove", "subscribe", "drop", "flag-all", "move-all", "undo", "keep"}
	OthersDo = []string{"deliver", "deliver", "deliver", "deliver-twin", "their-flag", "their-flag", "their-unflag", "their-mark", "their-move",
		"their-move", "their-copy", "their-expunge", "their-create", "their-rename", "their-delete", "renumber", "their-lock", "their-quota"}
	RunsAre = []string{"run", "run", "run-cut-read", "run-cut-read", "run-cut-write", "run-lost", "run-lost", "run-cut", "run-meanwhile", "run-meanwhile",
		"run-refused", "run-bye", "run-garbage", "run-killed", "run-bad-line", "run-full", "run-dry", "run-pull", "run-push", "run-within", "run-within", "run-unreadable", "run-guarded", "put-back", "settle"}
	capability = []string{"LITERAL+", "ENABLE", "UIDPLUS", "MOVE", "ESEARCH", "LIST-EXTENDED", "LIST-STATUS", "CONDSTORE", "QRESYNC", "MULTIAPPEND", "OBJECTID", "SEARCHRES", "UNSELECT", "SASL-IR"}
)

// Capabilities are those that histories switch on and off.
func Capabilities() []string { return capability }

// String is the history as JSON, for Parse.
func (h History) String() string {
	text, err := json.Marshal(h)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Parse reads what String wrote.
func Parse(text string) (h History, err error) {
	err = json.Unmarshal([]byte(text), &h)
	return h, err
}
