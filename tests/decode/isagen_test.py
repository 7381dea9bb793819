#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each *.isa file beside this script is a table: good_* must be accepted, bad_* refused with the message that its
"# expect:" line gives as a regular expression. Output is TAP."""
import pathlib
import re
import subprocess
import sys
import tempfile


def run(isagen, extensions, path, out):
    command = [sys.executable, isagen, "--prefix", "rv", "--folder", "riscv", "--extensions", extensions]
    for kind in ("header", "source", "dispatch", "page"):
        command += [f"--{kind}", str(pathlib.Path(out, kind))]
    return subprocess.run(command + [str(path)], capture_output=True, text=True, check=False)


def verdict(path, result):
    """None, or what is wrong."""
    if path.name.startswith("good_"):
        return None if result.returncode == 0 else result.stderr
    want = re.search(r"^# expect: (.*)$", path.read_text(encoding="utf-8"), re.M).group(1)
    if result.returncode == 0:
        return "accepted"
    if "Traceback" in result.stderr or not re.search(want, result.stderr, re.S):
        return f"expected {want!r}, got: {result.stderr}"
    return None


def main():
    isagen, extensions = sys.argv[1:3]
    paths = sorted(pathlib.Path(__file__).parent.glob("*.isa"))
    print(f"1..{len(paths)}")
    for i, path in enumerate(paths, 1):
        with tempfile.TemporaryDirectory() as out:
            wrong = verdict(path, run(isagen, extensions, path, out))
        print(f"{'not ok' if wrong else 'ok'} {i} {path.stem}")
        if wrong:
            print("# " + wrong.replace("\n", "\n# "))


main()
