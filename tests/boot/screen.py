#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Screens: what SeaBIOS writes and draws, its boot menu by keys from the monitor, and windows on an X server of our own."""
import hashlib
import json
import os
import re
import socket
import struct
import subprocess
import time

from boot import HERE, PATIENCE, Failure, Skip, emulator, equal, guest_file, matches, need, run, run_once, temporary

TEXT = 0xb8000


class Machine:
    """The pc board with a VGA, its JSON monitor and its folder for pictures."""

    def __init__(self, tmp, *args, display='none', env=None):
        self.tmp = tmp
        path = os.path.join(tmp, 'qmp')
        self.process = subprocess.Popen(
            [*emulator(), '-target', 'x86_64', '-machine', 'pc', '-m', '64', '-bios', guest_file('seabios', 'x86_64'), '-display',
             display, '-serial', 'none', '-qmp', f'unix:{path},server=on,wait=off', *args], env=env, stderr=subprocess.PIPE)
        self.until(lambda: os.path.exists(path), 'the monitor')
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30 * PATIENCE)
        self.socket.connect(path)
        self.stream = self.socket.makefile('rw', encoding='utf-8')
        self.stream.readline()
        self.do('qmp_capabilities')

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self.stream.close()
        self.socket.close()
        self.process.stderr.close()

    def until(self, what, name, seconds=60):
        end = time.monotonic() + seconds * PATIENCE
        while not what():
            if self.process.poll() is not None:
                raise Failure(f'ended: {self.process.stderr.read().decode()}')
            if time.monotonic() > end:
                raise Failure(f'no {name} after {seconds} s')
            time.sleep(0.1)

    def do(self, command, **args):
        self.stream.write(json.dumps({'execute': command, 'arguments': args}) + '\n')
        self.stream.flush()
        while True:
            reply = json.loads(self.stream.readline())
            if 'return' in reply:
                return reply['return']
            if 'error' in reply:
                raise Failure(f'{command}: {reply["error"]["desc"]}')

    def hmp(self, line):
        return self.do('human-monitor-command', **{'command-line': line})

    def text(self):
        """The characters of the text screen."""
        dump = self.hmp(f'xp /4000xb {TEXT:#x}')
        cells = [int(v, 16) for line in dump.splitlines() for v in re.findall(r'0x([0-9a-f]{2})\b', line.split(':', 1)[1])]
        chars = ''.join(chr(c) if 32 <= c < 127 else ' ' for c in cells[::2])
        return '\n'.join(chars[i:i + 80].rstrip() for i in range(0, len(chars), 80))

    def wait_text(self, pattern):
        self.until(lambda: re.search(pattern, self.text()), repr(pattern))

    def picture(self, name='screen.ppm'):
        path = os.path.join(self.tmp, name)
        self.do('screendump', filename=path)
        return read_ppm(path) if name.endswith('.ppm') else path


def read_ppm(path):
    with open(path, 'rb') as f:
        data = f.read()
    width, height = (int(n) for n in re.match(rb'P6\n(\d+) (\d+)\n255\n', data).groups())
    return width, height, data[-width * height * 3:]


def need_vga_bios():
    """SeaBIOS without a VGA BIOS writes nowhere."""
    if not os.path.exists('/usr/share/seabios/vgabios-stdvga.bin'):
        raise Skip('package seabios with vgabios-stdvga.bin is not installed')


def firmware_writes_on_the_screen():
    need_vga_bios()
    with temporary() as tmp, Machine(tmp) as m:
        m.wait_text(r'SeaBIOS \(version')
        m.wait_text(r'No bootable device')
        width, height, pixels = m.picture()
        equal((width, height), (720, 400), 'size')
        colours = {pixels[i:i + 3] for i in range(0, len(pixels), 3)}
        equal(colours, {b'\0\0\0', b'\xa8\xa8\xa8'}, 'colours')
        lit = [y for y in range(16) if b'\xa8' in pixels[y * width * 3:(y + 1) * width * 3]]
        if not 8 <= len(lit) <= 14 or pixels[16 * width * 3 * 20:].count(b'\xa8'):
            raise Failure(f'the first line of text has ink in lines {lit}')
        with open(m.picture('screen.png'), 'rb') as f:
            equal(f.read(8), b'\x89PNG\r\n\x1a\n', 'PNG')


