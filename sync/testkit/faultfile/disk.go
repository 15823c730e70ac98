package faultfile

import (
	"path/filepath"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"
)

// Kind is what is done to a file.
type Kind string

// What a Hook is asked about.
const (
	Create   Kind = "create"
	Read     Kind = "read"
	Write    Kind = "write"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	Delete   Kind = "delete"
	Lock     Kind = "lock" // that of writers, when a transaction begins
)

// Op is one thing that SQLite does to a file.
type Op struct {
	Kind Kind
	File string // without the directory
	At   int64  // of Read and Write: where; of Truncate: the length
	Data []byte // of Write: what, until the Hook returns

	do func(n int) Code
}

// Do carries it out.
func (o Op) Do() Code { return o.do(len(o.Data)) }

// Half carries out the first half of a Write, and nothing of anything else.
func (o Op) Half() Code {
	if o.Kind != Write || len(o.Data) < 2 {
		return OK
	}
	return o.do(len(o.Data) / 2)
}

// Code is a result code of SQLite (sqlite.org/rescode.html).
type Code int32

// Those that a Hook may give.
const (
	OK   Code = 0
	Busy Code = 5
	Full Code = 13

	ioErr Code = 10
)

// Broken is the code of a disk that fails.
func (o Op) Broken() Code {
	part := map[Kind]Code{Read: 1, Write: 3, Sync: 4, Truncate: 6, Delete: 10, Lock: 20}[o.Kind]
	if o.Kind == Create {
		return 14 // SQLITE_CANTOPEN
	}
	return ioErr | part<<8
}

// Hook decides what becomes of an Op: it calls Do, or not, and gives the code that
// SQLite gets. It is called by whichever goroutine works on the file.
type Hook func(Op) Code

var watched sync.Map // Hook, by directory

// Watch lets a Hook decide on everything that is done in a directory to files that are
// opened from now on. It ends with stop, when they are closed.
func Watch(dir string, hook Hook) (stop func()) {
	register()
	dir = filepath.Clean(dir)
	watched.Store(dir, hook)
	return func() { watched.Delete(dir) }
}

// file is an open file that is watched.
type file struct {
	name  string
	hook  Hook
	usual *sqlite3.Tsqlite3_io_methods // those that do the work
}

// find is a file in a directory that is watched; false: it is not in one.
func find(path string) (file, bool) {
	hook, ok := watched.Load(filepath.Dir(path))
	if !ok {
		return file{}, false
	}
	return file{name: filepath.Base(path), hook: hook.(Hook)}, true
}

func (f file) decide(kind Kind, at int64, data []byte, do func(n int) Code) int32 {
	return int32(f.hook(Op{Kind: kind, File: f.name, At: at, Data: data, do: do}))
}
