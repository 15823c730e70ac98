package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder moves flags in front of positional arguments, because cli v2 stops
// looking for flags at the first positional. Global flags move in front of the
// command, so they too may stand anywhere. What follows "--" is positional,
// and positionals are always fenced off with a "--" of our own.
//
// Unknown flags stay with the command, for cli to refuse. A command's first word
// may be one of its own commands (pending drop); flags then go with that one.
func reorder(app *cli.App, argv []string) []string {
	if len(argv) < 2 || argv[len(argv)-1] == "--generate-bash-completion" {
		return argv // cli wants completion requests as the shell sent them
	}
	s := sorter{app: app}
	for rest := argv[1:]; len(rest) > 0; {
		rest = s.take(rest)
	}
	return s.argv(argv[0])
}

type sorter struct {
	app                     *cli.App
	command                 *cli.Command
	names                   []string // of the command, and of the command in it
	global, own, positional []string
	dangling                string // a last flag that lacks its value
}

// take sorts the first argument, and its value if it has one, and returns the rest.
func (s *sorter) take(args []string) []string {
	arg := args[0]
	switch {
	case arg == "--":
		for _, positional := range args[1:] {
			s.word(positional)
		}
		return nil
	case len(arg) < 2 || arg[0] != '-':
		s.word(arg)
		return args[1:]
	}
	return s.flag(args)
}

func (s *sorter) word(arg string) {
	if len(s.names) == 0 {
		s.names, s.command = []string{arg}, s.app.Command(arg)
		return
	}
	if s.command != nil && len(s.positional) == 0 {
		if inner := s.command.Command(arg); inner != nil {
			s.names, s.command = append(s.names, arg), inner
			return
		}
	}
	s.positional = append(s.positional, arg)
}

func (s *sorter) flag(args []string) []string {
	name, _, hasValue := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
	list, found := s.owner(name)
	n := 1
	if found != nil && !hasValue && takesValue(found) {
		n = min(2, len(args))
		if n == 1 {
			s.dangling = args[0]
		}
	}
	*list = append(*list, args[:n]...)
	return args[n:]
}

// owner finds the flag and where it goes: the command's own flags win over
// global ones of the same name.
func (s *sorter) owner(name string) (*[]string, cli.Flag) {
	if s.command != nil {
		if f := lookup(s.command.Flags, name); f != nil {
			return &s.own, f
		}
	}
	if f := lookup(s.app.Flags, name); f != nil {
		return &s.global, f
	}
	if len(s.names) == 0 {
		return &s.global, nil
	}
	return &s.own, nil
}

func (s *sorter) argv(program string) []string {
	if s.dangling != "" && len(s.global) > 0 && s.global[len(s.global)-1] == s.dangling {
		return []string{program, s.dangling} // it must not swallow what we put behind it
	}
	out := append([]string{program}, s.global...)
	if len(s.names) == 0 {
		return out
	}
	out = append(out, s.names...)
	if s.asksHelp() {
		return append(out, "--help") // cli would take a positional for a topic
	}
	out = append(out, s.own...)
	if len(s.positional) > 0 && s.dangling == "" {
		out = append(append(out, "--"), s.positional...)
	}
	return out
}

func (s *sorter) asksHelp() bool {
	return slices.ContainsFunc(s.own, func(arg string) bool {
		return arg == "--help" || arg == "-help" || arg == "-h" || arg == "--h"
	})
}

func lookup(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		for _, n := range f.Names() {
			if n == name {
				return f
			}
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	_, boolean := f.(*cli.BoolFlag)
	return !boolean
}
