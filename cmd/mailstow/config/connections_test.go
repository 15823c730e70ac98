package config

import (
	"fmt"
	"testing"
)

func TestConnections(t *testing.T) {
	for n, good := range map[int]bool{-1: false, 0: true, 1: true, 16: true, 17: false} {
		c, err := parse("f", fmt.Sprintf("[account.a]\nurl = \"imaps://me@h\"\nconnections = %d\n", n))
		if good != (err == nil) || good && c.Accounts[0].Connections != n {
			t.Errorf("%d: %v", n, err)
		}
	}
}
