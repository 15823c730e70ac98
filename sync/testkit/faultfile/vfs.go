package faultfile

import (
	"os"
	"sync"
	"time"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// usual is the VFS that does the work, ours a copy of it in which a few functions are
// replaced. Both know a file by the same structure, so that all others need not be.
var usual sqlite3.Tsqlite3_vfs

var register = sync.OnceFunc(func() {
	tls := libc.NewTLS()
	usual = *at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	name, err := libc.CString("faultfile")
	if err != nil {
		panic(err)
	}
	ours := usual
	ours.FzName, ours.FpNext = name, 0
	ours.FxOpen, ours.FxDelete, ours.FxSleep = address[openFunc](open), address[deleteFunc](remove), address[sleepFunc](sleep)
	if code := sqlite3.Xsqlite3_vfs_register(tls, keep(tls, ours), 1); code != sqlite3.SQLITE_OK {
		panic(code)
	}
})

// files are those open, by the address of SQLite's structure; tables the methods of
// files, by the address of those that they stand for.
var (
	mu     sync.Mutex
	files  = map[uintptr]file{}
	tables = map[uintptr]uintptr{}
)

// open opens a file, and gives it methods of ours when it is watched.
func open(tls *libc.TLS, vfs, path, pFile uintptr, flags int32, out uintptr) int32 {
	really := func(int) Code { return Code(function[openFunc](usual.FxOpen)(tls, vfs, path, pFile, flags, out)) }
	if path == 0 {
		return int32(really(0))
	}
	name := libc.GoString(path)
	f, is := find(name)
	if !is {
		return int32(really(0))
	}
	decide := func(k Kind) int32 { return f.decide(k, 0, nil, really) }
	if _, err := os.Lstat(name); err == nil || flags&sqlite3.SQLITE_OPEN_CREATE == 0 {
		decide = func(Kind) int32 { return int32(really(0)) }
	}
	at[sqlite3.Tsqlite3_file](pFile).FpMethods = 0 // what is not opened is not closed
	code := decide(Create)
	if p := at[sqlite3.Tsqlite3_file](pFile); code == sqlite3.SQLITE_OK && p.FpMethods != 0 {
		mu.Lock()
		defer mu.Unlock()
		f.usual = at[sqlite3.Tsqlite3_io_methods](p.FpMethods)
		files[pFile] = f
		p.FpMethods = table(tls, p.FpMethods)
	}
	return code
}

// table is a copy of a table of methods in which ours stand; one for each is kept.
func table(tls *libc.TLS, of uintptr) uintptr {
	if mine := tables[of]; mine != 0 {
		return mine
	}
	m := *at[sqlite3.Tsqlite3_io_methods](of)
	m.FxClose, m.FxWrite, m.FxTruncate = address[closeFunc](closeFile), address[writeFunc](write), address[truncateFunc](truncate)
	m.FxRead, m.FxSync = address[readFunc](read), address[syncFunc](syncFile)
	if m.FxShmLock != 0 {
		m.FxShmLock = address[lockFunc](lock)
	}
	tables[of] = keep(tls, m)
	return tables[of]
}

// known is an open file and the methods that do the work.
func known(pFile uintptr) (file, *sqlite3.Tsqlite3_io_methods) {
	mu.Lock()
	defer mu.Unlock()
	f := files[pFile]
	return f, f.usual
}

func closeFile(tls *libc.TLS, pFile uintptr) int32 {
	_, m := known(pFile)
	mu.Lock()
	delete(files, pFile)
	mu.Unlock()
	return function[closeFunc](m.FxClose)(tls, pFile)
}

func read(tls *libc.TLS, pFile, buf uintptr, n int32, offset int64) int32 {
	f, m := known(pFile)
	return f.decide(Read, offset, nil, func(int) Code { return Code(function[readFunc](m.FxRead)(tls, pFile, buf, n, offset)) })
}

func write(tls *libc.TLS, pFile, buf uintptr, n int32, offset int64) int32 {
	f, m := known(pFile)
	return f.decide(Write, offset, bytesAt(buf, int(n)), func(n int) Code {
		return Code(function[writeFunc](m.FxWrite)(tls, pFile, buf, int32(n), offset))
	})
}

func truncate(tls *libc.TLS, pFile uintptr, size int64) int32 {
	f, m := known(pFile)
	return f.decide(Truncate, size, nil, func(int) Code { return Code(function[truncateFunc](m.FxTruncate)(tls, pFile, size)) })
}

func syncFile(tls *libc.TLS, pFile uintptr, flags int32) int32 {
	f, m := known(pFile)
	return f.decide(Sync, 0, nil, func(int) Code { return Code(function[syncFunc](m.FxSync)(tls, pFile, flags)) })
}

// lock: the first of the locks is that of writers (sqlite.org/walformat.html section
// 2.3.2).
func lock(tls *libc.TLS, pFile uintptr, offset, n, flags int32) int32 {
	f, m := known(pFile)
	really := func(int) Code { return Code(function[lockFunc](m.FxShmLock)(tls, pFile, offset, n, flags)) }
	if offset != 0 || n != 1 || flags != sqlite3.SQLITE_SHM_LOCK|sqlite3.SQLITE_SHM_EXCLUSIVE {
		return int32(really(0))
	}
	return f.decide(Lock, 0, nil, really)
}

func remove(tls *libc.TLS, vfs, path uintptr, syncDir int32) int32 {
	really := func(int) Code { return Code(function[deleteFunc](usual.FxDelete)(tls, vfs, path, syncDir)) }
	if f, is := find(libc.GoString(path)); is {
		return f.decide(Delete, 0, nil, really)
	}
	return int32(really(0))
}

// sleep is Go's, which a bubble of package synctest cuts short.
func sleep(_ *libc.TLS, _ uintptr, microseconds int32) int32 {
	time.Sleep(time.Duration(microseconds) * time.Microsecond)
	return microseconds
}
