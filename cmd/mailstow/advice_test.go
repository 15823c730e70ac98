package main

import (
	"strings"
	"testing"
	"time"

	"mailstow/sync/remote"
)

// sound is a server without fault.
func sound() remote.Report {
	var r remote.Report
	r.Security = "tls"
	r.Info.Host = "imap.example.org"
	r.Info.Mechanism = "PLAIN"
	r.Info.CapsBefore = []string{"IMAP4rev1", "AUTH=PLAIN"}
	r.Info.CapsAfter = []string{"IMAP4rev1", "CONDSTORE", "UIDPLUS", "MOVE", "LIST-STATUS", "NAMESPACE", "SPECIAL-USE"}
	r.Info.TLS = &remote.TLSInfo{NotAfter: day.AddDate(0, 3, 0)}
	r.Steps = []remote.Step{{Name: "connect"}, {Name: "login"}}
	r.Mailboxes = []remote.Probed{{Name: "INBOX", Examined: true, ExamineSeconds: 0.01, Messages: 10, Size: 1 << 30}}
	r.Body = &remote.Transfer{Octets: 10 << 20, Seconds: 1}
	return r
}

var day = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

func without(r *remote.Report, capability string) {
	var rest []string
	for _, c := range r.Info.CapsAfter {
		if c != capability {
			rest = append(rest, c)
		}
	}
	r.Info.CapsAfter = rest
}

func TestAdvice(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(r *remote.Report)
		want   []string // in this order, and nothing else
	}{
		{"sound", func(*remote.Report) {}, []string{"nothing to complain about"}},
		{"no condstore", func(r *remote.Report) { without(r, "CONDSTORE") }, []string{"no CONDSTORE: expect flag scans"}},
		{"qresync implies condstore", func(r *remote.Report) {
			without(r, "CONDSTORE")
			r.Info.CapsAfter = append(r.Info.CapsAfter, "QRESYNC")
		}, []string{"nothing to complain about"}},
		{"rev2 brings most", func(r *remote.Report) { r.Info.CapsAfter = []string{"IMAP4rev2", "CONDSTORE"} }, []string{"nothing to complain about"}},
		{"no uidplus, no move", func(r *remote.Report) { without(r, "UIDPLUS"); without(r, "MOVE") }, []string{"no UIDPLUS", "no MOVE"}},
		{"no list-status", func(r *remote.Report) { without(r, "LIST-STATUS") }, []string{"no LIST-STATUS"}},
		{"certificate ends", func(r *remote.Report) { r.Info.TLS.NotAfter = day.AddDate(0, 0, 9) }, []string{"the certificate ends in 9 days (2025-06-10)"}},
		{"certificate ended", func(r *remote.Report) { r.Info.TLS.NotAfter = day.AddDate(0, 0, -3) }, []string{"the certificate ended 3 d ago"}},
		{"plain", func(r *remote.Report) { r.Security, r.Info.TLS = "plain", nil }, []string{"unencrypted"}},
		{"plain on loopback", func(r *remote.Report) { r.Security, r.Info.TLS, r.Info.Host = "plain", nil, "127.0.0.1" }, []string{"nothing to complain about"}},
		{"slow mailboxes", func(r *remote.Report) {
			for _, s := range []float64{3, 5, 4, 2.5, 9} {
				r.Mailboxes = append(r.Mailboxes, remote.Probed{Name: "slow", Examined: true, ExamineSeconds: s, Messages: 7})
			}
		}, []string{"mailbox slow takes 9.0 s to open (7 messages)", "takes 5.0 s", "takes 4.0 s", "2 mailboxes more take over 2 s"}},
		{"refused mailbox", func(r *remote.Report) {
			r.Mailboxes[0].Error = "no permission"
			r.Steps = append(r.Steps, remote.Step{Name: "examine", Where: "INBOX", Error: "no permission"})
		}, []string{"mailbox INBOX cannot be opened: no permission"}},
		{"hundreds refused, as UW-imapd lists them", func(r *remote.Report) {
			for range 400 {
				r.Mailboxes = append(r.Mailboxes, remote.Probed{Name: ".cache/junk", Error: "not a mailbox"})
			}
		}, []string{"mailbox .cache/junk cannot", "mailbox .cache/junk cannot", "mailbox .cache/junk cannot", "397 mailboxes more cannot be opened"}},
		{"failed login", func(r *remote.Report) {
			*r = remote.Report{Steps: []remote.Step{{Name: "login", Error: "server answered NO", Hint: "check the password"}}}
		}, []string{"login failed: server answered NO (check the password)"}},
		{"uids that do not last", func(r *remote.Report) { r.Mailboxes[0].UIDNotSticky = true }, []string{"1 mailbox without lasting UIDs"}},
		{"no modseq in one", func(r *remote.Report) { r.Mailboxes[0].NoModSeq = true }, []string{"1 of 1 mailbox without mod-sequences"}},
		{"sasl", func(r *remote.Report) {
			r.Info.CapsBefore = append(r.Info.CapsBefore, "AUTH=SCRAM-SHA-256", "AUTH=XOAUTH2", "AUTH=XOAUTH2")
		}, []string{"logged in with PLAIN; the server also offers SASL SCRAM-SHA-256, XOAUTH2"}},
		{"no worse SASL", func(r *remote.Report) {
			r.Info.Mechanism = "SCRAM-SHA-256"
			r.Info.CapsBefore = append(r.Info.CapsBefore, "AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-1")
		}, []string{"nothing to complain about"}},
		{"long first sync", func(r *remote.Report) { r.Body.Seconds = 10 }, []string{"at 1.0 MB/s the first sync of 1.1 GB takes about 17 min"}},
		{"too small to tell", func(r *remote.Report) { r.Body.Octets, r.Body.Seconds = 1000, 10 }, []string{"nothing to complain about"}},
	} {
		r := sound()
		tc.change(&r)
		got := advice(r, day)
		if len(got) != len(tc.want) {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], tc.want[i]) {
				t.Errorf("%s: got %q, want %q", tc.name, got[i], tc.want[i])
			}
		}
	}
}
