package testkit

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The architecture of the module, as tests: which package may import which, what
// lies at the top level, how long a file and a function may be. Files of every
// platform are looked at, not only of this one.

const module = "mailstow"

// mayImport is the table of allowed imports among our own packages, non-test
// files. A package that is missing here fails: its place must be decided first.
// "..." means everything below. Tests may import testkit as well.
var mayImport = map[string][]string{
	"cmd/mailstow/...":  {"cmd/mailstow/...", "sync", "sync/plan", "sync/remote", "sync/wire", "localstore", "localstore/export", "conflict"},
	"cmd/mailstow/demo": {"cmd/mailstow/...", "sync", "sync/plan", "sync/remote", "sync/wire", "localstore", "localstore/export", "conflict", "sync/testkit/mailgen"},
	"sync":              {"sync/plan", "sync/remote", "localstore", "conflict"},
	"sync/plan":         {"conflict"},
	"sync/remote":       {"sync/wire"},
	"sync/wire":         {},
	"localstore":        {},
	"localstore/export": {"localstore"},
	"conflict":          {},
	"sync/testkit/...":  {"sync/testkit/..."},
	// The machines that try the engine, as the kit's own tests do.
	"sync/testkit/mirror":     {"conflict", "sync/testkit/model"},
	"sync/testkit/killpoints": {"sync", "sync/plan", "sync/remote", "localstore", "conflict", "sync/testkit/..."},
	"sync/testkit/histories":  {"sync", "sync/plan", "sync/remote", "localstore", "conflict", "sync/testkit/..."},
	"sync/testkit/hostile":    {"sync", "sync/plan", "sync/remote", "localstore", "conflict", "sync/testkit/..."},
}

// onlyIn says where an import from outside may appear at all; everywhere else it
// is a layer leaking. It holds for tests too, but that they may read a store with
// plain SQL, as its users do.
var onlyIn = map[string][]string{
	"github.com/emersion/go-imap/v2/imapclient":     {"sync/remote", "sync/testkit/..."},
	"github.com/emersion/go-imap/v2/imapserver/...": {"cmd/mailstow/demo", "sync/testkit/..."},
	"modernc.org/sqlite/...":                        {"localstore", "localstore/...", "sync/testkit/faultfile"},
	"github.com/urfave/cli/v2":                      {"cmd/mailstow/..."},
	"github.com/schollz/progressbar/v3":             {"cmd/mailstow/..."},
}

// pure packages decide and never act: no sockets, no files, no clock of their own.
var (
	pure      = []string{"conflict", "sync/plan", "sync/testkit/mailgen"}
	impureStd = []string{"net", "net/http", "os", "os/exec", "io/fs", "database/sql", "log", "log/slog", "syscall"}
)

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		allowed, ok := lookup(mayImport, p.dir)
		if !ok {
			t.Errorf("%s is not in the import table: decide what it may import (DESIGN.md, Layout) and add it to mayImport in sync/testkit/arch_test.go", p.dir)
			continue
		}
		for _, f := range p.files {
			for _, imp := range f.imports {
				own, isOwn := strings.CutPrefix(imp, module+"/")
				if !isOwn || matches(allowed, own) || own == p.dir {
					continue
				}
				if f.test && (p.dir == "sync/testkit" || matches([]string{"sync/testkit/..."}, own)) {
					continue // the kit's own tests try it on the engine
				}
				t.Errorf("%s imports %s; %s may import only %v: move the code up, or pass the value in", f.path, imp, p.dir, allowed)
			}
		}
	}
}

func TestLayersDoNotLeak(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, imp := range f.imports {
				if homes, ok := lookup(onlyIn, imp); ok && !matches(homes, p.dir) && !(f.test && imp == "modernc.org/sqlite") {
					t.Errorf("%s imports %s, which belongs to %v: go through that package", f.path, imp, homes)
				}
				if !f.test && slices.Contains(pure, p.dir) && slices.Contains(impureStd, imp) {
					t.Errorf("%s imports %s, but %s is pure: take what it gives as an argument", f.path, imp, p.dir)
				}
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		var doc string
		for _, f := range p.files {
			if !f.test && f.ast.Doc != nil {
				doc += f.ast.Doc.Text()
			}
		}
		if p.onlyTests() {
			continue
		}
		want := "Package " + p.name + " "
		if p.name == "main" {
			want = "Command "
		}
		if !strings.HasPrefix(doc, want) {
			t.Errorf("%s has no package comment that begins with %q: put one in %s/doc.go that states invariants and layout", p.dir, want, p.dir)
		}
	}
}

func TestSizes(t *testing.T) {
	const maxFile, maxFunc = 700, 100
	for _, p := range packages(t) {
		for _, f := range p.files {
			if f.test {
				continue
			}
			if n := f.set.File(f.ast.Pos()).LineCount(); n > maxFile {
				t.Errorf("%s has %d lines (limit %d): split it by topic", f.path, n, maxFile)
			}
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					if n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1; n > maxFunc {
						t.Errorf("%s: %s has %d lines (limit %d): name its steps and make them functions", f.path, fn.Name.Name, n, maxFunc)
					}
				}
			}
		}
	}
}

