package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailstow/cmd/mailstow/term"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
)

// migrateJSON is a contract with scripts: fields are only ever added.
type migrateJSON struct {
	Source   string              `json:"source"`
	Target   string              `json:"target"`
	DryRun   bool                `json:"dry_run,omitempty"`
	Folders  []migrateFolderJSON `json:"folders"`
	Messages int                 `json:"messages"`
	Bytes    int64               `json:"bytes"`
	There    int                 `json:"there"` // at the target when all was done
	Copied   int                 `json:"copied"`
	Flags    int                 `json:"flags"`   // messages that got other flags
	Deleted  int                 `json:"deleted"` // at the target
	Missing  int                 `json:"missing"`
}

type migrateFolderJSON struct {
	plan.FolderPlan
	Target  string         `json:"target"`
	Made    bool           `json:"made,omitempty"` // by this pass
	Copied  int            `json:"copied"`
	Missing int            `json:"missing"`
	Reasons map[string]int `json:"reasons,omitempty"` // why messages are missing
}

// done is what a pass did.
type done struct {
	made           map[string]bool // folders of the target, by name
	copied         map[int64]int   // by folder of the source
	flags, deleted int
}

// doneBy is what a plan did of which another one is left.
func doneBy(before, after mailsync.Migrated) done {
	d := done{map[string]bool{}, map[int64]int{}, len(before.Flags) - len(after.Flags), len(before.Delete) - len(after.Delete)}
	for i, f := range after.Folders {
		was := before.Folders[i]
		d.made[before.TargetName(was)] = before.Targets[was.Target].ID == 0
		d.copied[f.Source] = was.Put + was.Waits - f.Put - f.Waits
	}
	return d
}

// report tells where each folder stands.
func (m *migration) report(after mailsync.Migrated, what done, dryRun bool) error {
	why, err := m.reasons()
	if err != nil {
		return err
	}
	j := migrateJSON{Source: m.source.Name, Target: m.target.Name, DryRun: dryRun, Folders: []migrateFolderJSON{},
		Flags: what.flags, Deleted: what.deleted}
	for _, f := range after.Folders {
		x := migrateFolderJSON{FolderPlan: f, Target: after.TargetName(f), Made: what.made[after.TargetName(f)],
			Copied: what.copied[f.Source], Missing: f.Missing(), Reasons: reasons(f, why)}
		if dryRun {
			x.Put += f.Fetch
		}
		j.Folders = append(j.Folders, x)
		j.Messages, j.Bytes, j.There = j.Messages+f.Messages, j.Bytes+f.Bytes, j.There+f.There
		j.Copied, j.Missing = j.Copied+x.Copied, j.Missing+x.Missing
	}
	if err := m.write(j); err != nil {
		return err
	}
	if err := m.remember(after, j); err != nil {
		return err
	}
	return m.outcome(j)
}

// remember keeps the report of a pass that left nothing to be done, as the next one
// will have it when nothing happens until then.
func (m *migration) remember(after mailsync.Migrated, j migrateJSON) error {
	if j.DryRun || !after.Settled() || !m.untroubled() {
		return nil
	}
	j.Copied, j.Flags, j.Deleted = 0, 0, 0
	j.Folders = slices.Clone(j.Folders)
	for i := range j.Folders {
		j.Folders[i].Copied, j.Folders[i].Made = 0, false
	}
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return mailsync.Pass(m.ctx, m.store, m.want, text)
}

// reasons are why messages of the target wait, and, where no mail is kept, why those of
// the source cannot be had.
func (m *migration) reasons() (map[int64]string, error) {
	why, err := mailsync.Reasons(m.ctx, m.store, m.want.Target)
	if err != nil || m.state == "" {
		return why, err
	}
	more, err := mailsync.Reasons(m.ctx, m.store, m.want.Source)
	maps.Copy(why, more)
	return why, err
}

