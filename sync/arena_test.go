package sync

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Nobody gets what another one has, the lowest places come first, and all of it comes back.
func TestArena(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := arena{asked: arenaPays}
		var used [heldInAll / arenaPage]bool // the model
		held := map[int]buffer{}
		turn := func(x buffer, on bool) {
			for p := x.at; x.at >= 0 && p < x.at+arenaPages(len(x.b)); p++ {
				if used[p] == on {
					t.Fatalf("page %d twice", p)
				}
				used[p] = on
			}
		}
		first := func(n int) int {
			free := 0
			for p := range used {
				if free++; used[p] {
					free = 0
				} else if free >= n {
					return p + 1 - n
				}
			}
			return -1
		}
		size := rapid.OneOf(rapid.IntRange(1, 3*arenaPage), rapid.IntRange(1, 80*arenaPage), rapid.IntRange(1, heldInMemory))
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(held) > 0 && rapid.Bool().Draw(t, "back") {
				k := rapid.SampledFrom(slices.Sorted(maps.Keys(held))).Draw(t, "which")
				x := held[k]
				if !bytes.Equal(x.b, bytes.Repeat([]byte{byte(k)}, len(x.b))) {
					t.Fatalf("what was in buffer %d has changed", k)
				}
				turn(x, false)
				a.put(x)
				delete(held, k)
				continue
			}
			n := size.Draw(t, "size")
			want := first(arenaPages(n))
			x := a.get(n)
			if len(x.b) != n || cap(x.b) != n && x.at >= 0 || x.at != want {
				t.Fatalf("%d of %d bytes at %d, not at %d", len(x.b), n, x.at, want)
			}
			turn(x, true)
			for j := range x.b {
				x.b[j] = byte(i)
			}
			held[i] = x
		}
		for _, x := range held {
			a.put(x)
		}
		if a.taken != (arena{}).taken {
			t.Fatal("something is left")
		}
	})
}

// Little mail needs no arena, an empty body no place, nor does nothing.
func TestArenaAtItsEnds(t *testing.T) {
	var a arena
	for range 2 {
		a.put(a.get(arenaPays / 2))
	}
	if a.mem != nil {
		t.Error("an arena for little mail")
	}
	a.put(buffer{})
	a.put(a.get(0))
	a.put(a.get(heldInAll + 1))
	x := a.get(1)
	a.put(x)
	if a.taken != (arena{}).taken || x.at != 0 {
		t.Errorf("at %d, or something is left", x.at)
	}
	if a.forget(); a.mem != nil {
		t.Error("memory stays")
	}
}

// The next one gets the piece of one that ended, though not always: a sync.Pool forgets.
func TestArenaHandsItsPieceOn(t *testing.T) {
	for range 100 {
		a := arena{asked: arenaPays}
		a.put(a.get(1))
		mem := a.mem
		if a.forget(); piece() == mem {
			return
		}
	}
	t.Error("it is not handed on")
}

// What somebody has still is not handed on, and nobody gives his back twice.
func TestArenaIsNotSharedByMistake(t *testing.T) {
	a := arena{asked: arenaPays}
	x, y := a.get(arenaPage), a.get(arenaPage)
	mem := a.mem
	a.put(x)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("given back twice")
			}
		}()
		a.put(x)
	}()
	a.forget()
	var others []*[heldInAll]byte
	for range 3 {
		others = append(others, piece())
	}
	if slices.Contains(others, mem) {
		t.Error("it is handed on with a body in it")
	}
	a.put(y)
}
