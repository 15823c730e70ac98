package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/rogpeppe/go-internal/testscript"
	gokeyring "github.com/zalando/go-keyring"
	_ "modernc.org/sqlite"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/testkit/dovecot"
)

// TestMain lets scripts run the real main: the test binary is mailstow when it
// is called so. Tests see no keyring of the desktop they run on.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mailstow": func() {
			gokeyring.MockInitWithError(errors.New("no keyring in tests"))
			main()
		},
	})
}

// TestOffline runs what needs no server.
func TestOffline(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/offline", Setup: home, Cmds: commands, Condition: condition})
}

// TestServer runs each script against a Dovecot of its own.
func TestServer(t *testing.T) {
	dovecot.Require(t)
	testscript.Run(t, testscript.Params{Dir: "testdata/server", Cmds: commands, Condition: condition, Setup: func(env *testscript.Env) error {
		tb, ok := env.T().(testing.TB)
		if !ok {
			return errors.New("the script's T is no testing.TB")
		}
		s := dovecot.Start(tb)
		env.Values[serverKey{}], env.Values[tbKey{}] = s, tb
		env.Setenv("PASSWORD", s.Password)
		env.Setenv("CA", s.CAFile)
		env.Setenv("PORT", strconv.Itoa(s.Port))
		env.Setenv("FINGERPRINT", s.Fingerprint)
		env.Setenv("PLAIN", fmt.Sprintf("imap+insecure://alice@%s", s.Addr))
		env.Setenv("STARTTLS", fmt.Sprintf("imap://alice@%s", s.Addr))
		env.Setenv("TLS", fmt.Sprintf("imaps://alice@%s", s.TLSAddr))
		return home(env)
	}})
}

type serverKey struct{}

// home gives each script a home of its own and a fixed zone.
func home(env *testscript.Env) error {
	dir := filepath.Join(env.WorkDir, "home")
	env.Setenv("HOME", dir)
	env.Setenv("TZ", "UTC")
	env.Setenv("CONFIG", filepath.Join(dir, ".config", "mailstow", "config.toml"))
	env.Setenv("STORE", filepath.Join(dir, ".local", "share", "mailstow", "mail.db"))
	return os.MkdirAll(dir, 0o700)
}

var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"code":        code,
	"sql":         runSQL,
	"hold":        hold,
	"seize":       seize,
	"mirror":      makeMirror,
	"relocate":    relocateMail,
	"unmailbox":   deleteMailbox,
	"remailbox":   renameMailbox,
	"append":      appendMail,
	"mailbox":     createMailbox,
	"flag":        flagMail,
	"expunge":     expungeMail,
	"fill":        fill,
	"absent":      absent,
	"readable":    readable,
	"interrupted": interrupted,
	"mute":        mute,
	"lockbox":     lockbox,
	"junk":        junk,
}

// code N COMMAND...: the exit code must be exactly N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want || neg {
		ts.Fatalf("exit code %d, want %d\n[stdout]\n%s[stderr]\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// sql FILE STATEMENT: what the sqlite3 shell would do; prints the rows.
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	rows, err := db.Query(args[1])
	ts.Check(err)
	defer rows.Close()
	for rows.Next() {
		var v any
		ts.Check(rows.Scan(&v))
		fmt.Fprintln(ts.Stdout(), v)
	}
	ts.Check(rows.Err())
}

// hold FILE: a second process has the store open for writing until the script ends.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	s, err := localstore.Open(context.Background(), ts.MkAbs(args[0]), localstore.Options{Create: true, Merge: conflict.MergeText})
	ts.Check(err)
	ts.Defer(func() { s.Close() })
}

// seize FILE: a program that is not mailstow writes to the store until the script ends.
func seize(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0])+"?_txlock=immediate")
	ts.Check(err)
	tx, err := db.Begin()
	ts.Check(err)
	ts.Defer(func() { tx.Rollback(); db.Close() })
}

// absent FILE...: none of them exists.
func absent(ts *testscript.TestScript, _ bool, args []string) {
	for _, arg := range args {
		if _, err := os.Lstat(ts.MkAbs(arg)); err == nil {
			ts.Fatalf("%s exists", arg)
		}
	}
}

