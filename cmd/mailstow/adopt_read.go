package main

import (
	"bufio"
	"bytes"
	"io"
	"slices"

	"mailstow/cmd/mailstow/compose"
)

// maxAdoptedHeader bounds the header that is looked at; behind it nobody added anything.
const maxAdoptedHeader = 4 << 20

// asDownloaded gives a message the form that it has on the server: mbsync and getmail
// write line feeds alone, and put fields into the header.
func asDownloaded(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	header, err := readHeader(in)
	if err != nil {
		return nil, fileError{err}
	}
	return compose.Lines(io.MultiReader(bytes.NewReader(bytes.Join(asSent(fields(header)), nil)), in)), nil
}

// readHeader reads up to the empty line, with it; or what there is.
func readHeader(in *bufio.Reader) (header []byte, err error) {
	for begins := true; len(header) < maxAdoptedHeader; {
		line, err := in.ReadSlice('\n')
		header = append(header, line...)
		empty := begins && len(bytes.TrimRight(line, "\r\n")) == 0
		begins = err == nil
		if empty || err != nil && err != bufio.ErrBufferFull {
			if err == io.EOF {
				err = nil
			}
			return header, err
		}
	}
	return header, nil
}

// fields parts a header; each has the lines that go on with it.
func fields(header []byte) (all [][]byte) {
	for line := range bytes.Lines(header) {
		if n := len(all); n > 0 && (line[0] == ' ' || line[0] == '\t') {
			all[n-1] = append(slices.Clip(all[n-1]), line...)
			continue
		}
		all = append(all, line)
	}
	return all
}

// asSent leaves out the field by which mbsync knows its own, and those of getmail.
func asSent(all [][]byte) [][]byte {
	all = slices.DeleteFunc(all, func(f []byte) bool { return is(f, "X-TUID") })
	n := ofGetmail(all)
	if n == 0 {
		return all
	}
	own := all[:n]
	all = slices.DeleteFunc(all[n:], func(f []byte) bool { return is(f, "X-getmail-retrieved-from-mailbox") })
	if bytes.Contains(own[0], []byte("<unknown>")) {
		return all
	}
	return append([][]byte{own[0]}, all...) // there was one, and servers put it first
}

// ofGetmail counts the fields that getmail put first: Return-Path, in place of the one
// that was there, Delivered-To and its own Received.
func ofGetmail(all [][]byte) int {
	n := 1
	if len(all) > n && is(all[n], "Delivered-To") {
		n++
	}
	if len(all) > n && is(all[0], "Return-Path") && is(all[n], "Received") && bytes.Contains(all[n], []byte(" getmail")) {
		return n + 1
	}
	return 0
}

// is tells the name of a field.
func is(field []byte, name string) bool {
	return len(field) > len(name) && field[len(name)] == ':' && bytes.EqualFold(field[:len(name)], []byte(name))
}
