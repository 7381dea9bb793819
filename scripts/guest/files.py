#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""files.py NAME... [--mirror URL] [--refresh]: guest files from Debian's packages, kept in the cache.

Prints "NAME path" for each file. Names: see FIRMWARE and GUESTS in this file, or give none to list them.
"""
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from debian import Archive, FetchError, Lock, cache_dir, unpack   # noqa: E402
from initramfs import Cpio, Modules, raw_kernel   # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = 'trixie'
KERNEL = 'linux-image-riscv64'
DRIVERS = 'virtio_pci virtio_mmio virtio_blk virtio_net virtio_rng virtio_console virtio_balloon ext4'.split()

FIRMWARE = {   # name: (package of the suite, file in it)
    'opensbi': ('opensbi', 'usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin'),
    'opensbi-jump': ('opensbi', 'usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin'),
    'uboot': ('u-boot-qemu', 'usr/lib/u-boot/qemu-riscv64/u-boot.bin'),
    'uboot-smode': ('u-boot-qemu', 'usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin'),
    'edk2-code': ('qemu-efi-riscv64', 'usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd'),
    'edk2-vars': ('qemu-efi-riscv64', 'usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd'),
    'installer-kernel': ('debian-installer-13-netboot-riscv64', 'linux'),
    'installer-initrd': ('debian-installer-13-netboot-riscv64', 'initrd.gz'),
}
GUESTS = ('kernel', 'initrd', 'disk')


def write(path, data):
    """Writes a file so that it is there whole or not at all."""
    with open(path + '.new', 'wb') as f:
        f.write(data)
    os.replace(path + '.new', path)


def find_file(tree, name):
    """A file by its path below tree, or by name alone anywhere in it (the text installer's rather than the GTK one's)."""
    if os.path.exists(os.path.join(tree, name)):
        return os.path.join(tree, name)
    hits = [os.path.join(w, name) for w, _, files in os.walk(tree) if name in files]
    hits.sort(key=lambda p: ('gtk' in p, p))
    if not hits:
        raise FetchError(f'{tree}: the package has no file {name}')
    return hits[0]


class Files:
    """Paths of guest files; what is missing is fetched and made under the cache's lock."""
    def __init__(self, mirror=None, refresh=False):
        self.mirror, self.refresh = mirror, refresh
        self.dir = cache_dir('guests', 'riscv64')
        self.known = None

    @property
    def archive(self):
        if self.known is None:
            self.known = Archive(SUITE, 'riscv64', self.mirror)
        return self.known

    def get(self, name):
        with Lock():
            if self.refresh:   # forget the packages too, so that newer ones are looked for
                self.refresh = False
                for d in (self.dir, self.archive.dir):
                    shutil.rmtree(d)
                    os.makedirs(d)
            if name in FIRMWARE:
                return self.firmware(name)
            return {'kernel': self.kernel, 'initrd': self.initrd, 'disk': self.disk}[name]()

    def firmware(self, name):
        path = os.path.join(self.dir, name)
        if not os.path.exists(path):
            package, inside = FIRMWARE[name]
            with tempfile.TemporaryDirectory() as tree:
                unpack(self.archive.fetch(package), tree)
                with open(os.path.realpath(find_file(tree, inside)), 'rb') as f:
                    data = f.read()
                write(path, raw_kernel(data, 'riscv64') if name == 'installer-kernel' else data)
        return path

    def kernel_tree(self, tree):
        """Unpacks the kernel package; its version."""
        stamp = os.path.join(self.dir, 'kernel-package')
        if os.path.exists(stamp):
            with open(stamp, encoding='utf-8') as f:
                package = f.read().strip()
        else:
            package = self.archive.depends(KERNEL, r'linux-image-[0-9]\S*')
            write(stamp, package.encode())
        unpack(self.archive.fetch(package), tree)
        return package[len('linux-image-'):]

    def kernel(self):
        path = os.path.join(self.dir, 'kernel')
        if not os.path.exists(path):
            with tempfile.TemporaryDirectory() as tree:
                version = self.kernel_tree(tree)
                name = next(n for n in ('vmlinuz', 'vmlinux') if os.path.exists(f'{tree}/boot/{n}-{version}'))
                with open(f'{tree}/boot/{name}-{version}', 'rb') as f:
                    write(path, raw_kernel(f.read(), 'riscv64'))
        return path

    def recipe(self):
        """A hash of everything of ours that goes into the initramfs."""
        h = hashlib.sha256()
        for where, folders, files in os.walk(HERE):
            folders.sort()
            for f in sorted(f for f in files if not f.endswith('.pyc')):
                with open(os.path.join(where, f), 'rb') as data:
                    h.update(f.encode() + b'\0' + data.read())
        return h.hexdigest()[:12]

    def build_initrd(self, extra=None):
        """The initramfs as bytes, uncompressed. extra(cpio, tree) adds to it; tree has the unpacked packages."""
        with tempfile.TemporaryDirectory() as tree:
            version = self.kernel_tree(tree)
            unpack(self.archive.fetch('busybox-static'), tree)
            top = next(d for d in ('usr/lib', 'lib') if os.path.isdir(f'{tree}/{d}/modules/{version}'))
            cpio = Cpio()
            for d in 'bin sbin dev proc sys tmp mnt root etc lib/modules usr/bin'.split():
                cpio.folder(d)
            cpio.device('dev/console', 5, 1)
            with open(find_file(tree, 'busybox'), 'rb') as f:
                cpio.file('bin/busybox', f.read(), 0o755)
            cpio.link('bin/sh', 'busybox')
            cpio.link('init', 'bin/busybox')
            modules = Modules(f'{tree}/{top}/modules/{version}').closure(DRIVERS)
            for name, data in modules.items():
                cpio.file(f'lib/modules/{name}.ko', data)
            cpio.file('lib/modules/order', ''.join(m + '\n' for m in modules).encode())
            cpio.tree(os.path.join(HERE, 'root'))
            if extra:
                extra(cpio, tree)
            return cpio.finish()

    def initrd(self):
        path = os.path.join(self.dir, f'initrd-{self.recipe()}.gz')
        if not os.path.exists(path):
            for old in os.listdir(self.dir):
                if old.startswith('initrd-'):
                    os.remove(os.path.join(self.dir, old))
            write(path, gzip.compress(self.build_initrd(), 9, mtime=0))
        return path

    def disk(self):
        """A small ext4 disk. The guest of ./run writes on it, so what is on it stays; tests work on copies."""
        path = os.path.join(self.dir, 'disk.img')
        if not os.path.exists(path):
            make_disk(path)
        return path


