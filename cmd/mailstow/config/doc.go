// Package config reads and extends mailstow's TOML file.
//
// Invariants:
//   - A key that means nothing is an error, with its line and the key that was
//     probably meant; a setting is never silently ignored.
//   - A file that holds a password is refused when anybody but its owner can
//     read it.
//   - Add writes a whole new file and renames it into place (mode 0600), with
//     every byte of the old text kept, comments included.
//   - An URL never carries a password: arguments are visible to every user of
//     the machine.
//
// Layout: account.go (the settings of an account), load.go (reading and
// checking), mechanism.go (ways to log in), compress.go, size.go, policy.go,
// unknown.go (keys that mean nothing), add.go (writing), url.go
// (imaps://user@host), nearest.go (what was probably meant).
package config
