#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check [--quick | --all] [--stage NAME]... [--no-deps]

Builds Doppel in every flavour, runs every test, and ends with the line "N passed, N failed".

  --quick        only the gcc build and its fast suite
  --all          no time budgets, and the suite 'long'
  --stage NAME   only this stage (may be repeated): gcc, asan, tsan, clang, fuzz
  --no-deps      do not look for missing packages first

A skipped test is named with its reason. Where CI=true in the environment, a skip that tests/allowed-skips does not
list is a failure. Build folders are build-check/STAGE; the tests' logs are in their meson-logs.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUPPRESSIONS = os.path.join(ROOT, 'tests', 'tsan.supp')


class Stage:
    """One build of the tree and the tests that run on it."""
    def __init__(self, name, minutes, configure, test=(), before=(), env=None, what=''):
        self.name, self.minutes, self.configure, self.test = name, minutes, list(configure), list(test)
        self.before, self.env, self.what = list(before), env or {}, what


STAGES = [
    Stage('gcc', 20, ['--cc=gcc', '--werror'], ['--timeout-multiplier=2'], what='gcc, warnings are errors, every suite'),
    Stage('asan', 25, ['--cc=gcc', '--werror', '--sanitize=address,undefined'], ['--timeout-multiplier=6'],
          env={'DOPPEL_PATIENCE': '6', 'ASAN_OPTIONS': 'abort_on_error=1:detect_stack_use_after_return=1:detect_leaks=0',
               'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'},
          what='address and undefined-behaviour sanitizers, every suite'),
    Stage('tsan', 12, ['--cc=gcc', '--sanitize=thread'],
          ['--suite=fast', '--suite=smp', '--timeout-multiplier=10'], before=['setarch', '-R'],
          env={'DOPPEL_PATIENCE': '10', 'TSAN_OPTIONS': f'halt_on_error=1:second_deadlock_stack=1:suppressions={SUPPRESSIONS}'},
          what='thread sanitizer, the suites fast and smp'),
    Stage('clang', 8, ['--cc=clang', '--werror'], ['--suite=fast'], what='clang, warnings are errors, the fast suite'),
    Stage('fuzz', 8, ['--cc=clang', '--sanitize=address,undefined', '--enable-fuzzers'], ['--suite=fuzz'],
          env={'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}, what='the fuzzers, each for a bounded time'),
]


def said(suite, case):
    """Why a TAP test was skipped. Older mesons leave the reason out of the results but keep the program's output."""
    title = re.escape(re.sub(r'^\d+ (- )?', '', case.get('name')))
    m = re.search(rf'^ok \d+ (?:- )?{title}\s*# SKIP:? *(.*)', suite.findtext('system-out') or '', re.M)
    return m and m.group(1)


class Tally:
    """What came out, over all stages."""
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def result(self, name, ok):
        if ok:
            self.passed += 1
        else:
            self.failed.append(name)

    def read_results(self, stage, logs):
        """Adds meson's results from its folder of logs: the cases, and every program that failed though all the cases
        that it came to were good (it crashed, or had to be stopped). False when there is nothing to read."""
        bad = set()
        try:
            self.read_junit(stage, os.path.join(logs, 'testlog.junit.xml'), bad)
            with open(os.path.join(logs, 'testlog.json'), encoding='utf-8') as f:
                programs = [json.loads(line) for line in f]
        except (OSError, ValueError, xml.ParseError):
            return False
        for p in programs:
            if p['result'] not in ('OK', 'SKIP', 'EXPECTEDFAIL') and not any(name.endswith(p['name']) for name in bad):
                self.failed.append(f'{stage}: {p["name"]}: {p["result"].lower()}, return code {p.get("returncode")}')
        return True

    def read_junit(self, stage, path, bad):
        """Adds the cases of meson's file, and the names of its programs with a failed case to bad."""
        for suite in xml.parse(path).getroot().iter('testsuite'):
            for case in suite.findall('testcase'):
                name = f'{stage}: {case.get("classname") or suite.get("name")}/{case.get("name")}'
                skip = case.find('skipped')
                if skip is not None:
                    self.skipped.append((name, skip.get('message') or said(suite, case) or 'no reason given'))
                else:
                    good = case.find('failure') is None and case.find('error') is None
                    self.result(name, good)
                    if not good:
                        bad.update((suite.get('name'), case.get('classname') or '', case.get('name')))


def run(cmd, deadline, env=None):
    """The command's exit status; None when the deadline has passed (it is stopped, with its children)."""
    print('+ ' + ' '.join(cmd), flush=True)
    p = subprocess.Popen(cmd, cwd=ROOT, env={**os.environ, **(env or {})}, start_new_session=True)
    try:
        return p.wait(None if deadline is None else max(1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        stop(p)
        return None
    except KeyboardInterrupt:
        stop(p)
        raise


def stop(p):
    """meson writes its logs and ends its tests on SIGINT; SIGKILL for whatever is still there."""
    for sig, seconds in ((signal.SIGINT, 20), (signal.SIGKILL, 10)):
        try:
            os.killpg(p.pid, sig)
            p.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


def run_stage(stage, options, tally):
    build = f'build-check/{stage.name}'
    start = time.monotonic()
    deadline = None if options.all else start + 60 * stage.minutes
    print(f'\n=== {stage.name}: {stage.what}', flush=True)
    steps = [['./configure', f'--build-dir={build}', *stage.configure], ['ninja', '-C', build]]
    if stage.name == 'clang' and not shutil.which('clang'):
        return tally.skipped.append(('clang: build', 'clang is not installed'))
    built = all(run(step, deadline) == 0 for step in steps)
    tally.result(f'{stage.name}: build', built)
    if not built:
        return None
    logs = os.path.join(ROOT, build, 'meson-logs')
    for name in ('testlog.junit.xml', 'testlog.json'):   # those of an earlier run
        if os.path.exists(os.path.join(logs, name)):
            os.remove(os.path.join(logs, name))
    select = ['--suite=fast'] if options.quick else stage.test
    if not options.all and '--suite' not in ' '.join(select):
        select = select + ['--no-suite=long', '--no-suite=fuzz']
    status = run([*stage.before, 'meson', 'test', '-C', build, '--no-rebuild', '--print-errorlogs', *select],
                 deadline, stage.env)
    if status is None:
        tally.result(f'{stage.name}: did not end within {stage.minutes} minutes', False)
    if not tally.read_results(stage.name, logs) and status != 0:
        tally.result(f'{stage.name}: meson test ended with status {status} and no results', False)
    return print(f'=== {stage.name}: {time.monotonic() - start:.0f} s', flush=True)


def allowed_skips():
    """Patterns of the names that may be skipped in CI: one a line, a reason after white space."""
    with open(os.path.join(ROOT, 'tests', 'allowed-skips'), encoding='utf-8') as f:
        lines = [line.split('#')[0].strip() for line in f]
    return [re.compile(line.split()[0]) for line in lines if line]


def report(tally):
    allowed = allowed_skips()
    print()
    for name, why in tally.skipped:
        listed = any(a.search(name) for a in allowed)
        print(f'skipped: {name} ({why})' + ('' if listed else ' [not in tests/allowed-skips]'))
        if not listed and os.environ.get('CI') == 'true':
            tally.failed.append(f'{name}: skipped in CI')
    for name in tally.failed:
        print(f'FAILED: {name}')
    print(f'{tally.passed} passed, {len(tally.failed)} failed')
    return 1 if tally.failed else 0


def main():
    ap = argparse.ArgumentParser(prog='./check', usage=__doc__, add_help=False)
    ap.add_argument('-h', '--help', action='store_true')
    ap.add_argument('--quick', action='store_true')
    ap.add_argument('--all', action='store_true')
    ap.add_argument('--no-deps', action='store_true')
    ap.add_argument('--stage', action='append', choices=[s.name for s in STAGES])
    options = ap.parse_args()
    if options.help:
        print(__doc__)
        return 0
    wanted = options.stage or (['gcc'] if options.quick else [s.name for s in STAGES])
    tally = Tally()
    # What tests/insn compares with. Without it those tests are skipped and say so.
    subprocess.run([os.path.join(ROOT, 'scripts', 'guest', 'oracle.py')], check=False)
    for stage in STAGES:
        if stage.name in wanted:
            run_stage(stage, options, tally)
    return report(tally)


if __name__ == '__main__':
    sys.exit(main())