def boot_menu_by_keys():
    need_vga_bios()
    with temporary() as tmp:
        image = os.path.join(tmp, 'disk')
        with open(image, 'wb') as f:
            f.truncate(1 << 20)
        with Machine(tmp, '-boot', 'menu=on,splash-time=60000', '-hda', image) as m:
            m.wait_text('Press ESC for boot menu')
            equal(m.hmp('sendkey esc').strip(), '', 'sendkey')
            m.wait_text('Select boot device')
            m.wait_text('1. ata0-0')
            m.do('send-key', keys=[{'type': 'qcode', 'data': '1'}])
            m.wait_text('Booting from Hard Disk')


def wrong_keys_and_screens_are_said():
    need_vga_bios()
    with temporary() as tmp, Machine(tmp, '-S') as m:
        matches(m.hmp('sendkey nokey'), 'nokey', 'sendkey')
        matches(m.hmp('screendump /nonexistent/x.png'), 'nonexistent', 'screendump')
        for command, args in (('screendump', {'filename': '/dev/null', 'format': 'gif'}),
                              ('screendump', {'filename': '/dev/null', 'head': 7}),
                              ('screendump', {'filename': '/dev/null', 'device': 'frob'}),
                              ('send-key', {'keys': [{'type': 'qcode', 'data': 'frob'}]}), ('send-key', {'keys': 7}),
                              ('input-send-event', {'events': [{'type': 'btn', 'data': {'button': 'left'}}]}),
                              ('input-send-event', {'events': [7]})):
            try:
                m.do(command, **args)
            except Failure:
                continue
            raise Failure(f'{command} {args}: accepted')
        m.do('input-send-event', events=[{'type': 'rel', 'data': {'axis': 'x', 'value': 5}},
                                         {'type': 'btn', 'data': {'button': 'left', 'down': True}},
                                         {'type': 'key', 'data': {'down': True, 'key': {'type': 'qcode', 'data': 'a'}}}])
    for args, pattern in ((['-display', 'frob'], 'sdl'), (['-vga', 'frob'], 'std')):
        status, _, err = run_once('-target', 'x86_64', '-machine', 'pc', *args)
        equal(status, 1, 'exit status')
        matches(err, pattern, 'message')
    with temporary() as tmp, Machine(tmp, '-S', '-vga', 'none') as m:
        matches(m.hmp('screendump /dev/null'), 'no screen', 'screendump without a card')


# What qemu-system-x86_64 11 shows for vga_modes.S: SHA-256 of the pixels. Mode 102 is our own: QEMU shows nothing, since
# its window keeps the plane mask of earlier modes.
MODES = [
    ('01', 640, 400, '67f638b2658a0565'),
    ('03', 720, 400, 'd2c6da26440014fb'),
    ('07', 720, 400, 'c559363a4e50dd32'),
    ('04', 1280, 400, '626db8bea999709c'),
    ('06', 640, 400, 'b79ce3053e30e517'),
    ('0d', 640, 400, '91aad973a402535d'),
    ('0e', 640, 400, '8be66de8b1cf72c4'),
    ('0f', 640, 350, 'ceb90b8d90deddc9'),
    ('10', 640, 350, 'c3d3a079cd4caad3'),
    ('11', 640, 480, '7d73699f3bbdcfd3'),
    ('12', 640, 480, 'cc075865dba2bdf9'),
    ('12 split and panned', 640, 480, '42e0e4f2e574983d'),
    ('12 masked', 640, 480, '0b150fd32588b1da'),
    ('13', 640, 400, '9a78d20d3bc4d94f'),
    ('13 unchained', 640, 400, '16e55c42fd9a9e1f'),
    ('102', 800, 600, '43a1e4222c1449b6'),
    ('100', 640, 400, 'd85c62f172c7aa62'),
    ('101', 640, 480, '089a1442e8894f08'),
    ('10d', 320, 200, 'c45999fd43d87a81'),
    ('10e', 320, 200, '51a997c8e93b4696'),
    ('10f', 320, 200, '879c00fb69dc782b'),
    ('140', 320, 200, '36241c14cf674358'),
    ('111', 640, 480, 'ac49bb964338e477'),
    ('112', 640, 480, '9c1ecfe463d8b217'),
    ('118', 1024, 768, 'd8e8b534d2ef9733'),
]


