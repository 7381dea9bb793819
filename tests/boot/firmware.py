#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware that people have, up to its banner or prompt."""
import os

from boot import Skip, equal, guest_file, run, start

DATA = ('/usr/share/qemu', '/usr/lib/riscv64-linux-gnu/opensbi/generic')


def opensbi_banner():
    with start('-bios', guest_file('opensbi'), '-m', '256M', timeout=20) as c:
        c.expect(r'OpenSBI v\d+\.\d+')
        c.expect(r'Platform Name\s+: riscv-virtio,(qemu|doppel)')
        c.expect(r'Platform HART Count\s+: 1\b')
        c.expect(r'Boot HART MEDELEG\s+: 0x')


def opensbi_counts_harts():
    with start('-bios', guest_file('opensbi'), '-m', '256M', '-smp', '4', timeout=20) as c:
        c.expect(r'Platform HART Count\s+: 4\b')


def opensbi_is_found_by_default():
    if not any(f.startswith(('opensbi', 'fw_dynamic')) for d in DATA if os.path.isdir(d) for f in os.listdir(d)):
        raise Skip("the package opensbi is not installed")
    with start('-m', '256M', timeout=20) as c:
        c.expect(r'OpenSBI v')


def uboot_in_m_mode():
    with start('-bios', guest_file('uboot'), '-m', '512M') as c:
        c.expect(r'U-Boot 20\d\d')
        c.expect(r'Hit any key to stop autoboot')
        c.send('\n')
        c.expect(r'=> ')
        c.send('echo answer $board\n')
        c.expect(r'answer qemu-riscv')


def uboot_after_opensbi():
    with start('-bios', guest_file('opensbi'), '-kernel', guest_file('uboot-smode'), '-m', '512M') as c:
        c.expect(r'OpenSBI v')
        c.expect(r'Hit any key to stop autoboot')
        c.send('\n')
        c.expect(r'=> ')
        c.send('poweroff\n')
        equal(c.wait(20), 0, 'exit status after poweroff')


if __name__ == '__main__':
    run(opensbi_banner, opensbi_counts_harts, opensbi_is_found_by_default, uboot_in_m_mode, uboot_after_opensbi)
