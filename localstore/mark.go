package localstore

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Marked is the last run of an account that MarkRun noted; 0: none.
func (s *Store) Marked(acct AccountID) RunID {
	if s.lock == nil {
		return readMarks(s.path + ".lock")[acct]
	}
	s.lock.mu.Lock()
	defer s.lock.mu.Unlock()
	return s.lock.marks[acct]
}

// MarkRun notes, beside the store, a run that has ended. A store whose runs do not
// reach that far is an older copy of itself: a backup that was put back, or one
// that a power cut has set back.
func (s *Store) MarkRun(acct AccountID, run RunID) error {
	if s.lock == nil {
		return &Error{Kind: ErrReadOnly, Path: s.path}
	}
	s.lock.mu.Lock()
	defer s.lock.mu.Unlock()
	s.lock.marks[acct] = run
	return s.lock.write()
}

// appendMarks writes a line for each account.
func (l *lock) appendMarks(text []byte) []byte {
	accounts := make([]AccountID, 0, len(l.marks))
	for acct := range l.marks {
		accounts = append(accounts, acct)
	}
	slices.Sort(accounts)
	for _, acct := range accounts {
		text = fmt.Appendf(text, "account %d run %d\n", acct, l.marks[acct])
	}
	return text
}

// readMarks leaves out what it does not understand.
func readMarks(name string) map[AccountID]RunID {
	marks := map[AccountID]RunID{}
	text, _ := os.ReadFile(name)
	for line := range strings.Lines(string(text)) {
		var acct AccountID
		var run RunID
		if n, _ := fmt.Sscanf(line, "account %d run %d", &acct, &run); n == 2 && acct > 0 && run > 0 {
			marks[acct] = run
		}
	}
	return marks
}

// lockBoot is the run of the machine in which the store at path is fresh.
func lockBoot(path string) string {
	text, _ := os.ReadFile(path + ".lock")
	for line := range strings.Lines(string(text)) {
		if id, ok := strings.CutPrefix(line, "boot "); ok {
			return strings.TrimSpace(id)
		}
	}
	return ""
}
