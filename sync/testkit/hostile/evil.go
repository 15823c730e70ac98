package hostile

import (
	"strings"
	"sync"
)

// evil are octets that steer terminals, break lines, or make paths of names.
var evil = []string{"\x00", "\x1b[31m", "\x1b]0;owned\a", "\u202e", "\xff\xfe", "\r", "\n", "\x9b31m", "\x7f", "\b\b\b", `"`, `\`, "{", "}", "]", ")", "(",
	"../../../../x", "/etc/passwd", "C:\\x", "&2AA-", "R&D", "&AAAA-", "\u0085", "\u2028", "%", "*", "\xe4", "\xc0\xaf", "+", "~", "NIL", "\t", "\u0000\x1b[2J"}

// giants are numbers that fit nowhere, or stand for more than there is.
var giants = []string{"0", "1", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615",
	"99999999999999999999999", "-1", "1:4294967295", "4294967295:1", "1:*", "*", "007", "1.5", "1e9", "2147483648", "0x10", ""}

// unasked are answers to nothing; %s is the tag of what was asked last.
// Made when they are: every mailstow that the scripts of its tests start has them in it.
var unasked = sync.OnceValue(func() []string {
	return []string{
		"* 1 EXPUNGE\r\n", "* 4294967295 EXPUNGE\r\n", "* 0 EXPUNGE\r\n", "* VANISHED 1:4294967295\r\n", "* VANISHED (EARLIER) 1:3,2,4294967295:1\r\n",
		"* 4294967295 EXISTS\r\n", "* 0 EXISTS\r\n", "* 99999999999999999999 EXISTS\r\n", "* 1 RECENT\r\n",
		"* 1 FETCH (FLAGS (\\Seen))\r\n", "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Seen $evil))\r\n", "* 2 FETCH (UID 4294967295 FLAGS ())\r\n",
		"* 1 FETCH (UID 1 BODY[] {5}\r\nstray)\r\n", "* 1 FETCH (BODY[] \"quoted\" UID 2)\r\n", "* 1 FETCH (UID 1 BODY[] NIL)\r\n", "* 1 FETCH (UID 1 BODY[] {4294967295}\r\n",
		"* 1 FETCH (UID 1 BODY[HEADER] ~{3}\r\na\x00b)\r\n", "* 1 FETCH (UID 2 MODSEQ (9223372036854775807))\r\n", "* 1 FETCH (UID 1 MODSEQ (0) FLAGS (\x1b[31m))\r\n",
		"* 1 FETCH (UID 1 RFC822.SIZE 18446744073709551615)\r\n", "* 1 FETCH (UID 1 INTERNALDATE \"99-Foo-0000 99:99:99 +9999\")\r\n",
		"* 1 FETCH (ENVELOPE (((((((((((\r\n", "* 1 FETCH (EMAILID (M1) THREADID NIL X-GM-LABELS (\"\\\\Inbox\" \x1b[1m))\r\n",
		"* BYE going \x1b[31maway\r\n", "* BYE\r\n", "* BYE Lost mailbox lock\r\n", "* OK [ALERT] pay \x1b]0;now\a\r\n", "* NO [ALERT] \u202e\r\n", "* OK [UIDVALIDITY 1]\r\n",
		"* OK [UIDNEXT 1] x\r\n", "* OK [HIGHESTMODSEQ 9223372036854775808] x\r\n", "* OK [NOMODSEQ] x\r\n", "* OK [UIDNOTSTICKY] x\r\n", "* OK [CLOSED]\r\n",
		"* OK [PERMANENTFLAGS ()] x\r\n", "* OK [READ-ONLY] x\r\n", "* OK [REFERRAL imap://evil.example/] x\r\n", "* PREAUTH x\r\n", "* BAD x\r\n", "* NO\r\n", "*\r\n", "* \r\n", "\r\n", "+\r\n", "+ go\r\n",
		"* LIST () \"/\" \"../../../x\"\r\n", "* LIST () \"/\" {4}\r\n\x1b[3m\r\n", "* LIST (\\NonExistent) NIL NIL\r\n", "* LIST () \"\x00\" INBOX\r\n", "* LIST () \"\" &\r\n", "* LIST (((\r\n",
		"* LIST () \"/\" inbox\r\n", "* LIST () \"/\" \"M\"\r\n", "* LSUB () \"/\" \"\x1b[5mx\"\r\n", "* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1)\r\n", "* STATUS M (HIGHESTMODSEQ -1)\r\n",
		"* SEARCH\r\n", "* SEARCH 0 4294967296\r\n", "* SEARCH 1 1 1 (MODSEQ 1)\r\n", "* ESEARCH (TAG \"%s\") UID ALL 1:4294967295\r\n", "* ESEARCH (TAG \"%s\") UID COUNT 4294967295\r\n", "* ESEARCH UID\r\n",
		"* CAPABILITY IMAP4rev1\r\n", "* CAPABILITY (((\r\n", "* ENABLED (\r\n", "* ENABLED QRESYNC\r\n", "* NAMESPACE ((((\r\n", "* ID NIL\r\n", "* FLAGS (\\Recent \x00)\r\n",
		"%s OK\r\n", "%s NO [TRYCREATE] x\r\n", "%s BAD\r\n", "%s OK [APPENDUID 1 1:4294967295] x\r\n", "%s OK [COPYUID 1 1:4294967295 1:4294967295] x\r\n", "%s OK [MODIFIED 1:4294967295] x\r\n",
		"%s NO [OVERQUOTA] \x1b[31m\r\n", "%s NO [UNAVAILABLE] x\r\n", "%s NO [LIMIT] x\r\n", "M4294967296 OK\r\n", "T1 OK\r\n", "\x16\x03\x01\x02\x00\x01\x00\r\n", "HTTP/1.1 400 Bad Request\r\n",
		"* 1 FETCH (UID " + strings.Repeat("(", 70) + "\r\n", "* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 5000) + "\r\n", "* X " + strings.Repeat("x", 2<<20) + "\r\n",
	}
})

// floods are lines that come many times.
var floods = []string{"* 1 FETCH (FLAGS (\\Seen))\r\n", "* 1 FETCH (UID 7 FLAGS (a b c))\r\n", "* 1 EXPUNGE\r\n", "* LIST () \"/\" x\r\n", "* SEARCH 1 2 3\r\n",
	"* VANISHED 1:9\r\n", "* OK still here\r\n", "* OK [ALERT] again\r\n", "garbage\r\n", "\r\n", "* STATUS x (MESSAGES 1)\r\n", "+ more\r\n"}
