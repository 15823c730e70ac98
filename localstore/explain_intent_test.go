package localstore

import "fmt"

// intentQueries are those about what waits, for TestQueriesUseIndexes.
var intentQueries = map[string]string{
	"intents":         intentsQuery,
	"intents but":     intentsButQuery,
	"flags intents":   flagsIntentsQuery,
	"flags wanted":    flagsWantedQuery,
	"plain flags":     moreThanFlags,
	"flag events":     flagEvents,
	"flag rows":       flagRows,
	"flag intents":    flagIntents,
	"sent results":    sentQuery,
	"intents made":    intentsMadeQuery,
	"waiting":         waitingQuery,
	"bound":           fmt.Sprintf(boundPlainly, values("(1, 2, 3, 4, '')", 2)),
	"bound events":    fmt.Sprintf(boundEvents, values("(1)", 2)),
	"bound intents":   fmt.Sprintf(boundIntents, values("(1)", 2)),
	"sent plainly":    fmt.Sprintf(sentPlainly, values("(1, 2, '')", 2)),
	"listed":          fmt.Sprintf(listedPlainly, values("(1, 2, 3, '', '')", 2)),
	"conflicts":       conflictsQuery,
	"open conflicts":  openConflictsQuery,
	"intent of":       pendingColumns + "result = ?",
	"flags intent of": pendingColumns + "message = ? AND kind = 'flags'",
	"intents of":      "UPDATE intent SET message = ? WHERE message = ?",
	"results of":      "SELECT result FROM intent WHERE message = ? AND result IS NOT NULL",
	"intents into":    pendingColumns + "target = ? LIMIT 1",
	"intent to make":  pendingColumns + "mailbox = ? AND kind = 'create'",
	"known":           knownQuery,
	"leaving":         leavingQuery,
	"unsent":          "UPDATE message SET generation = ?2 WHERE " + unsent,
	"mailboxes":       mailboxColumns + "WHERE m.id = ?",
	"of a mailbox":    "UPDATE message SET leaving = NULL WHERE " + onServer,
}
