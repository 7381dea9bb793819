#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""./run GUEST [OPTION]... [-- EMULATOR OPTION...]

Boots Debian's kernel to a shell on this terminal, with a disk on /mnt and the network up. The packages, the initramfs
and the disk are made on first use and kept in ~/.cache/doppel. Guests:

@GUESTS@

  --smoke          no person: boot, check shell, disk and network, power off; exit status 0 or 1
  --mirror URL     a Debian mirror that has the suite trixie     [the one that this machine's apt uses]
  --refresh        fetch the packages again and make a new disk
  --print          print the command line and do not run it
  --smp N          virtual CPUs                                  [up to 4]
  -m SIZE          memory                                        [1G]
  --accel NAME     tcg (translate), kvm (PCs on PCs), kvm:tcg (what there is)     [tcg]
  --emulator CMD   another emulator with this command line       [build-release/doppel]
"""
import argparse
import http.server
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests', 'boot')]
from console import Console, ConsoleError   # noqa: E402
from debian import FetchError   # noqa: E402
from files import Files   # noqa: E402
from guests import GUESTS   # noqa: E402

PROMPT = r'debian-\w+:\S+# '


def command(emulator, files, disk, options, hostfwd=''):
    guest = GUESTS[options.guest]
    bios = ['-bios', files[guest.bios]] if guest.bios else []
    accel = ['-machine', f'accel={options.accel}'] if options.accel else []
    return [*emulator, *guest.machine, *accel, *bios, '-smp', str(options.smp), '-m', options.memory,
            '-kernel', files['kernel'], '-initrd', files['initrd'], '-append', f'console={guest.console}',
            '-drive', f'file={disk},if=none,id=d0,format=raw', '-device', f'virtio-blk-{guest.bus},drive=d0',
            '-netdev', f'user,id=n0{hostfwd}', '-device', f'virtio-net-{guest.bus},netdev=n0',
            '-nographic', *options.extra]


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def web_server(folder):
    """An HTTP server of one folder on a free loopback port."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *a):
            super().__init__(*a, directory=folder)

        def log_message(self, *a):
            pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def check(condition, what, detail=''):
    if not condition:
        raise ConsoleError(f'{what} failed{": " + detail if detail else ""}')
    print(f'smoke: {what}: ok', flush=True)


def receive(port, text, patience):
    """What the guest's server answers through the forwarded port."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with socket.create_connection(('127.0.0.1', port), 5) as s:
                s.settimeout(10)
                s.sendall(text.encode())
                answer = b''
                while True:
                    part = s.recv(4096)
                    if not part:
                        return answer.decode('utf-8', 'replace')
                    answer += part
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def guest_checks(c, uname, port, forwarded, payload):
    """The checks inside the guest, in the order in which a person would meet them."""
    c.expect(r'guest ready after (\S+) s', 300)
    c.expect(PROMPT, 60)
    out, status = c.shell('uname -m')
    check(status == 0 and out.strip() == uname, 'shell prompt', out)
    out, status = c.shell('grep /mnt /proc/mounts && echo written-$((40 + 2)) >/mnt/smoke && sync && '
                          'echo 3 >/proc/sys/vm/drop_caches && cat /mnt/smoke && rm /mnt/smoke')
    check(status == 0 and 'written-42' in out, 'disk written and read back', out)
    out, status = c.shell('ip -4 -o addr show eth0')
    check('10.0.2.15' in out, 'DHCP address', out)
    out, status = c.shell(f'wget -q -O /tmp/got http://10.0.2.2:{port}/payload && sha256sum /tmp/got', 120)
    check(payload in out, 'wget from the host', out)
    out, status = c.shell('mkdir -p /tmp/www && echo from-the-guest >/tmp/www/page && '
                          'httpd -p 8080 -h /tmp/www && echo up')
    check(status == 0, 'server in the guest', out)
    answer = receive(forwarded, 'GET /page HTTP/1.0\r\n\r\n', 20)
    check('from-the-guest' in answer, 'connection forwarded into the guest', answer)


def smoke(emulator, files, options):
    import hashlib
    with tempfile.TemporaryDirectory() as tmp:
        disk = os.path.join(tmp, 'disk.img')
        shutil.copy(files['disk'], disk)
        blob = os.urandom(3 << 20)
        with open(os.path.join(tmp, 'payload'), 'wb') as f:
            f.write(blob)
        server, forwarded = web_server(tmp), free_port()
        cmd = command(emulator, files, disk, options, f',hostfwd=tcp:127.0.0.1:{forwarded}-:8080')
        print(shlex.join(cmd), flush=True)
        start = time.monotonic()
        with Console(cmd, echo=sys.stdout.buffer if options.verbose else None, timeout=60) as c:
            guest_checks(c, GUESTS[options.guest].uname, server.server_port, forwarded, hashlib.sha256(blob).hexdigest())
            c.send('poweroff\n')
            status = c.wait(60)
            check(status == 0, 'poweroff', f'exit status {status}')
        print(f'smoke: all well after {time.monotonic() - start:.1f} s')


def build():
    """An optimised binary in build-release."""
    for step in (['./configure', '--build-dir=build-release', '--release'], ['ninja', '-C', 'build-release', 'doppel']):
        r = subprocess.run(step, cwd=ROOT, stdout=sys.stderr)
        if r.returncode:
            raise FetchError(f'{" ".join(step)} failed: see above')
    return [os.path.join(ROOT, 'build-release', 'doppel')]


def parse(argv):
    ap = argparse.ArgumentParser(prog='./run', add_help=False, usage='./run GUEST [OPTION]... [-- EMULATOR OPTION...]')
    ap.add_argument('guest', nargs='?', choices=list(GUESTS))
    ap.add_argument('-h', '--help', action='store_true')
    for flag in ('--smoke', '--refresh', '--print', '--verbose'):
        ap.add_argument(flag, action='store_true')
    ap.add_argument('--mirror')
    ap.add_argument('--emulator', default=os.environ.get('DOPPEL'))
    ap.add_argument('--accel')
    ap.add_argument('--smp', type=int, default=min(4, os.cpu_count() or 1))
    ap.add_argument('-m', dest='memory', default='1G')
    extra = []
    if '--' in argv:
        i = argv.index('--')
        argv, extra = argv[:i], argv[i + 1:]
    options = ap.parse_args(argv)
    options.extra = extra
    return options


def main():
    options = parse(sys.argv[1:])
    if options.help or not options.guest:
        print(__doc__.replace('@GUESTS@', '\n'.join(f'  {name:<16} {g.about}' for name, g in GUESTS.items())))
        return 0 if options.help else 1
    try:
        emulator = shlex.split(options.emulator) if options.emulator else build()
        source = Files(options.mirror, options.refresh, options.guest)
        files = {name: source.get(name) for name in ('kernel', 'initrd', 'disk', source.guest.bios) if name}
        if options.smoke:
            smoke(emulator, files, options)
            return 0
        cmd = command(emulator, files, files['disk'], options)
        print(shlex.join(cmd), flush=True)
        if not options.print:
            os.execvp(cmd[0], cmd)
    except FetchError as e:
        print(f'./run: {e}', file=sys.stderr)
        return 1
    except (ConsoleError, OSError) as e:
        print(f'./run: {"smoke: " if options.smoke else ""}{e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
