package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	xterm "golang.org/x/term"

	"mailstow/cmd/mailstow/term"
)

// ui is the conversation with whoever watches: stderr, and how much of it.
// How lines look (after age, cmd/age/tui.go): lower case, no full stop, what
// and where first; what to do next on a line of its own.
type ui struct {
	stderr         io.Writer
	quiet, verbose bool
	tty            bool // stderr is a terminal
	outTTY         bool // stdout is a terminal
	width          int  // columns of stdout's terminal, 0 if it is none
	errWidth       int  // columns of stderr's
}

func newUI(h host) ui {
	return ui{stderr: h.stderr, tty: isTerminal(h.stderr), outTTY: isTerminal(h.stdout),
		width: columns(h.stdout), errWidth: columns(h.stderr)}
}

// columns is the width of a terminal, 0 for anything else.
func columns(stream any) int {
	if f, ok := stream.(*os.File); ok {
		if width, _, err := xterm.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && xterm.IsTerminal(int(f.Fd()))
}

// watched tells whether somebody wants to read how it goes.
func (u ui) watched() bool { return !u.quiet && (u.verbose || u.tty) }

// say is for whoever watches; silent from cron.
func (u ui) say(format string, args ...any) {
	if u.watched() {
		u.line("", format, args...)
	}
}

// detail is for -v alone.
func (u ui) detail(format string, args ...any) {
	if u.verbose {
		u.line("", format, args...)
	}
}

// warn is for what is not fine, though the run goes on: also from cron.
func (u ui) warn(format string, args ...any) {
	if !u.quiet {
		u.line("mailstow: warning: ", format, args...)
	}
}

// hint says what to do next, under a warning.
func (u ui) hint(text string) {
	if !u.quiet && text != "" {
		u.line("hint: ", "%s", text)
	}
}

// fail prints an error and its hint; an error without text has said it all.
func (u ui) fail(err error) {
	if err == nil || err.Error() == "" {
		return
	}
	u.line("mailstow: ", "%s", strings.ReplaceAll(err.Error(), "\n", "; ")) // errors.Join breaks lines
	if p, ok := err.(*problem); ok && p.hint != "" {
		u.line("hint: ", "%s", p.hint)
	}
}

// line cleans the finished text, so that no caller can forget to.
func (u ui) line(prefix, format string, args ...any) {
	fmt.Fprintln(u.stderr, term.Clean(prefix+fmt.Sprintf(format, args...)))
}
