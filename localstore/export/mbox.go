package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"

	"mailstow/localstore"
)

// mbox writes the file of a mailbox as a whole, if anything in it has changed.
func (x *exporter) mbox(f Folder, p *placed) error {
	digest, n, err := x.digest(f)
	if err != nil {
		return err
	}
	if same, err := x.unchanged(p, digest); err != nil || same {
		x.res.Same += n
		return err
	}
	if x.o.DryRun {
		x.res.Written += n
		return x.report(Change{Did: Wrote, Path: p.Path, Messages: n})
	}
	if dir, _ := cutLast(p.Path); dir != "" {
		if err := x.t.root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	w := &mboxWriter{exporter: x, temp: p.Path + ".tmp", sum: sha256.New()}
	if err := w.file(f); err != nil {
		return errors.Join(err, gone(x.t.root.Remove(w.temp)))
	}
	if err := x.t.root.Rename(w.temp, p.Path); err != nil {
		return err
	}
	if err := x.noted(p, hex.EncodeToString(w.sum.Sum(nil))); err != nil {
		return err
	}
	x.res.Written += w.count
	return x.report(Change{Did: Wrote, Path: p.Path, Messages: w.count})
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// digest sums up what the file shall hold.
func (x *exporter) digest(f Folder) (string, int, error) {
	sum, n := sha256.New(), 0
	missing := x.res.Missing
	x.ahead = true
	defer func() { x.ahead = false }()
	err := x.mails(f, func(m localstore.Mail) error {
		n++
		_, err := io.WriteString(sum, preamble(m))
		return err
	})
	x.res.Missing = missing
	return hex.EncodeToString(sum.Sum(nil)), n, err
}

// unchanged: the file is as it was written, and would be written so again.
func (x *exporter) unchanged(p *placed, digest string) (bool, error) {
	if p.Digest != digest || x.t.root == nil {
		return false, nil
	}
	fi, err := x.t.root.Lstat(p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && fi.Size() == p.Size && fi.ModTime().UnixNano() == p.Time, err
}

// noted remembers what was written.
func (x *exporter) noted(p *placed, digest string) error {
	fi, err := x.t.root.Lstat(p.Path)
	if err == nil {
		p.Digest, p.Size, p.Time = digest, fi.Size(), fi.ModTime().UnixNano()
		err = x.t.save()
	}
	return err
}

type mboxWriter struct {
	*exporter
	temp  string
	f     *os.File
	out   *bufio.Writer
	sum   hash.Hash
	count int
}

func (w *mboxWriter) file(f Folder) error {
	file, err := w.t.root.create(w.temp)
	if err != nil {
		return err
	}
	w.f, w.out = file, bufio.NewWriterSize(w.t.root.into(file), 256<<10)
	err = w.mails(f, w.mail)
	if err == nil {
		err = w.out.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// mail adds a message. One whose body turns out to be damaged is taken back.
func (w *mboxWriter) mail(m localstore.Mail) error {
	start, err := w.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	start += int64(w.out.Buffered())
	head := preamble(m)
	if err := w.message(m, head); err != nil {
		if err := w.failed(m, err); err != nil {
			return err
		}
		return w.back(start)
	}
	w.count++
	w.res.Bytes += m.Size
	w.sum.Write([]byte(head)) // a hash takes everything
	return nil
}

func (w *mboxWriter) message(m localstore.Mail, head string) error {
	body, _, err := w.store.OpenBody(w.ctx, m.ID)
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := w.out.WriteString(head); err != nil {
		return err
	}
	q := &fromLines{w: w.out, add: true}
	if _, err := io.CopyBuffer(q, struct{ io.Reader }{body}, w.buf); err != nil {
		return err
	}
	if err := q.end(); err != nil {
		return err
	}
	tail := "\n"
	if q.last != '\n' {
		tail = "\n\n"
	}
	_, err = w.out.WriteString(tail)
	return err
}

// back cuts off what was written behind an offset.
func (w *mboxWriter) back(offset int64) error {
	if err := w.out.Flush(); err != nil {
		return err
	}
	if err := w.f.Truncate(offset); err != nil {
		return err
	}
	_, err := w.f.Seek(offset, io.SeekStart)
	return err
}
