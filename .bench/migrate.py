#!/usr/bin/env python3
"""Measures migrations between two Dovecots side by side: mailstow and its peers, in turns.

  .bench/migrate.py --root DIR [--source USER] [--runs N] [--delay MS] [--tools a,b]

DIR holds srv/ with the servers dovecot-a (127.0.0.1:11143) and dovecot-b (12143), running,
any user name, one password; and bin/proxy, where a delay is asked for: it then stands before
both servers, with half of the delay in each direction. USER is an account of dovecot-a with
mail. Each tool fills an account of its own on dovecot-b, once from nothing, then a second and
a third time with nothing to do; the best of these two counts. Tools take turns, run by run.
A tool that is not installed is named and left out. IMAPSYNC is the path of imapsync's script.
"""
import argparse, os, shutil, statistics, subprocess, sys, tempfile, time

PASSWORD = 'bench'
HERE = os.path.dirname(os.path.abspath(__file__))
IMAP = '[%s]\ntype = imap\nhost = 127.0.0.1\nport = %d\nusername = %s\npassword = %s\nSTARTTLS = NO\nauth = LOGIN\n'
MBSYNC = ('IMAPAccount %s\nHost 127.0.0.1\nPort %d\nUser %s\nPass %s\nSSLType None\nAuthMechs LOGIN\n'
          'DisableExtension COMPRESS=DEFLATE\n\nIMAPStore %s\nAccount %s\n\n')


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)
    return path


def mailstow(d, a, b, src, dst):
    url = 'imap+insecure://%s@127.0.0.1:%d'
    return [d['mailstow'], '--store', d['state'] + '/mail.db', 'migrate', '-q', url % (src, a), url % (dst, b)]


def interimap(d, a, b, src, dst):
    rc = write(d['state'] + '/rc', 'database = %s/i.db\n' % d['state'] + IMAP % ('local', b, dst, PASSWORD) + IMAP % ('remote', a, src, PASSWORD) + 'compress = NO\n')
    return ['interimap', '--config=' + rc, '--quiet']


def doveadm(d, a, b, src, dst):
    o = {'host': '127.0.0.1', 'port': a, 'user': src, 'password': PASSWORD, 'ssl': 'no'}
    return ['doveadm', '-c', d['root'] + '/srv/dovecot-b/dovecot.conf'] + sum((['-o', 'imapc_%s=%s' % x] for x in o.items()), []) + ['backup', '-R', '-u', dst, 'imapc:']


def mbsync(d, a, b, src, dst):
    rc = write(d['state'] + '/rc', MBSYNC % ('far', a, src, PASSWORD, 'far', 'far') + MBSYNC % ('near', b, dst, PASSWORD, 'near', 'near') +
               'Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\nCopyArrivalDate yes\nSyncState %s/\n' % d['state'])
    return ['mbsync', '-c', rc, '-q', '-a']


def imapsync(d, a, b, src, dst):
    side = lambda n, port, user: ['--host%d' % n, '127.0.0.1', '--port%d' % n, str(port), '--user%d' % n, user, '--password%d' % n, PASSWORD, '--nossl%d' % n, '--notls%d' % n]
    return ['perl', os.environ.get('IMAPSYNC', 'imapsync')] + side(1, a, src) + side(2, b, dst) + ['--noreleasecheck', '--nolog', '--noid', '--tmpdir', d['state'],
            '--pidfile', d['state'] + '/pid', '--nofoldersizes', '--nofoldersizesatend', '--errorsmax', '1000']


TOOLS = {'mailstow': mailstow, 'interimap': interimap, 'doveadm': doveadm, 'mbsync': mbsync, 'imapsync': imapsync}


def there(tool):
    if tool == 'imapsync':
        return os.path.exists(os.environ.get('IMAPSYNC', '')) and subprocess.run(['perl', '-MMail::IMAPClient', '-e1'], capture_output=True).returncode == 0
    return tool == 'mailstow' or shutil.which(tool)


def timed(argv, log):
    os.sync()
    began = time.perf_counter()
    with open(log, 'w') as f:
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f, env=dict(os.environ, MAILSTOW_PASSWORD=PASSWORD))
        _, status, used = os.wait4(p.pid, 0)
    wall = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if code:
        print('  %s: exit %d, see %s' % (argv[0], code, log), file=sys.stderr)
    return wall, used.ru_utime + used.ru_stime, code


def proxies(args):
    """Starts what delays, before both servers."""
    if not args.delay:
        return [], args.ports
    ports = [p + 20000 for p in args.ports]
    started = [subprocess.Popen([args.root + '/bin/proxy', '-listen', '127.0.0.1:%d' % near, '-target', '127.0.0.1:%d' % far, '-delay', '%gms' % (args.delay / 2), '-stats', os.devnull])
               for near, far in zip(ports, args.ports)]
    time.sleep(0.5)
    return started, ports


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--root', required=True)
    p.add_argument('--source', default='master-medium')
    p.add_argument('--runs', type=int, default=3)
    p.add_argument('--delay', type=float, default=0, help='milliseconds of a round trip')
    p.add_argument('--tools', default=','.join(TOOLS))
    p.add_argument('--ports', type=lambda s: [int(x) for x in s.split(',')], default=[11143, 12143])
    p.add_argument('--work', help='where stores and states go; default: beside the servers')
    args = p.parse_args()
    work = tempfile.mkdtemp(prefix='migrate', dir=args.work or args.root)
    binary = os.path.join(work, 'mailstow')
    subprocess.run(['go', 'build', '-o', binary, './cmd/mailstow'], check=True, cwd=os.path.dirname(HERE))
    tools = [t for t in args.tools.split(',') if there(t) or print(t, 'is not there: left out')]
    first, again, cpu = {}, {}, {}
    started, (a, b) = proxies(args)
    try:
        for run in range(args.runs):
            for tool in tools:
                dst = ('to-%s-%d' % (tool, os.getpid())).lower()
                home = os.path.join(args.root, 'srv/dovecot-b/mail', dst)
                d = {'root': args.root, 'mailstow': binary, 'state': tempfile.mkdtemp(prefix=tool, dir=work)}
                argv = TOOLS[tool](d, a, b, args.source, dst)
                passes = [timed(argv, '%s/log%d' % (d['state'], n)) for n in range(3)]
                if passes[0][2] == 0:
                    first.setdefault(tool, []).append(passes[0][0])
                    cpu.setdefault(tool, []).append(passes[0][1])
                    again.setdefault(tool, []).append(min(x[0] for x in passes[1:]))
                print('%-10s run %d: %.2f s (%.2f s of CPU), again %.3f s' % (tool, run, passes[0][0], passes[0][1], min(x[0] for x in passes[1:])), flush=True)
                shutil.rmtree(home, ignore_errors=True)
                if passes[0][2] == 0:
                    shutil.rmtree(d['state'], ignore_errors=True)
    finally:
        for x in started:
            x.terminate()
            x.wait()
    middle = {t: (statistics.median(first[t]), statistics.median(again[t])) for t in first}
    best = [min((m[i] for t, m in middle.items() if t != 'mailstow'), default=float('nan')) for i in (0, 1)]
    print('\n| tool | first s (min-max) | CPU s | x best peer | again s | x best peer |\n|---|---|---|---|---|---|')
    for t, (f, n) in middle.items():
        print('| %s | %.2f (%.2f-%.2f) | %.2f | %.2f | %.3f | %.2f |' % (t, f, min(first[t]), max(first[t]), statistics.median(cpu[t]), f / best[0], n, n / best[1]))


main()
