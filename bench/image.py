# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark's guest: the initramfs of ./run, our programs in it, and Debian's with the libraries that they need."""
import glob
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'scripts', 'guest')]
from debian import FetchError, Lock, unpack   # noqa: E402
from files import Files, write   # noqa: E402
from targets import TARGETS   # noqa: E402

PACKAGES = 'openssl 7zip zstd xz-utils sqlite3 python3-minimal gawk perl-base coreutils'.split()
PROGRAMS = 'openssl 7za zstd xz sqlite3 python3 gawk perl sort'.split()


def needs(path):
    """An ELF file's interpreter (or None) and the names of the libraries that it is linked with."""
    with open(path, 'rb') as f:
        elf = f.read()
    word, table_at, sizes_at = ('Q', 32, 54) if elf[4] == 2 else ('I', 28, 42)     # 64 bits, 32 bits
    table, size, count = *struct.unpack_from('<' + word, elf, table_at), *struct.unpack_from('<HH', elf, sizes_at)
    segments = []       # type, offset, vaddr, size in the file
    for i in range(count):
        at = table + i * size
        if word == 'Q':
            kind, _, offset, vaddr, _, in_file = struct.unpack_from('<IIQQQQ', elf, at)
        else:
            kind, offset, vaddr, _, in_file = struct.unpack_from('<IIIII', elf, at)
        segments.append((kind, offset, vaddr, in_file))
    text = lambda at: elf[at:elf.index(b'\0', at)].decode()   # noqa: E731
    offset_of = lambda v: next(s[1] + v - s[2] for s in segments if s[0] == 1 and s[2] <= v < s[2] + s[3])   # noqa: E731
    interpreter = next((text(s[1]) for s in segments if s[0] == 3), None)
    dynamic = next((s for s in segments if s[0] == 2), None)
    if dynamic is None:
        return interpreter, []
    entry = struct.Struct('<' + 2 * word)
    entries = [entry.unpack_from(elf, dynamic[1] + entry.size * i) for i in range(dynamic[3] // entry.size)]
    strings = offset_of(next(v for tag, v in entries if tag == 5))
    return interpreter, [text(strings + v) for tag, v in entries if tag == 1]


def add_programs(cpio, tree, triplet):
    """Copies PROGRAMS and the closure of their libraries from unpacked packages."""
    def copy(name, path):
        with open(path, 'rb') as f:
            cpio.file(name, f.read(), 0o755)

    folder = f'usr/lib/{triplet}'
    todo, done = [], set()
    for program in PROGRAMS:
        path = next((p for p in (f'{tree}/usr/lib/7zip/{program}', f'{tree}/usr/bin/{program}') if os.path.exists(p)), None)
        if program == 'python3':
            path = sorted(glob.glob(f'{tree}/usr/bin/python3.[0-9]*'))[0]
        if path is None:
            raise FetchError(f'the packages have no program {program}')
        copy(f'usr/bin/{program}', os.path.realpath(path))
        todo.append(os.path.realpath(path))
    while todo:
        interpreter, libraries = needs(todo.pop())
        for lib in libraries + ([interpreter] if interpreter else []):
            if lib not in done:
                done.add(lib)
                path = os.path.realpath(f'{tree}/usr/{lib}' if lib.startswith('/') else f'{tree}/{folder}/{lib}')
                copy(lib.lstrip('/') if lib.startswith('/') else f'{folder}/{lib}', path)
                todo.append(path)
    for modules in glob.glob(f'{tree}/usr/lib/python3*'):
        for where, _, files in os.walk(modules):
            for f in files:
                if f.endswith(('.py', '.so')) and not re.search(r'/(test|idlelib|ensurepip)/', where + '/'):
                    path = os.path.join(where, f)
                    if os.path.exists(path):   # Debian links some into /etc
                        with open(path, 'rb') as data:
                            cpio.file(os.path.relpath(path, tree), data.read())


def build_work(path, compiler, flags=()):
    """Compiles the programs in bench/guest, static."""
    sources = sorted(glob.glob(os.path.join(HERE, 'guest', '*.c')))
    cmd = [compiler, '-D_GNU_SOURCE', '-O2', '-static', '-pthread', *flags, '-o', path, *sources, '-lm']
    r = subprocess.run(cmd, capture_output=True, text=True)
    if r.returncode:
        raise FetchError(f'{shutil.which(cmd[0]) or cmd[0] + " (not installed)"} cannot build the programs: {r.stderr[:300]}')


def recipe(files):
    h = hashlib.sha256(files.recipe().encode())
    made_of = glob.glob(os.path.join(HERE, 'guest', '*')) + [os.path.join(HERE, f) for f in ('image.py', 'targets.py')]
    for path in sorted(made_of):
        with open(path, 'rb') as f:
            h.update(f.read())
    return h.hexdigest()[:12]


def image(guest='riscv64', mirror=None):
    """Path of the benchmark's initramfs, made when it is missing or older than what it is made of."""
    files, target = Files(mirror, guest=guest), TARGETS[guest]
    kernel = files.get('kernel')
    path = os.path.join(os.path.dirname(kernel), f'bench-{recipe(files)}.cpio')
    if os.path.exists(path):
        return path
    with Lock(), tempfile.TemporaryDirectory() as tree:
        work = os.path.join(tree, 'work')
        build_work(work, target.compiler)
        for deb in files.archive.fetch_with_dependencies(*PACKAGES):
            if not re.search(r'/(dpkg|libllvm|systemd|udev|linux-)', deb):
                unpack(deb, os.path.join(tree, 'root'))

        def extra(cpio, _):
            with open(work, 'rb') as f:
                cpio.file('bench/work', f.read(), 0o755)
            for name, mode in (('run', 0o755), ('mix.py', 0o644)):
                with open(os.path.join(HERE, 'guest', name), 'rb') as f:
                    cpio.file(f'bench/{name}', f.read(), mode)
            add_programs(cpio, os.path.join(tree, 'root'), target.triplet)
        data = files.build_initrd(extra)
        for old in glob.glob(os.path.join(os.path.dirname(path), 'bench-*.cpio')):
            os.remove(old)
        write(path, data)
    return path