def every_mode_draws_as_in_qemu():
    need_vga_bios()
    compiler = need('gcc')
    with temporary() as tmp:
        image, log = os.path.join(tmp, 'disk'), os.path.join(tmp, 'log')
        subprocess.run([compiler, '-m32', '-nostdlib', '-static', '-fno-pic', '-no-pie', '-Wl,-m,elf_i386', '-Wl,--build-id=none',
                        '-Wl,-Ttext=0x7c00', '-Wl,--oformat=binary', '-o', image, os.path.join(HERE, 'vga_modes.S')], check=True)
        with open(image, 'ab') as f:
            f.truncate(1 << 20)
        with Machine(tmp, '-hda', image, '-debugcon', f'file:{log}') as m:
            for n, (name, *wanted) in enumerate(MODES):
                m.until(lambda: os.path.exists(log) and os.path.getsize(log) > n, f'mode {name}')
                width, height, pixels = m.picture()
                equal([width, height, hashlib.sha256(pixels).hexdigest()[:16]], wanted, f'mode {name}')
                m.do('send-key', keys=[{'type': 'qcode', 'data': 'spc'}], **{'hold-time': 20})
            m.until(lambda: os.path.getsize(log) > len(MODES), 'end')


def linux_draws_its_console_and_reads_its_keyboard():
    need_vga_bios()
    with temporary() as tmp:
        log = os.path.join(tmp, 'serial')
        with Machine(tmp, '-m', '512', '-kernel', guest_file('kernel', 'x86_64'), '-initrd', guest_file('initrd', 'x86_64'),
                     '-append', 'vga=0x318 console=ttyS0 console=tty0', '-serial', f'file:{log}') as m:
            m.until(lambda: m.picture()[:2] == (1024, 768), 'frame buffer', 120)
            m.until(lambda: m.picture()[2].count(b'\xaa\xaa\xaa') > 20000, 'console on it', 120)
            end = time.monotonic() + 120 * PATIENCE
            while m.process.poll() is None:     # the shell may not listen yet
                if time.monotonic() > end:
                    raise Failure('typing poweroff has no effect')
                try:
                    for key in [*'poweroff', 'ret']:
                        m.do('send-key', keys=[{'type': 'qcode', 'data': key}], **{'hold-time': 30})
                        time.sleep(0.1)
                except (OSError, ValueError):       # it has ended
                    m.process.wait(10 * PATIENCE)
            equal(m.process.returncode, 0, 'exit status')


# ---- windows ----

