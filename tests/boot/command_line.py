#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong command lines: one line that names the option and says what is accepted, and exit status 1."""
import os
import re
import socket

from boot import Failure, equal, matches, run, run_once, temporary

VIRT = ['-target', 'riscv64', '-machine', 'virt', '-nographic', '-bios', 'none']


def refused(args, *patterns):
    """The command line must end with status 1 and one line on standard error that matches each pattern."""
    status, out, err = run_once(*args)
    what = ' '.join(args)
    equal(status, 1, f'{what}: exit status ({err.strip()})')
    lines = err.strip().splitlines()
    equal(len(lines), 1, f'{what}: lines of error ({lines})')
    for pattern in patterns:
        matches(err, pattern, what)
    if re.search(r'assert|core dumped|AddressSanitizer', err):
        raise Failure(f'{what}: {err}')


def unknown_names():
    refused(['-frobnicate'], r'-frobnicate')
    refused(['-machine', 'frob'], r'frob')
    refused(VIRT + ['-cpu', 'frob'], r'frob')
    refused(VIRT + ['-device', 'frob'], r'frob')
    refused(VIRT + ['-device', 'virtio-rng-device,frob=1'], r'frob')
    refused(VIRT + ['-netdev', 'frob,id=n0'], r'frob')
    refused(VIRT + ['-chardev', 'frob,id=c0'], r'frob')
    refused(VIRT + ['-drive', 'file=/dev/null,if=none,frob=1'], r'frob')
    refused(VIRT + ['-machine', 'virt,frob=on'], r'frob')
    refused(VIRT + ['-cpu', 'rv64,frob=on'], r'frob')
    refused(VIRT + ['-d', 'frob'], r'frob')


def wrong_values():
    refused(VIRT + ['-m', 'lots'], r'lots')
    refused(VIRT + ['-m', '0'], r'(?i)-m|memory|0')
    refused(VIRT + ['-smp', '0'], r'(?i)smp|cpus|0')
    refused(VIRT + ['-smp', 'many'], r'many')
    refused(VIRT + ['-smp', '100000'], r'100000')
    refused(VIRT + ['-m'], r'-m')
    refused(VIRT + ['-device', 'virtio-blk-device,drive=nothing'], r'nothing')
    refused(VIRT + ['-device', 'virtio-net-device,netdev=nothing'], r'nothing')
    refused(VIRT + ['-serial', 'chardev:nothing'], r'nothing')
    refused(VIRT + ['-global', 'nonsense'], r'nonsense')


def missing_and_foreign_files():
    with temporary() as tmp:
        text = os.path.join(tmp, 'text')
        with open(text, 'w', encoding='ascii') as f:
            f.write('this is no program\n')
        elf = os.path.join(tmp, 'x86.elf')
        with open('/bin/true', 'rb') as f, open(elf, 'wb') as g:
            g.write(f.read())
        short = os.path.join(tmp, 'short.elf')
        with open(short, 'wb') as f:
            f.write(b'\x7fELF\x02\x01\x01' + bytes(20))
        big = os.path.join(tmp, 'big')
        with open(big, 'wb') as f:
            f.truncate(300 << 20)
        gone = os.path.join(tmp, 'not-there')
        for option in ('-kernel', '-dtb', '-bios'):
            refused(['-target', 'riscv64', '-machine', 'virt', '-nographic', option, gone], r'not-there')
        refused(VIRT + ['-kernel', text, '-initrd', gone], r'not-there')
        refused(VIRT + ['-kernel', elf], r'(?i)x86\.elf')
        refused(VIRT + ['-kernel', short], r'(?i)short\.elf')
        refused(VIRT + ['-m', '256M', '-kernel', big], r'(?i)big|memory|ram')
        refused(VIRT + ['-dtb', text, '-kernel', text], r'(?i)text|device tree')
        refused(VIRT + ['-drive', f'file={gone},if=none,id=d0,format=raw'], r'not-there')
        refused(VIRT + ['-drive', f'file={text},if=none,id=d0,format=qcow2'], r'(?i)qcow2')
        refused(VIRT + ['-device', f'loader,file={gone}'], r'not-there')


def busy_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        s.listen()
        port = s.getsockname()[1]
        refused(VIRT + ['-gdb', f'tcp:127.0.0.1:{port}', '-S'], str(port))
        refused(VIRT + ['-serial', f'tcp:127.0.0.1:{port},server=on,wait=off'], str(port))
        refused(VIRT + ['-netdev', f'user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:22', '-device',
                        'virtio-net-device,netdev=n0', '-S'], str(port))


def help_texts():
    for args, wanted in ((['--help'], r'-machine'), (['--version'], r'(?i)version \d'), (['-machine', 'help'], r'\bvirt\b'),
                         (['-machine', 'virt', '-cpu', 'help'], r'\brv64\b'), (['-device', 'help'], r'virtio-blk-device'),
                         (['-device', 'virtio-blk-device,help'], r'drive'), (['-d', 'help'], r'in_asm'),
                         (['-machine', 'virt,help'], r'aclint')):
        status, out, err = run_once(*args)
        if args[0] != '-d':   # a list instead of logging: people's scripts see 1 there
            equal(status, 0, f'{" ".join(args)}: exit status ({err.strip()})')
        matches(out + err, wanted, ' '.join(args))


if __name__ == '__main__':
    run(unknown_names, wrong_values, missing_and_foreign_files, busy_port, help_texts)
