package dovecot

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"mailstow/sync/testkit/testcert"
)

// mailUID owns the mail when the test runs as root: Dovecot refuses to serve
// mail as root, and needs no passwd entry for a number.
const mailUID = 5000

type config struct {
	dir, location string
	extra         string
	cert          *testcert.Cert
}

// write makes the folders and dovecot.conf for these ports.
func (c config) write(path string, plain, tls int) error {
	for _, d := range []string{"run", "state", "mail"} {
		if err := os.MkdirAll(filepath.Join(c.dir, d), 0o755); err != nil {
			return err
		}
	}
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = mailUID, mailUID
		if err := os.Chown(filepath.Join(c.dir, "mail"), uid, gid); err != nil {
			return err
		}
	}
	text := strings.NewReplacer(
		"$DIR", c.dir, "$CERT", c.cert.CertFile, "$KEY", c.cert.KeyFile, "$PASSWORD", Password,
		"$UID", fmt.Sprint(uid), "$GID", fmt.Sprint(gid), "$LOCATION", c.location,
		"$IMAPS", fmt.Sprint(tls), "$IMAP", fmt.Sprint(plain),
	).Replace(base)
	if os.Getuid() != 0 {
		text += rootless()
	}
	return os.WriteFile(path, []byte(text+c.extra), 0o644)
}

// rootless is Dovecot's recipe for a server without root: everything runs as
// the one user, nothing is chrooted.
func rootless() string {
	name, group := fmt.Sprint(os.Getuid()), fmt.Sprint(os.Getgid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	text := fmt.Sprintf("default_internal_user = %s\ndefault_internal_group = %s\ndefault_login_user = %s\nfirst_valid_uid = 1\n",
		name, group, name)
	for _, s := range []string{"anvil", "imap-login", "stats", "ipc"} {
		text += fmt.Sprintf("service %s {\n  chroot =\n}\n", s)
	}
	return text
}

// base is a whole server in one file. mail_fsync=never: the mail dies with the
// test. service_count=0 and process_min_avail keep repeated logins fast.
const base = `
base_dir = $DIR/run
state_dir = $DIR/state
log_path = $DIR/dovecot.log
instance_name = mailstow-test
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <$CERT
ssl_key = <$KEY
disable_plaintext_auth = no
auth_mechanisms = plain login
passdb {
  driver = static
  args = password=$PASSWORD
}
userdb {
  driver = static
  args = uid=$UID gid=$GID home=$DIR/mail/%u allow_all_users=yes
}
mail_location = $LOCATION
mail_fsync = never
mail_max_userip_connections = 100
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  service_count = 0
  inet_listener imap {
    port = $IMAP
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service imap {
  process_min_avail = 1
  service_count = 100
}
protocol imap {
  imap_max_line_length = 2M
}
`