// readable MODE FILE: its permissions are exactly those.
func readable(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

func server(ts *testscript.TestScript) (*dovecot.Server, testing.TB) {
	s := ts.Value(serverKey{}).(*dovecot.Server)
	return s, ts.Value(tbKey{}).(testing.TB)
}

type tbKey struct{}

// append USER MAILBOX FILE [FLAG...]: a message arrives.
func appendMail(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	text := strings.ReplaceAll(ts.ReadFile(args[2]), "\n", "\r\n")
	var flags []imap.Flag
	for _, f := range args[3:] {
		flags = append(flags, imap.Flag(f))
	}
	s.User(t, args[0]).Append(args[1], flags, time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), []byte(text))
}

// fill USER MAILBOX N: N small messages arrive.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	u := s.User(t, args[0])
	for i := 1; i <= n; i++ {
		text := fmt.Sprintf("From: filler@example.org\r\nSubject: number %d\r\n\r\nbody %d\r\n", i, i)
		u.Append(args[1], nil, time.Date(2024, 1, 1, 0, 0, i, 0, time.UTC), []byte(text))
	}
}

// mailbox USER NAME...: new mailboxes on the server.
func createMailbox(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	u := s.User(t, args[0])
	for _, name := range args[1:] {
		u.Create(name)
	}
}

// unmailbox USER NAME...: mailboxes that the server loses.
func deleteMailbox(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	u := s.User(t, args[0])
	for _, name := range args[1:] {
		u.Delete(name)
	}
}

// remailbox USER OLD NEW: another client renames a mailbox.
func renameMailbox(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	s.User(t, args[0]).Rename(args[1], args[2])
}

// relocate USER MAILBOX UID|FIRST-LAST TO: another client moves messages.
func relocateMail(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	s.User(t, args[0]).Move(args[1], args[3], uids(ts, args[2:3])...)
}

// flag USER MAILBOX FLAG UID...
func flagMail(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	s.User(t, args[0]).AddFlags(args[1], []imap.Flag{imap.Flag(args[2])}, uids(ts, args[3:])...)
}

// expunge USER MAILBOX UID|FIRST-LAST...
func expungeMail(ts *testscript.TestScript, _ bool, args []string) {
	s, t := server(ts)
	s.User(t, args[0]).Expunge(args[1], uids(ts, args[2:])...)
}

func uids(ts *testscript.TestScript, args []string) []imap.UID {
	var all []imap.UID
	for _, arg := range args {
		from, to, isRange := strings.Cut(arg, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		ts.Check(err)
		last, err := strconv.Atoi(to)
		ts.Check(err)
		for uid := first; uid <= last; uid++ {
			all = append(all, imap.UID(uid))
		}
	}
	return all
}

// root: permissions do not stop the superuser.
func condition(cond string) (bool, error) {
	if cond == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// interrupted SIGNAL COMMAND...: a server listens that says no more than a greeting
// at MUTE; once the command has asked it for something (by then a run has begun) it
// gets the signal and must end with code 130.
func interrupted(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "MUTE", listener.Addr().String())
	}
	self, err := os.Executable()
	ts.Check(err)
	var stderr bytes.Buffer
	cmd := exec.Command(self, args[2:]...)
	cmd.Args[0], cmd.Stderr, cmd.Dir = args[1], &stderr, ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "MAILSTOW_PASSWORD=x")
	ts.Check(cmd.Start())
	ts.Check(listener.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Second)))
	conn, err := listener.Accept()
	if err != nil {
		ts.Check(errors.Join(err, cmd.Process.Kill()))
	}
	defer conn.Close()
	if strings.Contains(strings.Join(args, " "), "imap+insecure://") {
		fmt.Fprint(conn, "* PREAUTH [CAPABILITY IMAP4rev1] at your service\r\n")
	}
	ts.Check(conn.SetReadDeadline(time.Now().Add(20 * time.Second)))
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		ts.Check(errors.Join(err, cmd.Process.Kill()))
	}
	ts.Check(cmd.Process.Signal(map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}[args[0]]))
	err = cmd.Wait()
	fmt.Fprint(ts.Stderr(), stderr.String())
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		ts.Fatalf("ended with %v\n%s", err, stderr.String())
	}
}

// mute: a server that takes connections and says nothing, at $MUTE.
func mute(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv("MUTE", listener.Addr().String())
}

// lockbox USER MAILBOX: the server cannot read a mailbox any more.
func lockbox(ts *testscript.TestScript, _ bool, args []string) {
	s, _ := server(ts)
	dir := s.MailDir(args[0], args[1])
	ts.Check(os.Chmod(dir, 0))
	ts.Defer(func() { ts.Check(os.Chmod(dir, 0o700)) })
}
