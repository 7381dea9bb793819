#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""gdb-multiarch as a real peer of -s -S: registers, memory, breakpoints, watchpoints, steps, threads, Ctrl-C."""
import os
import signal
import subprocess
import time

from boot import PATIENCE, equal, matches, need, run, start, temporary
from run import free_port

PROGRAM = '''
    .globl _start, work, counter
_start:
    csrr    t0, mhartid
1:  bnez    t0, 1b
    li      a0, 0
    la      a1, counter
loop:
    call    work
    .option norvc
    sd      a0, 0(a1)
    nop
    ld      t2, 0(a1)
    li      t3, 1
    .option rvc
    j       loop
work:
    addi    a0, a0, 3
    ret
    .data
    .balign 8
counter: .dword 0
'''


def session(commands, *args, elf=None, interrupt=None):
    """What gdb prints for a list of commands, connected to a stopped machine. interrupt: seconds after which gdb gets
    a Ctrl-C."""
    gdb, port = need('gdb-multiarch'), free_port()
    with temporary() as tmp:
        if elf is None:
            source, elf = os.path.join(tmp, 'p.S'), os.path.join(tmp, 'p.elf')
            with open(source, 'w', encoding='ascii') as f:
                f.write(PROGRAM)
            subprocess.run([need('riscv64-linux-gnu-gcc'), '-g', '-march=rv64imac_zicsr', '-mabi=lp64', '-nostdlib',
                            '-static', '-Wl,-Ttext=0x80000000', '-o', elf, source], check=True, capture_output=True)
        with start('-bios', 'none', '-kernel', elf, '-m', '128M', '-gdb', f'tcp:127.0.0.1:{port}', '-S', *args) as c:
            c.read(1)
            # gdb tries once; the port is open when the machine is up
            script = ['set pagination off', 'set confirm off', 'set tcp connect-timeout 20', 'set remotetimeout 20',
                      f'target remote 127.0.0.1:{port}', *commands, 'kill', 'quit']
            p = subprocess.Popen([gdb, '-nx', '-batch', elf, *(x for s in script for x in ('-ex', s))],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            try:
                if interrupt:
                    time.sleep(interrupt * PATIENCE)
                    p.send_signal(signal.SIGINT)
                return p.communicate(timeout=60 * PATIENCE)[0]
            finally:
                p.kill()
                p.wait()


def registers_and_memory():
    out = session(['break work', 'continue', 'p/x $a0', 'set var $a0 = 0x1234', 'p/x $a0', 'p/x $pc',
                   'x/1gx &counter', 'set var *(long *)&counter = 77', 'p *(long *)&counter', 'info registers mstatus'])
    matches(out, r'Breakpoint 1, (0x\w+ in )?work', 'the breakpoint')
    matches(out, r'\$2 = 0x1234', 'a register set and read back')
    matches(out, r'= 77', 'memory set and read back')
    matches(out, r'mstatus\s+0x', 'a system register')


def breakpoints():
    out = session(['hbreak loop', 'break work', 'continue', 'continue', 'continue', 'delete', 'break work',
                   'ignore 3 5', 'continue', 'p $a0'])
    matches(out, r'(?s)Breakpoint 1, .*Breakpoint 2, .*Breakpoint 1, ', 'both kinds in turn')
    matches(out, r'\$1 = (15|18|21)\b', 'the register after five more calls')


def watchpoints():
    out = session(['watch *(long *)&counter', 'continue', 'continue', 'p *(long *)&counter', 'delete',
                   'rwatch *(long *)&counter', 'delete', 'stepi', 'p/x $pc'])
    matches(out, r'Hardware watchpoint 1', 'the watchpoint')
    matches(out, r'(?s)Old value = 0.*New value = 3.*Old value = 3.*New value = 6', 'the values')
    matches(out, r'\$1 = 6\b', 'memory')
    # The stop is behind the instruction that stores, not at the end of its block.
    out = session(['watch *(long *)&counter', 'continue', 'x/i $pc - 4', 'p $a0', 'delete', 'rwatch *(long *)&counter',
                   'continue', 'x/i $pc - 4', 'p/x $t2', 'p/x $t3'])
    matches(out, r'sd\s+a0,0\(a1\)', 'the instruction before the stop')
    matches(out, r'ld\s+t2,0\(a1\)', 'the load before the second stop')
    matches(out, r'\$2 = 0x3\s+\$3 = 0x0', 'the load is done, what follows is not')


def single_steps():
    out = session(['break work', 'continue', 'stepi', 'stepi', 'info symbol $pc', 'p $a0'])
    matches(out, r'loop \+ \d+ in section|loop in section', 'where two steps lead')
    matches(out, r'\$1 = 3\b', 'the register')


def threads_are_cpus():
    out = session(['info threads', 'thread 2', 'p $mhartid'], '-smp', '3')
    equal(out.count('(CPU#') or out.count('Thread 1.'), 3, f'threads in {out!r}')
    matches(out, r'\$1 = 1\b', 'mhartid of the second')


def interrupt_a_running_guest():
    out = session(['continue', 'p/x $pc', 'p $a0 > 0'], interrupt=4)
    matches(out, r'Program received signal SIGINT', 'the stop')
    matches(out, r'\$1 = 0x800000', 'the program counter')
    matches(out, r'\$2 = 1', 'the work done meanwhile')


if __name__ == '__main__':
    run(registers_and_memory, breakpoints, watchpoints, single_steps, threads_are_cpus, interrupt_a_running_guest)
