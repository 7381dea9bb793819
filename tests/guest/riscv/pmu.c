/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Performance counters: they count what their event says, stop when inhibited or without event, keep what is written. */
// run:
#include "rt.h"

enum { CYCLES = 1, INSTRUCTIONS = 2, LOAD_TLB_MISSES = 0x10019 };

static void spin(void)
{
    for (volatile int i = 0; i < 1000; i++) {
    }
}

static void counts(ulong event)
{
    ulong before, after;

    WRITE(mhpmevent3, event);
    CHECK_EQ(READ(mhpmevent3), event);
    before = READ(mhpmcounter3);
    spin();
    after = READ(mhpmcounter3);
    CHECK(after - before >= 1000 && after - before < 1000000000);
    SET(mcountinhibit, 8);
    before = READ(mhpmcounter3);
    spin();
    CHECK_EQ(READ(mhpmcounter3), before);
    CLEAR(mcountinhibit, 8);
    spin();
    CHECK(READ(mhpmcounter3) - before >= 1000);
    WRITE(mhpmevent3, 0);
    before = READ(mhpmcounter3);
    spin();
    CHECK_EQ(READ(mhpmcounter3), before);
}

static void keeps_what_is_written(void)
{
    WRITE(mhpmevent18, 0);
    WRITE(mhpmcounter18, 0x12345678);
    CHECK_EQ(READ(mhpmcounter18), 0x12345678);
#if __riscv_xlen == 32
    WRITE(mhpmcounter18h, 0x9abcdef0);
    CHECK_EQ(READ(mhpmcounter18h), 0x9abcdef0);
    CHECK_EQ(READ(mhpmcounter18), 0x12345678);
#else
    WRITE(mhpmcounter18, 0x123456789abcdef0);
    CHECK_EQ(READ(mhpmcounter18), 0x123456789abcdef0);
#endif
    WRITE(mhpmevent18, INSTRUCTIONS);
    spin();
    CHECK(READ(mhpmcounter18) != 0x12345678);
    WRITE(mhpmevent18, 0);
}

/* Which counters there are shows in mcounteren; S and U may read those that it and scounteren open. */
static void opened(ulong open)
{
    if (open) {
        NO_TRAP(READ(hpmcounter4));
    } else {
        TRAPS(2, READ(hpmcounter4));
    }
    TRAPS(2, WRITE(hpmcounter4, 0));
}

static void level_by_level(void)
{
    WRITE(mcounteren, -1ul);
    WRITE(scounteren, 0);
    CHECK_EQ(READ(mcounteren) & ~7ul, 0x7fff8);
    in_mode(S_MODE, opened, 1);
    in_mode(U_MODE, opened, 0);
    WRITE(scounteren, 0x10);
    in_mode(U_MODE, opened, 1);
    WRITE(mcounteren, 0x8);
    in_mode(S_MODE, opened, 0);
    in_mode(U_MODE, opened, 0);
}

/* Every page of 8 MiB by a load in supervisor mode: more pages than any TLB holds at once. */
static void touch(ulong base)
{
    for (ulong at = 0; at < 8 << 20; at += 4096) {
        (void)*(volatile char *)(base + at);
    }
}

static void tlb_misses(void)
{
    ulong before;

    WRITE(mhpmevent5, LOAD_TLB_MISSES);
    before = READ(mhpmcounter5);
    in_mode(S_MODE, touch, 0x81000000);
    CHECK(READ(mhpmcounter5) - before >= 1024);
}

int main(void)
{
    counts(CYCLES);
    counts(INSTRUCTIONS);
    keeps_what_is_written();
    level_by_level();
    tlb_misses();
    return 0;
}
