//go:build !linux

package sync

func inLargePages([]byte) {}
