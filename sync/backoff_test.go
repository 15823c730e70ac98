package sync

import (
	"testing"
	"time"
)

// The pauses between connections double, differ from client to client, and never
// exceed a minute.
func TestBackoff(t *testing.T) {
	for n, most := range map[int]time.Duration{
		-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second,
		7: time.Minute, 8: time.Minute, 1000: time.Minute, 1 << 40: time.Minute,
	} {
		different := map[time.Duration]bool{}
		for range 50 {
			d := backoff(n)
			if d < most/2 || d >= most {
				t.Errorf("attempt %d: %v, want %v to %v", n, d, most/2, most)
			}
			different[d] = true
		}
		if len(different) < 25 {
			t.Errorf("attempt %d: only %d different pauses", n, len(different))
		}
	}
}
