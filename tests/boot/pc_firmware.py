#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PC firmware and boot loaders on the translator: SeaBIOS and its boot menu, GRUB from disk and CD, OVMF."""
import os
import shutil
import subprocess

from boot import PROMPT, Failure, Skip, equal, guest_file, need, run, start, temporary

GUEST = 'x86_64'
BIOS_GRUB, EFI_GRUB = '/usr/lib/grub/i386-pc', '/usr/lib/grub/x86_64-efi'
MODULES = 'biosdisk part_msdos iso9660 fat linux serial terminal normal echo test search'.split()


def pc(*args, timeout=120, **kw):
    return start('-monitor', 'none', *args, guest=GUEST, timeout=timeout, **kw)


def seabios(*args, **kw):
    return pc('-bios', guest_file('seabios', GUEST), '-m', '64', *args, **kw)


def sector(letter):
    """A boot sector that prints a letter through the BIOS and ends the emulator by the exit port."""
    code = bytes([0xb8, ord(letter), 0x0e, 0xcd, 0x10,                  # mov $0x0e00 | letter, %ax; int $0x10
                  0xba, 0xf4, 0x00, 0xb0, ord(letter) & 15, 0xee, 0xf4])     # mov $0xf4, %dx; mov $n, %al; out; hlt
    return code.ljust(510, b'\0') + b'\x55\xaa'


def write_disk(path, letter):
    with open(path, 'wb') as f:
        f.write(sector(letter) + bytes(1 << 20))
    return path


def make_iso(tmp, name, files, *options):
    """An ISO image of files {name in it: path}."""
    tree = os.path.join(tmp, name + '.d')
    os.makedirs(tree)
    for inside, path in files.items():
        os.makedirs(os.path.dirname(os.path.join(tree, inside)), exist_ok=True)
        shutil.copy(path, os.path.join(tree, inside))
    iso = os.path.join(tmp, name)
    subprocess.run([need('xorriso'), '-as', 'mkisofs', '-quiet', '-o', iso, *options, tree], check=True,
                   stderr=subprocess.DEVNULL)
    return iso


def status_of(letter):
    """isa-debug-exit: (value << 1) | 1"""
    return (ord(letter) & 15) << 1 | 1


EXIT = ['-device', 'isa-debug-exit,iobase=0xf4']


def firmware_on_the_serial_line():
    with seabios() as c:
        c.expect(r'SeaBIOS \(version')
        c.expect(r'No bootable device')


def boot_order():
    """order= chooses between a disk and a CD."""
    with temporary() as tmp:
        disk = write_disk(os.path.join(tmp, 'disk'), 'D')
        image = os.path.join(tmp, 'boot')
        with open(image, 'wb') as f:
            f.write(sector('C').ljust(2048, b'\0'))
        iso = make_iso(tmp, 'iso', {'boot': image}, '-b', 'boot', '-no-emul-boot', '-boot-load-size', '4')
        for order, letter in (('cd', 'D'), ('dc', 'C')):
            with seabios('-drive', f'file={disk},format=raw', '-cdrom', iso, '-boot', f'order={order}', *EXIT) as c:
                equal(c.wait(), status_of(letter), f'-boot order={order}')


def boot_menu():
    """Escape shows the devices; the key of one boots it."""
    with temporary() as tmp:
        first, second = (write_disk(os.path.join(tmp, letter), letter) for letter in 'AB')
        with seabios('-drive', f'file={first},format=raw', '-drive', f'file={second},format=raw', '-boot',
                     'menu=on,splash-time=60000', *EXIT) as c:
            c.expect(r'Press ESC for boot menu')
            c.send('\x1b')
            c.expect(r'Select boot device')
            entry = c.expect(r'(\d)\. [^\n]*ata0-1')
            c.send(entry.group(1))
            equal(c.wait(), status_of('B'), 'exit status of the second disk')


def grub_config(tmp, menu, kernel, initrd):
    path = os.path.join(tmp, 'cfg')
    with open(path, 'w', encoding='ascii') as f:
        f.write('serial --unit=0\nterminal_input serial\nterminal_output serial\n'
                f'echo "GRUB says $grub_platform"\n{menu}\nlinux {kernel} console=ttyS0\ninitrd {initrd}\nboot\n')
    return path


