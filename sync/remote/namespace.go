package remote

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// Namespaces asks for the namespaces (RFC 2342); none without the capability.
func (c *Conn) Namespaces(ctx context.Context) ([]Namespace, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hasRev2(imap.CapNamespace) {
		return nil, nil
	}
	var all []Namespace
	_, err := c.do(ctx, c.where(), wire.Cmd("NAMESPACE"), func(resp *wire.Response) error {
		if resp.Name != "NAMESPACE" {
			return wire.ErrStray
		}
		found, err := readNamespaces(resp)
		if err == nil {
			all = found
		}
		return err
	})
	return all, err
}

// readNamespaces reads three lists, or NIL in place of one.
func readNamespaces(resp *wire.Response) (all []Namespace, err error) {
	for _, kind := range []string{"personal", "other", "shared"} {
		tok, err := resp.Next()
		if err != nil {
			return nil, err
		}
		if tok.Is("NIL") {
			continue
		}
		if tok.Kind != wire.Open {
			return nil, wire.ErrSyntax
		}
		if all, err = readNamespaceList(resp, kind, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readNamespaceList(resp *wire.Response, kind string, all []Namespace) ([]Namespace, error) {
	for {
		tok, err := resp.Next()
		if err != nil {
			return nil, err
		}
		if tok.Kind == wire.Close {
			return all, nil
		}
		if tok.Kind != wire.Open {
			return nil, wire.ErrSyntax
		}
		prefix, err := resp.String()
		if err != nil {
			return nil, err
		}
		delim, err := readDelim(resp)
		if err != nil {
			return nil, err
		}
		all = append(all, Namespace{Kind: kind, Prefix: prefix, Delim: delim})
		if err := resp.Skip(wire.Token{Kind: wire.Open}); err != nil { // extensions, up to the end
			return nil, err
		}
	}
}

// readDelim reads a hierarchy delimiter; NIL and "" both mean a flat space.
func readDelim(resp *wire.Response) (string, error) {
	tok, err := resp.Next()
	if err != nil || tok.Is("NIL") {
		return "", err
	}
	return resp.Text(tok)
}
