package localstore

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// heapMiB is what the Go heap holds now.
func heapMiB() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse) / (1 << 20)
}

// residentMiB is what the process holds now, 0 where the system does not tell.
func residentMiB() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return float64(pages) * float64(os.Getpagesize()) / (1 << 20)
}

// pattern is a reader of left bytes that compress a little.
type pattern struct {
	left int
	seed byte
	at   int
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	b = b[:min(len(b), p.left)]
	for i := range b {
		p.at = p.at*1103515245 + 12345
		b[i] = byte(p.at>>16)&0x3f + p.seed
	}
	p.left -= len(b)
	return len(b), nil
}
