/* SPDX-License-Identifier: GPL-2.0-or-later */
// run: a64 -cpu cortex-a57
// run: a64 -cpu max
/* Stage 1 with 4 KiB pages: faults and their syndromes, permissions, global and ASID-tagged entries, TLBI, tagged addresses. */
#include "rt.h"

#define TABLE 3ull
#define BLOCK 1ull
#define PAGE 3ull
#define AF (1ull << 10)
#define NG (1ull << 11)
#define RO (1ull << 7)
#define USER (1ull << 6)
#define PXN (1ull << 53)
#define NORMAL (0ull << 2)
#define DEVICE (1ull << 2)
#define WINDOW 0x80000000ull        /* two MiB of pages that the tests map */

static uint64_t l1[512] __attribute__((aligned(4096))), l2[512] __attribute__((aligned(4096)));
static uint64_t l3[512] __attribute__((aligned(4096)));
static uint64_t page_a[512] __attribute__((aligned(4096))), page_b[512] __attribute__((aligned(4096)));

static void map(unsigned n, void *page, uint64_t bits)
{
    l3[n] = page ? (uint64_t)page | PAGE | bits : 0;
    __asm__ volatile("dsb ishst" : : : "memory");
}

static void tlbi_all(void)
{
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb ish\n\tisb" : : : "memory");
}

static volatile uint64_t *at(unsigned n)
{
    return (volatile uint64_t *)(WINDOW + n * 4096);
}

/* A load or store that may fault; the fault's class and status code, 0 for none. */
static unsigned try_load(volatile uint64_t *p, uint64_t *v)
{
    unsigned before = traps;

    *v = *p;
    return traps == before ? 0 : (ec() << 8 | (trap_esr & 0x7f));
}

static unsigned try_store(volatile uint64_t *p)
{
    unsigned before = traps;

    *p = 42;
    return traps == before ? 0 : (ec() << 8 | (trap_esr & 0x7f));
}

static void switch_on(void)
{
    l1[0] = 0x00000000ull | BLOCK | AF | DEVICE;
    l1[1] = 0x40000000ull | BLOCK | AF | NORMAL;
    l1[2] = (uint64_t)l2 | TABLE;
    l2[0] = (uint64_t)l3 | TABLE;
    write_reg(mair_el1, 0x00ff);
    write_reg(tcr_el1, 25 | 1ull << 23 | 25 << 16 | 2ull << 30 | 1ull << 37 | 2ull << 32 | 1ull << 36);
    write_reg(ttbr0_el1, (uint64_t)l1);
    tlbi_all();
    write_reg(sctlr_el1, read_reg(sctlr_el1) | 1);
}

static void faults(void)
{
    uint64_t v;

    check(try_load(at(0), &v) == (0x25 << 8 | 7) && trap_far == WINDOW, "translation fault, level 3");
    check(try_store(at(1)) == (0x25 << 8 | 0x47) && trap_far == WINDOW + 4096, "the same of a store");
    check(try_load((uint64_t *)0x80400000, &v) == (0x25 << 8 | 6), "level 2");
    check(try_load((uint64_t *)0xc0000000, &v) == (0x25 << 8 | 5), "level 1");
    check(try_load((uint64_t *)0x8000000000ull, &v) == (0x25 << 8 | 4), "beyond the range of TTBR0");
    check(try_load((uint64_t *)0xffffffc000000000ull, &v) == (0x25 << 8 | 4), "EPD1");
    map(2, page_a, 0);
    check(try_load(at(2), &v) == (0x25 << 8 | 0xb), "access flag");
    map(3, page_a, AF | RO);
    page_a[0] = 17;
    check(try_load(at(3), &v) == 0 && v == 17, "read-only page reads");
    check(try_store(at(3)) == (0x25 << 8 | 0x4f), "and does not write");
}

static void invalidation(void)
{
    uint64_t v;

    page_a[1] = 1;
    page_b[1] = 2;
    map(4, page_a, AF);
    check(try_load(at(4) + 1, &v) == 0 && v == 1, "first mapping");
    map(4, page_b, AF);
    __asm__ volatile("dsb ishst\n\ttlbi vae1is, %0\n\tdsb ish\n\tisb" : : "r"((WINDOW + 4 * 4096) >> 12) : "memory");
    check(try_load(at(4) + 1, &v) == 0 && v == 2, "second, after TLBI by address");
    map(4, 0, 0);
    __asm__ volatile("dsb ishst\n\ttlbi vaae1, %0\n\tdsb nsh\n\tisb" : : "r"((WINDOW + 4 * 4096) >> 12) : "memory");
    check(try_load(at(4) + 1, &v) == (0x25 << 8 | 7), "none");
}

static void address_spaces(void)
{
    uint64_t v;

    map(5, page_a, AF | NG);
    write_reg(ttbr0_el1, (uint64_t)l1 | 1ull << 48);
    check(try_load(at(5) + 1, &v) == 0 && v == 1, "ASID 1");
    map(5, page_b, AF | NG);
    write_reg(ttbr0_el1, (uint64_t)l1 | 2ull << 48);
    check(try_load(at(5) + 1, &v) == 0 && v == 2, "ASID 2 sees the new entry");
    __asm__ volatile("dsb ishst\n\ttlbi aside1, %0\n\tdsb ish\n\tisb" : : "r"(1ull << 48) : "memory");
    write_reg(ttbr0_el1, (uint64_t)l1 | 1ull << 48);
    check(try_load(at(5) + 1, &v) == 0 && v == 2, "and ASID 1 after TLBI by ASID");
}

static void tags(void)
{
    uint64_t v;

    map(6, page_a, AF);
    check(try_load((uint64_t *)((uint64_t)at(6) | 0x5aull << 56) + 1, &v) == 0 && v == 1, "tagged address");
    map(6, page_b, AF);
    __asm__ volatile("dsb ishst\n\ttlbi vae1, %0\n\tdsb ish\n\tisb" : : "r"((WINDOW + 6 * 4096) >> 12) : "memory");
    check(try_load((uint64_t *)((uint64_t)at(6) | 0x5aull << 56) + 1, &v) == 0 && v == 2, "TLBI hits tagged entries");
}

static void address_translation(void)
{
    map(7, page_a, AF);
    __asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(at(7)));
    check((read_reg(par_el1) & 0xfffffffff001ull) == (uint64_t)page_a, "AT");
    __asm__ volatile("at s1e0r, %0\n\tisb" : : "r"(at(7)));
    check((read_reg(par_el1) & 0x7f) == (0xf << 1 | 1), "AT as EL0: permission fault");
}

int main(void)
{
    switch_on();
    faults();
    invalidation();
    address_spaces();
    tags();
    address_translation();
    return 0;
}