// Standard output belongs to the commands; packages return values and errors.
func TestOnlyCommandsPrint(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasPrefix(p.dir, "cmd/") {
			continue
		}
		for _, f := range p.files {
			if f.test {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					name := fmt.Sprint(s.X, ".", s.Sel.Name)
					if slices.Contains([]string{"fmt.Print", "fmt.Printf", "fmt.Println", "os.Stdout", "os.Stderr", "log.Printf", "log.Println", "log.Print"}, name) {
						t.Errorf("%s: %s outside cmd: return it, or tell the observer", f.set.Position(s.Pos()), name)
					}
				}
				return true
			})
		}
	}
}

// What imapclient is trusted with (sync/wire/upstream.go says why it is so little):
// its Move expunges other people's mail where the server has no MOVE, its Expunge
// always does, its Select mixes answers up, its Fetch takes a cut for a short
// message. And ranges of UIDs, "1:4294967295" among them, are never expanded.
var (
	trusted    = []string{"WaitGreeting", "UIDSearch", "Noop", "Logout", "Closed"}
	neverCalls = []string{"AllUIDs", "AllSeqNums", "Nums", "DialTLS", "DialStartTLS", "DialInsecure"}
)

func TestImapclientIsKeptShort(t *testing.T) {
	calls := 0
	for _, p := range packages(t) {
		for _, f := range p.files {
			if f.test || strings.HasPrefix(p.dir, "sync/testkit") {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				s, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if slices.Contains(neverCalls, s.Sel.Name) {
					t.Errorf("%s: %s is not to be called", f.set.Position(call.Pos()), s.Sel.Name)
				}
				if x, ok := s.X.(*ast.SelectorExpr); ok && p.dir == "sync/remote" && x.Sel.Name == "client" {
					calls++
					if !slices.Contains(trusted, s.Sel.Name) {
						t.Errorf("%s: imapclient's %s is not trusted: speak it raw, or say in sync/wire/upstream.go why it may be", f.set.Position(call.Pos()), s.Sel.Name)
					}
				}
				return true
			})
		}
	}
	if calls < len(trusted) {
		t.Errorf("only %d calls of imapclient were found: this test proves nothing", calls)
	}
}

func TestNothingLeftToDo(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, group := range f.ast.Comments {
				for _, mark := range []string{"TO" + "DO", "FIX" + "ME", "XXX"} {
					if strings.Contains(group.Text(), mark+":") || strings.Contains(group.Text(), mark+"(") || strings.HasPrefix(group.Text(), mark) {
						t.Errorf("%s: %s in a comment: do it, or file an issue", f.set.Position(group.Pos()), mark)
					}
				}
			}
		}
	}
}

func TestTopLevel(t *testing.T) {
	want := []string{"LICENSE", "README.md", "cmd", "conflict", "go.mod", "go.sum", "localstore", "sync"}
	ignored := []string{module, module + ".exe"} // what go build leaves
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(ignored, e.Name()) {
			got = append(got, e.Name())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the top level holds %v, and must hold exactly %v and dot-files: move new things into a package", got, want)
	}
}

func TestNoReplace(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(data), "\n") {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == "replace" {
			t.Errorf("go.mod:%d: %s: replace breaks 'go install %s/cmd/%s'; depend on a released version", i+1, line, module, module)
		}
	}
}

// The table itself: lookup prefers the exact entry, and "..." includes the folder.
func TestLookup(t *testing.T) {
	table := map[string][]string{"a/...": {"below"}, "a/b": {"exact"}}
	for dir, want := range map[string]string{"a": "below", "a/c/d": "below", "a/b": "exact", "ab": ""} {
		got, _ := lookup(table, dir)
		if strings.Join(got, "") != want {
			t.Errorf("%s: %v, want %q", dir, got, want)
		}
	}
}

type pkg struct {
	dir, name string
	files     []*file
}

func (p *pkg) onlyTests() bool {
	return !slices.ContainsFunc(p.files, func(f *file) bool { return !f.test })
}

type file struct {
	path    string
	test    bool
	imports []string
	ast     *ast.File
	set     *token.FileSet
}

// packages parses every Go file of the module, whatever its build constraints.
func packages(t *testing.T) []*pkg {
	t.Helper()
	top := root(t)
	byDir := map[string]*pkg{}
	var out []*pkg
	err := filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != top && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		f, err := parse(top, path)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(f.path))
		if byDir[dir] == nil {
			byDir[dir] = &pkg{dir: dir}
			out = append(out, byDir[dir])
		}
		if !f.test {
			byDir[dir].name = f.ast.Name.Name
		}
		byDir[dir].files = append(byDir[dir].files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("only %d packages found under %s: these tests would prove nothing", len(out), top)
	}
	return out
}

func parse(top, path string) (*file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(top, path)
	if err != nil {
		return nil, err
	}
	f := &file{path: filepath.ToSlash(rel), test: strings.HasSuffix(path, "_test.go"), ast: tree, set: set}
	for _, i := range tree.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		f.imports = append(f.imports, p)
	}
	return f, nil
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("the module's root is not where this test expects it: %v", err)
	}
	return dir
}

// lookup finds the entry for dir: the exact one, else the longest "..." above it.
func lookup(table map[string][]string, dir string) ([]string, bool) {
	if v, ok := table[dir]; ok {
		return v, true
	}
	for d := dir; ; d = d[:strings.LastIndex(d, "/")] {
		if v, ok := table[d+"/..."]; ok {
			return v, true
		}
		if !strings.Contains(d, "/") {
			return nil, false
		}
	}
}

func matches(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		base, below := strings.CutSuffix(p, "/...")
		return dir == base || below && strings.HasPrefix(dir, base+"/")
	})
}
