package sync

import "syscall"

// inLargePages asks for pages of 2 MiB (madvise(2)): the fewer, the fewer page faults. Where
// there are none, nothing is lost.
func inLargePages(b []byte) { _ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) }
