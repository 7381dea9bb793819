#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Options that people have in their scripts: each works, or is refused in one line that says what is there."""
import json
import os
import struct
import subprocess
import time

from boot import Failure, Skip, emulator, equal, matches, run, run_once, temporary

# lui a0, 0x100; lui a1, 0x5; addi a1, a1, 0x555; sw a1, 0(a0); j . : ends through the board's finisher with status 0.
ENDS_AT_ONCE = struct.pack('<5I', 0x00100537, 0x000055b7, 0x55558593, 0x00b52023, 0x0000006f)


class Files:
    """Images to name: a program that ends at once, disks, a folder."""
    def __init__(self, folder):
        self.folder = folder
        self.bios = self.path('bios')
        with open(self.bios, 'wb') as f:
            f.write(ENDS_AT_ONCE)
        self.raw = self.path('disk.img')
        with open(self.raw, 'wb') as f:
            f.truncate(1 << 20)

    def path(self, name):
        return os.path.join(self.folder, name)

    def machine(self, *args, nographic=True):
        cpu = [] if '-cpu' in args else ['-cpu', 'rv64']
        return ['-machine', 'virt', *cpu, '-bios', self.bios, *(['-nographic'] if nographic else []), *args]


def works(files, *args, nographic=True):
    status, out, err = run_once(*files.machine(*args, nographic=nographic))
    equal((status, err), (0, ''), ' '.join(args))
    return out


def refused(files, args, *patterns):
    status, _, err = run_once(*files.machine(*args))
    equal((status, len(err.splitlines())), (1, 1), f'{" ".join(args)}: {err}')
    for pattern in patterns:
        matches(err, pattern, ' '.join(args))


def qcow2(files):
    """The builder of images stands beside the emulator."""
    tool = os.path.join(os.path.dirname(emulator()[0]), 'doppel-img')
    if not os.path.exists(tool):
        raise Skip('doppel-img is not there')
    path = files.path('disk.qcow2')
    subprocess.run([tool, 'create', '-f', 'qcow2', path, '1M'], check=True, capture_output=True)
    return path


def blockdev_in_both_forms():
    with temporary() as tmp:
        f = Files(tmp)
        image = qcow2(f)
        use = ['-device', 'virtio-blk-device,drive=d0']
        for driver, path in (('raw', f.raw), ('qcow2', image)):
            works(f, '-blockdev', f'driver={driver},node-name=d0,file.driver=file,file.filename={path}', *use)
            works(f, '-blockdev', f'driver=file,node-name=f0,filename={path}',
                  '-blockdev', f'{driver},node-name=d0,file=f0,read-only=on,cache.direct=off,cache.no-flush=on', *use)
            nested = {'driver': driver, 'node-name': 'd0', 'read-only': False, 'discard': 'unmap', 'detect-zeroes': 'unmap',
                      'file': {'driver': 'file', 'filename': path, 'cache': {'direct': False}, 'aio': 'threads'}}
            works(f, '-blockdev', json.dumps(nested), *use)
            split = [{'driver': 'file', 'filename': path, 'node-name': 'f0', 'auto-read-only': True, 'discard': 'unmap'},
                     {'driver': driver, 'node-name': 'd0', 'file': 'f0', 'backing': None}]
            works(f, *(x for b in split for x in ('-blockdev', json.dumps(b))),
                  '-device', json.dumps({'driver': 'virtio-blk-pci', 'drive': 'd0', 'id': 'disk'}))
        works(f, '-blockdev', f'driver=file,node-name=d0,filename={f.raw}', *use)
        works(f, '-drive', f'file={f.raw},if=none,format=raw,id=x,node-name=d0', *use)
        refused(f, ['-blockdev', 'driver=raw,node-name=d0,file=f0'], 'f0', 'node')
        refused(f, ['-blockdev', f'driver=raw,file.filename={f.raw}'], 'node-name')
        refused(f, ['-blockdev', 'driver=file,node-name=f0'], 'filename')
        refused(f, ['-blockdev', '{"driver": "raw",'], 'JSON', 'character')
        refused(f, ['-blockdev', 'driver=null-co,node-name=d0'], 'null-co', 'qcow2')
        refused(f, ['-blockdev', f'driver=raw,node-name=d0,file.filename={f.raw},frob=1'], 'frob')
        refused(f, ['-blockdev', f'driver=qcow2,node-name=d0,file.filename={image},backing=b'], 'backing')
        refused(f, ['-drive', f'file={f.raw},format=raw,if=none,id=d0', '-blockdev',
                    f'driver=raw,node-name=d0,file.filename={image}'], 'd0')


