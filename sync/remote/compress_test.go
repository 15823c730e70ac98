package remote_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/klauspost/compress/flate"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/wire"
)

const zlib = "protocol imap {\n  mail_plugins = imap_zlib\n}"

// all fetches the bodies of INBOX, some per request, and returns their octets.
func all(t *testing.T, c *remote.Conn, messages, perSet int) (octets int64) {
	t.Helper()
	if _, err := c.Examine(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	var sets []remote.BodySet
	for lo := 1; lo <= messages; lo += perSet {
		set := remote.BodySet{UIDs: imap.UIDSet{{Start: imap.UID(lo), Stop: imap.UID(lo + perSet - 1)}}}
		for uid := lo; uid < lo+perSet; uid++ {
			set.Size += int64(len(prose(uid)))
		}
		sets = append(sets, set)
	}
	seen := 0
	err := c.BodySets(t.Context(), sets, func(_ int, uid imap.UID, _ int64, r io.Reader) error {
		got, err := io.ReadAll(r)
		if want := prose(int(uid)); !bytes.Equal(got, want) {
			t.Errorf("uid %d: other bytes", uid)
		}
		seen++
		octets += int64(len(got))
		return err
	}, func(_ int, err error) error { return err })
	if err != nil || seen != messages {
		t.Fatalf("%d of %d, %v", seen, messages, err)
	}
	return octets
}

// prose is message n, about 20 kB that deflate as text does.
func prose(n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Subject: %d\r\n\r\n", n)
	for i := n; b.Len() < 20000; i += n {
		fmt.Fprintf(&b, "line %d of message %d says %d\r\n", b.Len(), n, i*7919)
	}
	return b.Bytes()
}

func fillProse(t *testing.T, srv *dovecot.Server, n int) {
	u := srv.User(t, "joe")
	for i := 1; i <= n; i++ {
		u.Append("INBOX", nil, time.Now(), prose(i))
	}
}

func TestCompression(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Config(zlib))
	fillProse(t, srv, 30)
	received := map[remote.Compress]int64{}
	for _, how := range []remote.Compress{remote.CompressOff, remote.CompressAuto, remote.CompressOn} {
		cfg := config(srv, "joe")
		cfg.Compress = how
		c := dial(t, cfg)
		octets := all(t, c, 30, 10)
		if uids, err := c.UIDs(t.Context(), 1, 0); err != nil || uids.String() != "1:30" { // through imapclient
			t.Errorf("%v, %v", uids, err)
		}
		if _, err := c.List(t.Context()); err != nil {
			t.Error(err)
		}
		if on := how == remote.CompressOn; c.Compressed() != on || c.Info().Compressed != on {
			t.Errorf("%d: compressed %v", how, c.Compressed()) // Auto: a loopback is fast
		}
		if err := c.Logout(t.Context()); err != nil {
			t.Error(err)
		}
		received[how] = c.Stats().BytesIn
		t.Logf("%d: %d octets of mail, %d received", how, octets, received[how])
	}
	if received[remote.CompressOn]*3 > received[remote.CompressOff] {
		t.Errorf("%v: compression saved too little", received)
	}
}

// Cyrus flushes its stream in its own way.
func TestCompressionOfCyrus(t *testing.T) {
	srv := cyrus.Start(t)
	srv.User(t, "joe")
	c := dial(t, remote.Config{Host: srv.Host, Port: srv.Port, Security: remote.Plain, User: "joe", Timeout: 10 * time.Second,
		Password: func(context.Context) (string, error) { return srv.Password, nil }, Compress: remote.CompressOn})
	if _, err := c.List(t.Context()); err != nil || !c.Compressed() {
		t.Errorf("compressed %v, %v", c.Compressed(), err)
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// slowConn is a link of 1 MB/s.
type slowConn struct{ net.Conn }

func (s slowConn) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p[:min(len(p), 16<<10)])
	time.Sleep(time.Duration(n) * time.Microsecond)
	return n, err
}

// Auto begins in the middle of a slow transfer, between two requests.
func TestCompressionOfASlowLink(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Config(zlib))
	const messages = 120 // 2.4 MB: half of it tells
	fillProse(t, srv, messages)
	cfg := config(srv, "joe")
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, addr)
		return slowConn{nc}, err
	}
	c := dial(t, cfg)
	if c.Compressed() {
		t.Error("compressed before anything was slow")
	}
	start := time.Now()
	octets := all(t, c, messages, 2)
	if !c.Compressed() {
		t.Error("not compressed")
	}
	if in := c.Stats().BytesIn; in > octets*3/4 {
		t.Errorf("%d octets received for %d of mail", in, octets)
	}
	t.Logf("%d octets of mail, %d received, in %v", octets, c.Stats().BytesIn, time.Since(start))
}

// compressing is a connection on which the server has just begun to compress; z
// writes to the client.
func compressing(t *testing.T, script func(p *peer, z *flate.Writer)) remote.Config {
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n")
		p.send("%s OK go\r\n", p.command("COMPRESS DEFLATE"))
		p.r = bufio.NewReader(flate.NewReader(p.r))
		z, _ := flate.NewWriter(p.conn, 6)
		script(p, z)
	})
	cfg.Compress = remote.CompressOn
	return cfg
}

// What is sent right behind the OK is compressed already.
func TestCompressedAtOnce(t *testing.T) {
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n")
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s OK go\r\n", p.command("COMPRESS DEFLATE"))
		z, _ := flate.NewWriter(&b, 6)
		io.WriteString(z, "* OK [ALERT] squeezed\r\n")
		z.Flush()
		p.conn.Write(b.Bytes())
		p.r = bufio.NewReader(flate.NewReader(p.r))
		b.Reset()
		fmt.Fprintf(z, "%s OK done\r\n", p.command("NOOP"))
		z.Flush()
		p.conn.Write(b.Bytes())
		p.wait()
	})
	var notices []string
	cfg.Compress, cfg.Notice = remote.CompressOn, func(text string) { notices = append(notices, text) }
	c := dial(t, cfg)
	if err := c.Noop(t.Context()); err != nil || len(notices) != 1 || !strings.Contains(notices[0], "squeezed") {
		t.Errorf("%v, %q", err, notices)
	}
	c.Close()
}

