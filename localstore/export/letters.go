package export

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// info writes flags the way Maildir has them: sorted letters.
func (m *maildir) info(flags string) (string, error) {
	var out []byte
	added := false
	for _, flag := range strings.Fields(flags) {
		letter, fresh := m.letter(flag)
		added = added || fresh
		out = append(out, letter...)
	}
	slices.Sort(out)
	if added {
		if err := m.writeKeywords(); err != nil {
			return "", err
		}
	}
	return "2," + string(out), nil
}

// passed is the letter that Dovecot takes for no flag: there the keyword is needed too.
const passed = "P"

// letter is the one of a flag, or both of it; "" for a keyword beyond the 26 that Maildir has room for.
func (m *maildir) letter(flag string) (letter string, fresh bool) {
	for _, l := range letters {
		if !strings.EqualFold(l.flag, flag) {
			continue
		}
		if l.letter == passed && m.o.Format == MaildirPP {
			keyword, fresh := m.keyword(flag)
			return l.letter + keyword, fresh
		}
		return l.letter, false
	}
	return m.keyword(flag)
}

// keyword is the letter of a keyword.
func (m *maildir) keyword(flag string) (letter string, fresh bool) {
	i := slices.IndexFunc(m.keywords, func(k string) bool { return strings.EqualFold(k, flag) })
	if i < 0 && (len(m.keywords) == 26 || strings.HasPrefix(flag, `\`)) {
		if !slices.Contains(m.res.Keywords, flag) {
			m.res.Keywords = append(m.res.Keywords, flag)
		}
		return "", false
	}
	if i < 0 {
		m.keywords = append(m.keywords, flag)
		i, fresh = len(m.keywords)-1, true
	}
	return string(rune('a' + i)), fresh
}

// readKeywords reads what dovecot-keywords has: a number and a name a line.
func (m *maildir) readKeywords() (err error) {
	if m.d == nil {
		return nil
	}
	text, err := m.d.ReadFile(keywordsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	m.keywords = parseKeywords(text)
	return err
}

func parseKeywords(text []byte) (all []string) {
	for line := range strings.Lines(string(text)) {
		number, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > 25 {
			continue
		}
		for len(all) <= n {
			all = append(all, "")
		}
		all[n] = name
	}
	return all
}

// writeKeywords writes the file before any name has a letter that it explains.
func (m *maildir) writeKeywords() error {
	if m.o.DryRun {
		return nil
	}
	var b strings.Builder
	for i, k := range m.keywords {
		fmt.Fprintf(&b, "%d %s\n", i, k)
	}
	return replace(m.d, keywordsFile, "tmp/"+keywordsFile+ours, []byte(b.String()))
}
