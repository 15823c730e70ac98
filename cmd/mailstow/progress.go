package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"mailstow/cmd/mailstow/term"
	mailsync "mailstow/sync"
)

// watcher shows how a run goes: a bar on a terminal, lines with -v, nothing
// otherwise. Events come one at a time.
type watcher struct {
	ui      ui
	account string
	bar     *progressbar.ProgressBar // nil: no terminal, or -v, or -q
}

func newWatcher(u ui, account string) *watcher {
	w := &watcher{ui: u, account: account}
	if u.bars() {
		w.bar = newBar(u)
	}
	return w
}

// bars tells whether there is a place and a wish for a progress bar.
func (u ui) bars() bool { return u.tty && !u.quiet && !u.verbose }

func newBar(u ui) *progressbar.ProgressBar {
	return progressbar.NewOptions64(1,
		progressbar.OptionSetWriter(u.stderr),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(16),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
}

// Event implements mailsync.Observer.
func (w *watcher) Event(e mailsync.Event) {
	switch {
	case w.bar != nil:
		w.draw(e)
	case w.ui.verbose:
		w.print(e)
	}
}

// draw moves the bar. What a run may wait for is told above it.
func (w *watcher) draw(e mailsync.Event) {
	switch e.Kind {
	case mailsync.Opened:
		w.bar.Describe(description(w.ui.errWidth, w.account, e.Mailbox, "", ""))
	case mailsync.Progress:
		// One more than the total: it grows with each mailbox, and a bar that
		// was full would not start again.
		w.bar.ChangeMax64(max(e.BytesTotal, e.Bytes) + 1)
		count := fmt.Sprintf("%d/%d", e.Messages, e.MessagesTotal)
		w.bar.Describe(description(w.ui.errWidth, w.account, e.Mailbox, count,
			fmt.Sprintf("%s messages, %s of %s", count, term.Size(e.Bytes), term.Size(e.BytesTotal))))
		_ = w.bar.Set64(e.Bytes)
	case mailsync.Waiting:
		_ = w.bar.Clear()
		w.print(e)
	}
}

const (
	nameWidth = 24 // columns for account and mailbox
	nameLeast = 6
	barTail   = 38 // what the bar puts behind: 100% || (9.9 MB/s) [1h23m:1h23m]
)

// description keeps its width, so that the bar does not dance, and the line
// within the terminal, or a new one would begin with each step: the name gives
// way first, then the long count. An account that is named by its URL leaves
// the place to the mailbox.
func description(columns int, account, mailbox, short, long string) string {
	name := account
	switch {
	case mailbox == "":
	case len(account) > 12:
		name = mailbox
	default:
		name += " " + mailbox
	}
	room := nameWidth
	if columns > 0 {
		if columns-barTail-len(long)-1 < nameLeast {
			long = short
		}
		room = min(nameWidth, max(nameLeast, columns-barTail-len(long)-1))
	}
	return fmt.Sprintf("%s %s", term.Fit(term.Clean(name), room), long)
}

func (w *watcher) print(e mailsync.Event) {
	prefix := w.account + ": "
	if e.Mailbox != "" {
		prefix += e.Mailbox + ": "
	}
	switch e.Kind {
	case mailsync.Progress:
	case mailsync.Opened:
		w.ui.line(prefix, "opened")
	case mailsync.Planned:
		if e.Plan != nil {
			w.ui.line(w.account+": ", "%s", e.Plan.String())
		}
	default:
		w.ui.line(prefix, "%s", e.Text)
	}
}

// finish takes the bar away.
func (w *watcher) finish() {
	if w.bar != nil {
		_ = w.bar.Clear()
	}
}

// meter is a plain bar over bytes; without a terminal it only counts.
type meter struct {
	bar  *progressbar.ProgressBar
	done int64
}

func newMeter(u ui, what string) *meter {
	m := &meter{}
	if u.bars() {
		m.bar = newBar(u)
		m.bar.Describe(what)
	}
	return m
}

func (m *meter) set(done, total int64) {
	m.done = done
	if m.bar != nil {
		m.bar.ChangeMax64(total + 1)
		_ = m.bar.Set64(done)
	}
}

func (m *meter) finish() {
	if m.bar != nil {
		_ = m.bar.Clear()
	}
}