def grub_image(tmp, parts, form, config, prefix, *modules):
    if not os.path.exists(parts):
        raise Skip(f'{parts} is not there: package grub-pc-bin or grub-efi-amd64-bin')
    core = os.path.join(tmp, 'core')
    subprocess.run([need('grub-mkimage'), '-O', form, '-p', prefix, '-c', config, '-o', core, *modules], check=True)
    return core


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def grub_starts_linux_from_a_cd():
    """GRUB from an El Torito image (cdboot.img and its core) loads Debian's kernel from the CD."""
    kernel, initrd = guest_file('kernel', GUEST), guest_file('initrd', GUEST)
    with temporary() as tmp:
        config = grub_config(tmp, 'set root=(cd)', '/kernel', '/initrd')
        core = grub_image(tmp, BIOS_GRUB, 'i386-pc', config, '/', *MODULES)
        boot = os.path.join(tmp, 'eltorito')
        with open(boot, 'wb') as f:
            f.write(read(f'{BIOS_GRUB}/cdboot.img') + read(core))
        iso = make_iso(tmp, 'iso', {'kernel': kernel, 'initrd': initrd, 'boot': boot}, '-b', 'boot', '-no-emul-boot',
                       '-boot-load-size', '4', '-boot-info-table')
        with seabios('-m', '512', '-cdrom', iso) as c:
            c.expect(r'GRUB says pc')
            c.expect(r'Linux version 6')
            c.expect(PROMPT)


def fat_disk(tmp, files):
    """A FAT file system of 96 MiB with files {name: path}."""
    disk = os.path.join(tmp, 'fat')
    with open(disk, 'wb') as f:
        f.truncate(96 << 20)
    mformat, mcopy, mmd = need('mformat'), need('mcopy'), need('mmd')
    subprocess.run([mformat, '-i', disk, '-F', '::'], check=True)
    for name in ('EFI', 'EFI/BOOT'):
        subprocess.run([mmd, '-i', disk, f'::{name}'], check=True)
    for name, path in files.items():
        subprocess.run([mcopy, '-i', disk, path, f'::{name}'], check=True)
    return disk


def ovmf(tmp, *args):
    variables = os.path.join(tmp, 'vars')
    shutil.copy(guest_file('ovmf-vars', GUEST), variables)
    return pc('-m', '512', '-drive', f'if=pflash,format=raw,unit=0,readonly=on,file={guest_file("ovmf-code", GUEST)}',
              '-drive', f'if=pflash,format=raw,unit=1,file={variables}', *args, timeout=180), variables


def ovmf_shell_and_variables():
    """OVMF on its pair of flash banks; a variable that the shell sets is in the file."""
    with temporary() as tmp:
        machine, variables = ovmf(tmp)
        with machine as c:
            c.expect(r'UEFI Interactive Shell')
            c.send('\x1b')
            c.expect(r'Shell>')
            c.send('setvar DoppelVar -guid 12345678-1234-1234-1234-123456789abc -bs -rt -nv =0xd0995e1d\r')
            c.expect(r'Shell>')
            c.send('reset\r')
            c.expect(r'UEFI Interactive Shell')
        if 'DoppelVar'.encode('utf-16le') not in read(variables):
            raise Failure('the variable is not in the flash bank\'s file')


def ovmf_as_bios():
    """-bios with code and variables in one image: the older, smaller way."""
    with temporary() as tmp:
        image = os.path.join(tmp, 'ovmf')
        with open(image, 'wb') as f:
            f.write(read(guest_file('ovmf-vars', GUEST)) + read(guest_file('ovmf-code', GUEST)))
        with pc('-m', '512', '-bios', image, timeout=180) as c:
            c.expect(r'UEFI Interactive Shell')


def efi_grub_starts_linux_from_a_disk():
    with temporary() as tmp:
        config = grub_config(tmp, 'search --file --set=root /kernel', '/kernel', '/initrd')
        core = grub_image(tmp, EFI_GRUB, 'x86_64-efi', config, '/', *[m for m in MODULES if m != 'biosdisk'])
        disk = fat_disk(tmp, {'EFI/BOOT/BOOTX64.EFI': core, 'kernel': guest_file('kernel', GUEST),
                              'initrd': guest_file('initrd', GUEST)})
        machine, _ = ovmf(tmp, '-drive', f'file={disk},format=raw')
        with machine as c:
            c.expect(r'GRUB says efi')
            c.expect(r'Linux version 6')
            c.expect(r'efi: EFI v')
            c.expect(PROMPT)


if __name__ == '__main__':
    run(firmware_on_the_serial_line, boot_order, boot_menu, grub_starts_linux_from_a_cd, ovmf_shell_and_variables,
        ovmf_as_bios, efi_grub_starts_linux_from_a_disk)
