package config

// Nearest finds the known word that was probably meant by a mistyped one, or "".
func Nearest(word string, known []string) string {
	best, bestCost := "", len(word)/3+2
	for _, k := range known {
		if cost := distance(word, k); cost < bestCost && cost < len(word) {
			best, bestCost = k, cost
		}
	}
	return best
}

// distance is Levenshtein's, over bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := diagonal
			if a[i-1] != b[j-1] {
				replace++
			}
			diagonal = row[j]
			row[j] = min(replace, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
