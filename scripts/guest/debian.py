# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of another Debian architecture or suite, through apt with a state of its own.

The machine's own apt is asked for its mirror and otherwise left alone: lists, cache and sources of these downloads are
in our cache folder. apt checks signatures and hashes as always, with Debian's archive keyring.
"""
import fcntl
import os
import re
import subprocess
import sys

KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'


class FetchError(Exception):
    """A download that cannot be had; the text says what to change, in one line."""


def cache_dir(*parts):
    """A folder in our cache, made when missing. DOPPEL_CACHE or XDG_CACHE_HOME move it."""
    base = os.environ.get('DOPPEL_CACHE') or os.path.join(
        os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'doppel')
    path = os.path.join(base, *parts)
    os.makedirs(path, exist_ok=True)
    return path


class Lock:
    """Only one process fills the cache at a time."""
    def __enter__(self):
        self.file = open(os.path.join(cache_dir(), 'lock'), 'w')
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *exc):
        self.file.close()


def machine_mirrors():
    """The archives that this machine's apt uses, the plain Debian one first. Reads both forms of sources through apt
    itself, so that disabled entries, options and comments are apt's business."""
    try:
        out = subprocess.run(['apt-get', 'indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)',
                              'Identifier: Packages'], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        raise FetchError(f'apt does not say which mirror this machine uses ({e}); name one with --mirror URL') from e
    found = []
    for line in out.splitlines():
        uri, release, component = (line.split() + ['', ''])[:3]
        plain = component == 'main' and not re.search(r'[-/]', release) and 'security' not in uri
        if plain and not uri.startswith('cdrom') and uri.rstrip('/') not in found:
            found.append(uri.rstrip('/'))
    return found


class Archive:
    """One suite of one architecture, as seen through an apt that knows nothing else."""
    def __init__(self, suite, arch, mirror=None):
        self.suite, self.arch = suite, arch
        self.mirrors = [mirror.rstrip('/')] if mirror else machine_mirrors()
        if not self.mirrors:
            raise FetchError("this machine's apt has no Debian mirror; name one with --mirror URL")
        self.dir = cache_dir('debian', f'{suite}-{arch}')
        self.fresh = False

    def apt(self, *args, capture=False):
        state = os.path.join(self.dir, 'apt')
        for d in ('lists/partial', 'cache/archives/partial'):
            os.makedirs(os.path.join(state, d), exist_ok=True)
        open(os.path.join(state, 'status'), 'a').close()
        options = {
            'APT::Architecture': self.arch, 'APT::Architectures::': self.arch,
            'Dir::State': state, 'Dir::State::Lists': f'{state}/lists', 'Dir::State::status': f'{state}/status',
            'Dir::Cache': f'{state}/cache', 'Dir::Etc::SourceList': f'{state}/sources.list',
            'Dir::Etc::SourceParts': '/dev/null', 'Dir::Etc::Preferences': '/dev/null',
            'Dir::Etc::PreferencesParts': '/dev/null', 'Acquire::Languages': 'none', 'Acquire::PDiffs': 'false',
            # A frozen mirror's Release file may be past its date. It is still signed.
            'Acquire::Check-Valid-Until': 'false',
        }
        if os.geteuid() == 0:
            options['APT::Sandbox::User'] = 'root'   # the cache may be where user _apt cannot write
        command = args[0] if args[0].startswith('apt-') else 'apt-get'
        cmd = [command, *(x for k, v in options.items() for x in ('-o', f'{k}={v}'))]
        cmd += [a for a in args if a != command]
        return subprocess.run(cmd, cwd=self.dir, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE if capture else sys.stderr,
                              stderr=subprocess.PIPE if capture else None)

    def update(self):
        """Fetches the package lists from the first mirror that has the suite."""
        if self.fresh:
            return
        signed = f' [signed-by={KEYRING}]' if os.path.exists(KEYRING) else ''
        for mirror in self.mirrors:
            print(f'Package lists of Debian {self.suite} ({self.arch}) from {mirror}', file=sys.stderr, flush=True)
            os.makedirs(os.path.join(self.dir, 'apt'), exist_ok=True)
            with open(os.path.join(self.dir, 'apt', 'sources.list'), 'w', encoding='utf-8') as f:
                f.write(f'deb{signed} {mirror} {self.suite} main\n')
            if self.apt('-q', 'update', '--error-on=any').returncode == 0:
                self.fresh = True
                return
        raise FetchError(f'no package lists of {self.suite} ({self.arch}) from {" or ".join(self.mirrors)}; '
                         'name another mirror with --mirror URL')

    def depends(self, package, pattern):
        """The first dependency of a package that matches: what a meta package stands for."""
        self.update()
        out = self.apt('apt-cache', 'show', '--no-all-versions', package, capture=True).stdout
        m = re.search(rf'^Depends:.*?({pattern})', out, re.M)
        if not m:
            raise FetchError(f'{self.suite} ({self.arch}) has no package {package}')
        return m.group(1)

    def fetch(self, package):
        """Path of the package's .deb, downloaded when it is not in the cache yet."""
        have = [f for f in os.listdir(self.dir) if f.startswith(package + '_') and f.endswith('.deb')]
        if not have:
            self.update()
            if self.apt('-q', 'download', package).returncode:
                raise FetchError(f'{self.suite} ({self.arch}): cannot download package {package}')
            have = [f for f in os.listdir(self.dir) if f.startswith(package + '_') and f.endswith('.deb')]
        return os.path.join(self.dir, max(have, key=lambda f: os.path.getmtime(os.path.join(self.dir, f))))

    def fetch_with_dependencies(self, *packages):
        """Paths of the packages' .debs and of everything that they depend on."""
        folder = os.path.join(self.dir, 'apt', 'cache', 'archives')
        stamp = os.path.join(self.dir, 'with-' + '-'.join(packages))
        if not os.path.exists(stamp):
            self.update()
            if self.apt('-q', '-y', '--download-only', '--no-install-recommends', 'install', *packages).returncode:
                raise FetchError(f'{self.suite} ({self.arch}): cannot download {" ".join(packages)}')
            open(stamp, 'w').close()
        return sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith('.deb'))


def unpack(deb, where):
    """Unpacks a package's files below a folder."""
    os.makedirs(where, exist_ok=True)
    if subprocess.run(['dpkg-deb', '-x', deb, where]).returncode:
        os.remove(deb)
        raise FetchError(f'{deb} is damaged; it was removed, run again')
