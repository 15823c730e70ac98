package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/mail"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

const (
	// maxProbed bounds the EXAMINEs of one Probe; the largest mailboxes come first.
	maxProbed = 1000
	// lastMessages is how many of the newest messages the body to fetch is chosen from.
	lastMessages = 50
	// maxProbeBody is the largest body fetched for a measurement.
	maxProbeBody = 32 << 20
)

// Probe does what an administrator does by hand with telnet, and changes nothing:
// it connects, logs in, lists, opens every mailbox read-only, fetches flags, one
// header and one body, logs out, and times each step. A step that fails is
// recorded and the rest goes on where it can. The error is that of the step that
// ended the connection, nil when the probe came to its end; the Report holds
// what was found in either case.
func Probe(ctx context.Context, cfg Config) (Report, error) {
	cfg = cfg.withDefaults()
	p := prober{ctx: ctx, report: Report{Steps: []Step{}, Namespaces: []Namespace{}, Mailboxes: []Probed{}}}
	p.report.Security = map[Security]string{ImplicitTLS: "tls", StartTLS: "starttls", Plain: "plain"}[cfg.Security]
	err := p.connect(cfg)
	if err == nil {
		err = p.explore()
	}
	if p.c != nil {
		p.report.Info = p.c.Info()
		p.report.Stats = p.c.Stats()
		_ = p.c.Close()
	}
	return p.report, err
}

type prober struct {
	ctx    context.Context
	c      *Conn
	report Report
}

// try runs one step and records it. It returns the error only when the
// connection did not survive it.
func (p *prober) try(name, where string, f func() error) error {
	start := time.Now()
	err := f()
	p.report.Steps = append(p.report.Steps, newStep(name, where, start, err))
	if ClassOf(err) == Refused {
		return nil
	}
	return err
}

func newStep(name, where string, start time.Time, err error) Step {
	s := Step{Name: name, Where: where, Seconds: time.Since(start).Seconds()}
	if err != nil {
		s.Error, s.Class = err.Error(), ClassOf(err).String()
		if e, ok := errors.AsType[*Error](err); ok {
			s.Hint = e.Hint
		}
	}
	return s
}

func (p *prober) connect(cfg Config) error {
	c, err := openAny(p.ctx, cfg)
	p.c = c
	if c != nil {
		p.report.Steps = append(p.report.Steps, c.steps...)
	}
	if err != nil {
		return err
	}
	return p.try("login", c.where(), func() error {
		err := c.login(p.ctx)
		if err == nil {
			err = c.attachClient(p.ctx)
		}
		return err
	})
}

