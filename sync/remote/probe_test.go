package remote_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
)

func steps(r remote.Report) string {
	var names []string
	for _, s := range r.Steps {
		name := s.Name
		if s.Error != "" {
			name += "!"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestProbeDovecot(t *testing.T) {
	checkLeaks(t)
	srv := dovecot.Start(t)
	u := srv.User(t, "doctor")
	u.Create("Archive/2020")
	var large int
	for i := range 60 {
		m := message(i, 1000+50_000*(i/50))
		large = max(large, len(m))
		u.Append("Archive/2020", nil, time.Time{}, m)
	}
	before := u.Messages("Archive/2020")
	r, err := remote.Probe(t.Context(), config(srv, "doctor"))
	if err != nil {
		t.Fatal(err)
	}
	if got := steps(r); got != "connect tls greeting login namespace list flags headers body logout" || r.Failed() {
		t.Errorf("steps: %s", got)
	}
	if r.Security != "tls" || r.Info.TLS.SHA256 != srv.Fingerprint || r.Info.Mechanism == "" || len(r.Info.CapsAfter) == 0 || len(r.Namespaces) == 0 {
		t.Errorf("%+v", r)
	}
	found := map[string]remote.Probed{}
	for _, b := range r.Mailboxes {
		found[b.Raw] = b
	}
	if b := found["Archive/2020"]; b.Messages != 60 || b.Size < 60_000 || !b.Examined || b.ExamineSeconds <= 0 || b.UIDValidity == 0 || b.Unseen != 60 {
		t.Errorf("%+v", b)
	}
	if r.Flags == nil || r.Flags.Messages != 60 || r.Headers == nil || r.Headers.Fields != 3 || r.Body == nil || r.Body.Octets != int64(large) || r.Body.Seconds <= 0 {
		t.Errorf("flags %+v, headers %+v, body %+v", r.Flags, r.Headers, r.Body)
	}
	for i, m := range u.Messages("Archive/2020") { // nothing changed, \Seen above all
		if len(m.Flags) != len(before[i].Flags) {
			t.Errorf("uid %d: flags %v, before %v", m.UID, m.Flags, before[i].Flags)
		}
	}
	b, err := json.Marshal(r)
	if err != nil || strings.Contains(string(b), srv.Password+"\"") || !strings.Contains(string(b), `"round_trips":`) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestProbeOverStartTLS(t *testing.T) {
	checkLeaks(t)
	srv := dovecot.Start(t)
	cfg := config(srv, "nobody")
	cfg.Security, cfg.Port = remote.StartTLS, srv.Port
	r, err := remote.Probe(t.Context(), cfg)
	if err != nil || steps(r) != "connect greeting starttls login namespace list logout" || r.Info.TLS == nil {
		t.Errorf("%s, %v", steps(r), err)
	}
}

// What fails is recorded, with the rest as far as the connection goes.
func TestProbeFailures(t *testing.T) {
	const preauth = "* PREAUTH [CAPABILITY IMAP4rev1 NAMESPACE LIST-EXTENDED LIST-STATUS] hi\r\n"
	for _, tc := range []struct {
		name   string
		script func(p *peer)
		steps  string
		class  remote.Class // Other: no error
	}{
		{"refusals", func(p *peer) {
			p.raw(preauth)
			p.send("%s NO no namespaces\r\n", p.command("NAMESPACE"))
			p.answer("LIST", "* LIST () \"/\" bad\r\n* STATUS bad (MESSAGES 9)\r\n* LIST () \"/\" good\r\n* LIST (\\NoSelect) \"/\" no\r\n")
			p.send("%s NO [NOPERM] locked\r\n", p.command(`EXAMINE "bad"`))
			p.answer(`EXAMINE "good"`, "* 2 EXISTS\r\n")
			p.answer(`EXAMINE "good"`, "* 2 EXISTS\r\n")
			p.answer("UID FETCH 1:* (UID FLAGS)", "* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n")
			p.send("%s NO cannot read it\r\n", p.command("UID FETCH 2 (UID BODY.PEEK[HEADER])"))
			p.answer("UID FETCH 1:2 (UID FLAGS RFC822.SIZE)", "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 3)\r\n* 2 FETCH (UID 2 FLAGS () RFC822.SIZE 2)\r\n")
			p.answer("UID FETCH 1 (UID BODY.PEEK[])", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n")
			p.answer("LOGOUT", "* BYE bye\r\n")
		}, "connect greeting login namespace! list examine! flags headers! body logout", remote.Other},
		{"wrong password", func(p *peer) {
			p.raw(offer)
			p.send("%s NO [AUTHENTICATIONFAILED] wrong\r\n", p.command("AUTHENTICATE"))
		}, "connect greeting login!", remote.Auth},
		{"mute", func(p *peer) { p.raw(preauth); io.Copy(io.Discard, p.r) }, "connect greeting login namespace!", remote.Connect},
		{"lost", func(p *peer) { p.raw(preauth); p.answer("NAMESPACE", ""); p.command("LIST") }, "connect greeting login namespace list!", remote.Connect},
		{"no IMAP", func(p *peer) { p.raw("220 smtp\r\n") }, "connect greeting!", remote.Protocol},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := play(t, tc.script)
			if tc.name == "mute" {
				cfg.Timeout = short
			}
			r, err := remote.Probe(t.Context(), cfg)
			if got := steps(r); got != tc.steps || remote.ClassOf(err) != tc.class || (err == nil) != (tc.class == remote.Other) {
				t.Errorf("%s, %v", got, err)
			}
			if tc.name != "refusals" {
				return
			}
			if b := r.Mailboxes; len(b) != 3 || b[0].Error == "" || b[1].Messages != 2 || b[2].Examined || r.Headers != nil || r.Body.Octets != 3 {
				t.Errorf("%+v", r)
			}
		})
	}
	_, err := remote.Probe(t.Context(), remote.Config{Host: "nowhere.invalid", Password: func(context.Context) (string, error) { return "", nil }})
	wantClass(t, err, remote.Connect, "nowhere.invalid")
}
