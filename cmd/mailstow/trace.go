package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"mailstow/sync/wire"
)

// traceHead begins every trace; a file that begins otherwise is not overwritten.
const traceHead = "mailstow trace"

const traceNote = "credentials and mail are left out; names of mailboxes, flags and what the server says are not: read it before you show it"

// openTrace makes the file of --trace, for its owner alone.
func (a *app) openTrace(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return usage(fmt.Sprintf("--trace: %v", err), "")
	}
	if err := a.beginTrace(f); err != nil {
		return errors.Join(err, f.Close())
	}
	a.trace, a.traceFile = wire.NewTrace(f), f
	return nil
}

func (a *app) beginTrace(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		head := make([]byte, len(traceHead))
		if n, _ := io.ReadFull(f, head); n > 0 && string(head) != traceHead {
			return usage(fmt.Sprintf("--trace: %s is there and is no trace", f.Name()), "name a new file")
		}
		_, seekErr := f.Seek(0, io.SeekStart)
		if err := errors.Join(f.Chmod(0o600), f.Truncate(0), seekErr); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(f, "%s: %s, %s/%s, %s; %s\n", traceHead, version(), runtime.GOOS, runtime.GOARCH, strings.TrimPrefix(runtime.Version(), "go"), traceNote)
	return err
}

// closeTrace ends the trace; one that could not be written is worth a word, not
// the run.
func (a *app) closeTrace() {
	if a.trace == nil {
		return
	}
	if err := errors.Join(a.trace.Err(), a.traceFile.Close()); err != nil {
		a.ui.warn("the trace is not complete: %v", err)
	}
}
