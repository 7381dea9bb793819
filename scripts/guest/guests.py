# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests of ./run, files.py and tests/boot: one row for each. A new guest is a new row here."""
from dataclasses import dataclass, field

SUITE = 'trixie'
DRIVERS = 'virtio_pci virtio_mmio virtio_blk virtio_net virtio_rng virtio_console virtio_balloon ext4'.split()


@dataclass(frozen=True)
class Guest:
    debian: str                 # Debian's name of the architecture
    kernel: str                 # meta package of the kernel
    image: str                  # what -kernel gets: an Image of this architecture (initramfs.IMAGE_MAGIC), '': the file as it is
    uname: str                  # what `uname -m` says
    about: str                  # for --help
    machine: list               # options that choose machine and CPU
    console: str                # the kernel's console=
    bus: str = 'device'         # disk and network are virtio-blk-BUS and virtio-net-BUS
    bios: str = ''              # firmware file for -bios, '': the machine's own
    firmware: dict = field(default_factory=dict)    # name: (package of the suite, file in it)
    drivers: list = field(default_factory=lambda: DRIVERS)
    suite: str = SUITE          # where Debian last had a kernel for it


GUESTS = {
    'riscv64': Guest(
        debian='riscv64', kernel='linux-image-riscv64', image='riscv64', uname='riscv64', about='RISC-V, 64 bits',
        machine=['-machine', 'virt', '-cpu', 'rv64'], console='ttyS0', bios='opensbi',
        firmware={
            'opensbi': ('opensbi', 'usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin'),
            'opensbi-jump': ('opensbi', 'usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin'),
            'opensbi32': ('opensbi', 'usr/lib/riscv32-linux-gnu/opensbi/generic/fw_dynamic.bin'),
            'uboot': ('u-boot-qemu', 'usr/lib/u-boot/qemu-riscv64/u-boot.bin'),
            'uboot-smode': ('u-boot-qemu', 'usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin'),
            'edk2-code': ('qemu-efi-riscv64', 'usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd'),
            'edk2-vars': ('qemu-efi-riscv64', 'usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd'),
            'installer-kernel': ('debian-installer-13-netboot-riscv64', 'linux'),
            'installer-initrd': ('debian-installer-13-netboot-riscv64', 'initrd.gz'),
        }),
    'aarch64': Guest(
        debian='arm64', kernel='linux-image-arm64', image='arm64', uname='aarch64', about='ARM, 64 bits',
        machine=['-machine', 'virt', '-cpu', 'cortex-a76'], console='ttyAMA0',
        firmware={
            'uboot': ('u-boot-qemu', 'usr/lib/u-boot/qemu_arm64/u-boot.bin'),
            'edk2-code': ('qemu-efi-aarch64', 'usr/share/AAVMF/AAVMF_CODE.no-secboot.fd'),
            'edk2-vars': ('qemu-efi-aarch64', 'usr/share/AAVMF/AAVMF_VARS.fd'),
            'installer-kernel': ('debian-installer-13-netboot-arm64', 'linux'),
            'installer-initrd': ('debian-installer-13-netboot-arm64', 'initrd.gz'),
        }),
    'x86_64': Guest(
        debian='amd64', kernel='linux-image-amd64', image='', uname='x86_64', about='PC, 64 bits',
        machine=['-target', 'x86_64', '-machine', 'pc'], console='ttyS0', bus='pci',
        drivers=[*DRIVERS, 'button'],
        firmware={
            'seabios': ('seabios', 'usr/share/seabios/bios-256k.bin'),
            'ovmf-code': ('ovmf', 'usr/share/OVMF/OVMF_CODE_4M.fd'),
            'ovmf-vars': ('ovmf', 'usr/share/OVMF/OVMF_VARS_4M.fd'),
            'installer-kernel': ('debian-installer-13-netboot-amd64', 'linux'),
            'installer-initrd': ('debian-installer-13-netboot-amd64', 'initrd.gz'),
        }),
    'i386': Guest(
        debian='i386', kernel='linux-image-686-pae', image='', uname='i686', about='PC, 32 bits', suite='bookworm',
        machine=['-target', 'i386', '-machine', 'pc'], console='ttyS0', bus='pci'),
    'i386-nopae': Guest(
        debian='i386', kernel='linux-image-686', image='', uname='i686', about='PC, 32 bits, page tables of two levels',
        suite='bookworm', machine=['-target', 'i386', '-machine', 'pc'], console='ttyS0', bus='pci'),
    'armhf': Guest(
        debian='armhf', kernel='linux-image-armmp-lpae', image='', uname='armv7l', about='ARM, 32 bits',
        machine=['-machine', 'virt', '-cpu', 'cortex-a15'], console='ttyAMA0',
        firmware={
            'uboot': ('u-boot-qemu', 'usr/lib/u-boot/qemu_arm/u-boot.bin'),
            'edk2-code': ('qemu-efi-arm', 'usr/share/AAVMF/AAVMF32_CODE.fd'),
            'edk2-vars': ('qemu-efi-arm', 'usr/share/AAVMF/AAVMF32_VARS.fd'),
        }),
}
