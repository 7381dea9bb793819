#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""install_test BUILD: 'ninja install' into an empty folder yields programs, links, manual page and completion that work."""
import os
import subprocess
import sys
import tempfile


def output(*cmd, **kw):
    return subprocess.run(cmd, check=True, stdout=subprocess.PIPE, text=True, **kw).stdout


def find(top, end):
    """The installed file whose path ends so."""
    hits = [os.path.join(where, f) for where, _, files in os.walk(top) for f in files]
    hits = [path for path in hits if path.endswith('/' + end)]
    assert hits, f'{end} is not installed'
    return hits[0]


def main():
    with tempfile.TemporaryDirectory() as top:
        output('meson', 'install', '-C', sys.argv[1], '--no-rebuild', '--destdir', top)
        checks = {
            'program': lambda: 'version' in output(find(top, 'bin/doppel'), '--version'),
            'link': lambda: 'virt' in output(find(top, 'bin/doppel-system-riscv64'), '-machine', 'help'),
            'disk_tool': lambda: 'create' in output(find(top, 'bin/doppel-img'), '--help'),
            'manual_page': lambda: '-netdev' in open(find(top, 'man1/doppel.1'), encoding='utf-8').read().replace('\\-', '-'),
            'completion': lambda: '-machine' in output('bash', '-c', 'source "$1"; _doppel "$2" -mach; echo "$COMPREPLY"',
                                                       'bash', find(top, 'completions/doppel'),
                                                       find(top, 'bin/doppel')),
        }
        print(f'1..{len(checks)}')
        for n, (name, check) in enumerate(checks.items(), 1):
            try:
                good = check()
            except (subprocess.CalledProcessError, AssertionError, OSError) as e:
                good = False
                print(f'# {e}')
            print(f'{"" if good else "not "}ok {n} - {name}', flush=True)


main()
