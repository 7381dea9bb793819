#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged images, images that don't fit, and a host whose disk is full: a line that says so, or what the guest would see."""
import os
import random
import resource
import struct
import subprocess
import time

from boot import (Failure, PROMPT, emulator, equal, guest_file, linux, matches, need, run, run_once, temporary)

MACHINE = ['-machine', 'virt', '-cpu', 'rv64', '-nographic', '-m', '128M']
LOOP = struct.pack('<I', 0x0000006f)      # j .


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, 'wb') as f:
        f.write(data)
    return path


def refused(args, *patterns):
    status, _, err = run_once(*MACHINE, *args)
    what = ' '.join(args)
    equal((status, len(err.splitlines())), (1, 1), f'{what}: {err}')
    for pattern in patterns:
        matches(err, pattern, what)


def refused_or_runs(args):
    """Nonsense that cannot be told from a program: it is started, and must not end the emulator by itself."""
    with subprocess.Popen([*emulator(), *MACHINE, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as p:
        try:
            err = p.communicate(timeout=0.3)[1].decode('utf-8', 'replace')
        except subprocess.TimeoutExpired:
            p.terminate()
            try:
                p.communicate(timeout=20)
            except subprocess.TimeoutExpired as e:
                p.kill()
                raise Failure(f'{" ".join(args)}: does not end on SIGTERM') from e
            equal(p.returncode, 0, f'{" ".join(args)}: exit status after SIGTERM')
            return
    equal((p.returncode, len(err.splitlines())), (1, 1), f'{" ".join(args)}: {err}')


def elf(bits=64, machine=243, load=0x80000000, code=LOOP * 64, offset=None, file_bytes=None, memory_bytes=None, entry=None):
    """A program of one segment; what is not given is right."""
    size, phsize = (64, 56) if bits == 64 else (52, 32)
    offset = size + phsize if offset is None else offset
    file_bytes = len(code) if file_bytes is None else file_bytes
    memory_bytes = file_bytes if memory_bytes is None else memory_bytes
    entry = load if entry is None else entry
    ident = b'\x7fELF' + bytes([bits // 32, 1, 1]) + bytes(9)
    if bits == 64:
        header = struct.pack('<HHIQQQIHHHHHH', 2, machine, 1, entry, size, 0, 0, size, phsize, 1, 0, 0, 0)
        segment = struct.pack('<IIQQQQQQ', 1, 7, offset, load, load, file_bytes, memory_bytes, 4096)
    else:
        header = struct.pack('<HHIIIIIHHHHHH', 2, machine, 1, entry, size, 0, 0, size, phsize, 1, 0, 0, 0)
        segment = struct.pack('<IIIIIIII', 1, offset, load, load, file_bytes, memory_bytes, 7, 4096)
    return ident + header + segment + code


def elf_files():
    with temporary() as tmp:
        for name, data in (('foreign', elf(machine=62)), ('other-width', elf(bits=32)),
                           ('nowhere', elf(load=0x1000000000)), ('io', elf(load=0x10000000)),
                           ('past-the-end', elf(offset=1 << 40)), ('longer-than-the-file', elf(file_bytes=1 << 30)),
                           ('huge', elf(memory_bytes=1 << 62)), ('wraps', elf(load=(1 << 64) - 4096, memory_bytes=8192)),
                           ('end-of-ram', elf(load=0x87fffff0)), ('larger-than-ram', elf(memory_bytes=129 << 20))):
            refused(['-bios', 'none', '-kernel', write(tmp, name, data)], name)
        good = elf()
        for length in (0, 1, 3, 4, 5, 16, 63, 64, 65, 119, 120, 121, len(good) - 1):
            refused_or_runs(['-bios', 'none', '-kernel', write(tmp, 'short', good[:length])])
            refused_or_runs(['-bios', write(tmp, 'short', good[:length])])
        rng = random.Random(1)
        for _ in range(40):
            data = bytearray(good)
            for _ in range(rng.randint(1, 8)):
                data[rng.randrange(120)] = rng.randrange(256)
            refused_or_runs(['-bios', 'none', '-kernel', write(tmp, 'damaged', bytes(data))])


def linux_images():
    with temporary() as tmp:
        with open(guest_file('kernel'), 'rb') as f:
            start = f.read(1 << 20)

        def image(name, data):
            return ['-bios', 'none', '-kernel', write(tmp, name, data)]
        for length in (64, 100, 4096, 1 << 16, 1 << 20):
            refused_or_runs(image('cut', start[:length]))
        arm = bytearray(start[:4096])
        arm[56:60] = b'ARM\x64'
        refused(image('arm64', bytes(arm)), 'arm64')
        for size in (1 << 40, (1 << 64) - 1, 129 << 20):
            data = bytearray(start[:4096])
            struct.pack_into('<Q', data, 16, size)
            refused(image('outside', bytes(data)), 'outside')
        for name, data in (('gzip', b'\x1f\x8b\x08' + bytes(30)), ('zboot', b'MZ\0\0zimg' + struct.pack('<II', 1 << 31, 64) + bytes(64)),
                           ('empty', b'')):
            refused_or_runs(image(name, data))
        big = os.path.join(tmp, 'big')
        with open(big, 'wb') as f:
            f.truncate(129 << 20)
        refused(['-bios', 'none', '-kernel', big], 'big')
        refused(['-bios', big], 'big')
        good = write(tmp, 'good', elf())
        refused(['-bios', 'none', '-kernel', good, '-initrd', big], 'big')
        refused(['-bios', 'none', '-kernel', good, '-initrd', tmp], tmp)
        refused(['-bios', 'none', '-kernel', tmp], tmp)
        refused(['-bios', 'none', '-device', f'loader,file={big},addr=0x80000000,force-raw=on'], 'big')
        refused(['-bios', 'none', '-device', f'loader,file={good},addr=0x10000000,force-raw=on'], 'good')


def device_trees():
    with temporary() as tmp:
        tree = os.path.join(tmp, 'tree')
        status, _, err = run_once('-machine', f'virt,dumpdtb={tree}', '-cpu', 'rv64', '-nographic', '-bios', 'none')
        equal((status, err), (0, ''), 'dumpdtb')
        with open(tree, 'rb') as f:
            good = f.read()
        program = write(tmp, 'program', elf())
        for length in (0, 1, 39, 40, 100, len(good) // 2, len(good) - 1):
            refused(['-bios', 'none', '-kernel', program, '-dtb', write(tmp, 'short', good[:length])], 'short')
        for field, value in ((0, 0xd00dfeee), (4, 1 << 31), (8, 1 << 31), (12, 1 << 31), (24, 99), (36, 1 << 31)):
            data = bytearray(good)
            struct.pack_into('>I', data, field, value)
            refused(['-bios', 'none', '-kernel', program, '-dtb', write(tmp, 'damaged', bytes(data))], 'damaged')
        rng = random.Random(1)
        for _ in range(30):
            data = bytearray(good)
            for _ in range(4):
                data[rng.randrange(len(data))] = rng.randrange(256)
            refused_or_runs(['-bios', 'none', '-kernel', program, '-dtb', write(tmp, 'noise', bytes(data))])


def flash_images():
    with temporary() as tmp:
        def flash(path, unit=0):
            return ['-bios', 'none', '-drive', f'if=pflash,format=raw,unit={unit},file={path}']
        for name, size in (('small', 4096), ('large', 64 << 20)):
            path = os.path.join(tmp, name)
            with open(path, 'wb') as f:
                f.truncate(size)
            refused(flash(path), name if name == 'absent' else 'pflash|flash', r'\d')
        refused(flash(os.path.join(tmp, 'absent')), 'absent')
        right = os.path.join(tmp, 'right')
        with open(right, 'wb') as f:
            f.truncate(32 << 20)
        refused(flash(right, 2), 'unit 2')
        refused([*flash(right), *flash(right)[2:]], 'pflash')
        refused_or_runs(flash(right))      # erased: the reset code jumps into nothing


def disk_images():
    with temporary() as tmp:
        def disk(path, driver):
            return ['-bios', 'none', '-drive', f'file={path},if=none,id=d0,format={driver}']
        refused(disk(write(tmp, 'text', b'no image\n' * 100), 'qcow2'), 'text')
        refused(disk(write(tmp, 'cut', b'QFI\xfb\0\0\0\3'), 'qcow2'), 'cut')
        refused(disk(tmp, 'raw'), tmp)
        refused(disk('/dev/null', 'raw'), '/dev/null')
        path = write(tmp, 'held', bytes(1 << 20))
        holder = subprocess.Popen([*emulator(), *MACHINE, '-S', *disk(path, 'raw')], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                status, _, err = run_once(*MACHINE, '-no-such-option', *disk(path, 'raw'))
                time.sleep(0.05)
                if holder.poll() is not None:
                    raise Failure('the first machine ended')
                with open('/proc/locks', encoding='ascii') as f:
                    if f':{os.stat(path).st_ino} ' in f.read():
                        break
            refused(disk(path, 'raw'), 'held', 'lock|use')
        finally:
            holder.kill()
            holder.wait()


def limit(c, megabytes):
    """What the host takes of a file: that much, or (None) anything."""
    most = resource.RLIM_INFINITY if megabytes is None else megabytes << 20
    resource.prlimit(c.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def sparse(folder):
    path = os.path.join(folder, 'disk')
    with open(path, 'wb') as f:
        f.truncate(16 << 20)
    return path


FILL = 'dd if=/dev/zero bs=1M count=8 2>/dev/null | tr "\\0" x | dd of=/dev/vda bs=1M iflag=fullblock oflag=direct 2>&1'


def full_disk_is_an_error_for_the_guest():
    with temporary() as tmp:
        path = sparse(tmp)
        with linux('-drive', f'file={path},if=none,id=d0,format=raw,werror=report', '-device',
                   'virtio-blk-device,drive=d0') as c:
            c.expect(PROMPT)
            limit(c, 4)
            out, _ = c.shell(FILL + '; echo status $?', 60)
            matches(out, r'(?i)error', 'what dd says')
            out, status = c.shell('dd if=/dev/vda bs=1M count=4 2>/dev/null | tr -d x | wc -c', 60)
            equal((out.split()[-1], status), ('0', 0), 'what was written before')
            c.send('poweroff\n')
            equal(c.wait(60), 0, 'exit status')


def full_disk_stops_the_machine():
    """werror=stop: nothing is lost, and the guest goes on when there is room."""
    with temporary() as tmp:
        path, monitor = sparse(tmp), os.path.join(tmp, 'monitor')
        with linux('-drive', f'file={path},if=none,id=d0,format=raw,werror=stop', '-device', 'virtio-blk-device,drive=d0',
                   '-monitor', f'unix:{monitor},server=on,wait=off', '-serial', 'stdio') as c:
            c.expect(PROMPT)
            limit(c, 4)
            c.send(FILL + '; echo fil""led $?\n')
            ask = lambda command: subprocess.run([need('socat'), '-t1', '-', f'unix-connect:{monitor}'],
                                                 input=command.encode() + b'\n', capture_output=True, timeout=20,
                                                 check=True).stdout.decode('utf-8', 'replace')
            for _ in range(100):
                if 'io-error' in ask('info status'):
                    break
                time.sleep(0.2)
            else:
                raise Failure(f'the machine was not stopped: {ask("info status")}')
            limit(c, None)
            ask('cont')
            c.expect(r'\nfilled 0', 60)
            out, _ = c.shell('dd if=/dev/vda bs=1M count=8 2>/dev/null | tr -d x | wc -c', 60)
            equal(out.split()[-1], '0', 'what was written')
            c.send('poweroff\n')
            equal(c.wait(60), 0, 'exit status')
        with open(path, 'rb') as f:
            equal(f.read(8 << 20), b'x' * (8 << 20), 'the disk')


if __name__ == '__main__':
    run(elf_files, linux_images, device_trees, flash_images, disk_images, full_disk_is_an_error_for_the_guest,
        full_disk_stops_the_machine)
