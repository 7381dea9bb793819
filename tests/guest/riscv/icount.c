/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counted time: counters and clocks are exact wherever they are read; timers wake CPUs that sleep. */
// run: -icount shift=0,sleep=off
// run: -icount shift=7,sleep=off -smp 2
// run: -icount shift=2,sleep=on -smp 3
// run: -icount shift=auto
#include "rt.h"

static volatile unsigned ticks;

static void tick(ulong cause)
{
    CHECK_EQ(cause, 7);
    ticks++;
    set_mtimecmp(0, UINT64_MAX);
}

/* The counter before and after some instructions in one block, across blocks, and around accesses to devices. */
static void counters(void)
{
    ulong a, b, c;

    __asm__ volatile("csrr %0, minstret; nop; nop; nop; csrr %1, minstret; nop; csrr %2, mcycle"
                     : "=r"(a), "=r"(b), "=r"(c));
    CHECK_EQ(b - a, 4);
    __asm__ volatile("csrr %0, minstret; li t0, 1000; 1: addi t0, t0, -1; bnez t0, 1b; csrr %1, minstret"
                     : "=r"(a), "=r"(b) :: "t0");
    CHECK_EQ(b - a, 2002);
    __asm__ volatile("csrr %0, minstret; lw t0, 0(%2); lw t0, 0(%2); csrr %1, minstret"
                     : "=&r"(a), "=r"(b) : "r"(CLINT) : "t0");
    CHECK_EQ(b - a, 3);
    /* what is written is read by the next instruction */
    __asm__ volatile("csrw minstret, %1; csrr %0, minstret" : "=r"(a) : "r"(77ul));
    CHECK_EQ(a, 77);
    (void)c;
}

/* Instructions that raise an exception do not retire. The handler of rt.S always takes the same way. */
static void exceptions(void)
{
    ulong a, b, none, one, two;

    for (unsigned i = 0; i < 2; i++) {
        __asm__ volatile("csrr %0, minstret; ebreak; csrr %1, minstret" : "=r"(a), "=r"(b));
        none = b - a;
        __asm__ volatile("csrr %0, minstret; nop; ebreak; csrr %1, minstret" : "=r"(a), "=r"(b));
        one = b - a;
        __asm__ volatile("csrr %0, minstret; nop; ebreak; nop; csrr %1, minstret" : "=r"(a), "=r"(b));
        two = b - a;
    }
    CHECK_EQ(one - none, 1);
    CHECK_EQ(two - one, 1);
}

/* mtime in the midst of a block says the same as the time CSR behind it. */
static void clocks(void)
{
    for (unsigned i = 0; i < 100; i++) {
        ulong a, b, c;

        __asm__ volatile("csrr %0, time; lw %1, 0(%3); csrr %2, time"
                         : "=&r"(a), "=&r"(b), "=&r"(c) : "r"(CLINT + 0xbff8));
        CHECK((int32_t)((uint32_t)b - (uint32_t)a) >= 0 && (int32_t)((uint32_t)c - (uint32_t)b) >= 0);
        CHECK(c - a <= 21);                     /* two instructions of at most 1024 ns in ticks of 100 ns */
    }
}

/* A timer ends a wait in wfi, and one in a loop. */
static void timers(void)
{
    WRITE(mie, 0x80);
    SET(mstatus, MSTATUS_MIE);
    for (unsigned i = 1; i <= 20; i++) {
        uint64_t at = mtime() + 500 * i, late;

        set_mtimecmp(0, at);
        while (ticks < i) {
            if (i & 1) {
                __asm__ volatile("wfi");
            }
        }
        late = mtime() - at;
        CHECK(late < 3000);                     /* 150 instructions of 1024 ns, plus turns of other CPUs that start */
    }
    CLEAR(mstatus, MSTATUS_MIE);
}

int main(void)
{
    m_interrupt = tick;
    counters();
    exceptions();
    clocks();
    timers();
    return 0;
}
