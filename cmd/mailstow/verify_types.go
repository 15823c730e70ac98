package main

import (
	"fmt"
	"strconv"
	"strings"

	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// sample is what --sample says: a share of the bodies, or a number of them.
type sample struct {
	percent float64
	count   int
}

func parseSample(s string) (sample, error) {
	bad := usage(fmt.Sprintf("--sample %q: want a percentage such as 5%%, or a number of messages", s), "")
	if text, ok := strings.CutSuffix(s, "%"); ok {
		percent, err := strconv.ParseFloat(text, 64)
		if err != nil || !(percent > 0 && percent <= 100) {
			return sample{}, bad
		}
		return sample{percent: percent}, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return sample{}, bad
	}
	return sample{count: n}, nil
}

// verifyJSON is a contract with scripts: fields are only ever added.
type verifyJSON struct {
	OK       bool                `json:"ok"`
	Stores   []storeJSON         `json:"stores"`
	Remote   []mailsync.Verified `json:"remote,omitempty"`
	Repaired bool                `json:"repaired,omitempty"` // --repair ran, and this is what it left
}

type storeJSON struct {
	Store    string        `json:"store"`
	Findings []findingJSON `json:"findings"`
	Missing  int64         `json:"missing"`            // bodies not held: the copy is not complete
	Passing  bool          `json:"no_store,omitempty"` // the state of a migration, which keeps no mail
}

// missing counts the bodies that are known of and not held: a run was cut
// short, or a damaged one was taken out of use and not fetched again since.
func (r verifyJSON) missing() int64 {
	var n int64
	for _, s := range r.Stores {
		n += s.Missing
	}
	return n
}

type findingJSON struct {
	Kind    string `json:"kind"`
	What    string `json:"what"`
	ID      int64  `json:"id,omitempty"`
	UID     uint32 `json:"uid,omitempty"`
	Account string `json:"account,omitempty"`
	Folder  string `json:"folder,omitempty"`
	State   string `json:"state,omitempty"`
}

// messages are those with findings of a kind, by account.
func (r verifyJSON) messages(kind string) map[string][]localstore.MessageID {
	all := map[string][]localstore.MessageID{}
	for _, s := range r.Stores {
		for _, f := range s.Findings {
			if f.Kind == kind && f.ID != 0 {
				all[f.Account] = append(all[f.Account], localstore.MessageID(f.ID))
			}
		}
	}
	return all
}

// bad findings concern mail; waste does not.
func (f findingJSON) bad() bool { return f.Kind != localstore.FoundWaste }

// rows: no server has what is wrong.
func (f findingJSON) rows() bool {
	return f.Kind == localstore.FoundFile || f.Kind == localstore.FoundRow
}
