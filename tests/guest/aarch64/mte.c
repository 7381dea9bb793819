/* SPDX-License-Identifier: GPL-2.0-or-later */
// run: a64 -cpu max -machine virt,mte=on
/* Memory tagging: tags of memory and of pointers, synchronous and asynchronous checks, what is not checked. */
#include "rt.h"

__asm__(".arch armv8.5-a+memtag");

static uint64_t l1[512] __attribute__((aligned(4096))), l2[512] __attribute__((aligned(4096)));
static uint64_t page[512] __attribute__((aligned(0x200000)));   /* in a block of 2 MiB that has tags */
static uint8_t other[64] __attribute__((aligned(4096)));

static void switch_on(void)
{
    uint64_t base = (uint64_t)page & ~0x1ffffful;

    l1[0] = 0x00000000ull | 1 | 1 << 10 | 1 << 2;
    l1[1] = (uint64_t)l2 | 3;
    for (unsigned i = 0; i < 512; i++) {
        uint64_t at = 0x40000000 + i * 0x200000ul;

        l2[i] = at | 1 | 1 << 10 | (at == base ? 2 << 2 : 0);
    }
    write_reg(mair_el1, 0xf000ff);
    write_reg(tcr_el1, 25 | 1ull << 23 | 25 << 16 | 2ull << 30 | 2ull << 32 | 1ull << 37);
    write_reg(ttbr0_el1, (uint64_t)l1);
    __asm__ volatile("dsb sy\n\ttlbi vmalle1\n\tdsb sy\n\tisb" : : : "memory");
    write_reg(sctlr_el1, read_reg(sctlr_el1) | 1 | 1ull << 43 | 1ull << 42);
}

static void checks(unsigned mode)
{
    write_reg(sctlr_el1, (read_reg(sctlr_el1) & ~(3ull << 40)) | (uint64_t)mode << 40);
    write_reg(s3_3_c4_c2_7, 0);         /* TCO */
}

static uint64_t tagged(const void *p, unsigned tag)
{
    return ((uint64_t)p & ~(15ull << 56)) | (uint64_t)tag << 56;
}

static void stg(uint64_t p) { __asm__ volatile("stg %0, [%0]" : : "r"(p) : "memory"); }

static uint64_t ldg(uint64_t p)
{
    uint64_t r = 0;

    __asm__ volatile("ldg %0, [%1]" : "+r"(r) : "r"(p));
    return r >> 56 & 15;
}

static unsigned try_load(uint64_t p)
{
    unsigned before = traps;
    uint64_t v;

    __asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"(p) : "memory");
    return traps == before ? 0 : (unsigned)trap_esr;
}

static unsigned try_store(uint64_t p)
{
    unsigned before = traps;

    __asm__ volatile("str xzr, [%0]" : : "r"(p) : "memory");
    return traps == before ? 0 : (unsigned)trap_esr;
}

static void tags(void)
{
    uint64_t r, p = (uint64_t)page;

    for (unsigned i = 0; i < 16; i++) {
        stg(tagged((uint8_t *)page + i * 16, i));
    }
    for (unsigned i = 0; i < 16; i++) {
        check(ldg(p + i * 16 + 9) == i, "a tag comes back");
    }
    __asm__ volatile("ldgm %0, [%1]" : "=r"(r) : "r"(p));
    check(r == 0xfedcba9876543210, "LDGM");
    __asm__ volatile("stgm %0, [%1]" : : "r"(0x1111222233334444), "r"(p + 256) : "memory");
    check(ldg(p + 256) == 4 && ldg(p + 256 + 240) == 1, "STGM");
    page[64] = page[65] = page[66] = page[67] = 5;
    __asm__ volatile("stz2g %0, [%0], #32\n\t" : : "r"(tagged(page + 64, 7)) : "memory");
    check(page[64] == 0 && page[67] == 0 && ldg((uint64_t)(page + 66)) == 7, "STZ2G");
    stg(tagged(other, 9));
    check(ldg((uint64_t)other) == 0, "memory without tags");
    __asm__ volatile("stgp %1, %2, [%0]" : : "r"(tagged(page + 70, 3)), "r"(11ul), "r"(12ul) : "memory");
    check(page[70] == 11 && page[71] == 12 && ldg((uint64_t)(page + 70)) == 3, "STGP");
    r = traps;
    stg(p + 8);
    check(traps == r + 1 && ec() == 0x25 && (trap_esr & 0x3f) == 0x21, "an address inside a granule");
}

