package main

import (
	"context"
	"io"
)

// impatient is a reader whose Read ends with its context, whatever the source does:
// a terminal may be silent for ever. What was being read then is lost.
type impatient struct {
	ctx context.Context
	r   io.Reader
}

func (i impatient) Read(p []byte) (int, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data := make([]byte, len(p)) // p belongs to the caller once this has returned
		n, err := i.r.Read(data)
		done <- result{data[:n], err}
	}()
	select {
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	case got := <-done:
		return copy(p, got.data), got.err
	}
}
