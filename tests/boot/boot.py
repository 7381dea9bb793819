# SPDX-License-Identifier: GPL-2.0-or-later
"""What every whole-machine test uses: the emulator's command line, guest files, and a TAP runner.

A test is a function without arguments that raises when something is wrong. A file of tests ends with run(...). The
emulator is the command in DOPPEL; anything with the same command line will do, so tests can be tried on another one.
DOPPEL_PATIENCE multiplies every time limit (sanitizer builds are slow).
"""
import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'scripts', 'guest')]
from console import Console, ConsoleError   # noqa: E402
from debian import FetchError   # noqa: E402
from files import Files   # noqa: E402
from guests import GUESTS   # noqa: E402

PATIENCE = float(os.environ.get('DOPPEL_PATIENCE', '1'))
PROMPT = r'debian-\w+:\S+# '
guest_files = {}


class Skip(Exception):
    """The test cannot run here; the text says why."""


class Failure(Exception):
    """Something is not as it should be; the text says what."""


def emulator():
    return shlex.split(os.environ.get('DOPPEL') or os.path.join(ROOT, 'build', 'doppel'))


def guest_file(name, guest='riscv64'):
    """Path of a file that Debian has (see scripts/guest/files.py)."""
    try:
        if guest not in guest_files:
            guest_files[guest] = Files(guest=guest)
        return guest_files[guest].get(name)
    except FetchError as e:
        raise Skip(str(e)) from e


def need(program):
    """Skips the test where a program is not installed."""
    path = shutil.which(program, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
    if not path:
        raise Skip(f'{program} is not installed')
    return path


def start(*args, tty=False, timeout=60, guest='riscv64'):
    """The guest's machine without a display, and args."""
    echo = sys.stderr.buffer if os.environ.get('DOPPEL_ECHO') else None
    return Console([*emulator(), *GUESTS[guest].machine, '-nographic', *args], tty=tty, echo=echo,
                   timeout=timeout * PATIENCE)


def linux(*args, append='', cpus=1, guest='riscv64', **kw):
    """Debian's kernel with our initramfs, up to the shell's prompt being near."""
    row = GUESTS[guest]
    bios = ['-bios', guest_file(row.bios, guest)] if row.bios else []
    return start('-smp', str(cpus), '-m', '1G', *bios, '-kernel', guest_file('kernel', guest),
                 '-initrd', guest_file('initrd', guest), '-append', f'console={row.console} {append}', *args,
                 guest=guest, **{'timeout': 120, **kw})


@contextlib.contextmanager
def edk2(*args, guest, **kw):
    """start() with EDK2 in the pair of flash devices, variables in a copy of their own."""
    with temporary() as tmp:
        variables = os.path.join(tmp, 'vars.fd')
        shutil.copy(guest_file('edk2-vars', guest), variables)
        with start('-drive', f'if=pflash,format=raw,unit=0,readonly=on,file={guest_file("edk2-code", guest)}',
                   '-drive', f'if=pflash,format=raw,unit=1,file={variables}', *args,
                   guest=guest, **{'timeout': 120, **kw}) as c:
            yield c


def uefi_shell(*args, guest):
    """EDK2 comes to its shell, which takes commands."""
    with edk2(*args, guest=guest, timeout=240) as c:
        c.expect(r'UEFI Interactive Shell')
        c.send('\x1b')
        c.expect(r'Shell>')
        c.send('ver\r')
        c.expect(r'UEFI v2')


def run_once(*args, timeout=20, stdin=b''):
    """A command line that ends by itself: its exit status, standard output and standard error."""
    try:
        r = subprocess.run([*emulator(), *args], input=stdin, capture_output=True, timeout=timeout * PATIENCE)
    except subprocess.TimeoutExpired as e:
        raise Failure(f'{shlex.join(args)}: still running after {timeout} s') from e
    return r.returncode, r.stdout.decode('utf-8', 'replace'), r.stderr.decode('utf-8', 'replace')


def equal(got, wanted, what):
    if got != wanted:
        raise Failure(f'{what}: got {got!r}, wanted {wanted!r}')


def matches(text, pattern, what):
    if not re.search(pattern, text):
        raise Failure(f'{what}: {pattern!r} is not in {text!r}')


def temporary():
    """A temporary folder, as a context manager."""
    return tempfile.TemporaryDirectory(prefix='doppel-test-')


def run(*tests):
    """Runs the tests (those named on the command line, or all) and prints TAP."""
    chosen = [t for t in tests if not sys.argv[1:] or t.__name__ in sys.argv[1:]]
    print(f'1..{len(chosen)}', flush=True)
    bad = 0
    for n, test in enumerate(chosen, 1):
        result, detail = 'ok', ''
        try:
            test()
        except Skip as e:
            detail = f' # SKIP {" ".join(str(e).split())}'
        except (Failure, ConsoleError, OSError, subprocess.SubprocessError) as e:
            result = 'not ok'
            print('# ' + str(e).replace('\n', '\n# '))
        except Exception:   # a mistake in the test itself
            result = 'not ok'
            print('# ' + traceback.format_exc().replace('\n', '\n# '))
        bad += result != 'ok'
        print(f'{result} {n} - {test.__name__}{detail}', flush=True)
    sys.exit(1 if bad else 0)
