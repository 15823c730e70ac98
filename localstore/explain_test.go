package localstore

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// The queries that run over a million rows use an index for what they look up
// and for their order: none scans message, none sorts.
func TestQueriesUseIndexes(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	list := func(q ListQuery) string { text, _ := q.sql(); return text }
	tests := map[string]string{
		"rows":           rowsQuery,
		"open body":      openBodyAndChunk,
		"stale":          staleQuery,
		"missing":        s.ofMissing(missingSelect),
		"alike":          alikeQuery,
		"found":          foundQuery,
		"believed":       believedQuery,
		"owing":          owingQuery,
		"fingerprints":   fingerprintQuery,
		"folders":        foldersQuery,
		"list":           list(ListQuery{Mailbox: p.box}),
		"list last":      list(ListQuery{Mailbox: p.box, Limit: 5}),
		"list unseen":    list(ListQuery{Mailbox: p.box, Unseen: true, Since: time.Now()}),
		"list account":   list(ListQuery{Account: p.acct}),
		"list gone":      list(ListQuery{Account: p.acct, Gone: true}),
		"list all":       list(ListQuery{Account: p.acct, Deleted: true, Limit: 5}),
		"list then":      list(ListQuery{Mailbox: p.box, At: 7}),
		"last then":      list(ListQuery{Account: p.acct, At: 7, Limit: 5, Unseen: true}),
		"event from":     eventFromQuery,
		"changes":        changesQuery,
		"changes in":     changesInQuery,
		"run events":     runEventsQuery,
		"message events": messageEventsQuery,
		"predecessor":    predecessorQuery,
		"restored":       restoredQuery,
		"diff":           diffQuery,
		"last of a run":  cutAfterQuery,
		"lost":           lostRowQuery,
		"copies":         copiesQuery,
		"vanished":       vanishedQuery,
		"mailboxes then": boxesAtQuery,
		"contents":       contentsQuery,
		"idle":           idleQuery,
		"drop headings":  dropHeadings,
		"present":        presentQuery,
		"returned":       "SELECT id FROM message WHERE generation = ? AND uid = ? AND vanished_run IS NOT NULL ORDER BY id DESC LIMIT 1",
		"body of":        "SELECT id FROM message WHERE body = ? AND vanished_run IS NULL LIMIT 1",
		"problems of":    "DELETE FROM problem WHERE message = ?",
		"known any":      knownAnyQuery,
		"link":           fmt.Sprintf(linkBodies, values("(?, ?)", 3)),
		"link results":   fmt.Sprintf(linkResults, values("(?)", 3)),
		"clear problems": fmt.Sprintf(clearProblems, values("(?)", 3)),
		"problem":        "SELECT tries FROM problem WHERE " + problemIs,
		"delete chunks":  "DELETE FROM chunk WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20",
		"newest event":   "SELECT max(id) FROM event WHERE message = ?",
		"view by id":     "SELECT * FROM mail WHERE id = ?",
		"last run":       runColumns + "WHERE account = ? ORDER BY id DESC LIMIT 1",
		"mailbox by raw": "SELECT id FROM mailbox WHERE account = ? AND raw = ?",
	}
	maps.Copy(tests, intentQueries)
	for name, query := range tests {
		for _, query := range []string{query, planned(query)} {
			if scans := scanned(t, s, query); scans != "" {
				t.Errorf("%s: %s", name, scans)
			}
		}
	}
}

// scanned names the large tables that a query goes through from end to end.
func scanned(t *testing.T, s *Store, query string) (scans string) {
	t.Helper()
	rows, err := s.reader.Query("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?")-sameNumber(query))...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"SCAN m", "SCAN message", "SCAN chunk", "SCAN event", "SCAN problem", "SCAN p", "SCAN body", "SCAN b", "SCAN h", "SCAN hg", "SCAN hx", "SCAN i", "SCAN intent", "SCAN c", "SCAN r", "SCAN conflict", "SCAN e", "SCAN v", "SCAN n", "USE TEMP B-TREE"} {
			if step == table || strings.HasPrefix(step, table+" ") && !(table == "SCAN m" && strings.Contains(step, "mailbox")) {
				scans += step + "; "
			}
		}
	}
	return scans
}

// sameNumber is how many placeholders with a number repeat another.
func sameNumber(query string) (n int) {
	seen := map[byte]bool{}
	for i := 0; i+1 < len(query); i++ {
		if query[i] == '?' && query[i+1] >= '0' && query[i+1] <= '9' {
			if seen[query[i+1]] {
				n++
			}
			seen[query[i+1]] = true
		}
	}
	return n
}
