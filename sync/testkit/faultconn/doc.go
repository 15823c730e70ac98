// Package faultconn wraps a net.Conn so that it fails on purpose, at an exact
// byte or an exact command, and counts what passes.
//
// It sits where remote.Config.Dial puts it: below TLS, where a cut after N bytes
// is a TCP connection that ends inside a TLS record without close_notify; with
// plaintext, inside an IMAP line or literal. Faults are deterministic: nothing
// depends on the clock except the pauses of Drip. A stalled connection honours
// deadlines and Close as a silent peer's would.
//
//	d := &faultconn.Dialer{Faults: func(n int) []faultconn.Option {
//		if n == 0 { // the first connection only
//			return []faultconn.Option{faultconn.CutRead(4096)}
//		}
//		return nil
//	}}
//	remote.Config{Dial: d.Dial}
package faultconn
