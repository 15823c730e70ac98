package remote

// Report is what Probe found: facts, no advice.
type Report struct {
	Info       Info        `json:"server"`
	Security   string      `json:"security"` // tls, starttls, plain
	Steps      []Step      `json:"steps"`
	Namespaces []Namespace `json:"namespaces"`
	Mailboxes  []Probed    `json:"mailboxes"`
	// Flags, Headers and Body are the transfers tried in the largest mailbox; nil
	// when there was nothing to try or the step failed.
	Flags   *Transfer `json:"flags,omitempty"`
	Headers *Transfer `json:"headers,omitempty"`
	Body    *Transfer `json:"body,omitempty"`
	Stats   Stats     `json:"stats"`
}

// Step is one thing tried, in order.
type Step struct {
	Name    string  `json:"step"` // connect, tls, greeting, starttls, login, namespace, list, examine, flags, headers, body, logout
	Where   string  `json:"where,omitempty"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"` // may hold raw server text
	Class   string  `json:"class,omitempty"`
	Hint    string  `json:"hint,omitempty"`
}

// Probed is one mailbox.
type Probed struct {
	Raw        string   `json:"raw"`
	Name       string   `json:"name"`
	Role       string   `json:"role,omitempty"`
	Attrs      []string `json:"attrs,omitempty"`
	Selectable bool     `json:"selectable"`
	Subscribed bool     `json:"subscribed"`
	HasStatus  bool     `json:"has_status"` // Messages and Size come from STATUS
	Messages   uint32   `json:"messages"`
	Unseen     uint32   `json:"unseen"`
	Size       int64    `json:"size"` // -1: the server does not tell
	// Examined tells that EXAMINE was tried, and took ExamineSeconds.
	Examined       bool    `json:"examined"`
	ExamineSeconds float64 `json:"examine_seconds"`
	Error          string  `json:"error,omitempty"`
	UIDValidity    uint32  `json:"uidvalidity,omitempty"`
	NoModSeq       bool    `json:"nomodseq,omitempty"`
	UIDNotSticky   bool    `json:"uidnotsticky,omitempty"`
}

// Transfer is one FETCH.
type Transfer struct {
	Mailbox  string  `json:"mailbox"` // raw
	UID      uint32  `json:"uid,omitempty"`
	Messages int     `json:"messages"`
	Bytes    int64   `json:"bytes"` // received on the TCP level
	Octets   int64   `json:"octets,omitempty"`
	Fields   int     `json:"fields,omitempty"` // header fields that parse
	Seconds  float64 `json:"seconds"`
	First    float64 `json:"first_seconds,omitempty"` // until the first octet of the answer was there
}

// Failed reports whether any step failed.
func (r Report) Failed() bool {
	for _, s := range r.Steps {
		if s.Error != "" {
			return true
		}
	}
	return false
}
