package export

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"mailstow/localstore"
)

// key is what a file of a message is known by, and its name made of: when the
// message arrived, the SHA-256 of its bytes, and which one of several equal ones it
// is. So it stays the same from export to export, whatever the store's ids are.
type key struct {
	date int64
	sum  [keySum]byte
	n    int
}

// keySum is how many bytes of the SHA-256 are in a name.
const keySum = 16

// keyOf numbers equal messages as they come.
func keyOf(m localstore.Mail, seen map[key]int) (key, error) {
	k := key{date: m.InternalDate.Unix()}
	if m.InternalDate.IsZero() {
		k.date = 0
	}
	sum, err := hex.DecodeString(m.SHA256)
	if err != nil || len(sum) != 32 {
		return k, fmt.Errorf("message %d: SHA-256 %q", m.ID, m.SHA256)
	}
	copy(k.sum[:], sum)
	n := seen[k]
	seen[k] = n + 1
	k.n = n
	return k, nil
}

func (k key) hash() string {
	s := hex.EncodeToString(k.sum[:])
	if k.n > 0 {
		s += "_" + strconv.Itoa(k.n)
	}
	return s
}

// readHash is the other way round.
func (k *key) readHash(s string) bool {
	sum, n, several := strings.Cut(s, "_")
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != keySum || strings.ToLower(sum) != sum {
		return false
	}
	copy(k.sum[:], raw)
	if several {
		k.n, err = strconv.Atoi(n)
		return err == nil && k.n > 0 && strconv.Itoa(k.n) == n
	}
	return true
}

// openDir opens the folder of a mailbox, and makes it first if it must. It is nil
// where a dry run finds none.
func (x *exporter) openDir(path string, sub ...string) (*folder, error) {
	if x.t.root == nil {
		return nil, nil
	}
	if !x.t.dry {
		for _, name := range append([]string{"."}, sub...) {
			if err := x.t.root.MkdirAll(path+"/"+name, 0o700); err != nil {
				return nil, err
			}
		}
	}
	d, err := x.t.root.OpenRoot(path)
	if x.t.dry && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return d, err
}

// write puts the bytes of a message under temp and renames it when it is whole. Its
// time is that of its arrival. It need not outlast a power cut: the next export
// finds what is shorter than its message.
func (x *exporter) write(d *folder, temp, name string, m localstore.Mail) error {
	if x.o.DryRun {
		return nil
	}
	body, _, err := x.store.OpenBody(x.ctx, m.ID)
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := d.create(temp)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{d.into(f)}, struct{ io.Reader }{body}, x.buf)
	if err = errors.Join(err, f.Close()); err == nil {
		err = touch(d, temp, m.InternalDate)
	}
	if err == nil {
		err = d.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, d.Remove(temp))
	}
	return nil
}

func touch(d *folder, name string, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	return d.Chtimes(name, at, at)
}

// put writes a message and counts it.
func (x *exporter) put(d *folder, temp, name, path string, m localstore.Mail) error {
	if err := x.write(d, temp, name, m); err != nil {
		return x.failed(m, err)
	}
	x.res.Written++
	x.res.Bytes += m.Size
	return x.report(Change{Did: Wrote, Path: path, Mail: m})
}

// whole tells whether a file has as many bytes as its message.
func whole(e fs.FileInfo, m localstore.Mail) bool { return e.Mode().IsRegular() && e.Size() == m.Size }

// names are the files in a folder; none where it is not there.
func names(d *folder, sub string) ([]fs.DirEntry, error) {
	if d == nil {
		return nil, nil
	}
	f, err := d.Open(sub)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}
