// Package faultfile stands between SQLite and its files, and lets a test see, keep
// from happening, or cut short whatever SQLite does to those of one directory: as
// faultconn does with connections.
//
// It is a VFS (sqlite.org/vfs.html) that does what the usual one does, but that a
// Hook is asked before a file is made, read, written to, truncated, synced or deleted,
// and before the lock of writers is taken. The program under test needs no switch for it:
// once the first directory is watched, it is the VFS that databases are opened with.
// What SQLite does to memory that processes share (the -shm file) is not seen; the
// next process makes that anew.
//
// Layout: disk.go is what a test uses, vfs.go what SQLite calls, memory.go how the
// two see each other's memory.
package faultfile
