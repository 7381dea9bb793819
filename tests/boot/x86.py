#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PCs on the translator: Debian's kernels of 64 and 32 bits to a shell, with disk and network, on one CPU and four, and
on the CPU models."""
import hashlib
import os
import sys

from boot import PROMPT, Failure, equal, guest_file, linux, matches, run, temporary

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from files import make_disk   # noqa: E402
from run import free_port, receive, web_server   # noqa: E402


def lines(count):
    """sha256 of what `seq 1 COUNT` prints."""
    return hashlib.sha256(''.join(f'{i}\n' for i in range(1, count + 1)).encode()).hexdigest()


def power_off(c):
    """After a command. What is typed before the prompt may be thrown away by the shell's line editor."""
    c.expect(PROMPT)
    c.send('poweroff\n')
    c.expect(r'reboot: Power down')
    equal(c.wait(), 0, 'exit status after poweroff')


def shell_and_poweroff(guest, uname):
    with linux(guest=guest) as c:
        c.expect(r'Linux version 6\.\d+')
        c.expect(r'guest ready after')
        c.expect(PROMPT)
        out, status = c.shell('uname -m')
        equal((out.strip(), status), (uname, 0), 'uname -m')
        out, _ = c.shell('seq 1 20000 | sha256sum')
        matches(out, lines(20000), 'sha256sum of known text')
        out, _ = c.shell('dmesg | grep -E "BUG|WARNING|[Uu]nstable|soft lockup|Oops"')
        equal(out.strip(), '', 'complaints of the kernel')
        power_off(c)


def amd64_to_a_shell():
    shell_and_poweroff('x86_64', 'x86_64')


def i386_to_a_shell():
    shell_and_poweroff('i386', 'i686')


def disk_and_network(guest):
    """virtio-blk and virtio-net behind PCI: what the guest writes is in the image file, and files come over the network."""
    guest_file('kernel', guest)
    with temporary() as tmp:
        image, blob = os.path.join(tmp, 'disk.img'), os.urandom(2 << 20)
        make_disk(image)
        with open(os.path.join(tmp, 'blob'), 'wb') as f:
            f.write(blob)
        server, port = web_server(tmp), free_port()
        with linux('-drive', f'file={image},if=none,id=d0,format=raw', '-device', 'virtio-blk-pci,drive=d0',
                   '-netdev', f'user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:8080', '-device', 'virtio-net-pci,netdev=n0',
                   guest=guest) as c:
            c.expect(r'network: 10\.0\.2\.15/24 on eth0')
            c.expect(r'disk: /dev/vda is mounted')
            c.expect(PROMPT)
            out, _ = c.shell('seq 1 50000 >/mnt/numbers && sync && echo 3 >/proc/sys/vm/drop_caches && '
                             'sha256sum /mnt/numbers; echo doppel-was-here >/mnt/mark; sync')
            matches(out, lines(50000), 'the file read back')
            out, _ = c.shell(f'wget -q -O /tmp/blob http://10.0.2.2:{server.server_port}/blob; sha256sum /tmp/blob')
            matches(out, hashlib.sha256(blob).hexdigest(), 'the file fetched')
            c.shell('mkdir /tmp/w; echo page-of-guest >/tmp/w/page; httpd -p 8080 -h /tmp/w')
            matches(receive(port, 'GET /page HTTP/1.0\r\n\r\n', 30), 'page-of-guest', 'the forwarded connection')
            out, _ = c.shell('grep virtio /proc/interrupts')
            matches(out, r'MSI', 'interrupts are messages')
            power_off(c)
        with open(image, 'rb') as f:
            if b'doppel-was-here\n' not in f.read():
                raise Failure('what the guest wrote is not in the image file')


def amd64_disk_and_network():
    disk_and_network('x86_64')


def i386_disk_and_network():
    disk_and_network('i386')


def four_cpus(guest):
    with linux(guest=guest, cpus=4) as c:
        c.expect(r'smp: Brought up 1 node, 4 CPUs')
        c.expect(PROMPT)
        out, _ = c.shell('for i in 1 2 3 4; do seq 1 30000 | sha256sum & done; wait; nproc')
        equal(out.count(lines(30000)), 4, f'four sums on four CPUs ({out})')
        c.expect(PROMPT)
        c.send('reboot\n')          # a reset while the other three are stopped in HLT
        c.expect(r'smp: Brought up 1 node, 4 CPUs')
        c.expect(PROMPT)


def amd64_on_four_cpus():
    four_cpus('x86_64')


def i386_on_four_cpus():
    four_cpus('i386')


def flags_of(guest, *args):
    with linux(*args, guest=guest) as c:
        c.expect(PROMPT)
        out, _ = c.shell('grep -m1 ^flags /proc/cpuinfo; dmesg | grep -E "unchecked MSR|BUG:|WARNING: CPU"')
        power_off(c)
    lines = out.splitlines()
    equal(lines[1:], [], f'{args}: complaints of the kernel')
    return set(lines[0].split()[2:])


def cpu_models():
    """What the kernel sees of a model: some flags that are there, some that are not."""
    for guest, model, there, absent in (
            ('x86_64', 'qemu64', 'lm sse2 pni cx16 hypervisor', 'avx ssse3'),
            ('x86_64', 'Haswell', 'avx2 bmi2 fma movbe tsc_deadline_timer hypervisor', 'adx sha_ni'),
            ('x86_64', 'EPYC', 'avx2 adx sha_ni smap rdseed', 'pcid'),
            ('x86_64', 'x86-64-v3', 'avx2 bmi2 f16c', 'aes'),
            ('x86_64', 'core2duo', 'ssse3 cx16', 'sse4_1'),
            ('i386', 'max', 'avx2 sse4_2 pae', 'lm'),
            ('i386', 'pentium3', 'sse pae mmx fxsr', 'sse2 nx lm'),
            ('i386-nopae', 'pentium3,-pae', 'sse pse mmx', 'pae')):
        flags = flags_of(guest, '-cpu', model)
        equal(set(there.split()) - flags, set(), f'-cpu {model}: flags that should be there')
        equal(set(absent.split()) & flags, set(), f'-cpu {model}: flags that should not be there')


def i386_without_pae():
    shell_and_poweroff('i386-nopae', 'i686')


if __name__ == '__main__':
    run(amd64_to_a_shell, i386_to_a_shell, amd64_disk_and_network, i386_disk_and_network, amd64_on_four_cpus,
        i386_on_four_cpus, i386_without_pae, cpu_models)
