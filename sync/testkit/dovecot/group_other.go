//go:build !unix

package dovecot

import "os/exec"

// ownGroup does nothing: Dovecot does not exist here.
func ownGroup(*exec.Cmd) {}
