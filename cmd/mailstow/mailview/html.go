package mailview

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText renders HTML as plain text, well enough to read a mail: paragraphs,
// lists, where links lead. It works token by token, so that no nesting is too
// deep for it.
func htmlText(source string) string {
	r := renderer{}
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(maxText)
	for z.Next() != html.ErrorToken {
		r.token(z.Token())
	}
	return strings.Trim(r.out.String(), "\n ") + "\n"
}

type renderer struct {
	out    strings.Builder
	blanks int // line feeds at the end of out
	space  bool
	skip   atom.Atom // inside an element that is not text
	pre    bool
	href   string
	anchor int // length of out where the link began
}

// hidden elements hold no text for people.
var hidden = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true,
	atom.Template: true, atom.Noframes: true, atom.Object: true, atom.Svg: true}

// blocks begin and end a line; those with true an empty one.
var blocks = map[atom.Atom]bool{atom.P: true, atom.Div: false, atom.Tr: false, atom.Table: true, atom.Ul: true,
	atom.Ol: true, atom.Blockquote: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true,
	atom.H6: true, atom.Pre: true, atom.Li: false, atom.Dd: false, atom.Dt: false, atom.Hr: true,
	atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true, atom.Body: false, atom.Html: false}

func (r *renderer) token(t html.Token) {
	if r.skip != 0 {
		if t.Type == html.EndTagToken && t.DataAtom == r.skip || r.skip == atom.Head && t.DataAtom == atom.Body {
			r.skip = 0
		}
		return
	}
	switch t.Type {
	case html.TextToken:
		r.text(t.Data)
	case html.StartTagToken, html.SelfClosingTagToken:
		r.start(t)
	case html.EndTagToken:
		r.end(t)
	}
}

func (r *renderer) start(t html.Token) {
	if hidden[t.DataAtom] && t.Type == html.StartTagToken {
		r.skip = t.DataAtom
		return
	}
	r.block(t.DataAtom)
	switch t.DataAtom {
	case atom.Br:
		r.newline(1)
	case atom.Li:
		r.write("- ")
	case atom.Td, atom.Th:
		r.space = true
	case atom.Pre:
		r.pre = true
	case atom.Hr:
		r.write("----")
		r.newline(2)
	case atom.Img:
		if alt := attribute(t, "alt"); alt != "" {
			r.text("[" + alt + "]")
		}
	case atom.A:
		r.href, r.anchor = attribute(t, "href"), r.out.Len()
	}
}

func (r *renderer) end(t html.Token) {
	switch t.DataAtom {
	case atom.A:
		r.link()
	case atom.Pre:
		r.pre = false
	}
	r.block(t.DataAtom)
}

// link says where a link leads, unless its text says so already: what is shown
// and what is meant often differ in bad mail.
func (r *renderer) link() {
	href := strings.TrimSpace(r.href)
	r.href = ""
	lower := strings.ToLower(href)
	if !strings.HasPrefix(lower, "http") && !strings.HasPrefix(lower, "mailto:") {
		return
	}
	if strings.TrimSpace(r.out.String()[r.anchor:]) != strings.TrimPrefix(href, "mailto:") {
		r.space = true
		r.text("<" + href + ">")
	}
}

func (r *renderer) block(a atom.Atom) {
	wide, ok := blocks[a]
	switch {
	case !ok:
	case wide:
		r.newline(2)
	default:
		r.newline(1)
	}
}

// newline makes out end in at least n line feeds.
func (r *renderer) newline(n int) {
	r.space = false
	for r.out.Len() > 0 && r.blanks < n {
		r.out.WriteByte('\n')
		r.blanks++
	}
}

func (r *renderer) text(s string) {
	if r.pre {
		r.write(s)
		return
	}
	if s == "" {
		return
	}
	words := strings.Fields(s)
	r.space = r.space || strings.TrimLeft(s, " \t\r\n\f") != s
	for _, word := range words {
		if r.space && r.blanks == 0 && r.out.Len() > 0 {
			r.out.WriteByte(' ')
		}
		r.write(word)
		r.space = true
	}
	r.space = len(words) == 0 || strings.TrimRight(s, " \t\r\n\f") != s
}

func (r *renderer) write(s string) {
	if s == "" {
		return
	}
	r.out.WriteString(s)
	r.blanks = len(s) - len(strings.TrimRight(s, "\n"))
	r.space = false
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
