package main

import (
	"errors"

	gokeyring "github.com/zalando/go-keyring"
)

// keyring keeps passwords for the user's session.
type keyring interface {
	// Get returns errNoSecret when nothing is kept under that name.
	Get(service, user string) (string, error)
	Set(service, user, password string) error
}

var errNoSecret = errors.New("no entry")

// systemKeyring is what the desktop offers: Secret Service, Keychain or
// Credential Manager.
type systemKeyring struct{}

func (systemKeyring) Get(service, user string) (string, error) {
	password, err := gokeyring.Get(service, user)
	if errors.Is(err, gokeyring.ErrNotFound) {
		err = errNoSecret
	}
	return password, err
}

func (systemKeyring) Set(service, user, password string) error {
	return gokeyring.Set(service, user, password)
}
