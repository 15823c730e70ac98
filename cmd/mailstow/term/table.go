package term

import (
	"bufio"
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// Table prints rows in columns. Cells must already be clean.
type Table struct {
	Right []int // columns aligned to the right
	Flex  int   // the column cut first when the line is too wide
	Width int   // columns of the terminal; 0 never cuts
	rows  [][]string
}

// Row adds one row. All rows have the same number of cells.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Len returns the number of rows added.
func (t *Table) Len() int { return len(t.rows) }

// Write prints the rows, two blanks between columns, no trailing blanks.
func (t *Table) Write(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	widths := t.widths()
	out := bufio.NewWriter(w)
	for _, row := range t.rows {
		out.WriteString(t.line(row, widths))
		out.WriteByte('\n')
	}
	return out.Flush()
}

// Line formats one row for columns of known widths, for output too long to be
// held. A width of 0 leaves the cell as it is.
func (t *Table) Line(widths []int, cells ...string) string { return t.line(cells, widths) }

func (t *Table) widths() []int {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, n := range widths {
		total += n
	}
	if over := total - t.Width; t.Width > 0 && over > 0 {
		widths[t.Flex] = max(8, widths[t.Flex]-over)
	}
	return widths
}

func (t *Table) line(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		if widths[i] > 0 {
			cell = pad(Fit(cell, widths[i]), widths[i], t.right(i))
		}
		b.WriteString(cell)
	}
	return strings.TrimRight(b.String(), " ")
}

func (t *Table) right(column int) bool {
	for _, c := range t.Right {
		if c == column {
			return true
		}
	}
	return false
}

func pad(s string, width int, right bool) string {
	fill := strings.Repeat(" ", max(0, width-uniseg.StringWidth(s)))
	if right {
		return fill + s
	}
	return s + fill
}

// Fit cuts s to width display columns, with an ellipsis where it was cut.
func Fit(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used+g.Width() > width-1 {
			break
		}
		used += g.Width()
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}
