package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Failure table 37: rot in the bytes of the file. Nothing of the body that holds
// it is served as good mail, Check names the message, and the others are sound.
func TestBitRot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2, 3)
	needle := "a needle that nothing shrinks " + noise(64, 5)
	put(t, s, ids[0], "good")
	put(t, s, ids[1], noise(5000, 1)+needle+noise(5000, 2))
	put(t, s, ids[2], noise(2<<20, 3))
	s.Close()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(file), needle[:29])
	if at < 0 {
		t.Fatal("the body is not in the file as it is: this test shows nothing")
	}
	overwrite(t, path, int64(at), []byte{file[at] ^ 1})
	s = openStore(t, path, Options{})
	defer s.Close()
	got, err := read(s, ids[1])
	var damage *DamagedError
	if !errors.As(err, &damage) || !errors.Is(err, ErrDamaged) || damage.Message != ids[1] || len(got) != 0 {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	found := findings(t, s)
	if len(found) != 1 || found[0].Kind != FoundBody || found[0].Message != ids[1] || found[0].UID != 2 ||
		found[0].Folder != "INBOX" || found[0].Account != "work" || found[0].State != StatePresent {
		t.Errorf("found %+v", found)
	}
	wantBody(t, s, ids[0], []byte("good"))
	wantBody(t, s, ids[2], []byte(noise(2<<20, 3)))
}

// Every way a body can be wrong is an error and not an end, and a finding.
func TestDamage(t *testing.T) {
	const big = 3<<20 - 5
	for _, test := range []struct{ name, query, what string }{
		{"raw byte", "UPDATE chunk SET data = CAST('x' || substr(data, 2) AS BLOB) WHERE id & 3 = 1", "SHA-256"},
		{"chunk gone", "DELETE FROM chunk WHERE id & 3 = 1", "chunk 1 of 3 is gone"},
		{"last chunk gone", "DELETE FROM chunk WHERE id & 3 = 2", "chunk 2 of 3 is gone"},
		{"all chunks gone", "DELETE FROM chunk", "chunk 0 of 3 is gone"},
		{"chunk short", "UPDATE chunk SET data = substr(data, 2) WHERE id & 3 = 1", "chunk 1 has"},
		{"not zstd", "UPDATE chunk SET zstd = 1 WHERE id & 3 = 1", "chunk 1 cannot be unpacked"},
		{"swapped", "UPDATE chunk SET data = (SELECT data FROM chunk c WHERE c.id & 3 = 1 - chunk.id & 3) WHERE id & 3 < 2", "SHA-256"},
		{"fewer chunks", "UPDATE body SET chunks = 2", "bytes instead of"},
		{"size", "UPDATE body SET size = size + 1", "bytes instead of"},
		{"hash", "UPDATE body SET sha256 = zeroblob(32)", "SHA-256"},
		{"row gone", "DELETE FROM body", "row is gone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true})
			defer s.Close()
			id := arrive(t, s, newPlace(t, s, "INBOX"), 1)[0]
			put(t, s, id, noise(big, 1))
			tamper(t, s, test.query)
			got, err := read(s, id)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), test.what) {
				t.Errorf("%v, want %q", err, test.what)
			}
			if len(got) >= big {
				t.Errorf("all %d bytes were served", len(got))
			}
			found := findings(t, s)
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Message == id || test.name == "row gone" && f.Kind == FoundRow }) {
				t.Errorf("found %+v", found)
			}
		})
	}
}

