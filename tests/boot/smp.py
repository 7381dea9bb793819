#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several CPUs at work in one guest: start-up, interrupts between them, shared memory."""
from boot import PROMPT, equal, linux, matches, run


def many(cpus):
    with linux(cpus=cpus, timeout=240) as c:
        c.expect(rf'smp: Brought up 1 node, {cpus} CPUs')
        c.expect(PROMPT)
        out, _ = c.shell('nproc')
        equal(out.strip(), str(cpus), 'nproc')
        # One busy process on each CPU, all of them migrated once: interrupts between CPUs and address-space changes.
        out, status = c.shell(f'i=0; while [ $i -lt {cpus} ]; do (seq 1 30000 | taskset -c $i sha256sum) & '
                              'i=$((i+1)); done; wait; echo all-done')
        matches(out, 'all-done', 'the end of the parallel work')
        equal(len(set(line.split()[0] for line in out.splitlines() if len(line) > 60)), 1, 'distinct results')
        c.send('poweroff\n')
        equal(c.wait(), 0, 'exit status')


def two_cpus():
    many(2)


def four_cpus():
    many(4)


def eight_cpus():
    many(8)


def thirty_two_cpus():
    many(32)


def keep_busy(c, cpus):
    """A process on each CPU that goes on until the machine ends; the shell stays usable."""
    c.shell(f'i=0; while [ $i -lt {cpus} ]; do (while :; do seq 1 1000 | taskset -c $i sha256sum; done >/dev/null) & '
            'i=$((i+1)); done')


def stop_and_cont_while_busy():
    """Every stop ends with all CPUs parked, every cont with all of them at work; the guest sees no gap in its time."""
    with linux(cpus=4, timeout=240) as c:
        c.expect(PROMPT)
        keep_busy(c, 4)
        c.send('\x01c')
        c.expect(r'\(doppel\)|\(qemu\)')
        for _ in range(20):
            c.send('stop\n')
            c.send('info status\n')
            c.expect(r'VM status: paused')
            c.send('cont\n')
            c.send('info status\n')
            c.expect(r'VM status: running')
        c.send('\x01c')
        out, _ = c.shell('dmesg | grep -c "soft lockup\\|stall"')
        equal(out.strip(), '0', 'lock-ups that the guest saw')


def reset_while_busy():
    """A reset in the middle of everything starts again from the firmware, several times."""
    with linux(cpus=4, timeout=240) as c:
        for _ in range(3):
            c.expect(r'smp: Brought up 1 node, 4 CPUs')
            c.expect(PROMPT)
            keep_busy(c, 4)
            c.send('\x01csystem_reset\n')
            c.expect(r'OpenSBI v')
            c.send('\x01c')


if __name__ == '__main__':
    run(two_cpus, four_cpus, eight_cpus, thirty_two_cpus, stop_and_cont_while_busy, reset_while_busy)
