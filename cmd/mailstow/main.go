package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// host is what the process gives a run. Tests give it something else.
type host struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	keyring        keyring
}

func main() {
	if os.Getenv("GOGC") == "" {
		paceCollections()
	}
	ctx, stop := interruptible()
	code := run(ctx, host{
		args:    os.Args,
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		getenv:  os.Getenv,
		now:     time.Now,
		keyring: systemKeyring{},
	})
	stop()
	os.Exit(code)
}

// Percent of growth until the next collection of memory.
const (
	seldom = 250 // the first at 10 MiB
	often  = 20
)

// paceCollections: most commands end before they need a collection, and would spend a
// sixth of their time on those of a heap of 1 MiB. From the first on, most of the heap
// is mail on its way to the store, without pointers: to collect five times as often as
// usual costs little and halves the memory.
func paceCollections() {
	debug.SetGCPercent(seldom)
	runtime.AddCleanup(new([2]*byte), func(struct{}) { // the first one finds it
		if was := debug.SetGCPercent(often); was != seldom {
			debug.SetGCPercent(was) // a command has its own pace
		}
	}, struct{}{})
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels, so
// that a run can finish its transaction. The second one ends the process at
// once; the store survives that too.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// A reader that leaves (| head) makes a write fail instead of ending the
	// process: a sync goes on, and temporary folders are removed.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitInterrupted)
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