// A damaged body is missing again for the messages present, keeps their ids, and
// the same bytes heal it for all that had it; other bytes serve those that ask.
func TestRepair(t *testing.T) {
	for _, way := range []string{"pack", "stage"} {
		t.Run(way, func(t *testing.T) {
			s := newStore(t)
			p := newPlace(t, s, "INBOX")
			ids := arrive(t, s, p, 1, 2, 3)
			text := noise(2<<20+7, 1)
			for _, id := range ids {
				put(t, s, id, text)
			}
			update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, ids[2:]) })
			tamper(t, s, "UPDATE chunk SET data = zeroblob(10) WHERE id & 3 = 1")
			var lost []MessageID
			update(t, s, func(tx *Tx) (err error) { lost, err = tx.MarkDamaged(ids[0]); return err })
			if !slices.Equal(lost, ids[:2]) {
				t.Errorf("lost %v", lost)
			}
			missing, err := s.Missing(bg, p.gen, 0, testDate, 10)
			if err != nil || len(missing) != 2 || missing[0].ID != ids[0] || missing[1].ID != ids[1] {
				t.Errorf("missing %+v %v", missing, err)
			}
			update(t, s, func(tx *Tx) error {
				ok, err := tx.LinkBody(ids[1], pack(t, text).SHA256)
				if ok {
					t.Error("linked to a damaged body")
				}
				return err
			})
			if found := findings(t, s); len(found) != 1 || found[0].Message != ids[2] || found[0].State != StateVanished {
				t.Errorf("found %+v", found)
			}
			put(t, s, ids[1], "other bytes")
			b := pack(t, text)
			if way == "stage" {
				if b, err = s.Stage(bg, NewPacker(), strings.NewReader(text)); err != nil {
					t.Fatal(err)
				}
			}
			update(t, s, func(tx *Tx) error { return tx.PutBody(ids[0], b) })
			wantBody(t, s, ids[0], []byte(text))
			wantBody(t, s, ids[1], []byte("other bytes"))
			wantBody(t, s, ids[2], []byte(text))
		})
	}
}

