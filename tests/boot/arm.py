#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Arm board: Debian's arm64 kernel to a shell with either interrupt controller, U-Boot, EDK2, and which guest is meant."""
import hashlib
import os
import sys

from boot import PROMPT, edk2, equal, guest_file, linux, matches, run, run_once, start, temporary, uefi_shell

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from files import make_disk   # noqa: E402

GUEST = 'aarch64'


def arm(*args, **kw):
    return linux(*args, guest=GUEST, **kw)


def shell_and_poweroff():
    with arm() as c:
        c.expect(r'psci: PSCIv1\.1 detected')
        c.expect(r'guest ready after')
        c.expect(PROMPT)
        out, status = c.shell('uname -m')
        equal((out.strip(), status), ('aarch64', 0), 'uname -m')
        out, _ = c.shell('seq 1 20000 | sha256sum')
        wanted = hashlib.sha256(''.join(f'{i}\n' for i in range(1, 20001)).encode()).hexdigest()
        matches(out, wanted, 'sha256sum of known text')
        c.send('poweroff\n')
        c.expect(r'reboot: Power down')
        equal(c.wait(), 0, 'exit status after poweroff')


def four_cpus(gic, line):
    with arm('-machine', f'virt,gic-version={gic}', cpus=4) as c:
        c.expect(line)
        c.expect(r'SMP: Total of 4 processors activated')
        c.expect(PROMPT)
        out, _ = c.shell('for i in 1 2 3 4; do seq 1 30000 | sha256sum & done; wait; nproc')
        wanted = hashlib.sha256(''.join(f'{i}\n' for i in range(1, 30001)).encode()).hexdigest()
        equal(out.count(wanted), 4, f'four sums on four CPUs ({out})')
        c.send('reboot\n')          # PSCI's SYSTEM_RESET; then the others are off again
        c.expect(r'SMP: Total of 4 processors activated')


def four_cpus_on_gicv2():
    four_cpus(2, r'GICv2m: range')


def four_cpus_on_gicv3():
    four_cpus(3, r'GICv3: CPU3: found redistributor 3')


def disk_on_pci(gic):
    with temporary() as tmp:
        image = os.path.join(tmp, 'disk.img')
        make_disk(image)
        with arm('-machine', f'virt,gic-version={gic}', '-drive', f'file={image},if=none,id=d0,format=raw', '-device',
                 'virtio-blk-pci,drive=d0') as c:
            c.expect(r'disk: /dev/vda is mounted')
            c.expect(PROMPT)
            out, status = c.shell('seq 1 50000 >/mnt/numbers && sync && echo 3 >/proc/sys/vm/drop_caches && '
                                  'sha256sum /mnt/numbers; grep virtio /proc/interrupts')
            wanted = hashlib.sha256(''.join(f'{i}\n' for i in range(1, 50001)).encode()).hexdigest()
            matches(out, wanted, 'the file read back')
            matches(out, r'MSI', 'interrupts of the disk are messages')
            c.send('poweroff\n')
            equal(c.wait(), 0, 'exit status')


def messages_by_gicv2m():
    disk_on_pci(2)


def kernel_starts_at_el2():
    with arm('-machine', 'virt,virtualization=on') as c:
        c.expect(r'CPU: All CPU\(s\) started at EL2')
        c.expect(PROMPT)


def uboot_prompt():
    with start('-m', '512M', '-bios', guest_file('uboot', GUEST), guest=GUEST) as c:
        c.expect(r'U-Boot 20\d\d')
        c.expect(r'Hit any key to stop autoboot')
        c.send('\n')
        c.expect(r'=> ')
        c.send('echo answer $board\n')
        c.expect(r'answer qemu-arm')
        c.send('poweroff\n')
        equal(c.wait(), 0, 'exit status after poweroff')


def edk2_shell():
    uefi_shell('-m', '1G', guest=GUEST)


def kernel_on_acpi():
    """EDK2 installs the tables, loads the kernel from fw_cfg, and passes no device tree."""
    with edk2('-m', '1G', '-smp', '2', '-kernel', guest_file('kernel', GUEST), '-initrd', guest_file('initrd', GUEST),
              '-append', 'console=ttyAMA0 acpi=force', guest=GUEST) as c:
        c.expect(r'ACPI: RSDP')
        c.expect(r'ACPI: APIC')
        c.expect(r'SMP: Total of 2 processors activated')
        c.expect(r'ACPI: PCI Root Bridge \[PCI0\]')
        c.expect(PROMPT)
        c.send('poweroff\n')
        equal(c.wait(), 0, 'exit status')


def guest_is_found():
    """By name, CPU or image; several machines of one name need one of them."""
    kernel = guest_file('kernel', GUEST)
    for args in (['-cpu', 'cortex-a57'], ['-target', 'aarch64'], ['-kernel', kernel]):
        with temporary() as tmp:
            tree = os.path.join(tmp, 'tree.dtb')
            status, _, err = run_once('-machine', f'virt,dumpdtb={tree}', '-nographic', *args)
            equal(status, 0, f'{args}: {err}')
            with open(tree, 'rb') as f:
                matches(f.read().decode('latin-1'), 'arm,armv8-timer', f'{args}: device tree')
    status, _, err = run_once('-machine', 'virt', '-nographic')
    equal((status, len(err.strip().splitlines())), (1, 1), err)
    matches(err, r'which guest.*aarch64', 'several guests have a machine virt')
    status, _, err = run_once('-target', 'riscv64', '-machine', 'virt', '-cpu', 'cortex-a57', '-nographic')
    equal(status, 1, err)
    matches(err, r'cortex-a57', 'a CPU of another guest')


def refused():
    for args, wanted in ((['-machine', 'virt,gic-version=2', '-smp', '9'], r'at most 8'),
                         (['-machine', 'virt,gic-version=7'], r'gic-version'),
                         (['-machine', 'virt,msi=gicv2m,gic-version=3'], r'msi=gicv2m'),
                         (['-machine', 'virt', '-bios', '/nonexistent'], r'/nonexistent')):
        status, _, err = run_once('-target', 'aarch64', '-nographic', *args)
        equal((status, len(err.strip().splitlines())), (1, 1), f'{args}: {err}')
        matches(err, wanted, str(args))


if __name__ == '__main__':
    run(guest_is_found, refused, shell_and_poweroff, four_cpus_on_gicv2, four_cpus_on_gicv3, messages_by_gicv2m,
        kernel_starts_at_el2, uboot_prompt, edk2_shell, kernel_on_acpi)
