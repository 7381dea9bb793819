#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""interop_test.py DOPPEL_IMG BLOCK_EXERCISE: qemu-img's disk images are read by us, and ours by qemu-img.

For each set of creation options: qemu-img and qemu-io make an image with a pattern; doppel-img must find the same
bytes, the same description and no errors. Then block_exercise writes to it at random; qemu-img must find the image consistent
and read the same bytes as we do. Prints TAP. Without qemu-img everything is skipped.
"""
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile

SIZE = 8 << 20

# name, options of qemu-img create, further steps
IMAGES = [
    ('default', '', []),
    ('v2', 'compat=0.10', []),
    ('cluster_512', 'cluster_size=512', []),
    ('cluster_4k', 'cluster_size=4k', []),
    ('cluster_2m', 'cluster_size=2M', []),
    ('refcount_1', 'refcount_bits=1', []),
    ('refcount_4', 'refcount_bits=4,cluster_size=8k', []),
    ('refcount_64', 'refcount_bits=64,cluster_size=1k', []),
    ('lazy', 'lazy_refcounts=on', []),
    ('prealloc_metadata', 'preallocation=metadata', []),
    ('prealloc_full', 'preallocation=full,cluster_size=4k', []),
    ('snapshot', '', ['snapshot']),
    ('snapshot_small', 'cluster_size=1k', ['snapshot']),
    ('snapshot_v2', 'compat=0.10,cluster_size=4k', ['snapshot']),
    ('deflate', '', ['compress']),
    ('deflate_small', 'cluster_size=4k', ['compress']),
    ('deflate_v2', 'compat=0.10', ['compress']),
    ('zstd', 'compression_type=zstd', ['compress']),
    ('backing_raw', '', ['backing raw']),
    ('backing_qcow2', 'cluster_size=4k', ['backing qcow2']),
    ('chain', '', ['backing qcow2', 'backing qcow2']),
]


def run(*argv, status=0):
    p = subprocess.run(argv, capture_output=True, text=True)
    if p.returncode != status:
        raise RuntimeError(f'{" ".join(argv)}: status {p.returncode}\n{p.stdout}{p.stderr}')
    return p.stdout


def qemu_io(path, *commands):
    run('qemu-io', '-f', 'qcow2', *sum((['-c', c] for c in commands), []), path)


def pattern(seed):
    """Some random requests for qemu-io."""
    r = random.Random(seed)
    out = []
    for _ in range(30):
        at = r.randrange(SIZE // 512 - 1)
        n = min(r.randrange(1, 300), SIZE // 512 - at)
        what = r.choice(['write', 'write', 'write', 'write -z', 'write -z -u', 'discard'])
        fill = f'-P {r.randrange(256)} ' if what == 'write' else ''
        out.append(f'{what} {fill}{at * 512} {n * 512}')
    return out


def make(folder, name, options, steps):
    """The path of the image, with its pattern."""
    path = os.path.join(folder, name + '.qcow2')
    extra = ['-o', options] if options else []
    base = None
    for i, step in enumerate(s for s in steps if s.startswith('backing')):
        fmt = step.split()[1]
        b = os.path.join(folder, f'base{i}')
        if fmt == 'raw':
            with open(b, 'wb') as f:
                f.write(random.Random(i).randbytes(SIZE - 300 * 512))
        else:
            run('qemu-img', 'create', '-q', '-f', 'qcow2', *(['-b', base[0], '-F', base[1]] if base else []), b,
                str(SIZE))
            qemu_io(b, *pattern(i + 100))
        base = (os.path.basename(b), fmt)
    run('qemu-img', 'create', '-q', '-f', 'qcow2', *extra, *(['-b', base[0], '-F', base[1]] if base else []), path,
        str(SIZE))
    qemu_io(path, *pattern(1))
    if 'snapshot' in steps:
        run('qemu-img', 'snapshot', '-c', 'one', path)
        qemu_io(path, *pattern(2))
    if 'compress' in steps:
        plain = path + '.plain'
        os.rename(path, plain)
        run('qemu-img', 'convert', '-q', '-c', '-O', 'qcow2', *extra, plain, path)
        os.unlink(plain)
    return path


def same_as_qemu(img, path, folder):
    ours, theirs = os.path.join(folder, 'ours'), os.path.join(folder, 'theirs')
    run(img, 'convert', '-f', 'qcow2', '-O', 'raw', path, ours)
    run('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', path, theirs)
    with open(ours, 'rb') as a, open(theirs, 'rb') as b:
        if a.read() != b.read():
            raise RuntimeError('doppel-img and qemu-img read different bytes')


def same_description(img, path):
    a, b = (json.loads(run(t, 'info', '--output=json', path)) for t in (img, 'qemu-img'))
    for key in ('virtual-size', 'format', 'cluster-size', 'actual-size', 'backing-filename', 'backing-filename-format',
                'dirty-flag'):
        if a.get(key) != b.get(key):
            raise RuntimeError(f'info: {key} is {a.get(key)}, qemu-img says {b.get(key)}')
    for key, value in a['format-specific']['data'].items():
        if b['format-specific']['data'].get(key, value) != value:
            raise RuntimeError(f'info: {key} is {value}')


def read_and_write(img, exercise, folder, name, options, steps):
    path = make(folder, name, options, steps)
    run(img, 'check', '-q', path)
    same_description(img, path)
    same_as_qemu(img, path, folder)
    run(exercise, path, 'qcow2', str(len(name)))
    run('qemu-img', 'check', '-q', path)
    run(img, 'check', '-q', path)
    same_as_qemu(img, path, folder)
    if 'snapshot' in steps:
        run('qemu-img', 'snapshot', '-a', 'one', path)
        run(img, 'check', '-q', path)
        same_as_qemu(img, path, folder)


def creates_like_qemu(img, folder):
    path = os.path.join(folder, 'x')
    for options in ('', 'compat=0.10', 'cluster_size=512', 'cluster_size=2M', 'refcount_bits=1', 'refcount_bits=64',
                    'lazy_refcounts=on', 'compression_type=zstd'):
        run(img, 'create', '-q', '-f', 'qcow2', *(['-o', options] if options else []), path, '100M')
        run('qemu-img', 'check', '-q', path)
        same_description(img, path)
        qemu_io(path, 'write -P 7 0 1M', 'write -P 8 99M 1M')
        same_as_qemu(img, path, folder)
    run(img, 'create', '-q', '-f', 'qcow2', '-b', 'x', path + '2')
    same_description(img, path + '2')
    same_as_qemu(img, path + '2', folder)


def converts_round_trip(img, folder):
    raw, q, back = (os.path.join(folder, n) for n in ('raw', 'q', 'back'))
    with open(raw, 'wb') as f:
        f.write(random.Random(5).randbytes(1 << 20) + bytes(3 << 20) + random.Random(6).randbytes(4096 + 512))
    run(img, 'convert', '-f', 'raw', '-O', 'qcow2', raw, q)
    run('qemu-img', 'check', '-q', q)
    run(img, 'convert', q, back)
    with open(raw, 'rb') as a, open(back, 'rb') as b:
        if a.read() != b.read():
            raise RuntimeError('the bytes change on the way')
    if os.stat(back).st_blocks * 512 > 2 << 20 or os.stat(q).st_blocks * 512 > 2 << 20:
        raise RuntimeError('zeroes are written out')


def resizes(img, folder):
    path = os.path.join(folder, 'r')
    run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'cluster_size=1k', path, '1M')
    qemu_io(path, 'write -P 3 0 1M')
    run(img, 'resize', '-q', path, '+199M')
    run('qemu-img', 'check', '-q', path)
    qemu_io(path, 'read -P 3 0 1M', 'read -P 0 1M 199M', 'write -P 9 150M 1M')
    run(img, 'resize', '-q', path, '1M', status=1)
    same_as_qemu(img, path, folder)


def repairs(img, folder):
    """Leaks and a refcount that is too low, made by hand."""
    path = os.path.join(folder, 'broken')
    run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '64M')
    qemu_io(path, 'write -P 5 0 1M')
    with open(path, 'r+b') as f:
        f.seek(0x20000 + 2 * 5)       # the first refcount block's entries, at the default layout
        f.write(bytes([0, 0]))
        f.seek(0x20000 + 2 * 4000)
        f.write(bytes([0, 1]))
        f.truncate(4001 << 16)
    run(img, 'check', path, status=2)
    run('qemu-img', 'check', path, status=2)
    run(img, 'check', '-r', 'all', path)
    run('qemu-img', 'check', path)


def only_leaks(img, path):
    """Nothing worse than space that nobody uses."""
    for argv in ((img, 'check', path), ('qemu-img', 'check', path)):
        p = subprocess.run(argv, capture_output=True, text=True)
        if p.returncode not in (0, 3):
            raise RuntimeError(f'{" ".join(argv)}: status {p.returncode}\n{p.stdout}{p.stderr}')


def survives_being_killed(img, exercise, folder):
    for round, options in enumerate(('', 'cluster_size=512', 'cluster_size=4k,refcount_bits=1', 'compat=0.10') * 2):
        path = os.path.join(folder, f'k{round}')
        run(img, 'create', '-q', '-f', 'qcow2', *(['-o', options] if options else []), path, '64M')
        for seed in range(2):
            p = subprocess.Popen([exercise, path, 'qcow2', str(seed + round), 'forever'], stderr=subprocess.PIPE,
                                 text=True)
            try:
                p.wait(0.05 + random.random() / 4)
                raise RuntimeError(f'block_exercise ended: {p.stderr.read()}')
            except subprocess.TimeoutExpired:
                p.kill()
                p.communicate()
            only_leaks(img, path)


def survives_a_full_disk(img, exercise, folder):
    """A limit on the file's size stands in for the disk's end."""
    for options in ('', 'cluster_size=512', 'cluster_size=4k'):
        path = os.path.join(folder, 'full')
        run(img, 'create', '-q', '-f', 'qcow2', *(['-o', options] if options else []), path, '8M')
        # Python ignores SIGXFSZ, and so shall the child: writes fail with EFBIG.
        subprocess.run([exercise, path, 'qcow2', '3', 'tolerant'], capture_output=True, check=True,
                       restore_signals=False,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
        only_leaks(img, path)


def main():
    img, exercise = sys.argv[1:3]
    tests = [(f'image {i[0]}', lambda f, i=i: read_and_write(img, exercise, f, *i)) for i in IMAGES]
    tests += [('create', lambda f: creates_like_qemu(img, f)), ('convert', lambda f: converts_round_trip(img, f)),
              ('killed', lambda f: survives_being_killed(img, exercise, f)),
              ('full disk', lambda f: survives_a_full_disk(img, exercise, f)), ('resize', lambda f: resizes(img, f)),
              ('check repairs', lambda f: repairs(img, f))]
    if not shutil.which('qemu-img') or not shutil.which('qemu-io'):
        print('1..0 # SKIP qemu-img is not installed (Debian: qemu-utils)')
        return
    print(f'1..{len(tests)}')
    for n, (name, fn) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix='doppel-img-') as folder:
            try:
                fn(folder)
                print(f'ok {n} - {name}')
            except (RuntimeError, OSError, ValueError, subprocess.CalledProcessError) as e:
                print(f'not ok {n} - {name}')
                print('\n'.join('# ' + line for line in str(e).splitlines()))


main()
