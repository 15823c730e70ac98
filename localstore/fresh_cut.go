package localstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// checkCut gives ErrNoStore for what a power cut left of a store that was not settled.
func (s *Store) checkCut(ctx context.Context) error {
	var whole bool
	var err error
	switch noted := s.noted(); {
	case s.boot == "" || noted != s.boot:
		whole, err = s.settledInWAL(ctx)
	case s.lock != nil: // a disk may have been pulled out, too
		whole, err = s.sound(ctx)
	default:
		return nil
	}
	if err == nil && !whole || errors.Is(err, ErrCorrupt) {
		return &Error{Kind: ErrNoStore, Path: s.path,
			Err:  errors.New("a power cut came before its first seconds were on the disk, or it is a copy from then"),
			Hint: "run mailstow sync: it begins anew, and sets aside what there is"}
	}
	return err
}

// noted is the run of the machine in which the store is fresh.
func (s *Store) noted() string {
	if s.lock != nil {
		return s.lock.boot
	}
	return lockBoot(s.path)
}

// settledInWAL asks the WAL, which may know better than the header.
func (s *Store) settledInWAL(ctx context.Context) (bool, error) {
	if _, err := os.Stat(s.path + "-wal"); err != nil {
		return false, nil
	}
	var id uint32
	err := s.askOnce(ctx, "PRAGMA application_id", &id)
	return id != unsettledID, err
}

func (s *Store) sound(ctx context.Context) (bool, error) {
	var says string
	err := s.askOnce(ctx, "PRAGMA quick_check(1)", &says)
	return says == "ok", err
}

// askOnce opens the file for one question.
func (s *Store) askOnce(ctx context.Context, q string, dest any) error {
	var db *sql.DB
	err := s.openPool(ctx, &db, "mode=rw&_query_only=1")
	if err == nil {
		err = s.wrap(canceled(ctx, db.QueryRowContext(ctx, q).Scan(dest)))
	}
	if db != nil {
		db.Close()
	}
	return err
}

// clearPlace sets aside what a power cut left of the store that a new one replaces. What
// lies beside nothing is of a store that was moved, and may hold the newest of it: SQLite
// would write it into the new one.
func clearPlace(path string) error {
	settled, err := checkHeader(path)
	cut, aside := err == nil && !settled, path+time.Now().UTC().Format(".cut-short-20060102-150405.000")
	for _, suffix := range []string{"-wal", "-journal", ""} {
		fi, err := os.Stat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) || err == nil && fi.Size() == 0 {
			continue
		}
		if !cut {
			return &Error{Kind: ErrNoStore, Path: path, Err: fmt.Errorf("there is a %s beside it, of a store that was moved or deleted", suffix),
				Hint: "move it to where its store is, under the name of that, or delete it"}
		}
		if err := os.Rename(path+suffix, aside+suffix); err != nil {
			return &Error{Kind: ErrPermission, Path: path, Err: err, Hint: "what a power cut left is in the way: move it, or name another place with --store"}
		}
	}
	return nil
}

// markSettled is for the copy of a store that may be fresh.
func markSettled(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(binary.BigEndian.AppendUint32(nil, applicationID), headerApplicationID)
	return errors.Join(err, f.Close())
}
