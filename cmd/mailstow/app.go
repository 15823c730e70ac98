package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/sync/wire"
)

// app is what the commands of one run share.
type app struct {
	host
	ui     ui
	store  string // --store, or empty
	config string // --config, or the default place
	wait   time.Duration

	trace     *wire.Trace // of --trace, or nil
	traceFile io.Closer
	alerts    sync.Map // what servers alerted to and users were told
}

// errDone ends a run that has nothing left to do.
var errDone = errors.New("done")

// run is the whole program: everything it touches comes in as an argument.
func run(ctx context.Context, h host) int {
	a := &app{host: h, ui: newUI(h)}
	out := &sticky{w: h.stdout}
	a.stdout = out
	c := a.cli()
	err := c.RunContext(ctx, reorder(c, h.args))
	a.closeTrace()
	if errors.Is(err, errDone) {
		err = nil
	}
	if err == nil {
		err = out.err
	}
	if err != nil && ctx.Err() != nil && exitCode(err) != exitInterrupted {
		err = &problem{code: exitInterrupted, text: "interrupted", hint: "what was committed stays; run the command again to go on", err: err}
	}
	err = explain(err)
	a.ui.fail(err)
	return exitCode(err)
}

// sticky remembers that stdout took something not: data that is lost is a
// failure, whatever wrote it.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}

func (a *app) cli() *cli.App {
	c := &cli.App{
		Name:                      "mailstow",
		Usage:                     "a complete, verified, offline copy of IMAP accounts in one SQLite file",
		UsageText:                 "mailstow [global options] COMMAND [options] [arguments]\n\nstart with:  mailstow add NAME imaps://user@host   then:  mailstow sync",
		Version:                   version(),
		HideVersion:               true, // ours has no -v, which means verbose
		Flags:                     globalFlags(),
		Commands:                  a.commands(),
		Before:                    a.before,
		Action:                    noCommand,
		Reader:                    a.stdin,
		Writer:                    a.stdout,
		ErrWriter:                 a.stderr,
		OnUsageError:              onUsageError,
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides
		DisableSliceFlagSeparator: true,                         // folder names have commas
		EnableBashCompletion:      true,
		Description:               "Exit codes:\n" + exitList(allCodes...),
	}
	for _, command := range c.Commands {
		a.prepare(command)
	}
	return c
}

// prepare sets what is the same for every command.
func (a *app) prepare(c *cli.Command) {
	c.HideHelpCommand = true // else a folder called "help" cannot be named
	c.OnUsageError = onUsageError
	quietDefaults(c.Flags)
	for _, inner := range c.Subcommands {
		a.prepare(inner)
	}
}

// quietDefaults drops "(default: false)" from the help of every switch.
func quietDefaults(flags []cli.Flag) []cli.Flag {
	for _, f := range flags {
		if b, ok := f.(*cli.BoolFlag); ok {
			b.DisableDefaultText = true
		}
	}
	return flags
}

func globalFlags() []cli.Flag {
	return quietDefaults([]cli.Flag{
		&cli.StringFlag{Name: "store", Usage: "the SQLite `FILE` that holds the mail (default: the account's own, else $XDG_DATA_HOME/mailstow/mail.db)"},
		&cli.StringFlag{Name: "config", Usage: "the configuration `FILE` (default: $XDG_CONFIG_HOME/mailstow/config.toml)"},
		&cli.DurationFlag{Name: "wait", DefaultText: "do not wait", Usage: "wait up to `DURATION` for a store in use instead of failing with code 7"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing but errors"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say what is being done, line by line"},
		&cli.StringFlag{Name: "trace", Usage: "write the conversation with the server to `FILE`, without passwords and mail, for a bug report"},
		&cli.BoolFlag{Name: "version", Usage: "print the version"},
	})
}

func (a *app) before(c *cli.Context) error {
	if c.Bool("version") {
		fmt.Fprintln(a.stdout, "mailstow", version())
		return errDone
	}
	if c.Bool("quiet") && c.Bool("verbose") {
		return usage("-q and -v exclude each other", "leave one of them out")
	}
	if c.Duration("wait") < 0 {
		return usage("--wait must not be negative", "")
	}
	a.ui.quiet, a.ui.verbose = c.Bool("quiet"), c.Bool("verbose")
	a.store, a.wait = c.String("store"), c.Duration("wait")
	if err := a.chooseConfig(c); err != nil {
		return err
	}
	return a.openTrace(c.String("trace"))
}

// chooseConfig finds the configuration. A file that is named must be there,
// unless it is about to be made: a slip in a crontab must not mean "nothing
// configured". An empty name is a variable of the shell that was not set.
func (a *app) chooseConfig(c *cli.Context) error {
	for _, name := range []string{"store", "config", "trace"} {
		if c.IsSet(name) && c.String(name) == "" {
			return usage("--"+name+" needs a file", "leave it out for the usual place")
		}
	}
	if a.config = c.String("config"); a.config == "" {
		a.config = a.defaultConfig()
		return nil
	}
	if _, err := os.Stat(a.config); errors.Is(err, fs.ErrNotExist) && c.Args().First() != "add" {
		return usage(a.config+": no such file", "check --config, or make the file with mailstow add")
	}
	return nil
}

// noCommand runs when no command of ours was named.
func noCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return cli.ShowAppHelp(c)
	}
	var names []string
	for _, command := range c.App.VisibleCommands() {
		names = append(names, command.Names()...)
	}
	hint := "mailstow --help lists the commands"
	if near := nearest(c.Args().First(), names); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return usage(fmt.Sprintf("unknown command %q", c.Args().First()), hint)
}

// onUsageError turns what the flag package says into our own words.
func onUsageError(c *cli.Context, err error, _ bool) error {
	text := err.Error()
	hint := strings.TrimSpace("mailstow "+commandName(c)) + " --help lists the flags"
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		text = "unknown flag " + dashed(strings.TrimLeft(name, "-"))
		if near := nearest(strings.TrimLeft(name, "-"), flagNames(c)); near != "" {
			hint = fmt.Sprintf("did you mean --%s? %s", near, hint)
		}
	} else if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		text = dashed(name) + " needs a value"
	} else if m := badValue.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("%s: %s is not %s", dashed(m[2]), m[1], wantedValue(c, m[2]))
	}
	return usage(text, hint)
}

// badValue takes apart what the flag package says of a value it cannot read.
var badValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-(\S+): `)

// dashed writes a flag the way it is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// wantedValue says what a flag takes.
func wantedValue(c *cli.Context, name string) string {
	switch lookup(append(globalFlags(), c.Command.Flags...), name).(type) {
	case *cli.DurationFlag:
		return "a duration such as 10m"
	case *cli.BoolFlag:
		return "true or false"
	}
	return "a whole number"
}

func commandName(c *cli.Context) string {
	if c.Command == nil || c.Command.Name == c.App.Name {
		return ""
	}
	return c.Command.Name
}

func flagNames(c *cli.Context) []string {
	var names []string
	for _, f := range append(globalFlags(), c.Command.Flags...) {
		names = append(names, f.Names()[0])
	}
	return names
}

// version comes from the build: the module's version, or the revision.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	return strings.TrimSpace("devel " + revision + dirty)
}
