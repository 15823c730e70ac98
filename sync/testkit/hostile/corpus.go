package hostile

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Transcripts are what real servers said, beside the checkout, whose root is given, or
// where MAILSTOW_CORPUS points; without them there are none.
func Transcripts(root string) (all []string) {
	dir := filepath.Join(root, "../shared/corpus")
	if env := os.Getenv("MAILSTOW_CORPUS"); env != "" {
		dir = strings.TrimSuffix(filepath.Clean(env), "/messages")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "transcripts", "*", "*.txt"))
	sort.Strings(files)
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil {
			all = append(all, strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n"))
		}
	}
	return all
}
