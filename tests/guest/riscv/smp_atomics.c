/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four harts on the same words: AMOs, LR/SC and a lock lose no update; software interrupts between harts arrive. */
// run: -smp 4
// timeout: 120
#include "rt.h"

#define HARTS 4
#define ROUNDS 20000

static struct {
    volatile uint32_t amo, lrsc, swap_lock, guarded, or_bits, ready, done, go;
    volatile ulong wide;
    volatile uint32_t maxu;
    uint8_t pad[64];
    volatile uint32_t ipis[HARTS];
} s;

static uint32_t amo_add(volatile uint32_t *p, uint32_t v)
{
    uint32_t old;

    __asm__ volatile("amoadd.w.aqrl %0, %2, (%1)" : "=r"(old) : "r"(p), "r"(v) : "memory");
    return old;
}

static void lrsc_add(volatile uint32_t *p)
{
    ulong v, fail;

    __asm__ volatile("1: lr.w.aq %0, (%2)\n addi %0, %0, 1\n sc.w.rl %1, %0, (%2)\n bnez %1, 1b"
                     : "=&r"(v), "=&r"(fail) : "r"(p) : "memory");
}

static void lock(void)
{
    uint32_t old;

    do {
        __asm__ volatile("amoswap.w.aq %0, %2, (%1)" : "=r"(old) : "r"(&s.swap_lock), "r"(1) : "memory");
    } while (old);
}

static void unlock(void)
{
    __asm__ volatile("amoswap.w.rl zero, zero, (%0)" :: "r"(&s.swap_lock) : "memory");
}

static void got_ipi(ulong cause)
{
    ulong hart = READ(mhartid);

    CHECK_EQ(cause, 3);
    MSIP(hart) = 0;
    s.ipis[hart]++;
}

static void work(ulong hart)
{
    amo_add(&s.ready, 1);
    while (!s.go) {
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        amo_add(&s.amo, 1);
        lrsc_add(&s.lrsc);
        lock();
        s.guarded++;
        unlock();
#if XLEN == 64
        __asm__ volatile("amoadd.d zero, %1, (%0)" :: "r"(&s.wide), "r"(1ul << 32 | 1) : "memory");
#endif
    }
    __asm__ volatile("amoor.w zero, %1, (%0)" :: "r"(&s.or_bits), "r"(1 << hart) : "memory");
    __asm__ volatile("amomaxu.w zero, %1, (%0)" :: "r"(&s.maxu), "r"(hart | 0x80000000) : "memory");
    amo_add(&s.done, 1);
}

void secondary(ulong hart)
{
    m_interrupt = got_ipi;
    work(hart);
    WRITE(mie, 1 << 3);
    SET(mstatus, MSTATUS_MIE);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* A message passes through memory in order: data, fence, flag. */
int main(void)
{
    m_interrupt = got_ipi;
    while (s.ready < HARTS - 1) {
    }
    s.go = 1;
    work(0);
    while (s.done < HARTS) {
    }
    CHECK_EQ(s.amo, HARTS * ROUNDS);
    CHECK_EQ(s.lrsc, HARTS * ROUNDS);
    CHECK_EQ(s.guarded, HARTS * ROUNDS);
    CHECK_EQ(s.or_bits, (1 << HARTS) - 1);
    CHECK_EQ(s.maxu, 0x80000000 | (HARTS - 1));
#if XLEN == 64
    CHECK_EQ(s.wide, HARTS * ROUNDS * (1ul << 32 | 1));
#endif
    for (unsigned i = 1; i <= 100; i++) {
        for (unsigned h = 1; h < HARTS; h++) {
            MSIP(h) = 1;
        }
        for (unsigned h = 1; h < HARTS; h++) {
            while (s.ipis[h] < i) {
            }
        }
    }
    return 0;
}
