#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""-icount: a run repeats itself, byte for byte, whichever way the code is made and run."""
import os
import subprocess
import sys

from boot import Failure, emulator, equal, guest_file, matches, need, run, run_once, temporary

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(os.path.dirname(HERE), 'guest')
sys.path.insert(0, GUEST)
from run import build   # noqa: E402   (tests/guest)

MACHINE = ['-machine', 'virt', '-cpu', 'rv64']
OPTS_OFF = ','.join(f'opt-{o}=off' for o in 'pin share probe bextr avx fuse chain fold dead narrow asid grow'.split())
WAYS = [[], ['-accel', f'tcg,{OPTS_OFF}'], ['-accel', 'tcg,engine=interp']]


def runs(folder, number, *args, log=True, timeout=90):
    """One run: its exit status, console and log of blocks, each with the virtual time at its start."""
    console, trace = (os.path.join(folder, f'{kind}{number}') for kind in ('console', 'trace'))
    argv = [*emulator(), *MACHINE, '-nographic', '-monitor', 'none', '-no-reboot', '-serial', f'file:{console}', *args]
    if log:
        argv += ['-d', 'exec', '-D', trace]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as e:
        raise Failure(f'{" ".join(argv)}: no end after {timeout} s') from e
    if done.stderr:
        raise Failure(done.stderr.decode())
    with open(console, 'rb') as f:
        text = f.read()
    return done.returncode, text, trace


def same_file(a, b):
    return subprocess.run(['cmp', a, b], capture_output=True, check=False).returncode == 0


def programs_repeat_themselves(name, *args):
    need('riscv64-linux-gnu-gcc')
    with temporary() as tmp:
        exe, ok, text = build(os.path.join(GUEST, 'riscv', f'{name}.c'), 'rv64', tmp)
        if not ok:
            raise Failure(text)
        base = ['-bios', 'none', '-kernel', exe, *args]
        first = runs(tmp, 0, *base)
        equal(first[0], 0, 'exit status')
        matches(first[1].decode(), 'PASS', 'the console')
        for n, way in enumerate(WAYS, 1):
            again = runs(tmp, n, *base, *way)
            equal(again[:2], first[:2], f'status and console with {way}')
            if not same_file(first[2], again[2]):
                raise Failure(f'the log of blocks differs with {way}')
            os.unlink(again[2])


def timer_interrupts():
    programs_repeat_themselves('timers', '-icount', 'shift=2,sleep=off')


def counters():
    programs_repeat_themselves('icount', '-smp', '2', '-icount', 'shift=3,sleep=off')


def four_cpus_with_atomics():
    programs_repeat_themselves('smp_atomics', '-smp', '4', '-icount', 'shift=0,sleep=off')


def firmware_repeats_itself():
    """OpenSBI on two harts, then a program that sleeps and wakes by the firmware's timer."""
    with temporary() as tmp:
        exe, ok, text = build_payload(tmp)
        if not ok:
            raise Failure(text)
        base = ['-smp', '2', '-bios', guest_file('opensbi'), '-kernel', exe, '-icount', 'shift=1,sleep=off',
                '-rtc', 'base=2026-01-01,clock=vm']
        first = runs(tmp, 0, *base)
        equal(first[0], 0, 'exit status')
        matches(first[1].decode(errors='replace'), 'OpenSBI v', 'the console')
        for n, way in enumerate(WAYS, 1):
            again = runs(tmp, n, *base, *way)
            equal(again[:2], first[:2], f'status and console with {way}')
            if not same_file(first[2], again[2]):
                raise Failure(f'the log of blocks differs with {way}')


def build_payload(folder):
    """A supervisor's program that waits for its timer three times, then asks for a shutdown."""
    source, exe = os.path.join(folder, 'payload.S'), os.path.join(folder, 'payload.elf')
    with open(source, 'w', encoding='ascii') as f:
        f.write('''
    .globl _start
_start:
    la      t0, handler
    csrw    stvec, t0
    li      s0, 3
    li      t0, 0x20
    csrw    sie, t0
    csrsi   sstatus, 2
again:
    rdtime  a0
    li      t0, 100000
    add     a0, a0, t0
    li      a7, 0x54494d45
    li      a6, 0
    ecall
wait:
    wfi
    j       wait
    .align  2
handler:
    addi    s0, s0, -1
    beqz    s0, done
    la      t0, again
    csrw    sepc, t0
    li      a0, -1
    li      a7, 0x54494d45
    li      a6, 0
    ecall
    li      t0, 0x20
    csrs    sstatus, t0
    sret
done:
    li      a7, 0x53525354
    li      a6, 0
    li      a0, 0
    li      a1, 0
    ecall
1:  j       1b
''')
    done = subprocess.run(['riscv64-linux-gnu-gcc', '-march=rv64imac_zicsr', '-mabi=lp64', '-nostdlib', '-static',
                           '-Wl,-N', '-Wl,--build-id=none', '-Wl,-Ttext=0x80200000', '-o', exe, source],
                          capture_output=True, check=False)
    return exe, done.returncode == 0, done.stderr.decode()


def linux_repeats_itself():
    """Debian's kernel on two CPUs until it misses its root: the time stamps of its messages are the guest's own."""
    with temporary() as tmp:
        base = ['-smp', '2', '-m', '512M', '-bios', guest_file('opensbi'), '-kernel', guest_file('kernel'),
                '-append', 'console=ttyS0 panic=-1', '-icount', 'shift=1,sleep=off', '-rtc', 'base=2026-01-01,clock=vm']
        first = runs(tmp, 0, *base, log=False)
        matches(first[1].decode(errors='replace'), 'Kernel panic', 'the console')
        for n, way in enumerate([[], ['-accel', 'tcg,opt-chain=off,opt-pin=off'], ['-accel', 'tcg,tb-size=8']], 1):
            equal(runs(tmp, n, *base, *way, log=False)[:2], first[:2], f'status and console with {way}')
        other = runs(tmp, 9, *base, '-seed', '2', log=False)
        if other[1] == first[1]:
            raise Failure('-seed changes nothing')


def wrong_options():
    for text, message in [('shift=11', 'shift'), ('shift=auto,sleep=off', 'fixed shift'), ('align=on', 'shift'),
                          ('shift=1,align=on,sleep=off', 'sleep=on'), ('shift=1,rr=record,rrfile=x', 'record'),
                          ('shift=1,x=y', 'x')]:
        status, _, err = run_once(*MACHINE, '-icount', text)
        equal(status, 1, f'status with {text}')
        equal(err.count('\n'), 1, f'lines of the message with {text}: {err}')
        matches(err, message, f'the message with {text}')
    if os.access('/dev/kvm', os.R_OK | os.W_OK):
        status, _, err = run_once('-target', 'x86_64', '-icount', '1', '-accel', 'kvm')
        equal(status, 1, 'status')
        matches(err, 'cannot count instructions', 'the message')
    status, _, err = run_once(*MACHINE, '-icount', '1', '-accel', 'tcg,thread=multi')
    equal(status, 1, 'status')
    matches(err, 'thread=multi.*icount', 'the message')


if __name__ == '__main__':
    run(timer_interrupts, counters, four_cpus_with_atomics, firmware_repeats_itself, linux_repeats_itself,
        wrong_options)
