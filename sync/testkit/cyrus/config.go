package cyrus

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

const master = "/usr/lib/cyrus/bin/master"

// configure writes imapd.conf and cyrus.conf and makes the folders.
func (s *Server) configure(ports []int) ([]string, error) {
	for _, d := range []string{"conf", "spool", "run", "proc", "lock", "sieve"} {
		dir := filepath.Join(s.Dir, d)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if err := s.own(dir); err != nil {
			return nil, err
		}
	}
	if err := s.own(s.cert.KeyFile); err != nil {
		return nil, err
	}
	imapd, services := filepath.Join(s.Dir, "imapd.conf"), filepath.Join(s.Dir, "cyrus.conf")
	fill := strings.NewReplacer("$DIR", s.Dir, "$ROOT", s.root, "$CERT", s.cert.CertFile, "$KEY", s.cert.KeyFile,
		"$IMAPS", strconv.Itoa(ports[1]), "$IMAP", strconv.Itoa(ports[0]))
	if err := os.WriteFile(imapd, []byte(fill.Replace(imapdConf)+s.extra), 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(services, []byte(fill.Replace(cyrusConf)), 0o644); err != nil {
		return nil, err
	}
	return []string{master, "-C", imapd, "-M", services, "-p", filepath.Join(s.Dir, "run", "master.pid")}, nil
}

// own gives a file to the user that Cyrus becomes.
func (s *Server) own(path string) error {
	u, err := user.Lookup("cyrus")
	if err != nil {
		return fmt.Errorf("cyrus-common makes this user: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	return os.Chown(path, uid, gid)
}

const imapdConf = `configdirectory: $DIR/conf
defaultpartition: default
partition-default: $DIR/spool
proc_path: $DIR/proc
mboxname_lockpath: $DIR/lock
sievedir: $DIR/sieve
unixhierarchysep: yes
altnamespace: yes
admins: cyrus
autocreate_quota: 0
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $DIR/sasldb2
sasl_mech_list: PLAIN
tls_server_cert: $CERT
tls_server_key: $KEY
idlesocket: $DIR/run/idle
lmtpsocket: $DIR/run/lmtp
notifysocket: $DIR/run/notify
virtdomains: off
servername: localhost
maxmessagesize: 0
syslog_prefix: mailstow-test
`

const cyrusConf = `START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C $DIR/imapd.conf -r"
}
SERVICES {
  imap cmd="$ROOT/usr/lib/cyrus/bin/imapd -C $DIR/imapd.conf -U 100" listen="127.0.0.1:$IMAP" proto=tcp4 prefork=1 maxchild=100
  imaps cmd="$ROOT/usr/lib/cyrus/bin/imapd -s -C $DIR/imapd.conf -U 100" listen="127.0.0.1:$IMAPS" proto=tcp4 prefork=0 maxchild=100
}
EVENTS {
}
`