class Screen:
    """An X server whose picture is a file (X11/XWDFile.h)."""

    def __init__(self, tmp):
        server = need('Xvfb')
        read, write = os.pipe()
        self.process = subprocess.Popen([server, '-displayfd', str(write), '-screen', '0', '1024x768x24', '-fbdir', tmp],
                                        pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as f:
            self.display = ':' + f.readline().strip()
        self.path = os.path.join(tmp, 'Xvfb_screen0')
        self.env = {**os.environ, 'DISPLAY': self.display, 'SDL_VIDEODRIVER': 'x11', 'SDL_RENDER_DRIVER': 'software'}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait()

    def part(self, x, y, width, height):
        """Pixels as in a PPM."""
        with open(self.path, 'rb') as f:
            data = f.read()
        header = struct.unpack('>25I', data[:100])
        start, line = header[0] + header[19] * 12, header[12]
        rows = [data[start + (y + i) * line + x * 4:start + (y + i) * line + (x + width) * 4] for i in range(height)]
        out = bytearray(width * height * 3)
        for i, row in enumerate(rows):
            for c in range(3):
                out[i * width * 3 + c:(i + 1) * width * 3:3] = row[2 - c::4]
        return bytes(out)

    def tool(self, *args):
        return subprocess.run([need('xdotool'), *args], env=self.env, check=True, capture_output=True, text=True).stdout


def window_of(m, x):
    found = []

    def look():
        r = subprocess.run([need('xdotool'), 'search', '--name', 'Doppel'], env=x.env, capture_output=True, text=True)
        found[:] = r.stdout.split()
        return found
    m.until(look, 'window')
    return found[-1]


def place_of(x, window):
    values = dict(line.split('=') for line in x.tool('getwindowgeometry', '--shell', window).split())
    return tuple(int(values[k]) for k in ('X', 'Y', 'WIDTH', 'HEIGHT'))


def window_shows_and_takes_keys():
    need_vga_bios()
    need('xdotool')
    if 'sdl' not in run_once('-display', 'help')[1]:
        raise Skip('built without SDL')
    with temporary() as tmp:
        image = os.path.join(tmp, 'disk')
        with open(image, 'wb') as f:
            f.truncate(1 << 20)
        with Screen(tmp) as x, Machine(tmp, '-name', 'guest=seen', '-boot', 'menu=on,splash-time=60000', '-hda', image, display='sdl',
                                       env=x.env) as m:
            window = window_of(m, x)
            matches(x.tool('getwindowname', window), r'Doppel \(seen\)', 'title')
            m.wait_text('Press ESC for boot menu')
            x.tool('windowfocus', '--sync', window)
            x.tool('key', 'Escape')
            m.wait_text('Select boot device')
            m.until(lambda: place_of(x, window)[2:] == (720, 400), 'window of the screen\'s size')
            m.do('stop')
            matches(x.tool('getwindowname', window), 'Stopped', 'title')
            m.until(lambda: x.part(*place_of(x, window))[720 * 3 * 64:720 * 3 * 112] == m.picture()[2][720 * 3 * 64:720 * 3 * 112],
                    'guest\'s picture in the window')
            m.do('cont')
            x.tool('mousemove', '--window', window, '300', '350', 'click', '1')
            m.until(lambda: 'release the mouse' in x.tool('getwindowname', window), 'grab')
            x.tool('keydown', 'Control_L', 'keydown', 'Alt_L', 'key', 'g', 'keyup', 'Alt_L', 'keyup', 'Control_L')
            m.until(lambda: 'release the mouse' not in x.tool('getwindowname', window), 'end of the grab')
            m.do('quit')
            m.process.wait(30 * PATIENCE)
            equal(m.process.returncode, 0, 'exit status')


def window_without_a_display_is_one_line():
    if 'sdl' not in run_once('-display', 'help')[1]:
        raise Skip('built without SDL')
    env = {k: v for k, v in os.environ.items() if k not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    r = subprocess.run([*emulator(), '-target', 'x86_64', '-machine', 'pc', '-display', 'sdl'], capture_output=True, text=True,
                       env={**env, 'SDL_VIDEODRIVER': 'x11'}, timeout=30 * PATIENCE)
    equal(r.returncode, 1, 'exit status')
    if len(r.stderr.strip().splitlines()) != 1 or '-display sdl' not in r.stderr:
        raise Failure(r.stderr)


if __name__ == '__main__':
    run(firmware_writes_on_the_screen, boot_menu_by_keys, every_mode_draws_as_in_qemu, linux_draws_its_console_and_reads_its_keyboard,
        wrong_keys_and_screens_are_said, window_shows_and_takes_keys, window_without_a_display_is_one_line)
