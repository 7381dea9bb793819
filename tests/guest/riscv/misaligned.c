/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plain accesses to RAM may be misaligned, atomics may not; accesses where nothing answers. */
// run:
#include "rt.h"

static uint8_t buf[8192] __attribute__((aligned(4096)));

static void plain(void)
{
    for (unsigned i = 0; i < sizeof buf; i++) {
        buf[i] = i * 7;
    }
    for (unsigned i = 4080; i < 4112; i++) {
        uint32_t want = 0;

        for (unsigned k = 0; k < 4; k++) {
            want |= (uint32_t)buf[i + k] << 8 * k;
        }
        NO_TRAP(CHECK_EQ(load32((ulong)buf + i), want));
        NO_TRAP(store32((ulong)buf + i, ~want));
        CHECK_EQ(load32((ulong)buf + i), ~want);
        NO_TRAP(store32((ulong)buf + i, want));
    }
}

static void atomics(void)
{
    ulong v;

    TRAPS(4, __asm__ volatile("lr.w %0, (%1)" : "=r"(v) : "r"(buf + 2) : "memory"));
    CHECK_EQ(trap.tval, (ulong)buf + 2);
    TRAPS(6, __asm__ volatile("sc.w %0, zero, (%1)" : "=r"(v) : "r"(buf + 1) : "memory"));
    TRAPS(6, __asm__ volatile("amoadd.w %0, zero, (%1)" : "=r"(v) : "r"(buf + 3) : "memory"));
    CHECK_EQ(trap.tval, (ulong)buf + 3);
#if XLEN == 64
    TRAPS(6, __asm__ volatile("amoswap.d %0, zero, (%1)" : "=r"(v) : "r"(buf + 4) : "memory"));
    TRAPS(4, __asm__ volatile("lr.d %0, (%1)" : "=r"(v) : "r"(buf + 4) : "memory"));
#endif
    NO_TRAP(__asm__ volatile("amoadd.w %0, zero, (%1)" : "=r"(v) : "r"(buf + 4) : "memory"));
}

static void nobody_answers(void)
{
    ulong hole = 0x50000ul;

    TRAPS(5, load32(hole));
    CHECK_EQ(trap.tval, hole);
    TRAPS(7, store32(hole + 8, 1));
    CHECK_EQ(trap.tval, hole + 8);
    TRAPS(1, call(hole));
    CHECK_EQ(trap.tval, hole);
    CHECK_EQ(trap.epc, hole);
}

static void reservations(void)
{
    ulong v, failed;
    uint32_t *word = (uint32_t *)buf, *other = word + 64;

    *word = 5;
    __asm__ volatile("lr.w %0, (%2)\n sc.w %1, %3, (%2)" : "=&r"(v), "=&r"(failed) : "r"(word), "r"(6) : "memory");
    CHECK_EQ(v, 5);
    CHECK_EQ(failed, 0);
    CHECK_EQ(*word, 6);
    /* used up */
    __asm__ volatile("sc.w %0, %2, (%1)" : "=&r"(failed) : "r"(word), "r"(7) : "memory");
    CHECK(failed);
    CHECK_EQ(*word, 6);
    /* another address; the value changed */
    __asm__ volatile("lr.w %0, (%2)\n sc.w %1, %4, (%3)" : "=&r"(v), "=&r"(failed) : "r"(word), "r"(other), "r"(7) : "memory");
    CHECK(failed);
    __asm__ volatile("lr.w %0, (%2)\n sw %3, (%2)\n sc.w %1, %4, (%2)" : "=&r"(v), "=&r"(failed)
                     : "r"(word), "r"(8), "r"(9) : "memory");
    CHECK_EQ(*word, failed ? 8 : 9);
    /* a negative word keeps its sign */
    *word = 0x80000001;
    __asm__ volatile("lr.w %0, (%2)\n sc.w %1, %3, (%2)" : "=&r"(v), "=&r"(failed) : "r"(word), "r"(1) : "memory");
    CHECK_EQ(v, (ulong)(long)(int32_t)0x80000001);
    CHECK_EQ(failed, 0);
}

int main(void)
{
    plain();
    atomics();
    nobody_answers();
    reservations();
    return 0;
}
