package main

import (
	"fmt"
	"strings"

	"mailstow/cmd/mailstow/config"
)

var allCodes = []int{exitOK, exitFailed, exitUsage, exitPartial, exitAuth, exitConnection, exitGuard, exitInUse, exitInterrupted}

// describe builds a command's long help: what it does, examples, and the exit
// codes it can return.
func describe(text string, examples []string, codes ...int) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(text))
	if len(examples) > 0 {
		b.WriteString("\n\nExamples:\n  " + strings.Join(examples, "\n  "))
	}
	b.WriteString("\n\nExit codes:\n" + exitList(codes...))
	return b.String()
}

func exitList(codes ...int) string {
	lines := make([]string, len(codes))
	for i, code := range codes {
		lines[i] = fmt.Sprintf("  %-4d %s", code, exitMeaning[code])
	}
	return strings.Join(lines, "\n")
}

// nearest finds what was probably meant, or "".
func nearest(word string, known []string) string { return config.Nearest(word, known) }
