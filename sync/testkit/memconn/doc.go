// Package memconn is a network connection that costs nothing: two ends in memory.
// Unlike net.Pipe it holds whatever is written until the other end reads it, as a
// socket does, so that two peers that both write first do not wait for each other.
// An end that is closed ends the other's reading behind what was written before.
package memconn
