#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PCs under Debian's kernel by their ACPI tables: interrupts, the power button, power-off and reset."""
from boot import PROMPT, Failure, equal, guest_file, linux, matches, need, run, temporary

import os
import re
import subprocess

MONITOR = r'\((qemu|doppel)\) '


def pc(machine, *args, **kw):
    return linux('-machine', machine, '-bios', guest_file('seabios', 'x86_64'), *args, guest='x86_64',
                 **{'timeout': 240, **kw})


def tables_are_understood(machine):
    with pc(machine, cpus=2) as c:
        c.expect(PROMPT)
        out, _ = c.shell('dmesg | grep -E "ACPI (BIOS )?(Error|Warning)|AE_[A-Z]|PnP.*conflict|Firmware Bug"')
        equal(out.strip(), '', 'complaints about the tables')
        out, _ = c.shell('dmesg | grep -E "PM-Timer|Using ACPI|PCI Root"; grep -c ^processor /proc/cpuinfo')
        matches(out, r'PM-Timer IO Port: 0x608', 'where firmware has put the PM timer')
        matches(out, r'Using ACPI .*for SMP', 'processors')
        matches(out, r'PCI Root Bridge \[PCI0\]', 'root bridge')
        matches(out, r'(?m)^2\r?$', 'number of processors')
        out, _ = c.shell('cat /sys/firmware/acpi/interrupts/ff_pwr_btn')
        matches(out, r'^\s*0 ', 'presses of the power button before')
        c.send('\x01c')
        c.expect(MONITOR)
        c.send('system_powerdown\n')
        c.expect(MONITOR)
        c.send('\x01c\n')
        c.expect(PROMPT)
        out, _ = c.shell('cat /sys/firmware/acpi/interrupts/ff_pwr_btn; grep acpi /proc/interrupts')
        matches(out, r'^\s*1 ', 'presses of the power button after')
        matches(out, r'IO-APIC\s+9-fasteoi\s+acpi', 'system control interrupt')
        c.send('poweroff\n')
        equal(c.wait(), 0, 'exit status after poweroff')


def pc_tables():
    tables_are_understood('pc')


def q35_tables():
    tables_are_understood('q35')


def reboot_by_the_reset_register():
    with pc('q35', append='reboot=acpi') as c:
        c.expect(PROMPT)
        c.send('reboot\n')
        c.expect(r'reboot: Restarting system')
        c.expect(r'Linux version 6')


def without_acpi():
    with pc('pc,acpi=off') as c:
        c.expect(PROMPT)
        out, _ = c.shell('ls /sys/firmware/acpi/tables 2>/dev/null; dmesg | grep -c "PM-Timer"')
        equal(out.split(), ['0'], 'ACPI tables')


def disassembler_reads_the_dsdt():
    """iasl takes the bytes apart and assembles what it has written again."""
    iasl = need('iasl')
    for machine in ('pc', 'q35'):
        with pc(machine) as c, temporary() as tmp:
            c.expect(PROMPT)
            out, _ = c.shell('xxd -p /sys/firmware/acpi/tables/DSDT')
            data = bytes.fromhex(''.join(re.findall(r'(?m)^[0-9a-f]+\r?$', out)).replace('\r', ''))
            path = os.path.join(tmp, 'dsdt')
            with open(path + '.dat', 'wb') as f:
                f.write(data)
            for command in ([iasl, '-d', path + '.dat'], [iasl, '-vs', path + '.dsl']):
                r = subprocess.run(command, capture_output=True, text=True, check=False)
                if r.returncode or ' 0 Errors' not in r.stdout + r.stderr and '-vs' in command:
                    raise Failure(r.stdout + r.stderr)


if __name__ == '__main__':
    run(pc_tables, q35_tables, reboot_by_the_reset_register, without_acpi, disassembler_reads_the_dsdt)
