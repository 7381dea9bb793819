# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux kernels and initramfs images: unwrapping a kernel, choosing modules, writing a cpio archive."""
import gzip
import lzma
import os
import stat
import struct
import subprocess

IMAGE_MAGIC = {'riscv64': b'RSC\x05', 'arm64': b'ARMd'}   # at offset 56 (Documentation/arch/riscv/boot-image-header)


def decompress(data, method):
    if method in ('xz', 'xzkern', 'lzma'):
        return lzma.decompress(data)
    if method == 'gzip':
        return gzip.decompress(data)
    if method in ('zstd', 'zstd22'):
        return subprocess.run(['zstd', '-dc'], input=data, stdout=subprocess.PIPE, check=True).stdout
    raise ValueError(f'unknown compression {method}')


def raw_kernel(data, arch):
    """The Image inside what a distribution calls vmlinuz: plain, gzip, or an EFI program that unpacks itself. arch '':
    the architecture has no such thing, and its kernels are taken as they are."""
    if not arch:
        return data
    if data[:2] == b'MZ' and data[4:8] == b'zimg':
        # drivers/firmware/efi/libstub/zboot-header.S: payload offset and size, then the method's name at 24
        offset, size = struct.unpack_from('<II', data, 8)
        data = decompress(data[offset:offset + size], data[24:56].split(b'\0')[0].decode())
    elif data[:2] == b'\x1f\x8b':
        data = gzip.decompress(data)
    if data[56:60] != IMAGE_MAGIC[arch]:
        raise ValueError(f'not a Linux Image for {arch}')
    return data


# Where an ELF header and a section header hold what modinfo wants, by the class of the file (32 or 64 bits).
ELF_LAYOUT = {1: ('<I', 32, 46, '<IIIIII'), 2: ('<Q', 40, 58, '<IIQQQQ')}


def modinfo(elf):
    """The key=value pairs of a module's .modinfo section, as a dict of lists."""
    address, table_at, counts_at, header = ELF_LAYOUT[elf[4]]
    section_table, = struct.unpack_from(address, elf, table_at)
    size, count, names = struct.unpack_from('<HHH', elf, counts_at)
    headers = [struct.unpack_from(header, elf, section_table + i * size) for i in range(count)]
    strings = headers[names][4]
    info = {}
    for name, _, _, _, offset, length in headers:
        if elf[strings + name:].split(b'\0', 1)[0] == b'.modinfo':
            for pair in elf[offset:offset + length].split(b'\0'):
                key, _, value = pair.decode('latin-1').partition('=')
                info.setdefault(key, []).append(value)
    return info


class Modules:
    """The modules of one kernel version. Debian's package has no modules.dep (depmod makes it on the target), so
    dependencies are read from the modules themselves."""
    def __init__(self, tree):
        self.files, self.builtin = {}, set()
        for where, _, files in os.walk(tree):
            for f in files:
                if '.ko' in f:
                    self.files[self.key(f)] = os.path.join(where, f)
        with open(os.path.join(tree, 'modules.builtin'), encoding='utf-8') as f:
            self.builtin = {self.key(line.strip()) for line in f}

    @staticmethod
    def key(name):
        return os.path.basename(name).split('.ko')[0].replace('-', '_')

    def load(self, key):
        path = self.files[key]
        with open(path, 'rb') as f:
            data = f.read()
        suffix = path.rpartition('.')[2]
        return data if suffix == 'ko' else decompress(data, {'gz': 'gzip', 'zst': 'zstd'}.get(suffix, suffix))

    def closure(self, wanted):
        """{name: contents} of the wanted modules and what they need, in the order to load them."""
        done = {}

        def add(name, must):
            key = self.key(name)
            if key in done or key in self.builtin:
                return
            if key not in self.files:
                if must:
                    raise ValueError(f'the kernel package has no module {name}')
                return
            data = self.load(key)
            info = modinfo(data)
            soft = [m for s in info.get('softdep', []) if s.startswith('pre:') for m in s[4:].split()]
            for m in soft:   # "crypto-NAME" is an algorithm, whose portable form is the module NAME_generic
                add(m, False)
                add(m.replace('crypto-', '') + '_generic', False)
            for m in filter(None, info.get('depends', [''])[0].split(',')):
                add(m, True)
            done[key] = data

        for name in wanted:
            add(name, True)
        return done


class Cpio:
    """A cpio archive in the kernel's "newc" form (Documentation/driver-api/early-userspace/buffer-format)."""
    def __init__(self):
        self.out, self.inode, self.seen = bytearray(), 0, set()

    def entry(self, name, mode, data=b'', rdev=(0, 0)):
        self.inode += 1
        fields = (self.inode, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
        self.out += b'070701' + ''.join(f'{v:08x}' for v in fields).encode() + name.encode() + b'\0'
        self.pad()
        self.out += data
        self.pad()

    def pad(self):
        self.out += bytes(-len(self.out) % 4)

    def folder(self, name, mode=0o755):
        """A folder with its parents, once."""
        if name and name not in self.seen:
            self.folder(os.path.dirname(name))
            self.seen.add(name)
            self.entry(name, stat.S_IFDIR | mode)

    def file(self, name, data, mode=0o644):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name, major, minor):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def tree(self, top):
        """Everything below a folder of ours, keeping what is executable."""
        for where, folders, files in os.walk(top):
            folders.sort()
            for f in sorted(folders + files):
                path = os.path.join(where, f)
                name = os.path.relpath(path, top)
                if os.path.islink(path):
                    self.link(name, os.readlink(path))
                elif os.path.isdir(path):
                    self.folder(name)
                else:
                    with open(path, 'rb') as data:
                        self.file(name, data.read(), 0o755 if os.access(path, os.X_OK) else 0o644)

    def finish(self):
        self.entry('TRAILER!!!', 0)
        return bytes(self.out)
