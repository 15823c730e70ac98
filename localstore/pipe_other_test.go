//go:build !unix

package localstore

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