def make_disk(path, megabytes=64):
    """A new ext4 file system with one file on it."""
    with tempfile.TemporaryDirectory() as tree:
        with open(os.path.join(tree, 'README'), 'w', encoding='utf-8') as f:
            f.write('The disk of a Doppel guest. Whatever is written here stays.\n')
        os.chmod(tree, 0o755)
        env = {**os.environ, 'PATH': os.environ.get('PATH', '') + ':/usr/sbin:/sbin'}
        r = subprocess.run(['mke2fs', '-q', '-F', '-t', 'ext4', '-L', 'doppel', '-d', tree, path + '.new',
                            f'{megabytes}M'], env=env, capture_output=True, text=True)
        if r.returncode:
            raise FetchError(f'mke2fs could not make {path}: {r.stderr.strip().splitlines()[-1:]}')
        os.replace(path + '.new', path)


def main():
    args, mirror, refresh = sys.argv[1:], None, False
    if '--refresh' in args:
        refresh = True
        args.remove('--refresh')
    if '--mirror' in args:
        i = args.index('--mirror')
        mirror = args[i + 1]
        del args[i:i + 2]
    if not args:
        print(__doc__ + '\n' + ' '.join((*GUESTS, *FIRMWARE)))
        return 0
    unknown = [a for a in args if a not in GUESTS and a not in FIRMWARE]
    if unknown:
        print(f'files.py: unknown name {unknown[0]}; the names are {" ".join((*GUESTS, *FIRMWARE))}', file=sys.stderr)
        return 1
    try:
        files = Files(mirror, refresh)
        for name in args:
            print(name, files.get(name), flush=True)
    except FetchError as e:
        print(f'files.py: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
