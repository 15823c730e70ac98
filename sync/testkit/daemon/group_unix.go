//go:build unix

package daemon

import (
	"os/exec"
	"syscall"
)

// ownGroup lets the supervising shell signal all of its server at once.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
