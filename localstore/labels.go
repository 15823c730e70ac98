package localstore

import (
	"bytes"
	"encoding/json"
	"slices"
)

// LabelText is a set of Gmail labels as the store keeps it: a JSON array, sorted,
// without duplicates. It is never empty: a message without labels has "[]".
func LabelText(labels []string) string {
	labels = append([]string{}, labels...)
	slices.Sort(labels)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(slices.Compact(labels)); err != nil {
		panic(err) // strings can be encoded
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// Labels reads LabelText; nil for "" and for what is none.
func Labels(text string) []string {
	var labels []string
	if text == "" || json.Unmarshal([]byte(text), &labels) != nil {
		return nil
	}
	return labels
}

// SetLabels sets what the server says of the labels of messages.
func (tx *Tx) SetLabels(changes []LabelChange) error {
	for _, c := range changes {
		if err := tx.one("UPDATE message SET labels = nullif(?, '') WHERE id = ?", c.ID, c.Labels, c.ID); err != nil {
			return err
		}
	}
	return nil
}