def memory_and_topology():
    with temporary() as tmp:
        f = Files(tmp)
        ram = f.path('ram')
        share = f'memory-backend-file,id=m0,size=64M,mem-path={ram},share=on'
        works(f, '-object', share, '-machine', 'memory-backend=m0')
        equal(os.path.getsize(ram), 64 << 20, 'the size of the shared RAM')
        with open(ram, 'rb') as g:
            equal(g.read(len(ENDS_AT_ONCE)), ENDS_AT_ONCE, 'the start of the shared RAM')
        works(f, '-object', 'memory-backend-ram,id=m0,size=64M,prealloc=on', '-machine', 'memory-backend=m0')
        works(f, '-object', 'memory-backend-memfd,id=m0,size=64M', '-machine', 'memory-backend=m0', '-m', '64M')
        works(f, '-mem-path', tmp, '-m', '64M', '-mem-prealloc')
        works(f, '-m', 'size=64M,maxmem=64M')
        works(f, '-smp', 'cpus=2,maxcpus=4,sockets=2,dies=1,clusters=1,cores=2,threads=1')
        works(f, '-smp', '4', '-smp', 'cores=4')
        refused(f, ['-m', '64M,maxmem=1G,slots=2'], '-m 64M,maxmem', 'size=')
        refused(f, ['-smp', '4,dies=2'], 'dies')
        refused(f, ['-smp', '4,sockets=1,cores=2,threads=1'], 'sockets')
        refused(f, ['-object', share, '-machine', 'memory-backend=m0', '-m', '1G'], 'm0', '64 MiB')
        refused(f, ['-machine', 'memory-backend=m1'], 'm1')
        refused(f, ['-mem-path', f.path('no/such')], 'no/such')
        refused(f, ['-object', 'secret,id=s0'], 'secret', 'memory-backend-ram')


def options_from_a_file():
    with temporary() as tmp:
        f = Files(tmp)
        config = f.path('config')

        def write(text):
            with open(config, 'w', encoding='ascii') as g:
                g.write(text)
        write(f'# a disk\n[machine]\n  aclint = "on"\n[memory]\n  size = "64M"\n\n[drive "d0"]\n  file = "{f.raw}"\n'
              '  if = "none"\n  format = "raw"\n[device]\n driver = "virtio-blk-pci"\n drive = "d0"\n')
        works(f, '-readconfig', config)
        for text, pattern in (('x', 'line 1'), ('[a', 'line 1'), ('\nk = "v"', 'line 2'), ('[device "x"]\nk = v', 'line 2'),
                              ('[frob]\n', 'frob'), ('[device "r"]\ndriver = "frob"', 'frob')):
            write(text)
            refused(f, ['-readconfig', config], pattern)
        refused(f, ['-readconfig', f.path('none')], 'none')


def names_and_clocks():
    with temporary() as tmp:
        f = Files(tmp)
        for args in (['-name', 'guest=g,debug-threads=on,process=p'], ['-name', 'plain'],
                     ['-uuid', '12345678-1234-1234-1234-123456789abc'],
                     ['-rtc', 'base=2020-01-01T00:00:00,clock=vm,driftfix=none'], ['-rtc', 'base=localtime'],
                     ['-action', 'reboot=shutdown,shutdown=poweroff,panic=pause,watchdog=none'], ['-no-reboot'],
                     ['-boot', 'menu=on,splash-time=100'], ['-no-user-config', '-nodefaults'], ['-overcommit', 'mem-lock=off'],
                     ['-machine', 'usb=off', '-machine', 'aclint=on,graphics=off,dump-guest-core=off'],
                     ['-global', 'virtio-mmio.force-legacy=false'],
                     ['-global', 'driver=virtio-mmio,property=force-legacy,value=false'],
                     ['-cpu', 'rv64,v=off,h=off,sv57=off'], ['-cpu', 'max'], ['-cpu', 'rva22s64'], ['-cpu', 'max32'],
                     ['-parallel', 'none', '-vga', 'none', '-display', 'none'], ['-accel', 'tcg'],
                     ['-object', 'rng-random,id=r0,filename=/dev/urandom', '-device', 'virtio-rng-device,rng=r0'],
                     ['-object', json.dumps({'qom-type': 'rng-builtin', 'id': 'r0'}), '-device', 'virtio-rng-pci,rng=r0'],
                     ['-netdev', json.dumps({'type': 'user', 'id': 'n0'}), '-device', 'virtio-net-device,netdev=n0'],
                     ['-fw_cfg', 'name=opt/a,string=b', '-fw_cfg', f'opt/c,file={f.raw}'], ['-device', 'pci-testdev']):
            works(f, *args)
        for args, pattern in ((['-uuid', '1234'], 'uuid'), (['-rtc', 'base=soon'], 'soon'), (['-boot', 'order=c'], 'menu'),
                              (['-machine', 'usb=on'], 'usb'), (['-global', 'nonsense'], 'nonsense'),
                              (['-action', 'panic=laugh'], 'laugh'), (['-overcommit', 'cpu-pm=on'], 'cpu-pm'),
                              (['-cpu', 'rv64,v=on'], r'v=on'), (['-cpu', 'rva23s64'], 'rva22s64'),
                              (['-cpu', 'rv64,frob=1'], 'frob'), (['-target', 'riscv32', '-cpu', 'rv64'], 'riscv32'),
                              (['-device', 'virtio-rng-device,bootindex=1'], 'bootindex'),
                              (['-device', 'virtio-rng-pci,iothread=io0'], 'iothread')):
            refused(f, args, pattern)


