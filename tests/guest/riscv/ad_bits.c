/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accessed and dirty bits: set by hardware where menvcfg.ADUE says so (and at reset where only Svadu is there), page
 * faults otherwise. */
// run:
// run: rv64 -cpu rv64,svade=on
// run: rv64 -cpu rv64,svade=on,svadu=off
#include "rt.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };
#define ALL (V | R | W | X | A | D)
#define FREE 0x40000000ul

#if XLEN == 64
#define TOP 2
#define BITS 9
#define SATP_MODE (8ul << 60)
#else
#define TOP 1
#define BITS 10
#define SATP_MODE (1ul << 31)
#endif
static volatile ulong root[1 << BITS] __attribute__((aligned(4096)));
static volatile ulong middle[1 << BITS] __attribute__((aligned(4096)));
static volatile ulong bottom[1 << BITS] __attribute__((aligned(4096)));
static uint32_t page[1024] __attribute__((aligned(4096)));
static volatile ulong *leaf;

static void set_leaf(ulong bits)
{
    *leaf = (ulong)page >> 12 << 10 | bits;
    sfence();
}

static ulong bits(void)
{
    return *leaf & (A | D);
}

static void by_hardware(ulong arg)
{
    (void)arg;
    set_leaf(V | R | W | X);
    NO_TRAP(load32(FREE));
    CHECK_EQ(bits(), A);
    NO_TRAP(load32(FREE));
    CHECK_EQ(bits(), A);
    NO_TRAP(store32(FREE, 1));
    CHECK_EQ(bits(), A | D);
    set_leaf(V | R | W | X);
    NO_TRAP(store32(FREE, 2));
    CHECK_EQ(bits(), A | D);
    page[0] = 0x00008067;               /* ret */
    __asm__ volatile("fence.i" ::: "memory");
    set_leaf(V | R | W | X);
    NO_TRAP(call(FREE));
    CHECK_EQ(bits(), A);
    /* no right, no bit */
    set_leaf(V | R);
    TRAPS(15, store32(FREE, 3));
    CHECK_EQ(bits(), 0);
}

static void by_faults(ulong arg)
{
    (void)arg;
    set_leaf(V | R | W | X);
    TRAPS(13, load32(FREE));
    TRAPS(15, store32(FREE, 1));
    TRAPS(12, call(FREE));
    CHECK_EQ(bits(), 0);
    set_leaf(V | R | W | X | A);
    NO_TRAP(load32(FREE));
    TRAPS(15, store32(FREE, 1));
    CHECK_EQ(bits(), A);
    set_leaf(V | R | W | X | A | D);
    NO_TRAP(store32(FREE, 1));
}

#if XLEN == 64
#define ADUE (1ul << 61)
#define ENVCFG menvcfg
#else
#define ADUE (1ul << 29)
#define ENVCFG 0x31a
#endif
#define READ_(c) READ(c)
#define SET_(c, v) SET(c, v)
#define CLEAR_(c, v) CLEAR(c, v)

int main(void)
{
    ulong was;

    root[0] = ALL;
#if XLEN == 64
    root[2] = 0x80000000ul >> 2 | ALL;
    root[1] = (ulong)middle >> 2 | V;
    middle[0] = (ulong)bottom >> 2 | V;
#else
    root[0x10000000 >> 22] = 0x10000000 >> 2 | ALL;
    root[0x80000000 >> 22] = 0x80000000 >> 2 | ALL;
    root[FREE >> 22] = (ulong)bottom >> 2 | V;
    (void)middle;
#endif
    leaf = &bottom[0];
    WRITE(satp, SATP_MODE | (ulong)root >> 12);
    sfence();
    was = READ_(ENVCFG) & ADUE;
    if (was) {
        in_mode(S_MODE, by_hardware, 0);
        CLEAR_(ENVCFG, ADUE);
        sfence();
        in_mode(S_MODE, by_faults, 0);
    } else {
        in_mode(S_MODE, by_faults, 0);
        SET_(ENVCFG, ADUE);
        sfence();
        if (READ_(ENVCFG) & ADUE) {
            in_mode(S_MODE, by_hardware, 0);
        }
    }
    return 0;
}
