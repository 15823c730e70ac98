package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of octets in the file, such as "150MB" or "2GiB".
type Size int64

// maxSize keeps what follows from a Size within 63 bits.
const maxSize = 1 << 50

var units = []struct {
	name   string
	octets float64
}{
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"b", 1}, {"", 1},
}

// UnmarshalText accepts a positive number and a unit.
func (s *Size) UnmarshalText(text []byte) error {
	word := strings.ToLower(string(text))
	for _, unit := range units {
		number, ok := strings.CutSuffix(word, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if octets := n * unit.octets; err == nil && octets >= 1 && octets <= maxSize {
			*s = Size(octets)
			return nil
		}
		break
	}
	return fmt.Errorf(`size %q: want a number and a unit such as "150MB" or "2GiB"`, text)
}
