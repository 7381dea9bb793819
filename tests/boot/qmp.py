#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON monitor on a socket: what programs that manage machines rely on."""
import contextlib
import json
import os
import socket
import subprocess
import time

from boot import PATIENCE, Failure, emulator, equal, guest_file, matches, run, run_once, temporary

MACHINE = ['-machine', 'virt', '-cpu', 'rv64', '-display', 'none']


class Client:
    """One connection; replies and events are JSON values, one on each line."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20 * PATIENCE)
        self.sock.connect(path)
        self.file = self.sock.makefile('r', encoding='utf-8')
        self.events = []

    def send(self, text):
        self.sock.sendall(text if isinstance(text, bytes) else text.encode())

    def read(self):
        line = self.file.readline()
        if not line:
            raise Failure('the monitor has closed the connection')
        return json.loads(line)

    def reply(self):
        while True:
            r = self.read()
            if 'event' not in r:
                return r
            self.events.append(r)

    def ask(self, command, **args):
        self.send(json.dumps({'execute': command, **({'arguments': args} if args else {}), 'id': command}) + '\n')
        r = self.reply()
        equal(r.pop('id'), command, 'the id of the reply')
        return r

    def get(self, command, **args):
        r = self.ask(command, **args)
        if 'return' not in r:
            raise Failure(f'{command}: {r}')
        return r['return']

    def event(self, name):
        """Waits for an event; its data."""
        while True:
            for i, e in enumerate(self.events):
                if e['event'] == name:
                    equal(sorted(e['timestamp']), ['microseconds', 'seconds'], 'members of the time stamp')
                    del self.events[:i + 1]
                    return e.get('data')
            e = self.read()
            if 'event' not in e:
                raise Failure(f'waiting for {name}: {e}')
            self.events.append(e)


@contextlib.contextmanager
def machine(*args, negotiate=True):
    with temporary() as tmp:
        path = os.path.join(tmp, 'qmp')
        argv = [*emulator(), *MACHINE, '-serial', 'null', '-monitor', 'none',
                '-qmp', f'unix:{path},server=on,wait=off', *args]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as p:
            try:
                end = time.monotonic() + 20 * PATIENCE
                while not os.path.exists(path):
                    if p.poll() is not None or time.monotonic() > end:
                        raise Failure(f'no socket: {p.stderr.read().decode()}')
                    time.sleep(0.02)
                c = Client(path)
                c.process = p
                equal(list(c.read()), ['QMP'], 'the greeting')
                if negotiate:
                    equal(c.get('qmp_capabilities'), {}, 'qmp_capabilities')
                yield c
            finally:
                p.kill()


STOPPED = ['-bios', 'none', '-S']


def negotiation_comes_first():
    with machine(*STOPPED, negotiate=False) as c:
        equal(c.ask('query-status')['error']['class'], 'CommandNotFound', 'class of the error before negotiation')
        equal(c.ask('qmp_capabilities', enable=['oob'])['error']['class'], 'GenericError', 'class for a capability')
        equal(c.get('qmp_capabilities', enable=[]), {}, 'negotiation')
        equal(c.ask('qmp_capabilities')['error']['class'], 'CommandNotFound', 'class of the error afterwards')
        equal(c.get('query-status'), {'running': False, 'status': 'prelaunch'}, 'query-status')


def run_control_and_events():
    with machine(*STOPPED) as c:
        equal(c.get('cont'), {}, 'cont')
        c.event('RESUME')
        equal(c.get('query-status'), {'running': True, 'status': 'running'}, 'query-status')
        equal(c.get('stop'), {}, 'stop')
        c.event('STOP')
        equal(c.get('stop'), {}, 'stop again')
        equal(c.get('query-status')['status'], 'paused', 'status')
        equal(c.events, [], 'events of the second stop')
        c.get('system_reset')
        equal(c.event('RESET'), {'guest': False, 'reason': 'host-qmp-system-reset'}, 'data of RESET')
        c.get('system_powerdown')
        c.event('POWERDOWN')
        equal(c.get('quit'), {}, 'quit')
        equal(c.event('SHUTDOWN'), {'guest': False, 'reason': 'host-qmp-quit'}, 'data of SHUTDOWN')
        equal(c.process.wait(20), 0, 'exit status')


def guest_ends():
    with machine('-S', '-bios', guest_file('opensbi'), '-kernel', guest_file('kernel'), '-m', '512M', '-no-reboot',
                 '-append', 'panic=-1') as c:
        c.sock.settimeout(90 * PATIENCE)
        c.get('cont')
        c.event('RESUME')
        data = c.event('SHUTDOWN')
        equal(data['guest'], True, 'SHUTDOWN came from the guest')


def queries():
    with temporary() as tmp:
        disk = os.path.join(tmp, 'disk,ä.img')
        with open(disk, 'wb') as f:
            f.truncate(1 << 20)
        escaped = disk.replace(',', ',,')
        with machine(*STOPPED, '-smp', '2', '-m', '256M', '-name', 'test "1"', '-drive',
                     f'file={escaped},format=raw,if=none,id=d0,read-only=on', '-device',
                     'virtio-blk-device,drive=d0') as c:
            names = [x['name'] for x in c.get('query-commands')]
            for name in names:
                if name.startswith('query-') and name != 'query-balloon':
                    c.get(name)
            equal(len(set(names)), len(names), 'names of commands')
            cpus = c.get('query-cpus-fast')
            equal([x['cpu-index'] for x in cpus], [0, 1], 'numbers of CPUs')
            matches(cpus[0]['target'], 'riscv64', 'target')
            block = c.get('query-block')
            equal([x['device'] for x in block], ['d0'], 'disks')
            medium = block[0]['inserted']
            equal((medium['file'], medium['ro'], medium['image']['virtual-size']), (disk, True, 1 << 20), 'the disk')
            equal(c.get('query-name'), {'name': 'test "1"'}, 'name')
            equal(c.get('query-memory-size-summary'), {'base-memory': 256 << 20}, 'memory')
            version = c.get('query-version')
            equal(sorted(version['qemu']), ['major', 'micro', 'minor'], 'members of the version')
            labels = [x['label'] for x in c.get('query-chardev')]
            matches(' '.join(labels), 'compat_monitor', 'chardevs')
            props = {x['name']: x for x in c.get('device-list-properties', typename='virtio-blk-device')}
            matches(props['drive']['type'], 'str', 'type of drive')
            types = [x['name'] for x in c.get('qom-list-types', implements='device')]
            matches(' '.join(types), 'virtio-blk-device', 'types')
            text = c.get('human-monitor-command', **{'command-line': 'info status'})
            matches(text, r'VM status: paused \(prelaunch\)', 'info status')


def wrong_requests():
    rows = [
        ('{"execute": "frobnicate"}', 'CommandNotFound', 'The command frobnicate has not been found'),
        ('{"execute": 1}', 'GenericError', 'execute'),
        ('{"exec": "stop"}', 'GenericError', 'member'),
        ('{}', 'GenericError', "lacks member 'execute'"),
        ('[]', 'GenericError', 'must be a JSON object'),
        ('{"execute": "stop", "arguments": 1}', 'GenericError', 'must be an object'),
        ('{"execute": "stop", "arguments": {"x": 1}}', 'GenericError', "Parameter 'x' is unexpected"),
        ('{"execute": "human-monitor-command"}', 'GenericError', "Parameter 'command-line' is missing"),
        ('{"execute": "human-monitor-command", "arguments": {"command-line": 1}}', 'GenericError', 'expected: string'),
        ('{"execute": "human-monitor-command", "arguments": {"command-line": "x", "cpu-index": 1.5}}', 'GenericError',
         'expected: integer'),
        ('{"execute": "human-monitor-command", "arguments": {"command-line": "x", "cpu-index": -1}}', 'GenericError',
         'CPU'),
        ('{"execute": "device-list-properties", "arguments": {"typename": "x"}}', 'GenericError', 'not found'),
        ('{"execute": }', 'GenericError', 'JSON parse error'),
        ('nonsense', 'GenericError', 'JSON parse error'),
        ('{"a": ' * 100, 'GenericError', 'nested'),
        ('{"execute": "' + 'x' * (2 << 20), 'GenericError', 'too long'),
        (b'{"execute": "\xc3\x28"}', 'GenericError', 'UTF-8'),
        (b'{"execute": "\x00"}', 'GenericError', 'control'),
    ]
    with machine(*STOPPED) as c:
        for text, kind, message in rows:
            c.send(text)
            c.send('\n')
            error = c.reply().get('error')
            if not error:
                raise Failure(f'no error for {text[:60]!r}')
            equal(error['class'], kind, f'class for {text[:60]!r}')
            matches(error['desc'], message, f'message for {text[:60]!r}')
        c.send("{'execute': 'query-status', 'id': [1, {'a': null}]}")
        r = c.reply()
        equal((r['return']['status'], r['id']), ('prelaunch', [1, {'a': None}]), 'single quotes, and any id')
        c.send('{"execute":\xff{"execute": "query-status"}'.encode('latin-1'))
        equal(c.reply()['return']['status'], 'prelaunch', 'after 0xff the monitor starts afresh')
        c.send('{"execute": "query-status"}' * 500)
        for _ in range(500):
            equal(c.reply()['return']['status'], 'prelaunch', 'many requests at once')


def reconnect(path):
    """The monitor listens again once it has seen that its client has gone."""
    for _ in range(100):
        try:
            return Client(path)
        except ConnectionRefusedError:
            time.sleep(0.2)
    return Client(path)


def clients_come_and_go():
    with machine(*STOPPED) as c:
        path = c.sock.getpeername()
        c.send('{"execute": ')
        c.file.close()
        c.sock.close()
        time.sleep(0.2)
        again = reconnect(path)
        equal(list(again.read()), ['QMP'], 'the greeting')
        equal(again.ask('query-status')['error']['class'], 'CommandNotFound', 'a new client negotiates')
        again.get('qmp_capabilities')
        again.get('query-status')


def on_the_terminal():
    status, out, err = run_once(*MACHINE, '-bios', 'none', '-S', '-qmp', 'stdio',
                                stdin=b'{"execute": "qmp_capabilities"}{"execute": "query-status"}{"execute": "quit"}')
    equal(status, 0, f'status ({err})')
    lines = [json.loads(x) for x in out.splitlines()]
    equal([list(x)[0] for x in lines][:4], ['QMP', 'return', 'return', 'return'], 'replies')
    equal(lines[2]['return']['status'], 'prelaunch', 'status')
    status, out, err = run_once(*MACHINE, '-bios', 'none', '-S', '-chardev', 'stdio,id=c',
                                '-mon', 'chardev=c,mode=control,pretty=on', '-serial', 'none',
                                stdin=b'{"execute": "qmp_capabilities"}\n{"execute": "quit"}\n')
    equal(status, 0, f'status ({err})')
    matches(out, r'\n    "return"', 'indented replies')


if __name__ == '__main__':
    run(negotiation_comes_first, run_control_and_events, guest_ends, queries, wrong_requests, clients_come_and_go,
        on_the_terminal)
