#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""files.py [--guest GUEST] NAME... [--mirror URL] [--refresh]: guest files from Debian's packages, kept in the cache.

Prints "NAME path" for each file. GUEST is a row of guests.py (riscv64 if not given); without a name they are listed.
"""
import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from debian import Archive, FetchError, Lock, cache_dir, unpack   # noqa: E402
from guests import GUESTS   # noqa: E402
from initramfs import Cpio, Modules, raw_kernel   # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MADE = ('kernel', 'initrd', 'disk')     # what every guest has besides its firmware


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
    def __init__(self, mirror=None, refresh=False, guest='riscv64'):
        self.mirror, self.refresh = mirror, refresh
        self.guest = GUESTS[guest]
        self.dir = cache_dir('guests', guest)
        self.known = None

    def names(self):
        return (*MADE, *self.guest.firmware)

    @property
    def archive(self):
        if self.known is None:
            self.known = Archive(self.guest.suite, self.guest.debian, self.mirror)
        return self.known

    def get(self, name):
        with Lock():
            if self.refresh:   # forget the packages too, so that newer ones are looked for
                self.refresh = False
                for d in (self.dir, self.archive.dir):
                    shutil.rmtree(d)
                    os.makedirs(d)
            if name in self.guest.firmware:
                return self.firmware(name)
            return {'kernel': self.kernel, 'initrd': self.initrd, 'disk': self.disk}[name]()

    def firmware(self, name):
        path = os.path.join(self.dir, name)
        if not os.path.exists(path):
            package, inside = self.guest.firmware[name]
            with tempfile.TemporaryDirectory() as tree:
                unpack(self.archive.fetch(package), tree)
                with open(os.path.realpath(find_file(tree, inside)), 'rb') as f:
                    data = f.read()
                write(path, raw_kernel(data, self.guest.image) if name == 'installer-kernel' else data)
        return path

    def kernel_tree(self, tree):
        """Unpacks the kernel package; its version."""
        stamp = os.path.join(self.dir, 'kernel-package')
        if os.path.exists(stamp):
            with open(stamp, encoding='utf-8') as f:
                package = f.read().strip()
        else:
            package = self.archive.depends(self.guest.kernel, r'linux-image-[0-9]\S*')
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
                    write(path, raw_kernel(f.read(), self.guest.image))
        return path

    def recipe(self):
        """A hash of everything of ours that goes into the initramfs."""
        h = hashlib.sha256(repr(self.guest).encode())
        with open(os.path.join(HERE, 'initramfs.py'), 'rb') as f:
            h.update(f.read())
        for where, folders, files in os.walk(os.path.join(HERE, 'root')):
            folders.sort()
            for f in sorted(files):
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
            modules = Modules(f'{tree}/{top}/modules/{version}').closure(self.guest.drivers)
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
            for old in os.listdir(self.dir):   # not fresh ones: another checkout may be about to use them
                old = os.path.join(self.dir, old)
                if os.path.basename(old).startswith('initrd-') and time.time() - os.path.getmtime(old) > 86400:
                    os.remove(old)
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
    ap = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    ap.add_argument('--guest', choices=list(GUESTS), default='riscv64')
    ap.add_argument('--mirror')
    ap.add_argument('--refresh', action='store_true')
    ap.add_argument('name', nargs='*')
    options = ap.parse_args()
    files = Files(options.mirror, options.refresh, options.guest)
    if not options.name:
        print(__doc__ + '\n' + '\n'.join(f'{g}: {" ".join((*MADE, *GUESTS[g].firmware))}' for g in GUESTS))
        return 0
    unknown = [n for n in options.name if n not in files.names()]
    if unknown:
        print(f'files.py: unknown name {unknown[0]}; the names are {" ".join(files.names())}', file=sys.stderr)
        return 1
    try:
        for name in options.name:
            print(name, files.get(name), flush=True)
    except FetchError as e:
        print(f'files.py: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
