#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run_x86.py EMULATOR [options] [KERNEL...]: tests/guest/x86's kernels on a PC; prints TAP, a line for each thing they print.

A kernel prints what it sees (exceptions, error codes, results), and that must be what KERNEL.expected has, which was
checked against the manuals and other processors. --record writes that file from what the emulator prints.
"""
import argparse
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'x86')
CC = 'x86_64-linux-gnu-gcc' if os.uname().machine != 'x86_64' else 'gcc'
FLAGS = ['-O1', '-Wall', '-Wextra', '-Werror', '-Wno-parentheses', '-ffreestanding', '-fno-pic', '-fno-stack-protector',
         '-mgeneral-regs-only', '-nostdlib', '-static', '-no-pie', '-Wl,--build-id=none', '-Wl,-z,noexecstack',
         '-Wl,--no-warn-rwx-segments', '-fcf-protection=none', '-fno-asynchronous-unwind-tables']
KERNELS = {'long': ['-m64', '-mno-red-zone', 'start64.S', 'long.c']}


def build(out, kernel):
    """The ROM: 124 KiB that go to 1 MiB, and the page with the reset vector."""
    script, elf, rom = (os.path.join(out, n) for n in ('link.ld', kernel + '.elf', kernel + '.rom'))
    with open(script, 'w', encoding='ascii') as f:
        f.write('ENTRY(_start) SECTIONS { . = 0x100000; .all : { *(.text.start) *(.text*) *(.rodata*) *(.data*) }'
                ' .bss : { *(.bss*) *(COMMON) } /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) } }')
    files = [os.path.join(HERE, a) if a.endswith(('.S', '.c')) else a for a in KERNELS[kernel]]
    subprocess.run([CC, *FLAGS, '-T', script, '-o', elf, *files], check=True, stdout=sys.stderr)
    subprocess.run(['objcopy', '-O', 'binary', elf, elf + '.bin'], check=True)
    subprocess.run([CC, '-m32', '-nostdlib', '-static', '-no-pie', '-Wl,-m,elf_i386', '-Wl,--build-id=none', '-Wl,-Ttext=0xfffff000',
                    '-Wl,--oformat=binary', '-o', elf + '.reset', f'{HERE}/../pc/reset.S'], check=True)
    with open(elf + '.bin', 'rb') as f, open(elf + '.reset', 'rb') as g, open(rom, 'wb') as r:
        payload = f.read()
        assert len(payload) <= 0xf000, len(payload)
        r.write(payload.ljust(0xf000, b'\0') + g.read())
    return rom


def run(emulator, rom, options):
    argv = [*emulator, '-machine', 'pc', '-m', '64', '-bios', rom, '-display', 'none', '-monitor', 'none', '-serial', 'stdio',
            '-no-reboot', '-device', 'isa-debug-exit,iobase=0xf4', *options]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100,
                              check=False)
    except subprocess.TimeoutExpired as e:
        return (e.stdout or b'').decode('latin-1').splitlines() + ['time out']
    text = done.stdout.decode('latin-1').replace('\r', '').splitlines()
    if done.stderr.strip():
        text += ['stderr: ' + line for line in done.stderr.decode('latin-1').splitlines()]
    return text if done.returncode == 33 else text + [f'exit status {done.returncode}']


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('emulator')
    ap.add_argument('--options', default='')
    ap.add_argument('--record', action='store_true')
    ap.add_argument('kernels', nargs='*')
    args = ap.parse_args()
    emulator = shlex.split(args.emulator)
    bad = n = 0
    with tempfile.TemporaryDirectory(prefix='doppel-x86-') as out:
        for kernel in args.kernels or list(KERNELS):
            got = run(emulator, build(out, kernel), shlex.split(args.options))
            path = os.path.join(HERE, kernel + '.expected')
            if args.record:
                with open(path, 'w', encoding='ascii') as f:
                    f.write('\n'.join(got) + '\n')
                continue
            with open(path, encoding='ascii') as f:
                want = f.read().splitlines()
            for i, line in enumerate(want):
                n += 1
                seen = got[i] if i < len(got) else '(nothing)'
                good = seen == line
                bad += not good
                print(f'{"ok" if good else "not ok"} {n} - {kernel}: {line}')
                if not good:
                    print(f'# got {seen}')
            if len(got) > len(want):
                print('# and then: ' + ' / '.join(got[len(want):len(want) + 5]))
                bad += 1
    if not args.record:
        print(f'1..{n}')
    return bad != 0


if __name__ == '__main__':
    sys.exit(main())
