package remote

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"

	"mailstow/sync/wire"
)

const (
	// maxIterations caps the work a server may ask for: above what OWASP advises
	// for either hash (1,300,000 with SHA-1), and some seconds of one processor. A
	// hostile server could keep it busy for minutes with the largest number.
	maxIterations = 2_000_000
	// minIterations is RFC 7677 section 4: with fewer, whoever sits between could
	// try passwords against the proof at leisure.
	minIterations = 4096
)

// scramClient is SCRAM (RFC 5802, RFC 7677) without channel binding. The server
// never sees the password, and has to prove that it knows it: its OK alone
// counts for nothing.
type scramClient struct {
	conv  *scram.ClientConversation
	step  int
	start string
	said  string
	err   error
}

func newScramSHA256(cfg Config, secret string) exchange {
	return newScram(scram.SHA256, cfg.User, secret)
}
func newScramSHA1(cfg Config, secret string) exchange { return newScram(scram.SHA1, cfg.User, secret) }

func newScram(hash scram.HashGeneratorFcn, user, secret string) exchange {
	client, err := hash.NewClient(user, secret, "")
	if err != nil {
		// SASLprep refuses characters newer than Unicode 3.2; a server that took such
		// a password did not prepare it either.
		client, err = hash.NewClientUnprepped(user, secret, "")
	}
	if err != nil {
		return &scramClient{err: err}
	}
	s := &scramClient{conv: client.WithMinIterations(minIterations).NewConversation()}
	s.start, s.err = s.conv.Step("")
	return s
}

func (s *scramClient) first() []byte { return []byte(s.start) }

func (s *scramClient) next(challenge []byte) ([]byte, error) {
	if s.err != nil || s.step > 1 {
		return nil, errCancel
	}
	s.step++
	text := string(challenge)
	if reason, ok := strings.CutPrefix(text, "e="); ok { // RFC 5802 section 7
		s.said, s.step = reason, 2
		return nil, errCancel
	}
	if s.step == 1 && iterations(text) > maxIterations {
		return nil, s.fail(fmt.Sprintf("the server asks for more than %d SCRAM iterations", maxIterations))
	}
	answer, err := s.conv.Step(text)
	if err != nil {
		return nil, s.fail("the server's part of SCRAM is wrong: " + wire.OneLine([]byte(err.Error())))
	}
	return []byte(answer), nil
}

// fail ends the exchange for good: the library would take an empty signature for
// the proof of a conversation that failed before it had one.
func (s *scramClient) fail(what string) error {
	s.err = &wire.ProtocolError{What: what}
	return s.err
}

// iterations reads "r=...,s=...,i=N". What is no number fails later, and one
// beyond 64 bits is beyond the cap.
func iterations(serverFirst string) uint64 {
	fields := strings.Split(serverFirst, ",")
	if len(fields) < 3 {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimPrefix(fields[2], "i="), 10, 64) // out of range: the largest
	return n
}

func (s *scramClient) proven() error {
	if s.err == nil && s.conv.Valid() {
		return nil
	}
	return &wire.ProtocolError{What: "the server says OK without having proven that it knows the password"}
}

func (s *scramClient) reason() string { return s.said }
