package killpoints

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// copyFiles copies a store with all that lies beside it, as it is at the moment, but
// for memory that processes share.
func copyFiles(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "-shm") {
			continue
		}
		err := copyFile(filepath.Join(from, f.Name()), filepath.Join(to, f.Name()))
		if err != nil && !os.IsNotExist(err) { // else renamed meanwhile
			return err
		}
	}
	return nil
}

// copyFile leaves the copying to the system, where that can do it.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
