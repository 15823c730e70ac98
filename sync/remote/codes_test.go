package remote

import (
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// FuzzCodes: whatever a server puts into COPYUID, APPENDUID and MODIFIED, no
// message is taken for another, none that was not asked for is spoken of, and
// nothing is expanded.
func FuzzCodes(f *testing.F) {
	for _, arg := range []string{
		"7 1:3 11:13", "7 3,1:2 4:6", "7 1,3 4:5", "7 1:4294967295 1:4294967295", "7 3:1 4:6", "7 1,1 4:5", "7 1:3 4,5,4", "0 1 1", "7 5",
		"7 1:2", "7 2,1", "4294967296 1 1", "7 0 0", "7 1:* 1:*", "2,3", "1:4294967295", "3:2", ",", "", "7 1:3 4294967293:4294967295", "7  1:3 4:6", "7 1:3 4:6 7",
	} {
		f.Add(arg)
	}
	asked := imap.UIDSet{{Start: 1, Stop: 3}, {Start: 7, Stop: 9}}
	f.Fuzz(func(t *testing.T, arg string) {
		if validity, m, ok := parseCopyUID(arg, asked); ok {
			from, to := map[imap.UID]bool{}, map[imap.UID]bool{}
			m.Each(func(a, b imap.UID) {
				if got, told := m.To(a); !asked.Contains(a) || b == 0 || from[a] || to[b] || !told || got != b {
					t.Fatalf("%q: %d became %d", arg, a, b)
				}
				from[a], to[b] = true, true
			})
			if validity == 0 || len(from) == 0 || total(m.sources()) != int64(len(from)) {
				t.Fatalf("%q: %d, %v", arg, validity, m)
			}
		}
		for n := 1; n < 4; n++ {
			validity, uids := parseAppendUID(arg, "APPENDUID", n)
			if uids != nil && (len(uids) != n || validity == 0) {
				t.Fatalf("%q: %d, %v", arg, validity, uids)
			}
			for k, uid := range uids {
				if uid == 0 || k > 0 && uid <= uids[k-1] {
					t.Fatalf("%q: %v", arg, uids)
				}
			}
		}
		s := storing{change: Change{UIDs: asked}, out: &Stored{}}
		s.answered(&work{e: &Edits{}}, asked, wire.Status{Type: "OK", Code: "MODIFIED", Arg: arg})
		if len(common(s.out.Done, s.out.Modified)) > 0 || total(s.out.Done)+total(s.out.Modified) != total(asked) {
			t.Fatalf("%q: %+v", arg, s.out)
		}
	})
}

func TestWorthProving(t *testing.T) {
	for _, tc := range []struct {
		trip      time.Duration
		mailboxes int
		messages  int64
		want      bool
	}{
		{0, 12, 1, false}, {100 * time.Microsecond, 12, 1000, false}, {50 * time.Millisecond, 12, 1000, true}, {50 * time.Millisecond, 1, 1, false},
		{50 * time.Millisecond, 2, 2000, true}, {50 * time.Millisecond, 2, 3000, false}, {time.Hour, 0, 0, false}, {50 * time.Millisecond, 2, 1 << 60, false},
	} {
		if got := worthProving(tc.trip, tc.mailboxes, tc.messages); got != tc.want {
			t.Errorf("%+v", tc)
		}
	}
}
