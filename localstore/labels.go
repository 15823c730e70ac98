package localstore

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// LabelText is a set of Gmail labels as the store keeps it: a JSON array, sorted,
// without duplicates. It is never empty: a message without labels has "[]". Octets
// that are no UTF-8 are not kept: JSON has none, and no label is shown with them.
func LabelText(labels []string) string {
	labels = append([]string{}, labels...)
	for i, l := range labels {
		labels[i] = strings.ToValidUTF8(l, "\ufffd")
	}
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

// SetLabels sets what the server says of the labels of messages present, by UID.
func (tx *Tx) SetLabels(gen GenerationID, labels map[uint32]string) error {
	for uid, text := range labels {
		_, err := tx.exec(`UPDATE message SET labels = ?3 WHERE generation = ?1 AND uid = ?2
			AND vanished_run IS NULL AND labels IS NOT ?3`, gen, uid, text)
		if err != nil {
			return err
		}
	}
	return nil
}
