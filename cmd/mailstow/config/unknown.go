package config

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// unknownKey words the error for a key that means nothing.
func unknownKey(path, text string, key toml.Key) error {
	known := []string{"account"}
	if key[0] != "account" {
		key = key[:1]
	} else if len(key) > 2 {
		known = settings()
	}
	e := &Error{File: path, Line: line(text, key), Text: fmt.Sprintf("unknown key %q", key.String())}
	if near := Nearest(key[len(key)-1], known); near != "" {
		e.Hint = fmt.Sprintf("did you mean %q?", near)
	} else {
		e.Hint = "known here: " + strings.Join(known, ", ")
	}
	return e
}

// settings lists the keys of an account, from the struct that decodes them.
func settings() []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Account]()) {
		if name, _, _ := strings.Cut(field.Tag.Get("toml"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// line finds the line on which key is set, or its table begins; 0 if the file
// is written in a way this simple reading does not follow.
func line(text string, key toml.Key) int {
	table := ""
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "[") {
			table = strings.NewReplacer("[", "", "]", "", `"`, "", "'", "", " ", "").Replace(l)
			if table == plain(key) || strings.HasPrefix(table, plain(key)+".") {
				return i + 1
			}
			continue
		}
		name, _, found := strings.Cut(l, "=")
		name = strings.Trim(strings.TrimSpace(name), `"'`)
		if found && strings.TrimPrefix(table+"."+name, ".") == plain(key) {
			return i + 1
		}
	}
	return 0
}

func plain(key toml.Key) string { return strings.Join(key, ".") }

// CheckFingerprint accepts 64 hex digits, with or without colons, or nothing.
func CheckFingerprint(s string) error {
	if s == "" {
		return nil
	}
	if b, err := hex.DecodeString(strings.ReplaceAll(s, ":", "")); err != nil || len(b) != 32 {
		return &Error{Text: fmt.Sprintf("fingerprint %q: want the SHA-256 of the certificate or its key, 64 hex digits", s),
			Hint: "`mailstow doctor` shows the server's; compare it with what the provider publishes"}
	}
	return nil
}
