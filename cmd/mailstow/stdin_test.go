package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// Ctrl-C ends a command that waits for what nobody types; until then all is read.
func TestStdinIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent, _ := io.Pipe()
	both := impatient{ctx, io.MultiReader(strings.NewReader("1 2-4\n"), silent)}
	text := make([]byte, 6)
	if _, err := io.ReadFull(both, text); err != nil || string(text) != "1 2-4\n" {
		t.Fatalf("%q, %v", text, err)
	}
	cancel()
	if _, err := both.Read(text); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	whole, err := io.ReadAll(impatient{t.Context(), strings.NewReader(strings.Repeat("x", 1<<20))})
	if len(whole) != 1<<20 || err != nil {
		t.Errorf("%d bytes, %v", len(whole), err)
	}
}
