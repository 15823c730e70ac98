package localstore

import (
	"database/sql"
	"encoding/binary"
	"testing"
)

// livePages tells for every tree of a store which bytes of its file mean something:
// what is free, in pages and between them, is read by nobody.
func livePages(t *testing.T, s *Store, file []byte) map[string][]int {
	t.Helper()
	all := map[string][]int{}
	err := s.each(bg, "SELECT name, pageno, pagetype FROM dbstat", nil, func(r *sql.Rows) error {
		var name, kind string
		var number int
		err := r.Scan(&name, &number, &kind)
		at := (number - 1) * pageSize
		page := file[at : at+pageSize]
		for i, is := range livePage(page, kind, number == 1) {
			if is {
				all[name] = append(all[name], at+i)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// livePage: a page of a tree has a header, pointers to cells, free room, and the cells,
// between which blocks are free (sqlite.org/fileformat2.html section 1.6).
func livePage(page []byte, kind string, first bool) []bool {
	is := make([]bool, len(page))
	mark := func(from, to int, live bool) {
		for i := from; i < to; i++ {
			is[i] = live
		}
	}
	if kind == "overflow" {
		mark(0, len(page), true)
		return is
	}
	at := 0
	if first {
		at = headerLength
	}
	head := page[at:]
	length := map[bool]int{true: 8, false: 12}[kind == "leaf"]
	number := func(b []byte) int { return int(binary.BigEndian.Uint16(b)) }
	cells := number(head[5:])
	mark(0, at+length+2*number(head[3:]), true)
	mark(cells, len(page), true)
	for free := number(head[1:]); free != 0; free = number(page[free:]) {
		mark(free+4, free+number(page[free+2:]), false)
	}
	return is
}
