package localstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func init() {
	children["hold"] = hold
	children["fill"] = fill
	children["stage"] = stageForever
	children["partial"] = partialForever
}

// child starts this test binary as another process and gives its output.
func child(t *testing.T, name string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "MAILSTOW_TEST_CHILD="+name)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// until reads lines up to the one wanted.
func until(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == want {
			return
		}
	}
	t.Fatalf("the child ended before %q: %v", want, lines.Err())
}

// hold keeps a store open until its standard input ends.
func hold(args []string) error {
	s, err := Open(bg, args[0], Options{Create: true})
	if err != nil {
		return err
	}
	fmt.Println("held")
	io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

// Failure table 6: the second instance is told who the first is; a lock file
// left by a process that was killed means nothing.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	cmd, lines := child(t, "hold", path)
	until(t, lines, "held")
	_, err := Open(bg, path, Options{})
	var own *Error
	if !errors.As(err, &own) || !errors.Is(err, ErrInUse) {
		t.Fatalf("%v, want %v", err, ErrInUse)
	}
	if own.PID != cmd.Process.Pid || !strings.Contains(err.Error(), fmt.Sprint("pid ", cmd.Process.Pid)) {
		t.Errorf("%v: pid %d, want %d", err, own.PID, cmd.Process.Pid)
	}
	openStore(t, path, Options{ReadOnly: true}).Close()
	cmd.Process.Kill()
	cmd.Wait()
	if lockHolder(path+".lock") != cmd.Process.Pid {
		t.Error("no stale lock file: this test shows nothing")
	}
	openStore(t, path, Options{}).Close()
}

const fillBatch = 50

// fill writes batches of messages with their bodies and the cursor, for ever.
// In its third batch it stops half way, tells so, and waits to be killed.
func fill(args []string) error {
	s, err := Open(bg, args[0], Options{})
	if err != nil {
		return err
	}
	p := NewPacker()
	for batch := range 3 {
		err := s.Update(bg, func(tx *Tx) error {
			for i := range fillBatch {
				uid := uint32(batch*fillBatch + i + 1)
				ids, err := tx.Arrive(1, 1, []Arrival{{UID: uid}})
				if err != nil {
					return err
				}
				// Larger than the page cache together, so that the file is
				// written to before the commit.
				b, err := p.Pack(strings.NewReader(fmt.Sprint(uid) + noise(300<<10, uint64(uid))))
				if err != nil {
					return err
				}
				if err := tx.PutBody(ids[0], b); err != nil {
					return err
				}
				if batch == 2 && i == fillBatch-1 {
					fmt.Println("half")
					select {}
				}
			}
			return tx.SetCursor(1, Cursor{Listed: uint32((batch + 1) * fillBatch)})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Failure table 2: kill -9 in a batch costs that batch alone.
func TestKilledInBatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	p := newPlace(t, s, "INBOX")
	s.Close()
	cmd, lines := child(t, "fill", path)
	until(t, lines, "half")
	cmd.Process.Kill()
	cmd.Wait()
	if fi, err := os.Stat(path + "-wal"); err != nil || fi.Size() < 8<<20 {
		t.Errorf("the batch did not reach the disk: this test shows nothing (%v)", err)
	}
	s = openStore(t, path, Options{})
	defer s.Close()
	checkClean(t, s)
	boxes, err := s.Mailboxes(bg, p.acct)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "SELECT count(*) FROM message"); n != 2*fillBatch || boxes[0].Generation.Cursor.Listed != 2*fillBatch {
		t.Errorf("%d messages, cursor %+v, want %d", n, boxes[0].Generation.Cursor, 2*fillBatch)
	}
	arrive(t, s, p, 2*fillBatch+1)
}

// stageForever stages a body that never ends.
func stageForever(args []string) error {
	s, err := Open(bg, args[0], Options{})
	if err != nil {
		return err
	}
	_, err = s.Stage(bg, NewPacker(), &endless{tell: 10 * ChunkSize})
	return err
}

// endless gives zeros and, after tell bytes, says so and waits to be killed.
type endless struct{ tell int }

func (e *endless) Read(p []byte) (int, error) {
	if e.tell -= len(p); e.tell < 0 {
		fmt.Println("staged")
		select {}
	}
	return len(p), nil
}

// What a killed process had staged is gone with the next writer.
func TestKilledStaging(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	openStore(t, path, Options{Create: true}).Close()
	cmd, lines := child(t, "stage", path)
	until(t, lines, "staged")
	cmd.Process.Kill()
	cmd.Wait()
	r := openStore(t, path, Options{ReadOnly: true})
	if n := count(t, r, "SELECT count(*) FROM chunk"); n == 0 {
		t.Error("nothing was staged: this test shows nothing")
	}
	checkClean(t, r) // staged is not lost
	r.Close()
	s := openStore(t, path, Options{})
	defer s.Close()
	if n := count(t, s, "SELECT count(*) FROM chunk"); n != 0 {
		t.Errorf("%d chunks left", n)
	}
	checkClean(t, s)
}

// Ctrl-C: nothing of the batch stays, and the reason is the context's.
func TestUpdateCanceled(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	ctx, cancel := context.WithCancel(bg)
	err := s.Update(ctx, func(tx *Tx) error {
		if _, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 1}}); err != nil {
			return err
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := count(t, s, "SELECT count(*) FROM message"); n != 0 {
		t.Errorf("%d messages", n)
	}
	arrive(t, s, p, 1)
}
