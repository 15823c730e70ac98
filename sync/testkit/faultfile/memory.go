package faultfile

import (
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
)

// The forms of the functions that stand in SQLite's tables.
type (
	openFunc     = func(tls *libc.TLS, vfs, path, file uintptr, flags int32, out uintptr) int32
	deleteFunc   = func(tls *libc.TLS, vfs, path uintptr, syncDir int32) int32
	sleepFunc    = func(tls *libc.TLS, vfs uintptr, microseconds int32) int32
	closeFunc    = func(tls *libc.TLS, file uintptr) int32
	readFunc     = func(tls *libc.TLS, file, buf uintptr, n int32, at int64) int32
	writeFunc    = func(tls *libc.TLS, file, buf uintptr, n int32, at int64) int32
	truncateFunc = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc     = func(tls *libc.TLS, file uintptr, flags int32) int32
	lockFunc     = func(tls *libc.TLS, file uintptr, at, n, flags int32) int32
)

// at is what lies at an address that SQLite gave.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// keep puts a table where SQLite may look at it for good.
func keep[T any](tls *libc.TLS, table T) uintptr {
	room := libc.Xmalloc(tls, types.Size_t(unsafe.Sizeof(table)))
	*at[T](room) = table
	return room
}

// bytesAt are n bytes at an address.
func bytesAt(address uintptr, n int) []byte { return unsafe.Slice(at[byte](address), n) }

// address is that of a function, as it stands in a table; fn must not be made at run
// time, as nobody would keep it.
func address[F any](fn F) uintptr { return *(*uintptr)(unsafe.Pointer(&fn)) }

// function is the one at an address.
func function[F any](address uintptr) F { return *(*F)(unsafe.Pointer(&address)) }
