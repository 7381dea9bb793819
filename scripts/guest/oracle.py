#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle.py [--mirror URL]: fetches the user-mode emulators that tests/insn compares with into the cache folder.

They are qemu-aarch64, qemu-arm, qemu-riscv64 and qemu-riscv32 of Debian trixie: the distribution's own are too old where this runs on Debian 12.
Prints the folder, which oracle_find() looks into."""
import argparse
import os
import shutil
import sys
import tempfile

from debian import Archive, FetchError, Lock, cache_dir, unpack

SUITE = 'trixie'
PROGRAMS = ('qemu-aarch64', 'qemu-arm', 'qemu-riscv64', 'qemu-riscv32')
ARCHES = {'x86_64': 'amd64', 'aarch64': 'arm64', 'riscv64': 'riscv64', 'ppc64le': 'ppc64el', 's390x': 's390x'}


def fetch(mirror=None):
    """The folder with PROGRAMS, filled when it is not yet."""
    where = cache_dir('oracle')
    if all(os.path.exists(os.path.join(where, p)) for p in PROGRAMS):
        return where
    arch = ARCHES.get(os.uname().machine)
    if not arch:
        raise FetchError(f'no qemu-user package is known for {os.uname().machine}')
    deb = Archive(SUITE, arch, mirror).fetch('qemu-user')
    with tempfile.TemporaryDirectory() as tmp:
        unpack(deb, tmp)
        for p in PROGRAMS:
            # By another name first: a test may be running the old one.
            shutil.copy(os.path.join(tmp, 'usr', 'bin', p), os.path.join(where, p + '.new'))
            os.replace(os.path.join(where, p + '.new'), os.path.join(where, p))
    os.remove(deb)      # thirty other architectures are in it
    return where


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    ap.add_argument('--mirror')
    options = ap.parse_args()
    try:
        with Lock():
            print(fetch(options.mirror))
    except FetchError as e:
        print(f'oracle.py: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
