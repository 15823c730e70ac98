package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"mailstow/conflict"
)

// The table of conflicts in the README is the one that decides.
func TestReadmeConflicts(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := conflictTable()
	if !strings.Contains(string(text), want) {
		t.Errorf("the README must hold this table:\n%s", want)
	}
}

func conflictTable() string {
	var b strings.Builder
	b.WriteString("| rule | here | on the server meanwhile | what a sync does |\n|---|---|---|---|\n")
	for _, r := range conflict.Rules() {
		server, local, both := r.By[conflict.Server].Text, r.By[conflict.Local].Text, r.By[conflict.Both].Text
		text := server
		switch {
		case local != server && local == both:
			text += "; `local` or `both`: " + local
		case local != server:
			text += "; `local`: " + local
		}
		if both != server && both != local {
			text += "; `both`: " + both
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Name, r.Local, r.Server, text)
	}
	return b.String() + "\n"
}

// Every command is named in the README.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range (&app{}).commands() {
		if !regexp.MustCompile("(mailstow |`|    )" + c.Name + "\\b").Match(text) {
			t.Errorf("the README does not name the command %s", c.Name)
		}
	}
}
