/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Svnapot, Svpbmt, Svinval, and cbo.zero's enable bits. */
// run: rv64 -cpu rv64,svnapot=on,svpbmt=on,svinval=on,smstateen=on
#include "rt.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };
#define ALL (V | R | W | X | A | D)
#define N (1ul << 63)
#define FREE 0x40000000ul

static volatile ulong root[512] __attribute__((aligned(4096)));
static volatile ulong middle[512] __attribute__((aligned(4096)));
static volatile ulong bottom[512] __attribute__((aligned(4096)));
static uint32_t area[16][1024] __attribute__((aligned(65536)));

static void invalidate(void)
{
    __asm__ volatile(".option push\n .option arch, +svinval\n sfence.w.inval\n sinval.vma x0, x0\n sfence.inval.ir\n .option pop" ::: "memory");
}

static void supervisor(ulong arg)
{
    (void)arg;
    for (unsigned i = 0; i < 16; i++) {
        area[i][0] = i;
        bottom[i] = ((ulong)area >> 2 | 8ul << 10) | ALL | N;
    }
    invalidate();
    for (unsigned i = 0; i < 16; i++) {
        CHECK_EQ(load32(FREE + i * 4096), i);
    }
    bottom[3] = ((ulong)area >> 2 | 4ul << 10) | ALL | N;      /* a size that is reserved */
    invalidate();
    TRAPS(13, load32(FREE + 3 * 4096));
    CHECK_EQ(load32(FREE + 4 * 4096), 4);
    for (ulong type = 0; type < 4; type++) {
        bottom[0] = (ulong)area >> 2 | ALL | type << 61;
        __asm__ volatile(".option push\n .option arch, +svinval\n sinval.vma %0, x0\n .option pop" :: "r"(FREE) : "memory");
        if (type == 3) {
            TRAPS(13, load32(FREE));
        } else {
            NO_TRAP(load32(FREE));
        }
    }
}

static void zero(ulong allowed)
{
    uint32_t *p = area[0];

    for (unsigned i = 0; i < 48; i++) {
        p[i] = ~i;
    }
    if (!allowed) {
        TRAPS(2, __asm__ volatile("cbo.zero (%0)" :: "r"(p + 20) : "memory"));
        CHECK_EQ(p[16], ~16u);
        return;
    }
    NO_TRAP(__asm__ volatile("cbo.zero (%0)" :: "r"(p + 20) : "memory"));
    for (unsigned i = 0; i < 48; i++) {
        CHECK_EQ(p[i], i >= 16 && i < 32 ? 0 : ~i);
    }
}

static void clean(ulong allowed)
{
    if (allowed) {
        NO_TRAP(__asm__ volatile("cbo.clean (%0)" :: "r"(area) : "memory"));
        NO_TRAP(__asm__ volatile("cbo.flush (%0)" :: "r"(area) : "memory"));
    } else {
        TRAPS(2, __asm__ volatile("cbo.clean (%0)" :: "r"(area) : "memory"));
        TRAPS(2, __asm__ volatile("cbo.flush (%0)" :: "r"(area) : "memory"));
    }
}

static void environment(ulong allowed)
{
    if (allowed) {
        NO_TRAP(READ(senvcfg));
        NO_TRAP(READ(0x10c));
    } else {
        TRAPS(2, READ(senvcfg));
        TRAPS(2, READ(0x10c));
    }
}

int main(void)
{
    root[0] = ALL;
    root[2] = 0x80000000ul >> 2 | ALL;
    root[1] = (ulong)middle >> 2 | V;
    middle[0] = (ulong)bottom >> 2 | V;
    SET(menvcfg, 1ul << 62);
    WRITE(satp, 8ul << 60 | (ulong)root >> 12);
    sfence();
    in_mode(S_MODE, supervisor, 0);
    WRITE(satp, 0);
    sfence();

    zero(1);
    in_mode(S_MODE, zero, 0);
    in_mode(S_MODE, clean, 0);
    SET(menvcfg, 0xf0);
    in_mode(S_MODE, zero, 1);
    in_mode(S_MODE, clean, 1);
    in_mode(U_MODE, zero, 0);
    WRITE(senvcfg, 0xf0);
    in_mode(U_MODE, zero, 1);
    in_mode(U_MODE, clean, 1);

    WRITE(0x30c, 0);
    in_mode(S_MODE, environment, 0);
    WRITE(0x30c, 3ul << 62);
    in_mode(S_MODE, environment, 1);
    return 0;
}
