#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs without any firmware: ELF and raw images, ending through the board's test finisher."""
import os
import subprocess

from boot import equal, matches, need, run, run_once, temporary

# The ns16550 is at 0x10000000, the finisher at 0x100000: 0x5555 passes, 0x3333 | code << 16 fails with the code.
SOURCE = '''
    .globl _start
_start:
    csrr    t0, mhartid
1:  bnez    t0, 1b
    la      a0, text
    li      a1, 0x10000000
2:  lbu     t0, 0(a0)
    beqz    t0, 3f
    sb      t0, 0(a1)
    addi    a0, a0, 1
    j       2b
3:  li      t0, 0x100000
    li      t1, FINISH
    sw      t1, 0(t0)
4:  j       4b
text: .asciz "bare metal speaks\\n"
'''


def assemble(folder, finish, bits=64, raw=False):
    """An image of SOURCE at the start of RAM."""
    compiler = need('riscv64-linux-gnu-gcc')
    source, elf = os.path.join(folder, 'x.S'), os.path.join(folder, 'x.elf')
    with open(source, 'w', encoding='ascii') as f:
        f.write(SOURCE)
    abi = ['-march=rv64imac_zicsr', '-mabi=lp64'] if bits == 64 else ['-march=rv32imac_zicsr', '-mabi=ilp32',
                                                                     '-Wl,-melf32lriscv']
    subprocess.run([compiler, *abi, '-nostdlib', '-static', '-Wl,--build-id=none', '-Wl,-Ttext=0x80000000',
                    f'-DFINISH={finish:#x}', '-o', elf, source], check=True, capture_output=True)
    if not raw:
        return elf
    image = os.path.join(folder, 'x.bin')
    subprocess.run([need('riscv64-linux-gnu-objcopy'), '-O', 'binary', elf, image], check=True)
    return image


def ends_with(status, *args):
    cpu = [] if '-cpu' in args else ['-cpu', 'rv64']     # a raw image does not say for whom it is
    got, out, err = run_once('-machine', 'virt', *cpu, '-nographic', '-m', '128M', *args)
    matches(out, 'bare metal speaks', f'the console ({err.strip()})')
    equal(got, status, f'exit status ({err.strip()})')


def elf_kernel_passes():
    with temporary() as tmp:
        ends_with(0, '-bios', 'none', '-kernel', assemble(tmp, 0x5555))


def elf_kernel_fails_with_its_code():
    with temporary() as tmp:
        ends_with(7, '-bios', 'none', '-kernel', assemble(tmp, 0x3333 | 7 << 16))


def raw_image_as_firmware():
    with temporary() as tmp:
        ends_with(0, '-bios', assemble(tmp, 0x5555, raw=True))


def loader_device():
    with temporary() as tmp:
        ends_with(0, '-bios', 'none', '-device', f'loader,file={assemble(tmp, 0x5555)},cpu-num=0')


def raw_image_through_the_loader():
    with temporary() as tmp:
        image = assemble(tmp, 0x5555, raw=True)
        ends_with(0, '-bios', 'none', '-device', f'loader,file={image},addr=0x80000000,force-raw=on')


def several_cpus():
    with temporary() as tmp:
        ends_with(0, '-smp', '4', '-bios', 'none', '-kernel', assemble(tmp, 0x5555))


def rv32_elf():
    """The target comes from the ELF file, or -cpu; QEMU's command of that name needs no hint."""
    with temporary() as tmp:
        ends_with(0, '-cpu', 'rv32', '-bios', 'none', '-kernel', assemble(tmp, 0x5555, bits=32))


def semihosting_writes_and_exits():
    """SYS_WRITE0 and SYS_EXIT_EXTENDED through the three-instruction marker (RISC-V semihosting 0.4, section 2)."""
    compiler = need('riscv64-linux-gnu-gcc')
    with temporary() as tmp:
        source, elf = os.path.join(tmp, 's.S'), os.path.join(tmp, 's.elf')
        with open(source, 'w', encoding='ascii') as f:
            f.write('''
    .macro  semihost op
    li      a0, \\op
    .balign 16
    .option push
    .option norvc
    slli    x0, x0, 0x1f
    ebreak
    srai    x0, x0, 7
    .option pop
    .endm
    .globl _start
_start:
    la      a1, text
    semihost 0x04
    la      a1, block
    semihost 0x20
1:  j       1b
    .balign 8
block: .dword 0x20026, 5
text: .asciz "semihosted\\n"
''')
        subprocess.run([compiler, '-march=rv64imac_zicsr', '-mabi=lp64', '-nostdlib', '-static',
                        '-Wl,-Ttext=0x80000000', '-o', elf, source], check=True, capture_output=True)
        status, out, err = run_once('-machine', 'virt', '-nographic', '-bios', 'none', '-kernel', elf,
                                    '-semihosting-config', 'enable=on,target=native')
        matches(out + err, 'semihosted', 'the text of SYS_WRITE0')
        equal(status, 5, 'exit status')


if __name__ == '__main__':
    run(elf_kernel_passes, elf_kernel_fails_with_its_code, raw_image_as_firmware, loader_device,
        raw_image_through_the_loader, several_cpus, semihosting_writes_and_exits, rv32_elf)
