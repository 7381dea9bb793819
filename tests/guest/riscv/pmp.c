/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory protection: the three kinds of ranges, priority, locked entries, fetches, machine mode. */
// run:
#include "rt.h"

enum { R = 1, W = 2, X = 4, TOR = 1 << 3, NA4 = 2 << 3, NAPOT = 3 << 3, L = 1 << 7 };

static uint32_t page[2048] __attribute__((aligned(8192)));

/* Entry n of the first four. */
static void set(unsigned n, ulong addr, unsigned cfg)
{
    ulong v;

    switch (n) {
    case 0:
        WRITE(pmpaddr0, addr);
        break;
    case 1:
        WRITE(pmpaddr1, addr);
        break;
    case 2:
        WRITE(pmpaddr2, addr);
        break;
    default:
        WRITE(pmpaddr3, addr);
        break;
    }
    v = READ(pmpcfg0) & ~(0xfful << 8 * n);
    WRITE(pmpcfg0, v | (ulong)cfg << 8 * n);
}

#define NONE 0
static ulong at;

static void may(ulong rights)
{
    if (rights & R) {
        NO_TRAP(load32(at));
    } else {
        TRAPS(5, load32(at));
        CHECK_EQ(trap.tval, at);
    }
    if (rights & W) {
        NO_TRAP(store32(at, 0x00008067));
    } else {
        TRAPS(7, store32(at, 0x00008067));
        CHECK_EQ(trap.tval, at);
    }
    if (rights & X) {
        NO_TRAP(call(at));
    } else {
        TRAPS(1, call(at));
        CHECK_EQ(trap.tval, at);
    }
}

static void expect(ulong addr, unsigned mode, unsigned rights)
{
    at = addr;
    if (mode == M_MODE) {
        may(rights);
    } else {
        in_mode(mode, may, rights);
    }
}

/* Loads and stores of four bytes from `at` to `last`, with one entry's own four bytes in the middle. An entry that has a
 * part of an access fails it, whatever it and the others allow. */
static void deny(ulong last)
{
    unsigned n = trap.count;

    for (ulong a = at; a <= last; a += 2) {
        load32(a);
        store32(a, 0x13);
        if (a == last - 2) {
            CHECK_EQ(trap.count, n);            /* the four bytes themselves */
            continue;
        }
        n += 2;
        CHECK_EQ(trap.count, n);
        CHECK_EQ(trap.cause, 7);
        CHECK_EQ(trap.tval, a);
    }
}

static void across(ulong first, ulong last, unsigned mode)
{
    at = first;
    if (mode == M_MODE) {
        deny(last);
    } else {
        in_mode(mode, deny, last);
    }
}

/* An instruction whose second half may not be executed, behind one half that may. */
static void fetch_border(ulong a)
{
    TRAPS(1, call(a));
    CHECK_EQ(trap.tval, a + 2);
}

static void half_fetch(ulong p)
{
    uint16_t *code = (uint16_t *)(p + 14);

    set(0, 0, 0);
    code[0] = 0x0013;                           /* nop, of four bytes, and ret */
    code[1] = 0;
    code[2] = 0x8082;
    __asm__ volatile("fence.i" ::: "memory");
    in_mode(S_MODE, call, p + 14);
    set(0, (p + 16) >> 2, NA4 | R | W);
    in_mode(S_MODE, fetch_border, p + 14);
    set(0, 0, 0);
    for (unsigned i = 0; i < 8; i++) {
        page[i] = 0x00008067;
    }
    __asm__ volatile("fence.i" ::: "memory");
}

int main(void)
{
    ulong p = (ulong)page;

    for (unsigned i = 0; i < 2048; i++) {
        page[i] = 0x00008067;
    }
    __asm__ volatile("fence.i" ::: "memory");
    expect(p, S_MODE, R | W | X);               /* entry 15 is open for all */
    /* a page without write */
    set(0, p >> 2 | 0x1ff, NAPOT | R | X);
    expect(p, S_MODE, R | X);
    expect(p + 4092, U_MODE, R | X);
    expect(p + 4096, S_MODE, R | W | X);
    expect(p, M_MODE, R | W | X);
    /* four bytes inside a page, over a larger range */
    set(1, p >> 2 | 0x1ff, NAPOT | R | W | X);
    set(0, (p + 16) >> 2, NA4 | R);
    expect(p + 16, S_MODE, R);
    expect(p + 12, S_MODE, R | W | X);
    expect(p + 20, S_MODE, R | W | X);
    set(0, (p + 16) >> 2, NA4);
    expect(p + 16, U_MODE, NONE);
    expect(p + 12, U_MODE, R | W | X);
    /* accesses and instructions across the border of two entries */
    set(0, (p + 16) >> 2, NA4 | R | W);
    across(p + 14, p + 18, M_MODE);
    across(p + 14, p + 18, S_MODE);
    half_fetch(p);
    /* top of range: [pmpaddr0, pmpaddr1) */
    set(0, (p + 256) >> 2, 0);
    set(1, (p + 512) >> 2, TOR | R | W);
    expect(p + 252, S_MODE, R | W | X);
    expect(p + 256, S_MODE, R | W);
    expect(p + 508, S_MODE, R | W);
    expect(p + 512, S_MODE, R | W | X);
    set(1, (p + 256) >> 2, TOR);                /* empty */
    expect(p + 256, S_MODE, R | W | X);
    /* the lowest number decides */
    set(2, p >> 2 | 0x3ff, NAPOT | X);
    set(1, p >> 2 | 0x1ff, NAPOT | R);
    expect(p, S_MODE, R);
    expect(p + 4096, S_MODE, X);
    set(1, 0, 0);
    set(2, 0, 0);
    /* MPRV loads see the entries of the lower mode */
    set(0, p >> 2 | 0x1ff, NAPOT | X);
    CLEAR(mstatus, MSTATUS_MPP);
    ulong bit = MSTATUS_MPRV, v;
    unsigned n = trap.count;

    __asm__ volatile("csrs mstatus, %1; lw %0, 0(%2); csrc mstatus, %1" : "=&r"(v) : "r"(bit), "r"(p) : "memory");
    CHECK_EQ(trap.count, n + 1);
    CHECK_EQ(trap.cause, 5);
    /* locked: binds machine mode, and stays */
    set(0, p >> 2 | 0x1ff, NAPOT | R | L);
    expect(p, M_MODE, R);
    expect(p + 4096, M_MODE, R | W | X);
    WRITE(pmpaddr0, 0);
    CHECK_EQ(READ(pmpaddr0), p >> 2 | 0x1ff);
    WRITE(pmpcfg0, 0);
    CHECK_EQ(READ(pmpcfg0) & 0xff, NAPOT | R | L);
    expect(p, S_MODE, R);
    /* a locked top-of-range entry locks its bottom */
    set(2, (p + 4096) >> 2, 0);
    set(3, (p + 8192) >> 2, TOR | L | W | R);
    WRITE(pmpaddr2, 0);
    CHECK_EQ(READ(pmpaddr2), (p + 4096) >> 2);
    expect(p + 8188, M_MODE, R | W);
    return 0;
}
