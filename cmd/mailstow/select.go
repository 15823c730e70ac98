package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
)

// selection is which messages a command line means: ids, or all of a folder, and
// of these what the filters let through.
type selection struct {
	ids      []span
	byID     bool // ids were asked for, if only with an empty stdin
	folder   string
	filters  localstore.ListQuery // without account and mailbox
	filtered bool
}

// span is a range of ids, or one id.
type span struct{ first, last localstore.MessageID }

// selectionFlags are those of every command that takes messages.
func selectionFlags(more ...cli.Flag) []cli.Flag {
	return append(more, append([]cli.Flag{
		&cli.StringFlag{Name: "folder", Aliases: []string{"f"}, Usage: "messages of `FOLDER`: all, or those of the ids that are there"},
	}, filterFlags()...)...)
}

// filterFlags narrow down what a folder holds; limit is a short name for --limit.
func filterFlags(limit ...string) []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "unseen", Aliases: []string{"u"}, Usage: "only messages not seen"},
		&cli.StringFlag{Name: "since", Usage: "only what arrived on or after `DATE` (2024-06-01, RFC 3339, or an age such as 36h or 7d)"},
		&cli.StringFlag{Name: "before", Usage: "only what arrived before `DATE`, written like that of --since"},
		&cli.StringFlag{Name: "from", Usage: "only where the sender contains `TEXT`"},
		&cli.StringFlag{Name: "subject", Usage: "only where the subject contains `TEXT`"},
		&cli.IntFlag{Name: "limit", Aliases: limit, DefaultText: "all", Usage: "only the last `N`"},
	}
}

// selectionHelp is part of the long help of every command that takes messages.
const selectionHelp = `ID is the number at the end of a line of "mailstow list", a range such as
100-200, or - to read ids from standard input. Instead of ids, --folder takes all
messages of a folder; --from, --since and so on narrow that down, or the ids. An id
that names no message is an error, and then nothing is changed; a range takes
what there is.`

// readSelection reads the ids among the arguments and the filters.
func (a *app) readSelection(c *cli.Context, args []string) (selection, error) {
	s := selection{folder: c.String("folder"), byID: len(args) > 0}
	var err error
	if s.filters, err = a.listQuery(c); err != nil {
		return s, err
	}
	for _, name := range []string{"unseen", "since", "before", "from", "subject", "limit"} {
		s.filtered = s.filtered || c.IsSet(name)
	}
	if c.IsSet("folder") && s.folder == "" {
		return s, usage("--folder needs a folder", "mailstow folders lists them")
	}
	if !s.byID && s.folder == "" {
		return s, usage(c.Command.Name+" which messages?", `give ids, as "mailstow list FOLDER" shows them, or --folder`)
	}
	s.ids, err = a.readIDs(c.Context, args)
	return s, err
}

// readIDs reads ids and ranges; - stands for those on standard input.
func (a *app) readIDs(ctx context.Context, args []string) ([]span, error) {
	var all []span
	var stdin bool
	for _, arg := range args {
		words := []string{arg}
		if arg == "-" {
			if stdin {
				return nil, usage("- stands twice among the ids", "standard input can be read once")
			}
			stdin = true
			var err error
			if words, err = readWords(impatient{ctx, a.stdin}); err != nil {
				return nil, fmt.Errorf("ids on standard input: %w", err)
			}
		}
		for _, word := range words {
			one, err := parseSpan(word)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	return all, nil
}

func readWords(r io.Reader) ([]string, error) {
	var words []string
	s := bufio.NewScanner(r)
	s.Split(bufio.ScanWords)
	for s.Scan() {
		words = append(words, s.Text())
	}
	return words, s.Err()
}

// parseSpan reads 4711 or 100-200.
func parseSpan(s string) (span, error) {
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		to = from
	}
	first, ok := parseID(from)
	last, ok2 := parseID(to)
	if !ok || !ok2 {
		return span{}, usage(fmt.Sprintf("%q is not a message id", s),
			"mailstow list FOLDER shows the ids at the end of its lines; 100-200 is a range")
	}
	if last < first {
		return span{}, usage(fmt.Sprintf("%s: a range begins with the lower id", s), fmt.Sprintf("write %d-%d", last, first))
	}
	return span{localstore.MessageID(first), localstore.MessageID(last)}, nil
}

func parseID(s string) (int64, bool) {
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil && id > 0 && s[0] != '+'
}
