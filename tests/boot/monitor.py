#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the multiplexed console, and the monitor's commands."""
import os
import time

from boot import Skip, equal, guest_file, run, start

MONITOR = r'\((qemu|doppel)\) '


def machine(*args, **kw):
    return start('-bios', guest_file('opensbi'), '-m', '256M', *args, **{'timeout': 20, **kw})


def ctrl_a_x_leaves():
    for tty in (False, True):
        with machine(tty=tty) as c:
            c.expect(r'OpenSBI v')
            c.send('\x01x')
            equal(c.wait(10), 0, 'exit status after Ctrl-a x')


def ctrl_a_h_lists_the_keys():
    with machine() as c:
        c.expect(r'OpenSBI v')
        c.send('\x01h')
        c.expect(r'(?i)C-a x|x  leave')


def ctrl_a_c_is_the_monitor():
    with machine() as c:
        c.expect(r'OpenSBI v')
        c.send('\x01c')
        c.expect(MONITOR)
        c.send('info registers\n')
        c.expect(r'(?i)\bpc\s+[0-9a-f]{8,16}')
        c.expect(r'(?i)\bx10/a0\s+[0-9a-f]{8,16}')
        c.expect(MONITOR)
        c.send('quit\n')
        equal(c.wait(10), 0, 'exit status after quit')


def stop_and_continue():
    with machine() as c:
        c.expect(r'OpenSBI v')
        c.send('\x01c')
        c.send('stop\ninfo status\n')
        c.expect(r'paused')
        c.send('cont\ninfo status\n')
        c.expect(r'running')


def reset_starts_again():
    with machine() as c:
        c.expect(r'Boot HART MEDELEG')
        c.send('\x01csystem_reset\n')
        c.expect(r'OpenSBI v')


def memory_and_trees():
    with start('-bios', 'none', '-m', '256M', '-S', timeout=20) as c:
        c.send('\x01c')
        c.expect(MONITOR)
        c.send('xp /2wx 0x80000000\n')
        c.expect(r'0*80000000: 0x00000000 0x00000000')
        c.send('info qtree\n')
        c.expect(r'virtio-mmio')
        c.send('info mtree\n')
        c.expect(r'(?s)0*80000000-.*ram')
        c.send('info cpus\n')
        c.expect(r'CPU #0')
        c.send('info network\n')
        c.expect(MONITOR)
        c.send('info block\n')
        c.expect(MONITOR)
        c.send('help\n')
        c.expect(r'system_powerdown')


def expressions_and_refusals():
    with start('-bios', 'none', '-m', '256M', '-S', timeout=20) as c:
        c.send('\x01c')
        c.expect(MONITOR)
        for line, answer in [('p 1 + 2*(3 | 4) - -5', '0x14'), ('print /d $pc - 0x2000', '-4096'),
                             ('p/u ~0', '18446744073709551615'),
                             ('x /1i $pc + 4', r'0x0*1004:\s+addi\s+a2,\s*t0,\s*40\r?\n'), ('p 1/0', 'division by zero'),
                             ('p 1 +', 'not a number'),
                             ('p $nothing', "no register 'nothing'"), ('p (1', r"'\)' is missing"),
                             ('p 1 2', 'not understood'),
                             ('p ' + '(' * 60, 'nested'), ('sum 0x80000000 4096', '00000'),
                             ('sum 0x1000 4', '[0-9]{5}'),
                             ('sum 0x50000000 1', 'Cannot access'),
                             ('info cpus', r'\* CPU #0: thread_id=[1-9][0-9]* pc='),
                             ('nmi', 'Error: nmi: machine does not provide NMIs'),
                             ('device_add x,id=y', 'Error: device_add: .*-device'),
                             ('screendump a.ppm', 'Error: '), ('commit x', "'x' not found"),
                             ('eject d0', 'Error: '), ('cpu 5', 'CPUs 0 to 0'),
                             ('log frobnicate', 'frobnicate')]:
            c.send(line + '\n')
            c.expect(answer)
            c.expect(MONITOR)


def lines_are_edited():
    """On a terminal: cursor keys, history, completion, also where a key comes in pieces."""
    if os.environ.get('DOPPEL_NO_LIBEDIT'):
        raise Skip('built without libedit')
    with start('-bios', 'none', '-m', '256M', '-S', tty=True, timeout=20) as c:
        time.sleep(0.3)
        c.send('\x01c')
        c.expect(MONITOR)
        c.send('nfo statux\x7fs' + '\x02' * 12 + 'i\n')        # back to the start of the line
        c.expect(r'VM status: paused \(prelaunch\)')
        c.expect(MONITOR)
        c.send('\x1b')
        time.sleep(0.1)
        c.send('[A\n')                                        # cursor up
        c.expect(r'VM status: paused \(prelaunch\)')
        c.expect(MONITOR)
        c.send('info st\t\n')
        c.expect(r'VM status: paused \(prelaunch\)')
        c.expect(MONITOR)
        c.send('info \t')
        c.expect(r'registers(?s:.*)roms')
        c.send('cp\t\n')
        c.expect(r'CPU #0')
        c.expect(MONITOR)
        c.send('\x16\x12\x13\x1bx\x04\x03\x15info \x01c\x01c')   # odd keys; the line is forgotten
        c.expect(MONITOR)
        c.send('info name\n')
        c.expect(MONITOR)
        c.send('quit\n')
        equal(c.wait(10), 0, 'exit status after quit')


def unknown_command_is_one_line():
    with start('-bios', 'none', '-m', '256M', '-S', timeout=20) as c:
        c.send('\x01cfrobnicate\n')
        c.expect(r"unknown command: '?frobnicate'?")
        c.expect(MONITOR)


def monitor_on_stdio():
    with start('-bios', 'none', '-S', '-display', 'none', '-serial', 'none', '-monitor', 'stdio', timeout=20) as c:
        c.expect(MONITOR)
        c.send('quit\n')
        equal(c.wait(10), 0, 'exit status after quit')


if __name__ == '__main__':
    run(ctrl_a_x_leaves, ctrl_a_h_lists_the_keys, ctrl_a_c_is_the_monitor, stop_and_continue, reset_starts_again,
        memory_and_trees, expressions_and_refusals, lines_are_edited, unknown_command_is_one_line, monitor_on_stdio)
