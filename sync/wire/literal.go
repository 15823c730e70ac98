package wire

import (
	"bytes"
	"math"
)

// announced finds a literal announcement, {n} {n+} or ~{n}, at the end of a
// segment whose grammar is not known. It counts only where a value may begin:
// after a space, a parenthesis or the bracket of BODY[].
func announced(seg []byte) (int64, bool) {
	if len(seg) == 0 || seg[len(seg)-1] != '}' {
		return 0, false
	}
	i := bytes.LastIndexByte(seg, '{')
	if i < 0 {
		return 0, false
	}
	n, rest, ok := announcement(seg[i:])
	if !ok || len(rest) != 0 {
		return 0, false
	}
	return n, i == 0 || bytes.IndexByte([]byte(" (~]>"), seg[i-1]) >= 0
}

// announcement parses {n} or {n+} at the start of b. A number beyond 63 bits
// saturates, so that the limit refuses it.
func announcement(b []byte) (n int64, rest []byte, ok bool) {
	if len(b) < 3 || b[0] != '{' {
		return 0, b, false
	}
	i := 1
	for ; i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		d := int64(b[i] - '0')
		if n > (math.MaxInt64-d)/10 {
			n = math.MaxInt64
		} else {
			n = n*10 + d
		}
	}
	digits := i - 1
	if i < len(b) && b[i] == '+' {
		i++
	}
	if digits == 0 || i >= len(b) || b[i] != '}' {
		return 0, b, false
	}
	return n, b[i+1:], true
}
