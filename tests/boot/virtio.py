#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtio devices under Debian's drivers: random numbers, consoles and ports, the balloon, packed rings, several queues."""
import hashlib
import os
import socket
import time

from boot import PROMPT, Failure, equal, guest_file, linux, matches, run, temporary
from files import make_disk


def random_numbers(device):
    with linux('-device', device) as c:
        c.expect(PROMPT)
        out, _ = c.shell('cat /sys/class/misc/hw_random/rng_current')
        matches(out, 'virtio_rng', 'the source of random numbers')
        first, status = c.shell('head -c 4096 /dev/hwrng | sha256sum')
        equal(status, 0, 'reading /dev/hwrng')
        second, _ = c.shell('head -c 4096 /dev/hwrng | sha256sum')
        if first == second:
            raise Failure('two reads of /dev/hwrng are equal')


def rng_on_mmio():
    random_numbers('virtio-rng-device')


def rng_on_pci():
    random_numbers('virtio-rng-pci')


def read_until(conn, wanted):
    data = b''
    while wanted not in data:
        part = conn.recv(4096)
        if not part:
            raise Failure(f'the connection ended after {data!r}')
        data += part
    return data


def consoles(device):
    """A console and a named port, each with a socket at the other end; both ways."""
    guest_file('kernel')
    with temporary() as tmp:
        args = ['-device', f'{device},id=ser0']
        for i, port in enumerate(('virtconsole,chardev=c0', 'virtserialport,chardev=c1,name=org.test.0')):
            args += ['-chardev', f'socket,id=c{i},path={tmp}/c{i},server=on,wait=off', '-device', f'{port},bus=ser0.0']
        with linux(*args) as c:
            c.expect(PROMPT)
            with socket.socket(socket.AF_UNIX) as console, socket.socket(socket.AF_UNIX) as port:
                for i, s in enumerate((console, port)):
                    s.settimeout(c.timeout)
                    s.connect(f'{tmp}/c{i}')
                c.shell('exec 3<>/dev/hvc0; stty raw -echo <&3; seq 1 2000 >&3')
                read_until(console, b'\n2000\n')
                console.sendall(b'typed-on-the-console\n')
                c.send('head -n 1 <&3; exec 3<&-; echo end-of""-line\n')
                c.expect(r'typed-on-the-console\s+end-of-line')
                out, _ = c.shell('cat /sys/class/virtio-ports/vport*p1/name')
                equal(out.strip(), 'org.test.0', 'name of the port')
                c.shell('p=$(ls /dev/vport*p1); echo from-guest >$p')
                read_until(port, b'from-guest\n')
                blob = os.urandom(200000)
                c.send('head -c 200000 /dev/vport*p1 | sha256sum\n')
                port.sendall(blob)
                c.expect(hashlib.sha256(blob).hexdigest())


def consoles_on_mmio():
    consoles('virtio-serial-device')


def consoles_on_pci():
    consoles('virtio-serial-pci')


def balloon_to(c, megabytes):
    """The guest needs a while to find or free the pages."""
    c.send(f'\x01cballoon {megabytes}\n')
    deadline = time.monotonic() + c.timeout
    while True:
        c.send('info balloon\n')
        actual = int(c.expect(r'actual=(\d+)').group(1))
        if actual == megabytes:
            break
        if time.monotonic() > deadline:
            raise Failure(f'the balloon stays at {actual} MB on its way to {megabytes}')
        time.sleep(0.2)
    c.send('\x01c')


def balloon():
    with linux('-device', 'virtio-balloon-pci') as c:
        c.expect(PROMPT)
        before, _ = c.shell("awk '/^MemFree/ { print $2 }' /proc/meminfo")
        balloon_to(c, 512)
        after, _ = c.shell("awk '/^MemFree/ { print $2 }' /proc/meminfo")
        if int(before) - int(after) < 400000:
            raise Failure(f'free memory went from {before.strip()} to {after.strip()} kB only')
        balloon_to(c, 1024)


def packed_rings_and_queues():
    """A disk with a packed ring and a queue for each CPU, used by all at once."""
    guest_file('kernel')
    with temporary() as tmp:
        image = os.path.join(tmp, 'disk.img')
        make_disk(image)
        with linux('-drive', f'file={image},if=none,id=d0,format=raw', '-device',
                   'virtio-blk-pci,drive=d0,packed=on,serial=doppel-disk,logical_block_size=512,physical_block_size=4096',
                   cpus=4, timeout=240) as c:
            c.expect(r'disk: /dev/vda is mounted')
            c.expect(PROMPT)
            features, _ = c.shell('cat /sys/block/vda/device/features')
            equal(features.strip()[34], '1', 'VIRTIO_F_RING_PACKED')
            out, _ = c.shell('ls /sys/block/vda/mq | wc -l; cat /sys/block/vda/serial; echo; '
                             'cat /sys/block/vda/queue/physical_block_size')
            equal(out.split(), ['4', 'doppel-disk', '4096'], 'queues, serial number, physical block size')
            out, _ = c.shell('i=0; while [ $i -lt 4 ]; do (seq 1 100000 | taskset -c $i tee /mnt/f$i >/dev/null) & '
                             'i=$((i+1)); done; wait; sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum /mnt/f?')
            wanted = hashlib.sha256(''.join(f'{i}\n' for i in range(1, 100001)).encode()).hexdigest()
            equal(out.count(wanted), 4, 'files that are as they were written')
            c.send('poweroff\n')
            equal(c.wait(), 0, 'exit status')


if __name__ == '__main__':
    run(rng_on_mmio, rng_on_pci, consoles_on_mmio, consoles_on_pci, balloon, packed_rings_and_queues)
