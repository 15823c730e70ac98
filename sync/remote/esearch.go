package remote

import (
	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// readESearch reads ESEARCH (TAG "M5") UID ALL 1:3,7 (RFC 4731). Without ALL
// nothing was found.
func readESearch(resp *wire.Response) (tag string, set imap.UIDSet, err error) {
	for {
		tok, err := resp.Next()
		switch {
		case err != nil:
			return "", nil, err
		case tok.Kind == wire.End:
			return tag, set, nil
		case tok.Kind == wire.Open:
			tag, err = readCorrelator(resp)
		case tok.Is("ALL"):
			set, err = readSet(resp)
		}
		if err != nil {
			return "", nil, err
		}
	}
}

// readCorrelator reads TAG "M5") behind its parenthesis.
func readCorrelator(resp *wire.Response) (tag string, err error) {
	key, err := resp.Next()
	if err != nil || !key.Is("TAG") {
		return "", wire.ErrSyntax
	}
	if tag, err = resp.String(); err != nil {
		return "", err
	}
	if end, err := resp.Next(); err != nil || end.Kind != wire.Close {
		return "", wire.ErrSyntax
	}
	return tag, nil
}

func readSet(resp *wire.Response) (set imap.UIDSet, err error) {
	tok, err := resp.Next()
	if err != nil || tok.Kind != wire.Atom {
		return nil, wire.ErrSyntax
	}
	err = parseRanges(tok.Text, func(r imap.UIDRange) error {
		if len(set) >= maxRanges {
			return wire.ErrSyntax
		}
		set = append(set, r)
		return nil
	})
	return set, err
}
