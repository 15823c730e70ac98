package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

func TestReorder(t *testing.T) {
	app := &cli.App{
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "store"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}},
		},
		Commands: []*cli.Command{
			{Name: "list", Flags: []cli.Flag{
				&cli.BoolFlag{Name: "json"},
				&cli.IntFlag{Name: "limit", Aliases: []string{"n"}},
			}},
			{Name: "pending", Flags: []cli.Flag{&cli.BoolFlag{Name: "json"}}, Subcommands: []*cli.Command{
				{Name: "drop", Flags: []cli.Flag{&cli.StringFlag{Name: "account"}, &cli.BoolFlag{Name: "json"}}}}},
			{Name: "odd", Flags: []cli.Flag{&cli.BoolFlag{Name: "store"}}},
		},
	}
	for _, tc := range []struct{ in, want string }{
		{"list INBOX --json", "list --json -- INBOX"},
		{"list INBOX --limit 3 --json More", "list --limit 3 --json -- INBOX More"},
		{"list INBOX -n=3", "list -n=3 -- INBOX"},
		{"list INBOX --store x", "--store x list -- INBOX"},
		{"--store x list INBOX -q", "--store x -q list -- INBOX"},
		{"list --json -- --odd -n", "list --json -- --odd -n"},
		{"list -- INBOX --json", "list -- INBOX --json"},
		{"list -", "list -- -"},
		{"list INBOX --nope 3", "list --nope -- INBOX 3"},
		{"list INBOX --json --help", "list --help"},
		{"list -h INBOX", "list --help"},
		{"odd A --store B", "odd --store -- A B"},
		{"list --json=false INBOX", "list --json=false -- INBOX"},
		{"list INBOX --limit", "list --limit"},
		{"list --json INBOX --store", "--store"},
		{"pending drop 5 --account x 6", "pending drop --account x -- 5 6"},
		{"pending --json drop 5", "pending drop --json -- 5"},
		{"pending 5 drop", "pending -- 5 drop"},
		{"pending --json", "pending --json"},
		{"pending drop drop", "pending drop -- drop"},
		{"pending drop 5 -q --help", "-q pending drop --help"},
		{"--bad list", "--bad list"},
		{"-- list x", "list -- x"},
		{"--version", "--version"},
		{"", ""},
		{"list --generate-bash-completion", "list --generate-bash-completion"},
	} {
		got := reorder(app, append([]string{"mailstow"}, strings.Fields(tc.in)...))
		if diff := cmp.Diff(strings.Fields(tc.want), got[1:], cmpEmpty); diff != "" {
			t.Errorf("%s: %s", tc.in, diff)
		}
	}
}

// cmpEmpty makes nil and empty slices the same.
var cmpEmpty = cmp.Transformer("join", func(s []string) string { return strings.Join(s, "\x00") })