func (p *prober) explore() error {
	err := p.try("namespace", "", func() (err error) {
		p.report.Namespaces, err = p.c.Namespaces(p.ctx)
		return err
	})
	if err != nil {
		return err
	}
	err = p.try("list", "", func() error {
		boxes, err := p.c.List(p.ctx)
		for _, box := range boxes {
			p.report.Mailboxes = append(p.report.Mailboxes, probed(box))
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := p.examineAll(); err != nil {
		return err
	}
	if err := p.fetch(); err != nil {
		return err
	}
	return p.try("logout", "", func() error { return p.c.Logout(p.ctx) })
}

func probed(box Mailbox) Probed {
	b := Probed{Raw: box.Raw, Name: box.Name, Role: box.Role, Attrs: box.Attrs, Selectable: box.Selectable, Subscribed: box.Subscribed, Size: -1}
	if st := box.Status; st != nil {
		b.HasStatus, b.Messages, b.Unseen, b.Size = true, st.Messages, st.Unseen, st.Size
	}
	return b
}

// examineAll opens the mailboxes in the order of the list; the largest ones
// alone where there are very many.
func (p *prober) examineAll() error {
	var boxes []*Probed
	for i := range p.report.Mailboxes {
		if box := &p.report.Mailboxes[i]; box.Selectable {
			boxes = append(boxes, box)
		}
	}
	if len(boxes) > maxProbed {
		slices.SortStableFunc(boxes, func(a, b *Probed) int { return int(int64(b.Messages) - int64(a.Messages)) })
		boxes = boxes[:maxProbed]
	}
	for _, box := range boxes {
		if err := p.examine(box); err != nil {
			return err
		}
	}
	return nil
}

func (p *prober) examine(box *Probed) error {
	start := time.Now()
	sel, err := p.c.Examine(p.ctx, box.Raw)
	box.Examined, box.ExamineSeconds = true, time.Since(start).Seconds()
	if err != nil {
		box.Error = err.Error()
		return p.try("examine", box.Raw, func() error { return err })
	}
	box.Messages, box.UIDValidity = sel.Messages, sel.UIDValidity
	box.NoModSeq, box.UIDNotSticky = sel.NoModSeq, sel.UIDNotSticky
	return nil
}

// fetch tries the transfers in the largest mailbox that opens.
func (p *prober) fetch() error {
	var largest *Probed
	for i := range p.report.Mailboxes {
		box := &p.report.Mailboxes[i]
		if box.Examined && box.Error == "" && box.Messages > 0 && (largest == nil || box.Messages > largest.Messages) {
			largest = box
		}
	}
	if largest == nil {
		return nil
	}
	if err := p.examine(largest); err != nil || largest.Error != "" {
		return err
	}
	var last []imap.UID
	err := p.try("flags", largest.Raw, func() (err error) {
		last, err = p.flags(largest.Raw)
		return err
	})
	if err != nil || len(last) == 0 {
		return err
	}
	uid := last[len(last)-1]
	if err := p.try("headers", largest.Raw, func() error { return p.header(largest.Raw, uid) }); err != nil {
		return err
	}
	return p.try("body", largest.Raw, func() error { return p.body(largest.Raw, last) })
}

// measure times f and counts the bytes it brought.
func (p *prober) measure(box string, f func(t *Transfer) error) (*Transfer, error) {
	t := &Transfer{Mailbox: box}
	start, before := time.Now(), p.c.Stats().BytesIn
	err := f(t)
	t.Seconds, t.Bytes = time.Since(start).Seconds(), p.c.Stats().BytesIn-before
	if err != nil {
		return nil, err
	}
	return t, nil
}

// flags lists UID and FLAGS of all and returns the newest UIDs.
func (p *prober) flags(box string) (last []imap.UID, err error) {
	p.report.Flags, err = p.measure(box, func(t *Transfer) error {
		start := time.Now()
		return p.c.Metadata(p.ctx, 1, 0, Want{}, func(m Meta) error {
			if t.Messages++; t.Messages == 1 {
				t.First = time.Since(start).Seconds()
			}
			if last = append(last, m.UID); len(last) > 2*lastMessages {
				last = append(last[:0], last[len(last)-lastMessages:]...)
			}
			return nil
		})
	})
	return last, err
}

// header fetches one header; what an envelope holds is parsed here (I13).
func (p *prober) header(box string, uid imap.UID) (err error) {
	p.report.Headers, err = p.measure(box, func(t *Transfer) error {
		t.UID = uint32(uid)
		return p.c.Headers(p.ctx, imap.UIDSetNum(uid), func(_ imap.UID, h []byte) error {
			t.Messages, t.Octets = 1, int64(len(h))
			if msg, err := mail.ReadMessage(bytes.NewReader(h)); err == nil {
				t.Fields = len(msg.Header)
			}
			return nil
		})
	})
	return err
}

// body fetches the largest of the newest messages, within reason.
func (p *prober) body(box string, last []imap.UID) error {
	var uid imap.UID
	var size int64 = -1
	err := p.c.Metadata(p.ctx, last[max(0, len(last)-lastMessages)], last[len(last)-1], Want{Size: true}, func(m Meta) error {
		if m.Size > size && m.Size <= maxProbeBody {
			uid, size = m.UID, m.Size
		}
		return nil
	})
	if err != nil || uid == 0 {
		return err
	}
	p.report.Body, err = p.measure(box, func(t *Transfer) error {
		t.UID = uint32(uid)
		start := time.Now()
		return p.c.Bodies(p.ctx, imap.UIDSetNum(uid), func(_ imap.UID, _ int64, r io.Reader) (err error) {
			t.Messages, t.First = 1, time.Since(start).Seconds()
			t.Octets, err = io.Copy(io.Discard, r)
			return err
		})
	})
	return err
}
