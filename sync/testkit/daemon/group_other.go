//go:build !unix

package daemon

import "os/exec"

// ownGroup does nothing: such servers do not exist here.
func ownGroup(*exec.Cmd) {}
