// Package daemon runs a foreign server for the length of one test, or of a test process.
//
// The server runs under a small shell that waits on a pipe: when the test process
// dies in any way, the pipe closes and the shell stops the server, so that no
// process is left behind. Server and shell form a process group of their own;
// only that group is signalled, and the end of the server is waited for.
//
// Ports are chosen free and given to the server, which may find one taken in the
// meantime: then all is tried again with others.
package daemon
