#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run_pc.py EMULATOR [ACCELERATOR...]: tests/guest/pc as the ROM of a PC, on each accelerator (kvm, tcg); prints TAP.

The program says on the serial line what works and ends through the exit port. On KVM the loop in ring 3 must be as fast as
on this machine itself.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'pc')
CC = 'x86_64-linux-gnu-gcc' if os.uname().machine != 'x86_64' else 'gcc'
FLAGS = ['-O1', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-fno-pic', '-fno-stack-protector', '-mno-red-zone',
         '-mgeneral-regs-only', '-nostdlib', '-static', '-no-pie', '-Wl,--build-id=none', '-Wl,-z,noexecstack',
         '-Wl,--no-warn-rwx-segments', '-fcf-protection=none', '-fno-asynchronous-unwind-tables']
LOOP = '''#include <stdint.h>
#include <stdio.h>
int main(void) {
    uint64_t best = -1, low, high, then, n, v;
    for (int i = 0; i < 3; i++) {
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)); then = high << 32 | low; n = 100000000; v = 0;
        __asm__ volatile("1: add %0, %1; imul $7, %1, %1; xor %0, %1; dec %0; jnz 1b" : "+r"(n), "+r"(v));
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        if ((high << 32 | low) - then < best) best = (high << 32 | low) - then;
    }
    printf("%lu\\n", (unsigned long)best);
}
'''


def tool(*args):
    subprocess.run(args, check=True, stdout=sys.stderr)


def build(out):
    """The ROM: 60 KiB that go to 1 MiB, and the page with the reset vector."""
    path = {n: os.path.join(out, n) for n in ('payload', 'reset', 'rom', 'disk', 'loop.c', 'loop')}
    script = os.path.join(out, 'link.ld')
    with open(script, 'w', encoding='ascii') as f:
        f.write('ENTRY(_start) SECTIONS { . = 0x100000; .all : { *(.text.start) *(.text*) *(.rodata*) *(.data*) }'
                ' .bss : { *(.bss*) *(COMMON) } /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) } }')
    elf = path['payload'] + '.elf'
    tool(CC, '-m64', *FLAGS, '-T', script, '-o', elf, f'{HERE}/start.S', f'{HERE}/machine.c')
    tool('objcopy', '-O', 'binary', elf, path['payload'])
    tool(CC, '-m32', '-nostdlib', '-static', '-no-pie', '-Wl,-m,elf_i386', '-Wl,--build-id=none', '-Wl,-Ttext=0xfffff000',
         '-Wl,--oformat=binary', '-o', path['reset'], f'{HERE}/reset.S')
    with open(path['payload'], 'rb') as f, open(path['reset'], 'rb') as g, open(path['rom'], 'wb') as rom:
        payload = f.read()
        assert len(payload) <= 0xf000
        rom.write(payload.ljust(0xf000, b'\0') + g.read())
    with open(path['disk'], 'wb') as f:
        f.write(bytes(512) + bytes((i * 3 + 1) & 255 for i in range(512)) + bytes(64 << 10))
    with open(path['loop.c'], 'w', encoding='ascii') as f:
        f.write(LOOP)
    tool(CC, '-O1', '-o', path['loop'], path['loop.c'])
    return path


def run(emulator, accel, path, *options):
    argv = [*emulator, '-machine', 'pc', '-accel', accel, '-m', '64', '-smp', '4', '-bios', path['rom'], '-nographic',
            '-monitor', 'none', '-serial', 'stdio', '-no-reboot', '-device', 'isa-debug-exit,iobase=0xf4',
            '-drive', f'file={path["disk"]},format=raw,if=none,id=d0', '-device', 'virtio-blk-pci,drive=d0,disable-modern=on',
            *options]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100,
                              check=False)
    except subprocess.TimeoutExpired as e:
        return False, (e.stdout or b'').decode('utf-8', 'replace') + '\ntime out'
    text = done.stdout.decode('utf-8', 'replace')
    return done.returncode == 33 and 'PASS' in text, text


def report(n, good, name, detail):
    for line in detail.splitlines():
        print('# ' + line)
    print(f'{"ok" if good else "not ok"} {n} - {name}', flush=True)
    return not good


def main():
    emulator = shlex.split(sys.argv[1])
    if 'doppel' in os.path.basename(emulator[0]):
        emulator += ['-target', 'x86_64']
    accels = sys.argv[2:] or ['kvm']
    runs = [(a, ()) for a in accels]
    if 'doppel' in os.path.basename(emulator[0]) and 'kvm' in accels:
        runs += [('kvm,kernel-irqchip=split', ()), ('kvm,kernel-irqchip=off', ())]
    print(f'1..{len(runs)}')
    bad = 0
    with tempfile.TemporaryDirectory(prefix='doppel-pc-') as out:
        path = build(out)
        for n, (accel, options) in enumerate(runs, 1):
            if accel.startswith('kvm') and not os.access('/dev/kvm', os.R_OK | os.W_OK):
                print(f'ok {n} - {accel} # SKIP /dev/kvm is not there, or not for this user')
                continue
            good, text = run(emulator, accel, path, *options)
            cycles = re.search(r'ring 3: (\d+) cycles', text)
            if good and cycles and accel.startswith('kvm'):
                host = int(subprocess.run([path['loop']], capture_output=True, check=True).stdout)
                text += f'\nhost: {host} cycles: {100 * host / int(cycles[1]):.1f}% of the host\'s speed'
                # the machine may be busy with other things, too: far less than native is what must not be
                good = int(cycles[1]) < 2 * host
            bad += report(n, good, accel, text)
    return bad != 0


if __name__ == '__main__':
    sys.exit(main())
