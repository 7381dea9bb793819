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
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'scripts', 'guest'))
from debian import FetchError, Lock, unpack   # noqa: E402
from files import Files, write   # noqa: E402

COMPILER = os.environ.get('BENCH_CC', 'riscv64-linux-gnu-gcc')
PACKAGES = 'openssl 7zip zstd xz-utils sqlite3 python3-minimal gawk perl-base coreutils'.split()
PROGRAMS = 'openssl 7za zstd xz sqlite3 python3 gawk perl sort'.split()
LIBRARIES = 'usr/lib/riscv64-linux-gnu'


def needs(path):
    """An ELF64 file's interpreter (or None) and the names of the libraries that it is linked with."""
    with open(path, 'rb') as f:
        elf = f.read()
    table, size, count = *struct.unpack_from('<Q', elf, 32), *struct.unpack_from('<HH', elf, 54)
    segments = [struct.unpack_from('<IIQQQQ', elf, table + i * size) for i in range(count)]   # type .. offset vaddr . filesz
    text = lambda at: elf[at:elf.index(b'\0', at)].decode()   # noqa: E731
    offset_of = lambda v: next(s[2] + v - s[3] for s in segments if s[0] == 1 and s[3] <= v < s[3] + s[5])   # noqa: E731
    interpreter = next((text(s[2]) for s in segments if s[0] == 3), None)
    dynamic = next((s for s in segments if s[0] == 2), None)
    if dynamic is None:
        return interpreter, []
    entries = [struct.unpack_from('<QQ', elf, dynamic[2] + 16 * i) for i in range(dynamic[5] // 16)]
    strings = offset_of(next(v for tag, v in entries if tag == 5))
    return interpreter, [text(strings + v) for tag, v in entries if tag == 1]


def add_programs(cpio, tree):
    """Copies PROGRAMS and the closure of their libraries from unpacked packages."""
    def copy(name, path):
        with open(path, 'rb') as f:
            cpio.file(name, f.read(), 0o755)

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
                path = os.path.realpath(f'{tree}/usr/{lib}' if lib.startswith('/') else f'{tree}/{LIBRARIES}/{lib}')
                copy(lib.lstrip('/') if lib.startswith('/') else f'{LIBRARIES}/{lib}', path)
                todo.append(path)
    for folder in glob.glob(f'{tree}/usr/lib/python3*'):
        for where, _, files in os.walk(folder):
            for f in files:
                if f.endswith(('.py', '.so')) and not re.search(r'/(test|idlelib|ensurepip)/', where + '/'):
                    path = os.path.join(where, f)
                    if os.path.exists(path):   # Debian links some into /etc
                        with open(path, 'rb') as data:
                            cpio.file(os.path.relpath(path, tree), data.read())


def build_work(path, compiler=None, flags=()):
    """Compiles the programs in bench/guest, static."""
    sources = sorted(glob.glob(os.path.join(HERE, 'guest', '*.c')))
    cmd = [compiler or COMPILER, '-D_GNU_SOURCE', '-O2', '-static', '-pthread', *flags, '-o', path, *sources, '-lm']
    r = subprocess.run(cmd, capture_output=True, text=True)
    if r.returncode:
        raise FetchError(f'{shutil.which(cmd[0]) or cmd[0] + " (not installed)"} cannot build the programs: {r.stderr[:300]}')


def recipe(files):
    h = hashlib.sha256(files.recipe().encode())
    for path in sorted(glob.glob(os.path.join(HERE, 'guest', '*')) + [os.path.join(HERE, 'image.py')]):
        with open(path, 'rb') as f:
            h.update(f.read())
    return h.hexdigest()[:12]


def image(mirror=None):
    """Path of the benchmark's initramfs, made when it is missing or older than what it is made of."""
    files = Files(mirror)
    kernel = files.get('kernel')
    path = os.path.join(os.path.dirname(kernel), f'bench-{recipe(files)}.cpio')
    if os.path.exists(path):
        return path
    with Lock(), tempfile.TemporaryDirectory() as tree:
        work = os.path.join(tree, 'work')
        build_work(work)
        for deb in files.archive.fetch_with_dependencies(*PACKAGES):
            if not re.search(r'/(dpkg|libllvm|systemd|udev|linux-)', deb):
                unpack(deb, os.path.join(tree, 'root'))

        def extra(cpio, _):
            with open(work, 'rb') as f:
                cpio.file('bench/work', f.read(), 0o755)
            for name, mode in (('run', 0o755), ('mix.py', 0o644)):
                with open(os.path.join(HERE, 'guest', name), 'rb') as f:
                    cpio.file(f'bench/{name}', f.read(), mode)
            add_programs(cpio, os.path.join(tree, 'root'))
        data = files.build_initrd(extra)
        for old in glob.glob(os.path.join(os.path.dirname(path), 'bench-*.cpio')):
            os.remove(old)
        write(path, data)
    return path
