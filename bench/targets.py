# SPDX-License-Identifier: GPL-2.0-or-later
"""What bench/bench needs to know of a guest besides its row in scripts/guest/guests.py. A new guest is a new row here."""
import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Target:
    triplet: str                # Debian's multiarch name: folder of the libraries, prefix of the cross compiler
    qemu: str                   # the program of QEMU
    package: str                # Debian's package that it is in
    banner: str = ''            # what the machine's firmware says first, '': it has none
    machine: list = field(default_factory=list)     # QEMU's options for machine and CPU where they are not ours

    @property
    def compiler(self):
        return os.environ.get('BENCH_CC', f'{self.triplet}-gcc')


TARGETS = {
    'riscv64': Target(triplet='riscv64-linux-gnu', qemu='qemu-system-riscv64', package='qemu-system-riscv',
                      banner=r'OpenSBI v'),
    'aarch64': Target(triplet='aarch64-linux-gnu', qemu='qemu-system-aarch64', package='qemu-system-arm'),
    'armhf': Target(triplet='arm-linux-gnueabihf', qemu='qemu-system-arm', package='qemu-system-arm'),
}