static void arithmetic(void)
{
    uint64_t r, p = tagged(page, 5);

    __asm__("addg %0, %1, #32, #3" : "=r"(r) : "r"(p));
    check(r == tagged(page, 8) + 32, "ADDG");
    __asm__("subg %0, %1, #16, #12" : "=r"(r) : "r"(p));
    check(r == tagged((uint8_t *)page - 16, 1), "SUBG");
    __asm__("gmi %0, %1, xzr" : "=r"(r) : "r"(p));
    check(r == 32, "GMI");
    __asm__("subp %0, %1, %2" : "=r"(r) : "r"(p + 40), "r"((uint64_t)page));
    check(r == 40, "SUBP");
    write_reg(s3_0_c1_c0_6, 0xfff0);    /* GCR_EL1: tags 0 to 3 alone */
    write_reg(s3_0_c1_c0_5, 0x123401);  /* RGSR_EL1 */
    for (unsigned i = 0; i < 6; i++) {
        __asm__ volatile("irg %0, %1" : "=r"(r) : "r"(p));
        check(r >> 56 < 4, "IRG");
        print_hex(r >> 56);
        print("\n");
    }
    write_reg(s3_0_c1_c0_6, 0);
}

static void sync(void)
{
    uint64_t p = (uint64_t)page;
    static const struct { unsigned tag; int offset; } rows[] = { { 1, 16 }, { 1, 17 }, { 1, 24 }, { 1, 12 }, { 2, 28 } };

    checks(1);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned esr = try_load(tagged((uint8_t *)page + rows[i].offset, rows[i].tag));

        print_hex(esr);
        print(" ");
        print_hex(esr ? trap_far - p : 0);
        print("\n");
    }
    check(try_load(tagged(page + 2, 1)) == 0 && (try_load(tagged(page + 2, 2)) & 0x3f) == 0x11, "loads");
    check((try_store(tagged(page + 2, 3)) & 0x7f) == 0x51, "stores");
    check(try_load(tagged(other, 4)) == 0, "memory without tags is not checked");
    write_reg(s3_3_c4_c2_7, 1ull << 25);
    check(try_load(tagged(page + 2, 2)) == 0, "TCO");
    write_reg(s3_3_c4_c2_7, 0);
    /* By the stack pointer with an immediate nothing is checked, with a register it is. */
    __asm__ volatile("mov x9, sp\n\tmov sp, %0\n\tldr x10, [sp, #8]\n\tmov sp, x9" : : "r"(tagged(page + 2, 9)) : "x9", "x10");
    check((trap_esr & 0x7f) == 0x51, "by the stack pointer");
    checks(0);
    check(try_load(tagged(page + 2, 2)) == 0, "without checks");
}

static void async(void)
{
    checks(2);
    write_reg(s3_0_c5_c6_0, 0);         /* TFSR_EL1 */
    check(try_store(tagged(page + 2, 3)) == 0 && read_reg(s3_0_c5_c6_0) == 1, "asynchronous");
    write_reg(s3_0_c5_c6_0, 0);
    checks(0);
}

int main(void)
{
    check((read_reg(id_aa64pfr1_el1) >> 8 & 15) >= 2, "ID_AA64PFR1_EL1.MTE");
    switch_on();
    tags();
    arithmetic();
    sync();
    async();
    return 0;
}