def refusals_name_what_is_there():
    """Every option of QEMU's for this target that is not there."""
    with temporary() as tmp:
        f = Files(tmp)
        for name, args in (('sandbox', ['on']), ('plugin', ['x']), ('dfilter', ['0+1']), ('jitdump', []), ('set', ['a.b.c=d']),
                           ('msg', ['timestamp=on']), ('compat', ['x=y']), ('add-fd', ['fd=3,set=1']), ('preconfig', []),
                           ('only-migratable', []), ('dump-vmstate', ['x']),
                           ('sd', ['x']), ('mtdblock', ['x']), ('iscsi', ['x=y']), ('option-rom', ['x']), ('shim', ['x']),
                           ('watchdog-action', ['none']), ('usb', []), ('usbdevice', ['x']),
                           ('audio', ['none']), ('audiodev', ['none,id=a']), ('vnc', [':1']), ('spice', ['x=y']),
                           ('numa', ['node']), ('tpmdev', ['x,id=t']), ('trace', ['x']), ('smbios', ['type=1']),
                           ('acpitable', ['x=y']), ('fda', ['x']), ('fdb', ['x'])):
            refused(f, ['-' + name, *args], f'-{name} is not supported: ')


def daemon():
    with temporary() as tmp:
        f = Files(tmp)
        pidfile, log = f.path('pid'), f.path('log')
        status, out, err = run_once(*f.machine('-display', 'none', '-S', '-daemonize', '-pidfile', pidfile, '-serial',
                                               f'file:{log}', nographic=False))
        equal((status, out, err), (0, '', ''), 'the start in the background')
        with open(pidfile, encoding='ascii') as g:
            pid = int(g.read())
        os.kill(pid, 15)
        for _ in range(100):
            if not os.path.exists(pidfile):
                break
            time.sleep(0.1)
        else:
            raise Failure('the pid file is still there 10 s after SIGTERM')
        refused(f, ['-daemonize'], 'nographic')
        for args, pattern in ((['-serial', 'stdio'], 'stdio'), (['-kernel', f.path('none')], 'none')):
            status, _, err = run_once(*f.machine('-display', 'none', '-daemonize', *args, nographic=False))
            equal(status, 1, 'the shell sees that the start failed')
            matches(err, pattern, ' '.join(args))


def files_are_written_through_links():
    """A file that the user names is written, not replaced: as root, /dev/null would not survive that."""
    with temporary() as tmp:
        f = Files(tmp)
        for args in (['-machine', 'dumpdtb='], ['-pidfile', ''], ['-serial', 'file:'], ['-d', 'unimp', '-D', '']):
            link, target = f.path('link'), f.path('target')
            os.symlink(target, link)
            works(f, *args[:-1], args[-1] + link)
            equal((os.path.islink(link), os.path.isfile(target)), (True, True), f'{args[0]}: the link, and the file behind it')
            os.remove(link)
            os.remove(target)


def rights_are_given_up():
    with temporary() as tmp:
        f = Files(tmp)
        refused(f, ['-run-with', 'user=no-such-user'], 'no-such-user')
        refused(f, ['-run-with', f'chroot={f.path("none")}'], 'none')
        if os.getuid():
            raise Skip('only root can become another user')
        works(f, '-run-with', f'chroot={tmp},user=65534:65534')


if __name__ == '__main__':
    run(blockdev_in_both_forms, memory_and_topology, options_from_a_file, names_and_clocks, refusals_name_what_is_there,
        daemon, files_are_written_through_links, rights_are_given_up)
