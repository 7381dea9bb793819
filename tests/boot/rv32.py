#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The 32-bit board: OpenSBI with a kernel in supervisor mode, and what systems without an MMU need."""
import os
import subprocess

from boot import equal, guest_file, matches, need, run, run_once, temporary

# Ends through SBI's system reset extension (SBI specification, "System Reset Extension"); prints by the console one.
SUPERVISOR = '''
    .globl _start
_start:
    la      s0, text
1:  lbu     a0, 0(s0)
    beqz    a0, 2f
    li      a7, 0x4442434e      # DBCN
    li      a6, 2               # write a byte
    ecall
    addi    s0, s0, 1
    j       1b
2:  la      t0, root            # Sv32: one level, 4 MiB pages, all as it is
    srli    t1, t0, 12
    li      t2, 1 << 31
    or      t1, t1, t2
    li      t3, 0xcf            # valid, read, write, execute, accessed, dirty
    li      t4, 1024
3:  sw      t3, 0(t0)
    addi    t0, t0, 4
    li      t5, 1 << 20
    add     t3, t3, t5
    addi    t4, t4, -1
    bnez    t4, 3b
    sfence.vma
    csrw    satp, t1
    sfence.vma
    csrr    t2, satp
    bne     t1, t2, 4f
    la      s0, text
    lbu     t0, 0(s0)
    li      t1, 's'
    bne     t0, t1, 4f
    li      a0, 0               # shutdown
    li      a1, 0
    li      a7, 0x53525354      # SRST
    li      a6, 0
    ecall
4:  j       4b
text: .asciz "supervisor of 32 bits\\n"
    .balign 4096
root: .space 4096
'''

# As a kernel without an MMU starts: in machine mode at the start of RAM, a0 = hart, a1 = device tree; satp stays bare.
NO_MMU = '''
    .globl _start
_start:
    csrr    t0, mhartid
    bne     a0, t0, fail
    lw      t1, 0(a1)
    li      t2, 0xedfe0dd0      # the magic, big-endian
    bne     t1, t2, fail
    li      t1, 0x80080000
    csrw    satp, t1
    csrr    t1, satp
    bnez    t1, fail
    lui     t0, 0x80000         # memory is where it was
    lw      t1, 0(t0)
    beqz    t1, fail
    la      a0, text
    li      a1, 0x10000000
2:  lbu     t0, 0(a0)
    beqz    t0, 3f
    sb      t0, 0(a1)
    addi    a0, a0, 1
    j       2b
3:  li      t1, 0x5555
    j       end
fail:
    li      t1, 0x13333
end:
    li      t0, 0x100000
    sw      t1, 0(t0)
4:  j       4b
text: .asciz "no MMU here\\n"
'''


def assemble(folder, source, at, raw=False):
    path, elf = os.path.join(folder, 'x.S'), os.path.join(folder, 'x.elf')
    with open(path, 'w', encoding='ascii') as f:
        f.write(source)
    subprocess.run([need('riscv64-linux-gnu-gcc'), '-march=rv32imac_zicsr', '-mabi=ilp32', '-nostdlib', '-static',
                    '-Wl,-melf32lriscv,-n', '-Wl,--build-id=none', f'-Wl,-Ttext={at:#x}', '-o', elf, path], check=True,
                   capture_output=True)
    if raw:
        subprocess.run([need('riscv64-linux-gnu-objcopy'), '-O', 'binary', elf, elf + '.bin'], check=True)
    return elf + '.bin' if raw else elf


def ends(text, *args):
    status, out, err = run_once('-machine', 'virt', '-nographic', '-m', '128M', *args, timeout=30)
    matches(out, text, f'the console ({err.strip()})')
    equal(status, 0, f'exit status ({err.strip()})')
    return out


def opensbi_starts_a_kernel():
    with temporary() as tmp:
        kernel = assemble(tmp, SUPERVISOR, 0x80400000)
        out = ends('supervisor of 32 bits', '-cpu', 'rv32', '-bios', guest_file('opensbi32'), '-kernel', kernel)
        matches(out, r'Base ISA +: rv32ima', "OpenSBI's banner")
        raw = assemble(tmp, SUPERVISOR, 0x80400000, raw=True)     # where -kernel puts a raw file of 32 bits
        ends('supervisor of 32 bits', '-cpu', 'rv32', '-smp', '2', '-bios', guest_file('opensbi32'), '-kernel', raw)


def raw_image_without_mmu():
    with temporary() as tmp:
        image = assemble(tmp, NO_MMU, 0x80000000, raw=True)
        cpu = ['-cpu', 'rv32,mmu=off', '-bios', 'none']
        ends('no MMU here', *cpu, '-kernel', image)
        ends('no MMU here', *cpu, '-device', f'loader,file={image},addr=0x80000000,force-raw=on')
        ends('no MMU here', *cpu, '-device', f'loader,file={image},addr=0x80000000')
        ends('no MMU here', '-cpu', 'rv32,mmu=off,pmp=off', '-bios', image)


if __name__ == '__main__':
    run(opensbi_starts_a_kernel, raw_image_without_mmu)
