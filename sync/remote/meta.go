package remote

import (
	"cmp"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// Which items of a message the server has answered, with sense or without.
const (
	hasFlags = 1 << iota
	hasSize
	hasDate
	moreFlags // than are kept
)

// add takes over what a later part of the answer says; flags are replaced.
func (p *Meta) add(q Meta) {
	if q.has&hasFlags != 0 {
		p.Flags = q.Flags
	}
	if q.HasSize && !p.HasSize {
		p.Size, p.HasSize = q.Size, true
	}
	if q.HasDate && !p.HasDate {
		p.Date, p.HasDate = q.Date, true
	}
	if q.HasLabels {
		p.Labels, p.HasLabels = q.Labels, true
	}
	p.EmailID, p.GmailID = cmp.Or(p.EmailID, q.EmailID), cmp.Or(p.GmailID, q.GmailID)
	p.has |= q.has
}

// readMeta reads a FETCH response. A date or size that makes no sense counts as
// answered and missing.
func readMeta(resp *wire.Response, flags flagCache) (m Meta, err error) {
	if tok, err := resp.Next(); err != nil || tok.Kind != wire.Open {
		return m, wire.ErrSyntax
	}
	for {
		item, err := resp.Item()
		switch {
		case err != nil:
			return m, err
		case item.Kind == wire.Close:
			return m, nil
		case item.Is("UID"):
			m.UID, err = readUID(resp)
		case item.Is("FLAGS"):
			var more bool
			m.Flags, more, err = flags.read(resp)
			if m.has |= hasFlags; more {
				m.has |= moreFlags
			}
		case item.Is("RFC822.SIZE"):
			err = m.readSize(resp)
		case item.Is("INTERNALDATE"):
			err = m.readDate(resp)
		case item.Is("EMAILID"):
			m.EmailID, err = readEmailID(resp)
		case item.Is("X-GM-MSGID"):
			m.GmailID, err = readGmailID(resp)
		case item.Is("X-GM-LABELS"):
			m.Labels, m.HasLabels, err = readLabels(resp)
		default:
			err = skipValue(resp)
		}
		if err != nil {
			return m, err
		}
	}
}

func skipValue(resp *wire.Response) error {
	tok, err := resp.Next()
	if err != nil {
		return err
	}
	return resp.Skip(tok)
}

func readUID(resp *wire.Response) (imap.UID, error) {
	tok, err := resp.Next()
	if err != nil {
		return 0, err
	}
	n, ok := wire.ParseNumber(tok.Text)
	if tok.Kind != wire.Atom || !ok || n == 0 || n >= 1<<32 {
		return 0, wire.ErrSyntax
	}
	return imap.UID(n), nil
}

func (p *Meta) readSize(resp *wire.Response) error {
	tok, err := resp.Next()
	if err != nil {
		return err
	}
	p.has |= hasSize
	if n, ok := wire.ParseNumber(tok.Text); ok && tok.Kind == wire.Atom && n < 1<<63 {
		p.Size, p.HasSize = int64(n), true
	}
	return resp.Skip(tok)
}

func (p *Meta) readDate(resp *wire.Response) error {
	tok, err := resp.Next()
	if err != nil {
		return err
	}
	p.has |= hasDate
	if tok.Kind == wire.Literal || tok.Kind == wire.Open {
		return resp.Skip(tok)
	}
	if date, ok := parseDate(tok.Text); ok {
		p.Date, p.HasDate = date, true
	}
	return nil
}

// dateLayout is date-time of RFC 9051 section 9; the day may be padded with a space.
const dateLayout = "_2-Jan-2006 15:04:05 -0700"

// parseDate keeps the zone as an offset, whatever zone this computer is in.
func parseDate(b []byte) (time.Time, bool) {
	t, err := time.Parse(dateLayout, string(b))
	if err != nil {
		return time.Time{}, false
	}
	_, offset := t.Zone()
	return t.In(time.FixedZone("", offset)), true
}

// flagCache holds one copy of each flag: a mailbox has few different ones.
type flagCache map[string]imap.Flag

// maxFlagCache bounds it against a server that makes up a flag per message.
const maxFlagCache = 4096

// read reads a list of flags; more tells that the server sent too many: those on
// top are left out, and it is said.
func (fc flagCache) read(resp *wire.Response) (list []imap.Flag, more bool, err error) {
	var buf [8]imap.Flag
	flags, octets := buf[:0], 0
	err = resp.Atoms(func(b []byte) {
		if octets += len(b); len(flags) >= wire.MaxFlags || octets > wire.MaxFlagOctets {
			more = true
			return
		}
		flag, known := fc[string(b)]
		if !known {
			flag = imap.Flag(b)
			if len(fc) < maxFlagCache {
				fc[string(flag)] = flag
			}
		}
		flags = append(flags, flag)
	})
	if len(flags) == 0 {
		return nil, more, err
	}
	return append([]imap.Flag(nil), flags...), more, err
}
