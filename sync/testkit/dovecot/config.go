package dovecot

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
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
func (c config) write(path string, ports []int) error {
	for _, d := range []string{"run", "state", "mail"} {
		if err := os.MkdirAll(filepath.Join(c.dir, d), 0o755); err != nil {
			return err
		}
	}
	uid, gid := owner()
	var listeners strings.Builder
	for i, port := range ports {
		name, ssl := []string{"imap", "imaps"}[i%2], []string{"no", "yes"}[i%2]
		if i >= 2 { // without a number they have the ports of RFC 9051 unless told otherwise
			name += strconv.Itoa(i)
		}
		fmt.Fprintf(&listeners, "  inet_listener %s {\n    port = %d\n    ssl = %s\n  }\n", name, port, ssl)
	}
	text := strings.NewReplacer(
		"$DIR", c.dir, "$CERT", c.cert.CertFile, "$KEY", c.cert.KeyFile, "$PASSWORD", Password,
		"$UID", fmt.Sprint(uid), "$GID", fmt.Sprint(gid), "$LOCATION", c.location,
		"$LISTENERS", listeners.String(),
	).Replace(base)
	if os.Getuid() != 0 {
		text += rootless()
	}
	return os.WriteFile(path, []byte(text+c.extra), 0o644)
}

// owner has the mail.
func owner() (uid, gid int) {
	if os.Getuid() == 0 {
		return mailUID, mailUID
	}
	return os.Getuid(), os.Getgid()
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

// base is a whole server in one file. Each port has users of its own. mail_fsync=never:
// the mail dies with the test. service_count=0 and process_min_avail keep repeated logins fast.
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
auth_verbose = yes
passdb {
  driver = static
  args = password=$PASSWORD
}
userdb {
  driver = static
  args = uid=$UID gid=$GID home=$DIR/mail/%{lport}/%u allow_all_users=yes
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
$LISTENERS}
service imap {
  process_min_avail = 1
  service_count = 100
}
protocol imap {
  imap_max_line_length = 2M
}
`
