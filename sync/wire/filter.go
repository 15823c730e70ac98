package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// filter renders a response anew for imapclient, or returns "" for one it has no
// use for. Nothing passes that is not written here: what imapclient does not
// know, cannot parse or would take for something else never reaches it.
func filter(resp *Response) string {
	switch {
	case resp.Tag == "+":
		return "+ " + plain(string(resp.Rest())) + "\r\n"
	case resp.Tag != "*":
		return resp.Tag + " " + filterStatus(resp.Status())
	case resp.HasNum && (resp.Name == "EXISTS" || resp.Name == "EXPUNGE"):
		return fmt.Sprintf("* %d %s\r\n", resp.Num, resp.Name)
	case resp.HasNum && resp.Name == "FETCH":
		return filterFetch(resp)
	case resp.Name == "SEARCH" || resp.Name == "ESEARCH":
		return filterSearch(resp)
	case resp.isStatus() && resp.Name != "PREAUTH":
		return "* " + filterStatus(resp.Status())
	}
	return ""
}

// filterStatus keeps the codes imapclient acts upon and that parse, and the name
// of any other; CAPABILITY is ours alone.
func filterStatus(s Status) string {
	code := ""
	switch s.Code {
	case "", "CAPABILITY", "PERMANENTFLAGS", "UIDNEXT", "UIDVALIDITY", "HIGHESTMODSEQ", "NOMODSEQ", "CLOSED":
	case "APPENDUID":
		if f := strings.Fields(s.Arg); len(f) == 2 && isNumber(f[0]) && isNumber(f[1]) {
			code = "[APPENDUID " + s.Arg + "] "
		}
	case "COPYUID":
		if f := strings.Fields(s.Arg); len(f) == 3 && isNumber(f[0]) && isSet(f[1]) && isSet(f[2]) {
			code = "[COPYUID " + s.Arg + "] "
		}
	default:
		if isAtom(s.Code) {
			code = "[" + s.Code + "] "
		}
	}
	return s.Type + " " + code + plain(s.Text) + "\r\n"
}

// filterFetch keeps UID, FLAGS and MODSEQ, the UID first: all that STORE, and
// changes by other clients, need.
func filterFetch(resp *Response) string {
	f, err := ReadFlagFetch(resp)
	if err != nil || f.UID == 0 || !f.HasFlags && f.ModSeq == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "* %d FETCH (UID %d", resp.Num, f.UID)
	if f.HasFlags {
		b.WriteString(" FLAGS (" + strings.Join(f.Flags, " ") + ")")
	}
	if f.ModSeq > 0 {
		fmt.Fprintf(&b, " MODSEQ (%d)", f.ModSeq)
	}
	return b.String() + ")\r\n"
}

func isNumber(s string) bool {
	n, err := strconv.ParseUint(s, 10, 32)
	return err == nil && n > 0
}

// isSet accepts a sequence set of finite ranges.
func isSet(s string) bool {
	for item := range strings.SplitSeq(s, ",") {
		lo, hi, isRange := strings.Cut(item, ":")
		if !isNumber(lo) || isRange && !isNumber(hi) {
			return false
		}
	}
	return true
}

// isAtom accepts what imapclient reads as one atom.
func isAtom(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte(`(){%*"\]`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// plain makes text that imapclient cannot take for a response code.
func plain(text string) string {
	text = strings.TrimLeft(OneLine([]byte(text)), "[ ")
	if text == "" {
		return "-"
	}
	return text
}
