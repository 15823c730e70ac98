// Package testenv is what tests find around them: settings in the environment, room
// that costs no disk, and odd mail that this project did not write.
package testenv

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mailstow/sync/testkit/mailgen"
)

// Number is a setting, or what is usual.
func Number(t testing.TB, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Memory is a directory that costs no disk, where there is one. It goes with the test.
func Memory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mailstow-test")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Messages are the files of the odd mail that lies beside the checkout, whose root is
// given, or where MAILSTOW_CORPUS points.
func Messages(root string) []string { return files(root, "messages", "*") }

// OddMail is what Messages names; where there is none, which is said, the odd mail that
// mailgen makes up, as far as servers take it.
func OddMail(t testing.TB, root string) (all [][]byte) {
	t.Helper()
	for _, name := range Messages(root) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	if len(all) > 0 {
		return all
	}
	t.Log("NOT TESTED on foreign mail: there is none beside the checkout (MAILSTOW_CORPUS names its folder)")
	for _, m := range mailgen.Odd() {
		if !m.NUL {
			all = append(all, m.Data)
		}
	}
	return all
}

// Transcripts are what real servers said, by name, from the same place, with lines that
// end as their literals count them and A######## in the place of tags.
func Transcripts(root string) map[string]string {
	all := map[string]string{}
	for _, file := range files(root, "transcripts", "*", "*.txt") {
		if b, err := os.ReadFile(file); err == nil {
			text := strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n")
			all[filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file)] = text
		}
	}
	return all
}

func files(root string, pattern ...string) []string {
	dir := filepath.Join(root, "../shared/corpus")
	if env := os.Getenv("MAILSTOW_CORPUS"); env != "" {
		dir = strings.TrimSuffix(filepath.Clean(env), "/messages")
	}
	found, _ := filepath.Glob(filepath.Join(append([]string{dir}, pattern...)...))
	return found
}
