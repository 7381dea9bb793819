#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel to a shell: disk, network, many CPUs, and the ways to end."""
import hashlib
import os
import sys
import time

from boot import PROMPT, Failure, equal, guest_file, linux, matches, run, temporary

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from files import make_disk   # noqa: E402
from run import free_port, receive, web_server   # noqa: E402


def shell_and_poweroff():
    with linux() as c:
        c.expect(r'Linux version 6\.\d+')
        c.expect(r'guest ready after')
        c.expect(PROMPT)
        out, status = c.shell('uname -m')
        equal((out.strip(), status), ('riscv64', 0), 'uname -m')
        out, _ = c.shell('seq 1 20000 | sha256sum')
        wanted = hashlib.sha256(''.join(f'{i}\n' for i in range(1, 20001)).encode()).hexdigest()
        matches(out, wanted, 'sha256sum of known text')
        c.send('sleep 1000\n')
        c.expect(r'# sleep 1000')
        time.sleep(1)
        c.send('\x03')
        c.expect(PROMPT)   # job control: Ctrl-C ends the program, not the shell
        c.send('poweroff\n')
        c.expect(r'reboot: Power down')
        equal(c.wait(), 0, 'exit status after poweroff')


def reboot_starts_again():
    with linux() as c:
        c.expect(PROMPT)
        c.send('reboot\n')
        c.expect(r'reboot: Restarting system')
        c.expect(r'Linux version 6')


def no_reboot_ends():
    with linux('-no-reboot') as c:
        c.expect(PROMPT)
        c.send('reboot\n')
        equal(c.wait(), 0, 'exit status with -no-reboot')


def on_disk(device):
    """Writes through one transport; what the guest wrote must be in the image file."""
    guest_file('kernel')
    with temporary() as tmp:
        image = os.path.join(tmp, 'disk.img')
        make_disk(image)
        with linux('-drive', f'file={image},if=none,id=d0,format=raw', '-device', f'{device},drive=d0') as c:
            c.expect(r'disk: /dev/vda is mounted')
            c.expect(PROMPT)
            out, status = c.shell('cat /mnt/README')
            equal(status, 0, 'reading the file that mke2fs put there')
            out, status = c.shell('seq 1 50000 >/mnt/numbers && sync && echo 3 >/proc/sys/vm/drop_caches && '
                                  'sha256sum /mnt/numbers; echo doppel-was-here >/mnt/mark; sync')
            wanted = hashlib.sha256(''.join(f'{i}\n' for i in range(1, 50001)).encode()).hexdigest()
            matches(out, wanted, 'the file read back')
            c.send('poweroff\n')
            equal(c.wait(), 0, 'exit status')
        with open(image, 'rb') as f:
            if b'doppel-was-here\n' not in f.read():
                raise Failure('what the guest wrote is not in the image file')


def disk_on_mmio():
    on_disk('virtio-blk-device')


def disk_on_pci():
    on_disk('virtio-blk-pci')


def on_network(device):
    """Down from the host, up to the host, and in through a forwarded port."""
    guest_file('kernel')
    with temporary() as tmp:
        blob = os.urandom(2 << 20)
        with open(os.path.join(tmp, 'blob'), 'wb') as f:
            f.write(blob)
        server, port = web_server(tmp), free_port()
        with linux('-netdev', f'user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:8080', '-device', f'{device},netdev=n0') as c:
            c.expect(r'network: 10\.0\.2\.15/24 on eth0')
            c.expect(PROMPT)
            out, _ = c.shell(f'wget -q -O /tmp/blob http://10.0.2.2:{server.server_port}/blob; sha256sum /tmp/blob')
            matches(out, hashlib.sha256(blob).hexdigest(), 'the file fetched')
            c.shell('mkdir /tmp/w; cp /tmp/blob /tmp/w/; echo page-of-guest >/tmp/w/page; httpd -p 8080 -h /tmp/w')
            matches(receive(port, 'GET /page HTTP/1.0\r\n\r\n', 30), 'page-of-guest', 'the forwarded connection')


def network_on_mmio():
    on_network('virtio-net-device')


def network_on_pci():
    on_network('virtio-net-pci')


if __name__ == '__main__':
    run(shell_and_poweroff, reboot_starts_again, no_reboot_ends, disk_on_mmio, disk_on_pci, network_on_mmio,
        network_on_pci)
