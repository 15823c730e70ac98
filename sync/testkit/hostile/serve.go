package hostile

import (
	"io"
	"net"
	"sync"
	"time"
)

// Serve is a server at a listener whose words are changed, the same way for the same
// seed, the same commands and the same order of connections. It ends with the listener
// and the connections.
func (s *Stage) Serve(l net.Listener, seed uint64) {
	srv := scenes[int(seed)%len(scenes)].server()
	defer srv.Wait()
	var all sync.WaitGroup
	defer all.Wait()
	for n := uint64(0); ; n++ {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		m := newMutator(seed<<16+n, s.transcripts)
		near, far := newLine(&watch{late: func() {}}, m.mutate, m.asked)
		near.(*clientEnd).quiet = 200 * time.Millisecond // a client thinks now and then
		all.Go(func() { srv.Serve(far) })
		all.Go(func() {
			defer conn.Close()
			defer near.Close()
			_, _ = io.Copy(conn, near)
		})
		all.Go(func() { _, _ = io.Copy(near, conn) })
	}
}
