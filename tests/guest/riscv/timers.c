/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The platform's timer and the supervisor's: pending bits, wfi, time, counters. */
// run:
// run: rv64 -cpu rva22s64
#include "rt.h"

static volatile unsigned m_ticks, s_ticks;
static bool has_sstc;

static void m_tick(ulong cause)
{
    CHECK_EQ(cause, 7);
    m_ticks++;
    set_mtimecmp(0, mtime() + 1000);
}

#if XLEN == 64
static void set_stimecmp(uint64_t v)
{
    WRITE(0x14d, v);
}
#define READ_TIME() READ(time)
#else
static void set_stimecmp(uint64_t v)
{
    WRITE(0x15d, UINT32_MAX);
    WRITE(0x14d, (uint32_t)v);
    WRITE(0x15d, v >> 32);
}
static uint64_t READ_TIME(void)
{
    uint32_t hi, lo;

    do {
        hi = READ(timeh);
        lo = READ(time);
    } while (hi != READ(timeh));
    return (uint64_t)hi << 32 | lo;
}
#endif

static void s_tick(ulong cause)
{
    CHECK_EQ(cause, 5);
    s_ticks++;
    set_stimecmp(READ_TIME() + 1000);
}

static void supervisor(ulong arg)
{
    (void)arg;
    set_stimecmp(UINT64_MAX);
    CHECK_EQ(READ(sip) & 0x20, 0);
    set_stimecmp(0);
    CHECK_EQ(READ(sip) & 0x20, 0x20);
    CLEAR(sip, 0x20);                           /* read-only */
    CHECK_EQ(READ(sip) & 0x20, 0x20);
    set_stimecmp(READ_TIME() + 2000);
    SET(sie, 0x20);
    SET(sstatus, MSTATUS_SIE);
    while (s_ticks < 5) {
        __asm__ volatile("wfi");
    }
    CLEAR(sstatus, MSTATUS_SIE);
    set_stimecmp(UINT64_MAX);
    CHECK_EQ(READ(sip) & 0x20, 0);
}

static void time_goes_on(void)
{
    uint64_t a = mtime(), b;

    do {
        b = mtime();
    } while (b < a + 100);
    CHECK((uint64_t)READ_TIME() >= b);
    /* a millisecond by mtime is some by the cycle and instruction counters */
    ulong c = READ(mcycle), i = READ(minstret);

    a = mtime();
    while (mtime() < a + 10000) {
    }
    CHECK(READ(mcycle) != c);
    CHECK(READ(minstret) != i);
    WRITE(mcountinhibit, 5);
    c = READ(mcycle);
    i = READ(minstret);
    CHECK_EQ(READ(mcycle), c);
    CHECK_EQ(READ(minstret), i);
    WRITE(mcountinhibit, 0);
}

int main(void)
{
    ulong t;

    m_interrupt = m_tick;
    s_interrupt = s_tick;
    s_traps();
    time_goes_on();
    set_mtimecmp(0, UINT64_MAX);
    CHECK_EQ(READ(mip) & 0x80, 0);
    set_mtimecmp(0, 0);
    while (!(READ(mip) & 0x80)) {
    }
    /* wfi wakes by a pending interrupt though MIE is off */
    WRITE(mie, 0x80);
    __asm__ volatile("wfi");
    CHECK_EQ(m_ticks, 0);
    set_mtimecmp(0, mtime() + 20000);
    while (READ(mip) & 0x80) {
    }
    __asm__ volatile("wfi");
    CHECK_EQ(READ(mip) & 0x80, 0x80);
    CHECK_EQ(m_ticks, 0);
    SET(mstatus, MSTATUS_MIE);
    while (m_ticks < 5) {
        __asm__ volatile("wfi");
    }
    CLEAR(mstatus, MSTATUS_MIE);
    WRITE(mie, 0);

    /* the supervisor's comparator, where there is one */
    t = trap.count;
    WRITE(0x14d, -1ul);
    has_sstc = trap.count == t;
    if (!has_sstc) {
        return 0;
    }
#if XLEN == 64
    SET(menvcfg, 1ul << 63);
#else
    SET(0x31a, 1ul << 31);
#endif
    WRITE(mcounteren, 7);
    WRITE(mideleg, 0x222);
    in_mode(S_MODE, supervisor, 0);
    return 0;
}
