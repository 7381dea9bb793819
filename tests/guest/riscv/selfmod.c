/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that is written: by itself, in a loop, next to data, in the block that runs, across a page's end. */
// run:
#include "rt.h"

typedef ulong function(void);

static uint32_t code[2048] __attribute__((aligned(4096)));

static uint32_t li_a0(unsigned v)
{
    return v << 20 | 0x513;
}
#define RET 0x8067u

static ulong run(uint32_t *at)
{
    __asm__ volatile("fence.i" ::: "memory");
    return ((function *)at)();
}

int main(void)
{
    code[1] = RET;
    for (unsigned i = 0; i < 200; i++) {
        code[0] = li_a0(i);
        CHECK_EQ(run(code), i);
    }
    /* data in the same page, many times, must not disturb the code */
    for (unsigned i = 0; i < 10000; i++) {
        *(volatile uint32_t *)&code[512] = i;
    }
    CHECK_EQ(run(code), 199);
    /* data close to the code */
    code[2] = 0;
    for (unsigned i = 0; i < 1000; i++) {
        *(volatile uint32_t *)&code[2] = i;
        CHECK_EQ(((function *)code)(), 199);
    }
    /* an instruction that stands across the page's end: one half of it changes */
    uint16_t *half = (uint16_t *)code;

    half[2047] = li_a0(1) & 0xffff;
    half[2048] = li_a0(1) >> 16;
    half[2049] = 0x8082;                        /* c.jr ra */
    CHECK_EQ(run((uint32_t *)&half[2047]), 1);
    half[2048] = li_a0(77) >> 16;
    CHECK_EQ(run((uint32_t *)&half[2047]), 77);
    /* a block that changes an instruction of its own further on: sw a1, 12(a0); fence.i; li a0, 1 -> 2; ret */
    code[100] = 0x00b52623;
    code[101] = 0x0000100f;
    code[102] = li_a0(9);
    code[103] = li_a0(1);
    code[104] = RET;
    __asm__ volatile("fence.i" ::: "memory");
    register ulong a0 __asm__("a0") = (ulong)&code[100];
    register ulong a1 __asm__("a1") = li_a0(2);

    __asm__ volatile("jalr %2" : "+r"(a0) : "r"(a1), "r"(&code[100]) : "ra", "memory");
    CHECK_EQ(a0, 2);
    /* the same bytes again: nothing changes */
    code[0] = li_a0(199);
    CHECK_EQ(run(code), 199);
    return 0;
}