// Each invariant, broken behind the store's back, is found.
func TestCheckFinds(t *testing.T) {
	for _, test := range []struct{ query, kind, what string }{
		{`DROP VIEW mail; CREATE VIEW mail AS SELECT id, uid, '' AS account, '' AS folder, '' AS message_id, '' AS state FROM message;
			UPDATE message SET zone = 0`, FoundRow, "another account or folder"},
		{"DELETE FROM generation", FoundRow, "is not in the view"},
		{"UPDATE message SET generation = 99 WHERE uid = 1", FoundRow, "names a row of generation"},
		{"UPDATE message SET uid = 0 WHERE uid = 1", FoundRow, "has UID 0"},
		{`UPDATE message SET labels = '"a"' WHERE uid = 1`, FoundRow, "labels of message"},
		{"UPDATE message SET labels = 'a' WHERE uid = 1", FoundRow, "labels of message"},
		{"UPDATE message SET uid = 99 WHERE uid = 2", FoundRow, "above its cursor"},
		{"UPDATE message SET uid = 99 WHERE vanished_run IS NOT NULL", FoundRow, "above its cursor"},
		{"UPDATE generation SET highestmodseq = -1", FoundRow, "negative HIGHESTMODSEQ"},
		{`INSERT INTO generation(mailbox, uidvalidity, opened_run, retired_run) VALUES (1, 1, 1, 1)`, FoundRow, "newest generation retired"},
		{"DELETE FROM event WHERE kind = 'vanished'", FoundRow, "history of message"},
		{`UPDATE message SET local = '\Answered' WHERE uid = 1`, FoundRow, "history of message"},
		{"UPDATE message SET vanished_run = NULL", FoundRow, "history of message"},
		{"UPDATE mailbox SET detached_run = 1", FoundRow, "whether mailbox"},
		{"DELETE FROM event WHERE kind = 'created'", FoundRow, "whether mailbox"},
		{"UPDATE problem SET message = 3", FoundRow, "problem remains"},
		{"DELETE FROM envelope", FoundRow, "no envelope"},
		{"UPDATE body SET damaged = 1", FoundBody, "known to be damaged"},
		{"UPDATE message SET body = NULL", FoundWaste, "belongs to no message"},
		{"INSERT INTO chunk(id, size, zstd, data) VALUES (77 << 20, 1, 0, x'00')", FoundWaste, "belong to no body"},
		{"INSERT INTO chunk(id, size, zstd, data) VALUES ((1 << 20) + 9, 1, 0, x'00')", FoundBody, "has 2 chunks"},
		{`UPDATE message SET base = 'b a'`, FoundRow, "not sorted"},
		{`UPDATE message SET base = '\Recent'`, FoundRow, "belongs to a session"},
		{`UPDATE message SET base = 'a A'`, FoundRow, "names a flag twice"},
		{`UPDATE message SET base = 'a  b'`, FoundRow, "a blank too many"},
		{"UPDATE event SET old = 'x' WHERE kind = 'vanished'", FoundRow, "does not follow"},
		{"UPDATE event SET generation = 2 WHERE kind = 'arrived' AND message = 3", FoundRow, "does not follow"},
		{"UPDATE message SET vanished_run = 2 WHERE id = 3", FoundRow, "vanished in another run"},
		{"UPDATE generation SET uidvalidity = 8", FoundRow, "do not agree"},
		{"UPDATE generation SET opened_run = 2", FoundRow, "do not agree"},
		{"DELETE FROM event WHERE kind = 'opened'", FoundRow, "how generation 1 began"},
		{"INSERT INTO event(at, run, kind, mailbox) VALUES (1, 1, 'detached', 1); UPDATE mailbox SET detached_run = 2", FoundRow, "left the server in another run"},
		{"UPDATE generation SET uidnext = -1", FoundRow, "cursor that no server tells"},
		{"UPDATE generation SET listed = 99", FoundRow, "cursor above all its messages"},
		{"UPDATE message SET zone = 9999", FoundRow, "no calendar"},
		{"UPDATE message SET identity = 'x'", FoundRow, "identity of no kind"},
		{"INSERT INTO found(account, body, size) VALUES (1, 1, 9)", FoundRow, "wrong size"},
		{"UPDATE run SET receipt = 'x'", FoundRow, "receipt of run 1"},
		{"INSERT INTO conflict(account, at, rule, wanted, had, decision) VALUES (1, 1, 'x', '{}', '{', 'both')", FoundRow, "conflict 1 cannot be read"},
		{`UPDATE message SET labels = '["b","a"]' WHERE uid = 1`, FoundRow, "not sorted"},
		{"UPDATE envelope SET subject = 'x'", FoundTexts, "the subject"},
		{"UPDATE body SET header_size = header_size - 1", FoundTexts, "where it ends"},
		{"UPDATE sqlite_sequence SET seq = 0 WHERE name = 'message'", FoundFile, "of table message that was given"},
		{"DROP INDEX event_run; UPDATE message SET zone = 0", FoundFile, "index event_run is gone"},
		{"CREATE INDEX extra ON run(started); UPDATE message SET body = NULL; INSERT INTO found(account, body, size) VALUES (1, 1, 4); UPDATE chunk SET data = x'00'",
			FoundBody, "chunk 0"}, // of a body that no message has yet
		{`DROP INDEX message_present; PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'name TEXT NOT NULL UNIQUE', 'name TEXT NOT NULL UNIQUE CHECK (0)')`,
			FoundFile, "CHECK constraint"},
	} {
		s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true})
		p := newPlace(t, s, "INBOX")
		ids := arrive(t, s, p, 1, 2, 3)
		put(t, s, ids[0], "text")
		update(t, s, func(tx *Tx) error {
			return errors.Join(tx.Vanish(p.run, ids[2:]), tx.PutProblem(Problem{Account: p.acct, Message: ids[1], Kind: "x", Reason: "y"}, testDate))
		})
		checkClean(t, s)
		tamper(t, s, test.query)
		if test.kind == FoundFile {
			path := s.Path()
			s.Close()
			s = openStore(t, path, Options{})
		}
		found := findings(t, s)
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == test.kind && strings.Contains(f.What, test.what) }) {
			t.Errorf("%s: found %+v, want %s %q", test.query, found, test.kind, test.what)
		}
		s.Close()
	}
}

