package histories_test

import (
	"io"
	"testing"

	"mailstow/sync/testkit/histories"
	"mailstow/sync/testkit/testenv"
)

// found are histories that went wrong once.
var found = map[string]string{
	// A copy stood in the target already when others changed the flags of its source,
	// which went later: the change went with it.
	"flags of a source that goes later":    `{"Caps":["UIDPLUS"],"Machines":1,"Steps":[{"Do":"move","A":5},{"Do":"run-refused","A":2},{"Do":"their-flag","A":1,"B":2}]}`,
	"no flags of a source that goes later": `{"Caps":["UIDPLUS"],"Machines":1,"Steps":[{"Do":"flag","A":5},{"Do":"settle"},{"Do":"move","A":5},{"Do":"run-refused","A":2},{"Do":"their-unflag","A":1,"B":2}]}`,
	// The server says OK to flags of a message that somebody has just moved elsewhere.
	"flags of a message that is moved meanwhile": `{"Machines":1,"Steps":[{"Do":"flag","A":1,"B":0},{"Do":"run-meanwhile","A":7,"C":1,"Then":"their-move"}]}`,
	// A run that looks only where something is to be sent took what others had moved for
	// expunged.
	"flags of a message that is moved out of sight": `{"Machines":1,"Steps":[{"Do":"flag","A":2},{"Do":"their-move","A":2,"B":1},{"Do":"run-push"}]}`,
	// One that saw only where a message had come to was forgotten by the next, which saw
	// that it had gone.
	"flags of a message seen to come, then to go": `{"Machines":1,"Steps":[{"Do":"move","B":3},{"Do":"their-move","B":2,"C":1},{"Do":"run-push"},{"Do":"flag","A":5}]}`,
	// A copy that is made of a message marked as deleted lost the mark.
	"mark of a source that goes later": `{"Machines":1,"Steps":[{"Do":"move","A":1,"B":2},{"Do":"run"},{"Do":"move","A":1}]}`,
	// A copy whose UID the server told, and which somebody took away before it was ever
	// listed, stayed in the mirror for good.
	"copy that is gone before it is listed":          `{"Caps":["UIDPLUS","LIST-STATUS","QRESYNC"],"Machines":2,"Steps":[{"Do":"copy","M":1,"B":2},{"Do":"run-killed","M":1,"A":3},{"Do":"expunge"},{"Do":"run-full"},{"Do":"move","A":5}]}`,
	"first message that is gone before it is listed": `{"Caps":["UIDPLUS","LIST-STATUS","QRESYNC"],"Machines":2,"Steps":[{"Do":"copy","M":1,"B":0},{"Do":"run-killed","M":1,"A":3},{"Do":"run"},{"Do":"expunge"}]}`,
	// What another machine moves to the same place, with other flags, keeps these.
	"flags of a message that is moved by both": `{"Caps":["MOVE"],"Machines":2,"Steps":[{"Do":"unflag","B":1},{"Do":"move"},{"Do":"move-all","M":1,"C":1}]}`,
	// A killed run had sent flags; what its owner took back before the next one came back.
	"flags taken back behind a killed run": `{"Machines":1,"Steps":[{"Do":"flag","B":2},{"Do":"flag","A":1},{"Do":"run-killed","A":2,"B":1},{"Do":"unflag","B":2}]}`,
	// What the guard held back had been seen to come elsewhere by the run before the one
	// that saw it go, and was not recognised: its owner's edit was lost, or it came twice.
	"edit of what the guard held back":           `{"Policy":1,"Machines":1,"Steps":[{"Do":"their-move","B":3},{"Do":"run-guarded"},{"Do":"flag","A":7}]}`,
	"flags of what is moved and the guard holds": `{"Machines":1,"Steps":[{"Do":"their-move","B":3},{"Do":"unflag","A":6,"B":1},{"Do":"run-guarded"}]}`,
	// Among twins under new UIDs nobody knows which one an edit is about, and it was
	// made anew from the mirror.
	"flags of a twin under another UID": `{"Policy":1,"Machines":1,"Steps":[{"Do":"flag","A":3},{"Do":"renumber","B":1},{"Do":"their-copy","A":3,"B":1,"C":1}]}`,
}

func TestFound(t *testing.T) { again(t, found) }

// shown are histories that show one promise each, whatever seeds happen to try.
var shown = map[string]string{
	// UIDNEXT of the time when it was sent says nothing about UIDs that are given anew.
	"what arrived is found under a lower UID of another UIDVALIDITY": `{"Machines":1,"Steps":[{"Do":"append","B":1},{"Do":"run-killed","B":1,"C":1},{"Do":"their-expunge","B":1},{"Do":"renumber","B":1}]}`,
	// What an owner wants goes along with what is recognised.
	"flags wanted here survive another UIDVALIDITY": `{"Machines":1,"Steps":[{"Do":"flag","A":0},{"Do":"renumber","B":0},{"Do":"renumber","B":1},{"Do":"renumber","B":2},{"Do":"renumber","B":3}]}`,
	// A server carries out what it had received when somebody has looked for it already.
	"what arrives behind the first look is not sent again": `{"Machines":1,"Steps":[{"Do":"append","B":1},{"Do":"run-late","B":1,"C":15}]}`,
}

func TestShown(t *testing.T) { again(t, shown) }

func again(t *testing.T, all map[string]string) {
	t.Helper()
	ground := histories.NewGround(testenv.Memory(t))
	defer ground.Close()
	for name, text := range all {
		t.Run(name, func(t *testing.T) {
			h, err := histories.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, wrong := range ground.Run(h, io.Discard) {
				t.Error(wrong)
			}
		})
	}
}
