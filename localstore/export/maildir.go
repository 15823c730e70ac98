package export

import (
	"cmp"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"mailstow/localstore"
)

// A message is cur/DATE.HASH.mailstow:2,FLAGS. It is known by what stands before the
// colon, wherever another program moved it: into cur or new, with whatever flags.
// Letters a to z are keywords, which the file dovecot-keywords names.

// separator stands between a name and its flags; Windows has no colon in names.
var separator = map[bool]string{true: ";", false: ":"}[runtime.GOOS == "windows"]

// letters are the flags that Maildir has, sorted by letter.
var letters = []struct{ letter, flag string }{
	{"D", `\Draft`}, {"F", `\Flagged`}, {"P", "$Forwarded"}, {"R", `\Answered`}, {"S", `\Seen`}, {"T", `\Deleted`},
}

func (k key) maildir() string { return strconv.FormatInt(k.date, 10) + "." + k.hash() + ours }

// parseMaildir reads a name that maildir made, with or without what follows it.
func parseMaildir(name string) (k key, info string, ok bool) {
	if at := strings.IndexAny(name, ":;!"); at >= 0 {
		name, info = name[:at], name[at+1:]
	}
	name, ok = strings.CutSuffix(name, ours)
	date, hash, dotted := strings.Cut(name, ".")
	if !ok || !dotted || !k.readHash(hash) {
		return k, "", false
	}
	var err error
	k.date, err = strconv.ParseInt(date, 10, 64)
	return k, info, err == nil && strconv.FormatInt(k.date, 10) == date
}

// found is where a message is.
type found struct{ sub, name string }

func (x *exporter) maildir(f Folder, p *placed) error {
	d, err := x.openDir(p.Path, "cur", "new", "tmp")
	if err != nil {
		return err
	}
	if d != nil {
		defer d.Close()
	}
	if x.o.Format == MaildirPP && p.Path != "." && !x.o.DryRun {
		if err := replace(d, "maildirfolder", "tmp/maildirfolder"+ours, []byte{}); err != nil {
			return err
		}
	}
	m := &maildir{exporter: x, d: d, path: p.Path, seen: map[key]int{}}
	if err := m.scan(); err != nil {
		return err
	}
	if err := m.readKeywords(); err != nil {
		return err
	}
	if err := x.mails(f, m.mail); err != nil {
		return err
	}
	return m.rest()
}

type maildir struct {
	*exporter
	d        *folder // nil: a dry run of what is not there yet
	path     string
	there    map[key]found
	seen     map[key]int
	keywords []string // by letter
}

// scan finds what is there, and takes away what an export left that was killed.
func (m *maildir) scan() error {
	m.there = map[key]found{}
	for _, sub := range []string{"cur", "new", "tmp"} {
		entries, err := names(m.d, sub)
		if err != nil {
			return err
		}
		for _, e := range entries {
			k, _, ok := parseMaildir(e.Name())
			switch {
			case sub != "tmp" && ok:
				m.there[k] = found{sub, e.Name()}
			case sub == "tmp" && ok && !m.o.DryRun:
				if err := m.d.Remove("tmp/" + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
	}
	return nil
}

// mail makes a message be there, with its flags. What stays in there in the end is
// of no message.
func (m *maildir) mail(mail localstore.Mail) error {
	k, err := keyOf(mail, m.seen)
	if err != nil {
		return err
	}
	info, err := m.info(mail.Flags)
	if err != nil {
		return err
	}
	name := k.maildir() + separator + info
	old, ok := m.there[k]
	delete(m.there, k)
	if ok {
		fi, err := m.d.Lstat(old.sub + "/" + old.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case whole(fi, mail):
			return m.rename(old, name, mail)
		default:
			if err := m.remove(m.d, old.sub+"/"+old.name, m.at(old.sub, old.name)); err != nil {
				return err
			}
		}
	}
	return m.put(m.d, "tmp/"+k.maildir(), "cur/"+name, m.at("cur", name), mail)
}

func (m *maildir) at(sub, name string) string {
	return strings.TrimPrefix(m.path+"/"+sub+"/"+name, "./")
}

// rename gives a file the flags that its message has. One in new with no flags to
// tell stays there: no program has shown it yet.
func (m *maildir) rename(old found, name string, mail localstore.Mail) error {
	plain := old.sub == "new" && strings.HasSuffix(name, separator+"2,") && !strings.Contains(old.name, separator)
	if old.sub == "cur" && old.name == name || plain {
		m.res.Same++
		return nil
	}
	if !m.o.DryRun {
		if err := m.d.Rename(old.sub+"/"+old.name, "cur/"+name); err != nil {
			return err
		}
	}
	m.res.Renamed++
	return m.report(Change{Did: Renamed, Path: m.at("cur", name), Mail: mail})
}

// rest removes what is of no message any more.
func (m *maildir) rest() error {
	if !m.o.Remove {
		return nil
	}
	for _, f := range sorted(m.there) {
		if err := m.remove(m.d, f.sub+"/"+f.name, m.at(f.sub, f.name)); err != nil {
			return err
		}
	}
	return nil
}

func sorted(there map[key]found) []found {
	var all []found
	for _, f := range there {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Or(cmp.Compare(a.sub, b.sub), cmp.Compare(a.name, b.name)) })
	return all
}

// dirGone removes all messages of ours, and the folders if nothing else is there.
func (x *exporter) dirGone(d *folder, p *placed) error {
	if x.o.Format == EML {
		return x.emlGone(d, p)
	}
	m := &maildir{exporter: x, d: d, path: p.Path}
	if err := m.scan(); err != nil {
		return err
	}
	if err := m.rest(); err != nil || x.o.DryRun {
		return err
	}
	for _, name := range []string{"cur", "new", "tmp"} {
		if gone(d.Remove(name)) != nil {
			return nil // somebody else's mail
		}
	}
	for _, name := range []string{keywordsFile, "maildirfolder"} {
		if err := gone(d.Remove(name)); err != nil {
			return err
		}
	}
	x.t.prune(p.Path)
	return nil
}

// prune removes a folder and those above it as far as nothing is in them.
func (t *target) prune(path string) {
	for path != "." && path != "" && gone(t.root.Remove(path)) == nil {
		path, _ = cutLast(path)
	}
}

func cutLast(path string) (dir, name string) {
	at := strings.LastIndexByte(path, '/')
	return path[:max(at, 0)], path[at+1:]
}