// What follows from a header is written again from the body, and from nothing else.
func TestRederive(t *testing.T) {
	s := newStore(t)
	ids := arrive(t, s, newPlace(t, s, "INBOX"), 1, 2)
	put(t, s, ids[0], "Subject: one\r\n\r\n1")
	put(t, s, ids[1], "Subject: two\r\n\r\n2")
	tamper(t, s, "UPDATE envelope SET subject = 'other', sender = 'nobody', date = 7")
	tamper(t, s, "UPDATE body SET header_size = 0, header_sha256 = zeroblob(32)")
	for _, f := range findings(t, s) {
		if f.Kind != FoundTexts || !strings.Contains(f.What, "where it ends, its SHA-256, the subject, the sender, the date") {
			t.Errorf("found %+v", f)
		}
	}
	tamper(t, s, "UPDATE chunk SET data = x'00' WHERE id >> 20 = 2")
	if err := s.Rederive(bg, ids); err != nil {
		t.Fatal(err)
	}
	if found := findings(t, s); len(found) != 1 || found[0].Kind != FoundBody || found[0].Message != ids[1] {
		t.Errorf("found %+v", found)
	}
	if m, err := s.Message(bg, ids[0]); err != nil || m.Subject != "one" || m.From != "" {
		t.Errorf("%+v, %v", m, err)
	}
	update(t, s, func(tx *Tx) error {
		_, err := tx.MarkDamaged(ids[1])
		return err
	})
	put(t, s, ids[1], "Subject: two\r\n\r\n2") // heals what it says of the header, too
}

// A sampled check reads some bodies and still compares all that costs little.
func TestCheckSample(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(t, s, "INBOX")
	for uid := uint32(1); uid <= 200; uid++ {
		put(t, s, arrive(t, s, p, uid)[0], noise(1000, uint64(uid)))
	}
	tamper(t, s, "UPDATE chunk SET data = zeroblob(1000)")
	n, last := 0, int64(0)
	err := s.Check(bg, CheckOptions{Sample: 0.3, Progress: func(done, total int64) { last = done * 1e6 / total }}, func(f Finding) { n++ })
	if err != nil || n < 20 || n > 120 || last != 1e6 {
		t.Errorf("found %d of 200, %d ppm done, %v", n, last, err)
	}
	tamper(t, s, "DELETE FROM chunk WHERE id >> 20 = 7")
	if err := s.Check(bg, CheckOptions{Sample: 1e-9}, func(f Finding) { n = int(f.UID) }); err != nil || n != 7 {
		t.Errorf("uid %d, %v", n, err)
	}
	put(t, s, 7, "again")
	tamper(t, s, "UPDATE chunk SET id = id + 1 WHERE id >> 20 = 8")
	if err := s.Check(bg, CheckOptions{Sample: 1e-9}, func(f Finding) { n = int(f.UID) }); err != nil || n != 8 {
		t.Errorf("uid %d, %v", n, err)
	}
}

// A message whose body was found damaged after it had vanished used to come back
// with that body, which nothing fetched again.
func TestDamagedBodyComesBack(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2)
	put(t, s, ids[0], "one\r\n\r\n1")
	put(t, s, ids[1], "two\r\n\r\n2")
	update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, ids) })
	update(t, s, func(tx *Tx) error {
		_, err := tx.MarkDamaged(ids[0])
		return err
	})
	if again := arrive(t, s, p, 1, 2); !slices.Equal(again, ids) {
		t.Fatalf("came back as %d, were %d", again, ids)
	}
	page, err := s.Missing(bg, p.gen, 0, testDate, 10)
	if err != nil || len(page) != 1 || page[0].ID != ids[0] {
		t.Errorf("missing %+v, %v", page, err)
	}
	put(t, s, ids[0], "one\r\n\r\n1")
}
