package config

import (
	"fmt"

	"mailstow/sync/remote"
)

// Compress is remote.Compress in the file: auto, on or off.
type Compress struct{ remote.Compress }

// UnmarshalText accepts the three words.
func (c *Compress) UnmarshalText(text []byte) error {
	for how, word := range map[remote.Compress]string{remote.CompressAuto: "auto", remote.CompressOn: "on", remote.CompressOff: "off"} {
		if string(text) == word {
			c.Compress = how
			return nil
		}
	}
	return fmt.Errorf(`compress %q: want "auto", "on" or "off"`, text)
}
