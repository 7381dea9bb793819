/* SPDX-License-Identifier: GPL-2.0-or-later */
// run: a64 -cpu max
/* Branch target identification: which branches may reach which landing pads of a guarded page, and what a fault says. */
#include "rt.h"

__asm__(".arch armv8.5-a\n\t"
        ".globl pads\n"
        "pads:\tnop\n\tret\n\t"
        "bti c\n\tret\n\t"
        "bti j\n\tret\n\t"
        "bti jc\n\tret\n\t"
        "paciasp\n\tb 1f\n\t"
        "bti\n\tret\n"
        "1:\tautiasp\n\tret\n");

#define GUARDED 0x40000000ull           /* distance of the guarded alias of all RAM */

extern char pads[];

static uint64_t l1[512] __attribute__((aligned(4096)));
static volatile unsigned target_type, target_traps;

static void switch_on(void)
{
    l1[0] = 0x00000000ull | 1 | 1 << 10 | 1 << 2;
    l1[1] = 0x40000000ull | 1 | 1 << 10;
    l1[2] = 0x40000000ull | 1 | 1 << 10 | 1ull << 50;
    write_reg(mair_el1, 0x00ff);
    write_reg(tcr_el1, 25 | 1ull << 23 | 25 << 16 | 2ull << 30 | 2ull << 32);
    write_reg(ttbr0_el1, (uint64_t)l1);
    __asm__ volatile("dsb sy\n\ttlbi vmalle1\n\tdsb sy\n\tisb" : : : "memory");
    write_reg(sctlr_el1, read_reg(sctlr_el1) | 1);
}

/* A fault: back to the caller, whose address is in x30. */
static bool note(struct frame *f, unsigned vector)
{
    if (vector == 0x200 && ec() == 0x0d) {
        target_traps++;
        target_type = trap_esr & 0x1ffffff;
        check((f->pstate >> 10 & 3) == target_type, "SPSR has BTYPE");
        f->pstate &= ~0xc00ull;
        f->pc = f->x[30];
        return true;
    }
    return false;
}

/* BLR, BR x16 and BR x9 from a page that is not guarded; BR x9 from a guarded one. */
static void blr(uint64_t to) { __asm__ volatile("blr %0" : : "r"(to) : "x30", "memory"); }

static void br16(uint64_t to)
{
    __asm__ volatile("mov x16, %0\n\tadr x30, 1f\n\tbr x16\n1:" : : "r"(to) : "x16", "x30", "memory");
}

static void br9(uint64_t to)
{
    __asm__ volatile("mov x9, %0\n\tadr x30, 1f\n\tbr x9\n1:" : : "r"(to) : "x9", "x30", "memory");
}

__attribute__((noinline)) static void br9_guarded(uint64_t to)
{
    __asm__ volatile("mov x9, %0\n\tadr x10, 2f\n\tadd x10, x10, %1\n\tadr x30, 1f\n\tret x10\n2:\tbr x9\n1:"
                     : : "r"(to), "r"(GUARDED) : "x9", "x10", "x30", "memory");
}

/* Bit n: the pad n may be reached. */
static unsigned reachable(void (*f)(uint64_t), uint64_t where, unsigned type)
{
    static const uint8_t offset[5] = { 0, 8, 16, 24, 32 };
    unsigned r = 0;

    for (unsigned i = 0; i < 5; i++) {
        unsigned before = target_traps;

        f(where + offset[i]);
        if (target_traps == before) {
            r |= 1 << i;
        } else {
            check(target_type == type, "BTYPE in the syndrome");
        }
    }
    return r;
}

int main(void)
{
    uint64_t plain = (uint64_t)pads, guarded = plain + GUARDED;

    on_trap = note;
    switch_on();
    blr(guarded + 24);
    check(reachable(blr, plain, 0) == 0x1f && reachable(br9, plain, 0) == 0x1f, "pages that are not guarded");
    check(reachable(blr, guarded, 2) == 0x1a, "BLR");
    check(reachable(br16, guarded, 1) == 0x1e, "BR x16");
    check(reachable(br9, guarded, 1) == 0x1e, "BR from outside");
    check(reachable(br9_guarded, guarded, 3) == 0x1c, "BR from a guarded page");
    write_reg(sctlr_el1, read_reg(sctlr_el1) | 1ull << 36);
    check(reachable(br9_guarded, guarded, 3) == 0x0c, "BR to PACIASP under SCTLR_EL1.BT1");
    write_reg(nzcv, 0);
    print_hex(target_traps);
    print("\n");
    return 0;
}
