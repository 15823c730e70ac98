package wire

import "strings"

// FlagFetch is what a FETCH response says about a message's flags.
type FlagFetch struct {
	UID      uint32
	Flags    []string
	HasFlags bool
	ModSeq   uint64
}

// ReadFlagFetch reads UID, FLAGS and MODSEQ from a FETCH response and skips
// everything else in it.
func ReadFlagFetch(resp *Response) (f FlagFetch, err error) {
	if tok, err := resp.Next(); err != nil || tok.Kind != Open {
		return f, ErrSyntax
	}
	for {
		item, err := resp.Item()
		switch {
		case err != nil:
			return f, err
		case item.Kind == Close:
			return f, nil
		case item.Is("UID"):
			err = readNumber(resp, func(n uint64) { f.UID = uint32(min(n, 1<<32)) })
		case item.Is("FLAGS"):
			f.HasFlags, f.Flags = true, nil
			octets := 0
			err = resp.Atoms(func(flag []byte) {
				octets += len(flag)
				if s := string(flag); len(f.Flags) < MaxFlags && octets <= MaxFlagOctets && isAtom(strings.TrimPrefix(s, `\`)) {
					f.Flags = append(f.Flags, s)
				}
			})
		case item.Is("MODSEQ"):
			err = resp.Atoms(func(n []byte) { f.ModSeq, _ = ParseNumber(n) })
		default:
			var tok Token
			if tok, err = resp.Next(); err == nil {
				err = resp.Skip(tok)
			}
		}
		if err != nil {
			return f, err
		}
	}
}

func readNumber(resp *Response, set func(uint64)) error {
	tok, err := resp.Next()
	if err != nil {
		return err
	}
	n, ok := ParseNumber(tok.Text)
	if tok.Kind != Atom || !ok {
		return ErrSyntax
	}
	set(n)
	return nil
}
