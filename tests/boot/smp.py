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


if __name__ == '__main__':
    run(two_cpus, four_cpus, eight_cpus)
