package term

import (
	"fmt"
	"time"
)

// Size writes a number of bytes in decimal units: 999 B, 1.2 kB, 34 MB.
func Size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v := float64(n)
	for _, unit := range []string{"kB", "MB", "GB"} {
		v /= 1000
		if v < 9.95 {
			return fmt.Sprintf("%.1f %s", v, unit)
		}
		if v < 999.5 {
			return fmt.Sprintf("%.0f %s", v, unit)
		}
	}
	return fmt.Sprintf("%.1f TB", v/1000)
}

// Age writes a duration the way people say it: 40 s, 12 min, 5 h, 3 d.
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// Date writes a moment in loc to the minute; the zero time is "-".
func Date(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(loc).Format("2006-01-02 15:04")
}

// Count writes n and the word that fits it: 1 message, 2 messages.
func Count[N ~int | ~int64 | ~uint32](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	switch one[len(one)-1] {
	case 'x':
		return fmt.Sprintf("%d %ses", n, one)
	case 'y':
		return fmt.Sprintf("%d %sies", n, one[:len(one)-1])
	}
	return fmt.Sprintf("%d %ss", n, one)
}
