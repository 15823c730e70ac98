package localstore

import (
	"context"
	"errors"
	"io"
	"strings"
)

// headed is what follows from the header of a body.
type headed struct {
	headerSize   int64
	headerSHA256 [32]byte
	Envelope
}

// readHead reads a body to its end and tells what follows from its header.
func readHead(r io.Reader, head *headerScanner, buf []byte) (headed, error) {
	head.reset()
	for {
		n, err := r.Read(buf)
		head.write(buf[:n])
		if err == io.EOF {
			return headed{head.size, head.hash(), parseEnvelope(head.text)}, nil
		}
		if err != nil {
			return headed{}, err
		}
	}
}

// unlike names what of it differs, "" for nothing.
func (h headed) unlike(o headed) string {
	var all []string
	for _, part := range []struct {
		what string
		same bool
	}{
		{"where it ends", h.headerSize == o.headerSize},
		{"its SHA-256", h.headerSHA256 == o.headerSHA256},
		{"the message id", h.MessageID == o.MessageID},
		{"the subject", h.Subject == o.Subject},
		{"the sender", h.Sender == o.Sender},
		{"the recipients", h.Recipients == o.Recipients},
		{"the date", unix(h.Date) == unix(o.Date)},
	} {
		if !part.same {
			all = append(all, part.what)
		}
	}
	return strings.Join(all, ", ")
}

// Rederive writes again what follows from the bodies of messages, which are whole:
// Check found it to be otherwise (FoundTexts). A body that is not whole after all
// is left as it is.
func (s *Store) Rederive(ctx context.Context, ids []MessageID) error {
	head, buf := newHeaderScanner(), make([]byte, 64<<10)
	for _, id := range ids {
		r, _, err := s.OpenBody(ctx, id)
		if err != nil {
			return err
		}
		h, err := readHead(r, &head, buf)
		r.Close()
		if errors.Is(err, ErrDamaged) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.Update(ctx, func(tx *Tx) error { return tx.rederive(id, h) }); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) rederive(msg MessageID, h headed) error {
	var body int64
	ok, err := tx.get("SELECT body FROM message WHERE id = ? AND body IS NOT NULL", []any{msg}, &body)
	if err != nil || !ok {
		return err
	}
	if err := tx.putEnvelope("INSERT OR REPLACE", body, h.Envelope); err != nil {
		return err
	}
	_, err = tx.exec("UPDATE body SET header_size = ?, header_sha256 = ? WHERE id = ?", h.headerSize, h.headerSHA256[:], body)
	return err
}
