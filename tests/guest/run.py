#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py EMULATOR [-k WORD] [--build DIR]: bare-metal guest programs, built and run.

Each tests/guest/ISA/NAME.c is one program (with rt.S and rt.h of its folder). Comment lines at its top say how it is run:

    // run: [rv64|rv32|a64] OPTIONS...  one run (several lines: several runs); without rv64 or rv32 both
    // timeout: SECONDS                default 30
    // engine: jit                     what it is about is this engine's alone: no run on another that EMULATOR names

A run passes when the program prints a line PASS and the emulator ends with status 0 (the board's test finisher or
semihosting). Prints TAP. EMULATOR is a command ("build/doppel", "qemu-system-riscv64"): the oracle runs the same programs.
"""
import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = ['-O1', '-g', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fno-pic', '-fno-stack-protector',
         '-nostdlib', '-static', '-Wl,--build-id=none', '-Wl,-z,max-page-size=4096',
         '-Wl,--no-warn-rwx-segments', '-no-pie']
RISCV = ['-mcmodel=medany', '-mno-relax', '-Wl,--no-relax']
# folder: compiler, options of the board, {variant: flags of the compiler}
FOLDERS = {
    'riscv': ('riscv64-linux-gnu-gcc', ['-bios', 'none'],
              {'rv64': [*RISCV, '-march=rv64gc_zba_zbb_zicbom_zicboz', '-mabi=lp64d'],
               'rv32': [*RISCV, '-march=rv32imac_zicsr_zifencei', '-mabi=ilp32']}),
    'aarch64': ('aarch64-linux-gnu-gcc', [], {'a64': ['-march=armv8-a', '-mgeneral-regs-only', '-mno-outline-atomics']}),
}
ISA = {isa: flags for _, _, isas in FOLDERS.values() for isa, flags in isas.items()}


def runs_of(path, emulator):
    """[(isa, options)], timeout of a program's header."""
    runs, timeout = [], 30
    engine = re.search(r'engine=(\w+)', emulator)
    variants = FOLDERS[os.path.basename(os.path.dirname(path))][2]
    with open(path, encoding='utf-8') as f:
        for line in f:
            m = re.match(r'// (run|timeout|engine):\s*(.*)', line)
            if m and m[1] == 'engine':
                if engine and engine[1] != m[2].strip():
                    return [], timeout
            elif m and m[1] == 'timeout':
                timeout = int(m[2])
            elif m:
                words = shlex.split(m[2])
                isas = [words.pop(0)] if words and words[0] in ISA else list(variants)
                for isa in isas:
                    runs.append((isa, words if '-cpu' in words else ['-cpu', isa, *words]))
    return runs, timeout


def build(path, isa, out):
    folder = os.path.dirname(path)
    exe = os.path.join(out, f'{os.path.basename(path)[:-2]}-{isa}.elf')
    done = subprocess.run([FOLDERS[os.path.basename(folder)][0], *ISA[isa], *FLAGS, '-I', folder, '-T', os.path.join(folder, 'link.ld'), '-o', exe,
                           os.path.join(folder, 'rt.S'), os.path.join(folder, 'rt.c'), path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return exe, done.returncode == 0, done.stdout


def run(emulator, exe, options, timeout):
    """(passed, output)"""
    board = next(board for _, board, isas in FOLDERS.values() if exe.rsplit('-', 1)[1][:-4] in isas)
    argv = [*emulator, '-machine', 'virt', *board, '-kernel', exe, '-nographic', '-monitor', 'none', '-no-reboot', *options]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as p:
        try:
            text = p.communicate(timeout=timeout)[0].decode(errors='replace')
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            text = p.communicate()[0].decode(errors='replace') + f'\nno end after {timeout} s'
    passed = p.returncode == 0 and 'PASS' in text.split()
    return passed, f'{shlex.join(argv)}\n{text}\nstatus {p.returncode}'


def emulator_for(command, isa):
    """QEMU has a program for each width; ours has one for all."""
    return shlex.split(command.replace('riscv64', 'riscv32') if isa == 'rv32' else command)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    ap.add_argument('emulator')
    ap.add_argument('-k', default='', metavar='WORD', help='only tests whose name contains WORD')
    ap.add_argument('--not', dest='without', metavar='WORD', help='only tests whose name does not')
    ap.add_argument('--build', metavar='DIR', help='where the programs go (default: a temporary folder)')
    ap.add_argument('--isa', default='riscv', help='folder of the programs')
    args = ap.parse_args()
    compiler = FOLDERS[args.isa][0]
    if not shutil.which(compiler):
        print(f'1..0 # SKIP {compiler} is not installed')
        return 0
    folder = os.path.join(HERE, args.isa)
    tests = []
    for name in sorted(os.listdir(folder)):
        if name.endswith('.c') and name != 'rt.c' and args.k in name and not (args.without and args.without in name):
            runs, timeout = runs_of(os.path.join(folder, name), args.emulator)
            tests += [(name, isa, options, timeout) for isa, options in runs]
    print(f'1..{len(tests)}', flush=True)
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        out = args.build or scratch
        os.makedirs(out, exist_ok=True)
        built = {}
        for n, (name, isa, options, timeout) in enumerate(tests, 1):
            if (name, isa) not in built:
                built[name, isa] = build(os.path.join(folder, name), isa, out)
            exe, passed, text = built[name, isa]
            if passed:
                passed, text = run(emulator_for(args.emulator, isa), exe, options, timeout)
            failures += not passed
            print(f'{"" if passed else "not "}ok {n} - {name[:-2]} {isa} {shlex.join(options)}', flush=True)
            if not passed:
                print('\n'.join('# ' + line for line in text.splitlines()[-30:]), flush=True)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