// reasons counts why messages are missing.
func reasons(f plan.FolderPlan, why map[int64]string) map[string]int {
	all := map[string]int{}
	for _, id := range f.Waiting {
		text := why[id]
		if text == "" {
			text = "still queued"
		}
		all[text]++
	}
	for _, id := range f.Lacking {
		all[why[id]]++
	}
	for text, n := range map[string]int{"not copied yet": f.Put + f.Fetch, "the source did not give it": f.Unheld - len(f.Lacking),
		"the target may hold it, but could not be read": f.Unsure} {
		if n > 0 {
			all[text] = n
		}
	}
	return all
}

func (m *migration) write(j migrateJSON) error {
	if m.json {
		return term.WriteJSON(m.stdout, j)
	}
	if m.ui.quiet {
		return nil
	}
	table := term.Table{Right: []int{0, 1, 2, 3}, Flex: 4, Width: m.ui.width}
	done, not := "COPIED", "MISSING"
	if j.DryRun {
		done, not = "TO COPY", "LEFT OUT"
	}
	table.Row("MESSAGES", "SIZE", done, not, "SOURCE", "TARGET")
	for _, f := range j.Folders {
		n, missing := f.Copied, f.Missing
		if j.DryRun {
			n, missing = f.Put, f.Missing-f.Put // Put: also what is to be fetched first
		}
		target := term.Clean(f.Target)
		if f.Made {
			target += "  (new)"
		}
		table.Row(fmt.Sprint(f.Messages), term.Size(f.Bytes), fmt.Sprint(n), fmt.Sprint(missing), term.Clean(f.Name), target)
	}
	if err := table.Write(m.stdout); err != nil {
		return err
	}
	_, err := fmt.Fprintln(m.stdout, term.Clean(j.summary()))
	return err
}

func (j migrateJSON) summary() string {
	if j.DryRun {
		return fmt.Sprintf("%s (%s) in %s, %d at the target already", term.Count(j.Messages, "message"), term.Size(j.Bytes),
			term.Count(len(j.Folders), "folder"), j.There)
	}
	text := fmt.Sprintf("%s (%s) in %s, %d at the target", term.Count(j.Messages, "message"), term.Size(j.Bytes), term.Count(len(j.Folders), "folder"), j.There)
	var did []string
	for _, part := range []struct {
		n    int
		what string
	}{{j.Copied, "copied now"}, {j.Flags, "with other flags"}, {j.Deleted, "deleted there"}} {
		if part.n > 0 {
			did = append(did, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(did) > 0 {
		text += " (" + strings.Join(did, ", ") + ")"
	}
	if j.Missing == 0 {
		return text + "; nothing is missing"
	}
	return fmt.Sprintf("%s; %d missing", text, j.Missing)
}

// outcome is exit code 3 if anything is missing, else what the runs end with.
func (m *migration) outcome(j migrateJSON) error {
	if j.DryRun {
		return nil
	}
	for _, f := range j.Folders {
		for _, text := range slices.Sorted(maps.Keys(f.Reasons)) {
			m.ui.warn("%s: %s: %s", f.Name, term.Count(f.Reasons[text], "message"), text)
		}
	}
	if j.Missing > 0 {
		return &problem{code: exitPartial, text: fmt.Sprintf("%s not at the target", are(j.Missing)),
			hint: m.again()}
	}
	code := exitOK
	for _, name := range []string{m.source.Name, m.target.Name} {
		err := m.trouble[name]
		m.ui.fail(err)
		code = worst(code, exitCode(err))
	}
	if code != exitOK {
		return &problem{code: code}
	}
	return nil
}

// again says what to do when something is missing.
func (m *migration) again() string {
	if m.state != "" {
		return "run it again when the reasons are gone"
	}
	return "run it again when the reasons are gone; mailstow pending shows what waits"
}

func are(n int) string {
	if n == 1 {
		return "1 message is"
	}
	return fmt.Sprintf("%d messages are", n)
}
