#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Slow starts: UEFI firmware, a kernel that U-Boot loads from a disk, Debian's installer."""
import os
import shutil
import struct
import subprocess

from boot import PROMPT, edk2, guest_file, need, run, start, temporary, uefi_shell


def edk2_to_the_uefi_shell():
    uefi_shell('-m', '1G', guest='riscv64')


def edk2_starts_a_kernel():
    with edk2('-m', '1G', '-kernel', guest_file('kernel'), '-initrd', guest_file('initrd'), '-append', 'console=ttyS0',
              guest='riscv64', timeout=240) as c:
        c.expect(r'Linux version 6')
        c.expect(r'efi: EFI v2')
        c.expect(PROMPT)


def uboot_boots_from_a_disk():
    """U-Boot's standard boot finds extlinux.conf on the bootable partition of a virtio disk."""
    mke2fs = need('mke2fs')
    with temporary() as tmp:
        tree = os.path.join(tmp, 'tree', 'extlinux')
        os.makedirs(tree)
        shutil.copy(guest_file('kernel'), os.path.join(tmp, 'tree', 'Image'))
        shutil.copy(guest_file('initrd'), os.path.join(tmp, 'tree', 'initrd'))
        with open(os.path.join(tree, 'extlinux.conf'), 'w', encoding='ascii') as f:
            f.write('default debian\ntimeout 1\nlabel debian\n kernel /Image\n initrd /initrd\n'
                    ' append console=ttyS0 from-u-boot\n')
        disk = os.path.join(tmp, 'disk.img')
        subprocess.run([mke2fs, '-q', '-F', '-t', 'ext4', '-O', '^metadata_csum,^64bit', '-d',
                        os.path.join(tmp, 'tree'), '-E', 'offset=1048576', disk, '128M'], check=True,
                       capture_output=True)
        with open(disk, 'r+b') as f:   # a partition table: one bootable Linux partition from sector 2048
            f.truncate(129 << 20)
            f.seek(446)
            f.write(struct.pack('<B3sB3sII', 0x80, b'\0' * 3, 0x83, b'\0' * 3, 2048, 128 << 11))
            f.seek(510)
            f.write(b'\x55\xaa')
        with start('-m', '1G', '-bios', guest_file('opensbi'), '-kernel', guest_file('uboot-smode'),
                   '-drive', f'file={disk},if=none,id=d0,format=raw', '-device', 'virtio-blk-device,drive=d0',
                   timeout=240) as c:
            c.expect(r'Hit any key')
            c.expect(r'command line: .*from-u-boot')
            c.expect(PROMPT)


def installer_to_its_first_screen():
    with start('-m', '1G', '-kernel', guest_file('installer-kernel'), '-initrd', guest_file('installer-initrd'),
               '-append', 'console=ttyS0 priority=low', timeout=400) as c:
        c.expect(r'Choose language|Select a language|main menu')


if __name__ == '__main__':
    run(edk2_to_the_uefi_shell, edk2_starts_a_kernel, uboot_boots_from_a_disk, installer_to_its_first_screen)
