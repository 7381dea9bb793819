#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PCs: SeaBIOS through its self-test, -kernel by the boot ROM, and errors of -accel kvm. What needs KVM is skipped where
there is none."""
import os
import subprocess

from boot import Failure, Skip, equal, guest_file, matches, need, run, run_once, start, temporary

ACCEL = ['-accel', 'kvm']


def need_kvm():
    if not os.access('/dev/kvm', os.R_OK | os.W_OK):
        raise Skip('/dev/kvm is not there, or not for this user')


def seabios(*args, **kw):
    bios = guest_file('seabios', 'x86_64')
    return start(*ACCEL, '-bios', bios, '-m', '64', '-monitor', 'none', *args, guest='x86_64', **kw)


def firmware_prints_on_the_serial_line():
    need_kvm()
    with seabios() as c:
        c.expect(r'SeaBIOS \(version')
        c.expect(r'Booting from')


def firmware_prints_on_the_debug_port():
    need_kvm()
    with temporary() as tmp:
        log = os.path.join(tmp, 'log')
        with seabios('-chardev', f'file,id=d,path={log}', '-device', 'isa-debugcon,iobase=0x402,chardev=d') as c:
            c.expect(r'Booting from')
        with open(log, encoding='ascii', errors='replace') as f:
            text = f.read()
    matches(text, r'Running on QEMU \(i440fx\)', 'debug port')
    matches(text, r'len 0x0000000004000000 \[RAM\]', 'RAM in the map of memory')
    matches(text, r'id=8086:7000', 'PCI devices')


def interrupt_controllers_of_our_own():
    """The firmware with the interrupt controllers and timer of this program instead of the kernel's."""
    need_kvm()
    for mode in ('split', 'off'):
        with seabios('-machine', f'pc,kernel-irqchip={mode}') as c:
            c.expect(r'Booting from')


def boot_rom_starts_a_kernel():
    need_kvm()
    kernel = guest_file('kernel', 'x86_64')
    with seabios('-kernel', kernel, '-append', 'console=ttyS0', '-m', '256') as c:
        c.expect(r'Booting from ROM')
        c.expect(r'Probing EDD|PPrroobb')


def boot_sector_from_a_disk():
    """A boot sector of 512 bytes says a word through the BIOS, and writes the exit port."""
    need_kvm()
    code = bytes([0xb8, 0x21, 0x0e, 0xcd, 0x10,         # mov $0x0e21, %ax; int $0x10
                  0xba, 0xf4, 0x00, 0xb8, 0x10, 0x00, 0xef, 0xf4])     # mov $0xf4, %dx; mov $16, %ax; out; hlt
    with temporary() as tmp:
        image = os.path.join(tmp, 'disk')
        with open(image, 'wb') as f:
            f.write(code.ljust(510, b'\0') + b'\x55\xaa' + bytes(1 << 20))
        for disk in (['-drive', f'file={image},format=raw,if=virtio'], ['-hda', image]):
            with seabios(*disk, '-device', 'isa-debug-exit,iobase=0xf4') as c:
                equal(c.wait(), 33, 'exit status from the boot sector')


def grub_from_a_disk():
    """GRUB's boot sector and core image, made by grub-mkimage, on a disk: they read the disk through the BIOS."""
    need_kvm()
    mkimage, parts = need('grub-mkimage'), '/usr/lib/grub/i386-pc'
    if not os.path.exists(f'{parts}/boot.img'):
        raise Skip('package grub-pc-bin is not installed')
    with temporary() as tmp:
        image, config, core = (os.path.join(tmp, n) for n in ('disk', 'cfg', 'core'))
        with open(config, 'w', encoding='ascii') as f:
            f.write('serial --unit=0\nterminal_output serial\necho "GRUB says $grub_platform (hd0)"\nls (hd0)\n')
        subprocess.run([mkimage, '-O', 'i386-pc', '-p', '/', '-c', config, '-o', core, 'biosdisk', 'serial', 'terminal',
                        'echo', 'ls', 'normal'], check=True)
        with open(image, 'wb') as f:
            for name in (f'{parts}/boot.img', core):
                with open(name, 'rb') as part:
                    f.write(part.read())
            f.truncate(8 << 20)
        with seabios('-hda', image, timeout=300) as c:     # it unpacks itself in ring 0, which may be emulated
            c.expect(r'GRUB says pc \(hd0\)')
            c.expect(r'(?i)device hd0')


def debug_port_by_its_own_option():
    """-debugcon is port 0xe9 unless -global says where."""
    need_kvm()
    with temporary() as tmp:
        log = os.path.join(tmp, 'log')
        with seabios('-debugcon', f'file:{log}', '-global', 'isa-debugcon.iobase=0x402', '-boot', 'order=dc') as c:
            c.expect(r'Booting from')
        with open(log, encoding='ascii', errors='replace') as f:
            matches(f.read(), r'SeaBIOS', 'debug port')


def kvm_runs_no_other_instruction_set():
    code, _, err = run_once('-target', 'riscv64', '-machine', 'virt', '-accel', 'kvm', '-display', 'none')
    equal(code, 1, 'exit status')
    matches(err, r'-accel kvm: .*riscv', 'message')


def the_next_accelerator_is_taken():
    """accel=kvm:tcg says which one it took."""
    code, _, err = run_once('-target', 'riscv64', '-machine', 'virt,accel=kvm:tcg,dumpdtb=/dev/null', '-display', 'none')
    equal(code, 0, 'exit status')
    matches(err, r"using 'tcg'", 'message')


def wrong_firmware_is_one_line():
    code, _, err = run_once('-target', 'x86_64', '-machine', 'pc', '-bios', '/nonexistent', '-display', 'none')
    equal(code, 1, 'exit status')
    if len(err.strip().splitlines()) != 1 or '-bios /nonexistent' not in err:
        raise Failure(err)


if __name__ == '__main__':
    run(firmware_prints_on_the_serial_line, firmware_prints_on_the_debug_port, interrupt_controllers_of_our_own,
        boot_rom_starts_a_kernel, boot_sector_from_a_disk, grub_from_a_disk,
        debug_port_by_its_own_option, kvm_runs_no_other_instruction_set, the_next_accelerator_is_taken,
        wrong_firmware_is_one_line)
