# SPDX-License-Identifier: GPL-2.0-or-later
"""A program on a serial console that a test reads and types on, with time limits, and that is surely stopped."""
import os
import pty
import re
import select
import signal
import subprocess
import time

ESCAPES = re.compile(rb'\x1b\[[0-9;?=]*[A-Za-z]|\x1b[=>]')


class ConsoleError(Exception):
    """What was expected did not come; the text has the end of the console."""


class Console:
    """A running emulator. Use as a context manager: the process and its children end with the block."""
    def __init__(self, argv, tty=False, echo=None, timeout=60, env=None):
        """tty gives it a terminal instead of pipes; echo is a binary file that gets all it prints; timeout is the
        default patience in seconds."""
        self.argv, self.timeout, self.echo = argv, timeout, echo
        self.seen, self.log = b'', b''
        slave = None
        if tty:
            self.master, slave = pty.openpty()
            ends = {'stdin': slave, 'stdout': slave, 'stderr': slave}
        else:
            ends = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT}
        self.process = subprocess.Popen(argv, bufsize=0, start_new_session=True,
                                        env={**os.environ, **(env or {})}, **ends)
        if tty:
            os.close(slave)
            self.input = self.output = self.master
        else:
            self.input, self.output = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.old_term = signal.signal(signal.SIGTERM, self.on_term)

    def on_term(self, *_):
        self.kill()
        raise SystemExit(143)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.kill()
        signal.signal(signal.SIGTERM, self.old_term)

    def kill(self):
        """Ends the process group; harmless when it has ended."""
        if self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def read(self, seconds):
        """Waits for output; False at its end."""
        ready, _, _ = select.select([self.output], [], [], max(0, seconds))
        if not ready:
            return True
        try:
            data = os.read(self.output, 65536)
        except OSError:   # a terminal whose other end is closed
            data = b''
        if self.echo:
            self.echo.write(data)
            self.echo.flush()
        self.log += data
        self.seen += data
        return bool(data)

    def expect(self, pattern, timeout=None, what=None):
        """Waits until a regular expression matches what came since the last match; the match object."""
        rx = re.compile(pattern.encode() if isinstance(pattern, str) else pattern)
        deadline = time.monotonic() + (timeout or self.timeout)
        alive = True
        while True:
            text = ESCAPES.sub(b'', self.seen)
            m = rx.search(text)
            if m:
                self.seen = text[m.end():]
                return m
            left = deadline - time.monotonic()
            if not alive or left <= 0:
                why = f'not within {timeout or self.timeout} s' if alive else f'it ended ({self.status()})'
                raise ConsoleError(f'expected {what or pattern!r}: {why}\n{self.tail()}')
            alive = self.read(min(left, 1))

    def status(self):
        try:
            return f'exit status {self.process.wait(5)}'
        except subprocess.TimeoutExpired:
            return 'output closed'

    def tail(self, lines=25):
        text = ESCAPES.sub(b'', self.log).decode('utf-8', 'replace').replace('\r', '')
        return '\n'.join('    | ' + line for line in text.splitlines()[-lines:])

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.input, data):]

    def shell(self, command, timeout=None):
        """Runs a command in the guest's shell: (output, exit status). The end mark is typed in two halves, so that the
        terminal's echo of it does not match."""
        self.send(f'echo sta""rt; {command}; echo end""ed $?\n')
        self.expect(r'\nstart\r*\n', timeout, what=f'the echo of {command!r}')
        m = self.expect(r'(?s)(.*?)ended (\d+)\r*\n', timeout, what=f'the end of {command!r}')
        return m.group(1).decode('utf-8', 'replace').replace('\r', ''), int(m.group(2))

    def wait(self, timeout=None):
        """The exit status once the program ends by itself; reads its output on the way."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while self.read(min(1, deadline - time.monotonic())):
            if time.monotonic() > deadline:
                raise ConsoleError(f'did not end within {timeout or self.timeout} s\n{self.tail()}')
        return self.process.wait(max(1, deadline - time.monotonic()))
