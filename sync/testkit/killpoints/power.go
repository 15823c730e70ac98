package killpoints

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"mailstow/sync/testkit/faultfile"
)

// power knows what of the files of a directory a power cut would leave: what was
// synced, and of the rest whatever the disk happened to write, in any order.
type power struct {
	dir   string
	rng   *rand.Rand
	files map[string]*unsynced
}

// unsynced is a file as it was when it was synced last, and what was done to it since.
type unsynced struct {
	safe []byte
	done []func([]byte) []byte
}

func newPower(dir string, seed int) *power {
	return &power{dir: dir, rng: rand.New(rand.NewPCG(uint64(seed), 0)), files: map[string]*unsynced{}}
}

// of is a file that nothing was done to before op, or one known.
func (p *power) of(name string) (*unsynced, error) {
	f := p.files[name]
	if f != nil {
		return f, nil
	}
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p.files[name] = &unsynced{safe: data}
	return p.files[name], nil
}

// before is told of everything before it is done.
func (p *power) before(op faultfile.Op) error {
	f, err := p.of(op.File)
	if err != nil {
		return err
	}
	switch op.Kind {
	case faultfile.Write:
		data, at := slices.Clone(op.Data), int(op.At)
		f.done = append(f.done, func(b []byte) []byte { return put(b, at, data) })
	case faultfile.Truncate:
		f.done = append(f.done, func(b []byte) []byte { return b[:min(len(b), int(op.At))] })
	case faultfile.Sync:
		for _, do := range f.done {
			f.safe = do(f.safe)
		}
		f.done = nil
	case faultfile.Delete:
		delete(p.files, op.File)
	}
	return nil
}

func put(b []byte, at int, data []byte) []byte {
	if grown := at + len(data) - len(b); grown > 0 {
		b = append(b, make([]byte, grown)...)
	}
	copy(b[at:], data)
	return b
}

// leave makes a directory what a power cut makes of it.
func (p *power) leave(image string) error {
	for name, f := range p.files {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err != nil {
			continue // not made yet
		}
		b := f.safe
		share := p.rng.Float64()
		for _, do := range f.done {
			if p.rng.Float64() < share {
				b = do(b)
			}
		}
		if err := os.WriteFile(filepath.Join(image, name), b, 0o600); err != nil {
			return err
		}
	}
	return p.reboot(filepath.Join(image, "mail.db.lock"))
}

// reboot: what runs now is not what a store was fresh in.
func (p *power) reboot(lock string) error {
	text, err := os.ReadFile(lock)
	if err != nil {
		return err
	}
	return os.WriteFile(lock, bytes.Replace(text, []byte("boot "), []byte("boot before "), 1), 0o600)
}
