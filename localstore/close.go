package localstore

import (
	"context"
	"errors"
)

// Close closes the store and gives the lock back. It waits for a transaction under way; none
// begins any more. Not to be called inside Update.
func (s *Store) Close() error {
	errs := []error{s.wrap(s.ahead.close())}
	if s.reader != nil {
		errs = append(errs, s.wrap(s.reader.Close()))
	}
	if s.writer != nil && s.lock != nil {
		errs = append(errs, s.wrap(s.closeWriter()))
	}
	errs = append(errs, s.fresh.close(), s.lock.release())
	s.lock = nil
	return errors.Join(errs...)
}

// closeWriter keeps the connection until nobody else can get it: who waits for it is refused.
func (s *Store) closeWriter() error {
	conn, err := s.writer.Conn(context.Background())
	if err != nil && s.fresh.file == nil {
		err = nil // nothing is to be settled
	}
	if conn == nil {
		return errors.Join(err, s.writer.Close())
	}
	return errors.Join(s.settle(conn), s.writer.Close(), conn.Close())
}
