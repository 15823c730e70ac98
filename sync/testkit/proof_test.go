package testkit

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// proven is what the program promises, or a case it must survive, with the tests
// that show it, as "package.Test". What nothing shows yet says so in open, and why;
// so does what is shown in part.
type proven struct {
	id, says string
	tests    []string
	open     string
}

// by splits the names of tests at spaces.
func by(tests string) []string { return strings.Fields(tests) }

var testName = regexp.MustCompile(`^([a-z/]+)\.((?:Test|Fuzz)[A-Z0-9]\w*)$`)

// Every promise has its tests, and none of them is a name alone.
func TestProof(t *testing.T) {
	known := testNames(t)
	for _, p := range slices.Concat(invariants, failures, attacks) {
		if len(p.tests) == 0 && p.open == "" {
			t.Errorf("%s (%s) names no test: name one that shows it, or say in open why none does", p.id, p.says)
		}
		for _, name := range p.tests {
			if !testName.MatchString(name) || !known[name] {
				t.Errorf("%s (%s): there is no test %s: name the one that shows it now, as package.Test", p.id, p.says, name)
			}
		}
	}
}

// Nothing is left out of the tables, and nothing stands in them twice.
func TestProofIsWhole(t *testing.T) {
	for _, table := range []struct {
		prefix  string
		count   int
		entries []proven
	}{{"I", 26, invariants}, {"row ", 39, failures}} {
		var want, got []string
		for i := range table.count {
			want = append(want, fmt.Sprint(table.prefix, i+1))
		}
		for _, p := range table.entries {
			got = append(got, p.id)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the table holds %v, and must hold %v", got, want)
		}
	}
	var got []string
	for _, p := range attacks {
		got = append(got, p.id)
	}
	if !slices.Equal(got, published) {
		t.Errorf("the attacks are %q, and must be %q", got, published)
	}
}

// published are the holes and losses of which each must have its tests.
var published = []string{"CVE-2021-20247", "CVE-2021-3578", "CVE-2021-3657", "CVE-2021-44143", "CVE-2021-39272", "CVE-2020-14093", "CVE-2020-14954",
	"CVE-2020-28896", "CVE-2021-32055", "CVE-2026-40203", "imapsync: certificates", "offlineimap #327", "offlineimap #584", "mutt-wizard #779", "imap-backup: EXPUNGE"}

// testNames are all tests and fuzz targets of the module, as "package.Test".
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && f.test && fn.Recv == nil {
					names[p.dir+"."+fn.Name.Name] = true
				}
			}
		}
	}
	return names
}