func TestCompressionRefused(t *testing.T) {
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n")
		p.send("%s NO [COMPRESSIONACTIVE] TLS does it\r\n", p.command("COMPRESS DEFLATE"))
		p.answer("NOOP", "")
		p.wait()
	})
	cfg.Compress = remote.CompressOn
	c := dial(t, cfg)
	if err := c.Noop(t.Context()); err != nil || c.Compressed() {
		t.Errorf("compressed %v, %v", c.Compressed(), err)
	}
	c.Close()
}

// Data that inflates without measure is refused with the memory of one window
// (failure table, row 27).
func TestInflateBombs(t *testing.T) {
	zeros := make([]byte, 1<<20)
	for _, tc := range []struct {
		name string
		bomb func(z *flate.Writer, conn io.Writer)
		text string
	}{
		{"lines", func(z *flate.Writer, _ io.Writer) {
			line := []byte("* OK " + strings.Repeat("a", 8000) + "\r\n")
			for range 1 << 17 {
				if _, err := z.Write(line); err != nil {
					return
				}
			}
			z.Flush()
		}, wire.WhatRatio},
		{"a literal nobody asked for", func(z *flate.Writer, _ io.Writer) {
			io.WriteString(z, "* 1 FETCH (UID 1 X-ODD {1000000000}\r\n")
			for range 950 {
				if _, err := z.Write(zeros); err != nil {
					return
				}
			}
			z.Flush()
		}, wire.WhatRatio},
		{"a literal beyond the limit", func(z *flate.Writer, _ io.Writer) {
			io.WriteString(z, "* 1 FETCH (UID 1 BODY[] {4294967295}\r\n")
			z.Flush()
		}, "literal"},
		{"an endless line", func(z *flate.Writer, _ io.Writer) {
			for range 950 {
				if _, err := z.Write(bytes.Repeat([]byte("a"), 1<<20)); err != nil {
					return
				}
			}
			z.Flush()
		}, "response line"},
		{"nothing, without end", func(_ *flate.Writer, conn io.Writer) {
			empty := bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1000) // stored blocks of no octets
			for range 1000 {
				if _, err := conn.Write(empty); err != nil {
					return
				}
			}
		}, "holds nothing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := compressing(t, func(p *peer, z *flate.Writer) { p.command("LIST"); tc.bomb(z, p.conn); io.Copy(io.Discard, p.r) })
			c := dial(t, cfg)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := c.List(t.Context())
			runtime.ReadMemStats(&after)
			wantClass(t, err, remote.Protocol, tc.text)
			// All that was allocated, by the script's compressor as well, not only what is held.
			if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 64 {
				t.Errorf("%d MB were allocated", n)
			}
		})
	}
}

// A literal that was asked for may be as repetitive as it likes.
func TestInflateWhatWasAskedFor(t *testing.T) {
	const size = 100 << 20
	cfg := compressing(t, func(p *peer, z *flate.Writer) {
		tag := p.command("UID FETCH")
		fmt.Fprintf(z, "* 1 FETCH (UID 1 BODY[] {%d}\r\n", size)
		zeros := make([]byte, 1<<20)
		for range size >> 20 {
			z.Write(zeros)
		}
		fmt.Fprintf(z, ")\r\n%s OK done\r\n", tag)
		z.Flush()
		p.wait()
	})
	c := dial(t, cfg)
	var n int64
	err := c.Bodies(t.Context(), imap.UIDSetNum(1), func(_ imap.UID, _ int64, r io.Reader) (err error) {
		n, err = io.Copy(io.Discard, r)
		return err
	})
	if err != nil || n != size {
		t.Errorf("%d, %v", n, err)
	}
	c.Close()
}

// A compressed stream that ends or breaks anywhere is never a short message.
func TestCompressedStreamCut(t *testing.T) {
	body := string(prose(1))
	var whole bytes.Buffer
	z, _ := flate.NewWriter(&whole, 6)
	fmt.Fprintf(z, "* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\nM2 OK done\r\n", len(body), body)
	z.Flush()
	damaged := 0
	for cut := 0; cut < whole.Len()-6; cut += 97 { // the last octets only end the flush
		for _, broken := range []bool{false, true} {
			cfg := compressing(t, func(p *peer, _ *flate.Writer) {
				p.command("UID FETCH")
				p.conn.Write(whole.Bytes()[:cut])
				if broken {
					p.conn.Write(bytes.Repeat([]byte{0xff}, 100)) // a block type that does not exist, or codes that do not
				}
			})
			c, err := remote.Dial(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			complete := false
			err = c.Bodies(t.Context(), imap.UIDSetNum(1), func(_ imap.UID, _ int64, r io.Reader) error {
				_, err := io.Copy(io.Discard, r)
				complete = err == nil
				return nil
			})
			if class := remote.ClassOf(err); class != remote.Connect && class != remote.Protocol || !broken && !strings.Contains(err.Error(), "EOF") {
				t.Errorf("cut at %d of %d, broken %v: complete %v, %v", cut, whole.Len(), broken, complete, err)
			}
			if broken && strings.Contains(err.Error(), "damaged") {
				damaged++
			}
			c.Close()
		}
	}
	if damaged == 0 {
		t.Error("damage was never recognised")
	}
}
