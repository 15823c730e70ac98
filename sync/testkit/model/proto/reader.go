package proto

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

const (
	maxLine    = 1 << 20
	maxLiteral = 64 << 20
)

var errTooLong = errors.New("line or literal beyond measure")

// command is one command as it was read.
type command struct {
	tag, name string
	line      string // without tag and literals
	args      []node
	err       error // it cannot be understood
}

// readCommand reads a command with its literals; ask is called before one that the
// client waits with (RFC 9051 section 4.3), may before another.
func readCommand(r *bufio.Reader, ask func() error, may func(size int) bool) (command, error) {
	var text []byte
	refused := false
	var literals [][]byte
	for {
		line, err := readLine(r)
		if err != nil {
			return command{}, err
		}
		size, waits, at := announced(line)
		if at < 0 {
			c := parseCommand(append(text, line...), literals)
			if refused {
				c.err = errSyntax
			}
			return c, nil
		}
		if size > maxLiteral || len(text)+len(line) > maxLine {
			return command{}, errTooLong
		}
		if !waits {
			refused = refused || !may(size)
		} else if err := ask(); err != nil {
			return command{}, err
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(r, data); err != nil {
			return command{}, err
		}
		text = append(append(text, line[:at]...), mark) // which no line can have
		literals = append(literals, data)
	}
}

// mark stands for a literal.
const mark = 0

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errTooLong
		case err == nil:
			return bytes.ReplaceAll(bytes.TrimRight(line, "\r\n"), []byte{mark}, nil), nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// announced finds {12} or {12+} at the end of a line; at < 0: there is none.
func announced(line []byte) (size int, waits bool, at int) {
	at = bytes.LastIndexByte(line, '{')
	if at < 0 || line[len(line)-1] != '}' {
		return 0, false, -1
	}
	number, nonSync := bytes.CutSuffix(line[at+1:len(line)-1], []byte("+"))
	n, err := strconv.ParseUint(string(number), 10, 32)
	if err != nil {
		return 0, false, -1
	}
	if at > 0 && line[at-1] == '~' { // literal8 (RFC 3516)
		at--
	}
	return int(n), !nonSync, at
}
