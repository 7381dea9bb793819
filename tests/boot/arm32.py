#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""32-bit Arm: Debian's armhf kernel to a shell on one and four CPUs, U-Boot to its prompt, EDK2 to its shell."""
import hashlib

from boot import PROMPT, equal, guest_file, linux, matches, run, start, uefi_shell

GUEST = 'armhf'
SUM = hashlib.sha256(''.join(f'{i}\n' for i in range(1, 20001)).encode()).hexdigest()


def shell_and_poweroff():
    with linux(guest=GUEST) as c:
        c.expect(r'CPU: ARMv7 Processor')
        c.expect(r'guest ready after')
        c.expect(PROMPT)
        out, status = c.shell('uname -m')
        equal((out.strip(), status), ('armv7l', 0), 'uname -m')
        out, _ = c.shell('seq 1 20000 | sha256sum')
        matches(out, SUM, 'sha256sum of known text')
        c.send('poweroff\n')
        c.expect(r'reboot: Power down')
        equal(c.wait(), 0, 'exit status after poweroff')


def four_cpus():
    with linux(cpus=4, guest=GUEST) as c:
        c.expect(r'SMP: Total of 4 processors activated')
        c.expect(PROMPT)
        out, _ = c.shell('for i in 1 2 3 4; do seq 1 20000 | sha256sum & done; wait; nproc')
        equal(out.count(SUM), 4, f'four sums on four CPUs ({out})')


def uboot_prompt():
    with start('-m', '256M', '-bios', guest_file('uboot', GUEST), guest=GUEST) as c:
        c.expect(r'Hit any key to stop autoboot')
        c.send('\n')
        c.expect(r'=> ')
        c.send('pci\n')
        c.expect(r'00\.00\.00 +0x1b36 +0x0008')
        c.expect(r'=> ')


def edk2_shell():
    uefi_shell('-m', '512M', guest=GUEST)


run(shell_and_poweroff, four_cpus, uboot_prompt, edk2_shell)
