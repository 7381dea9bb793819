/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Goal: page walks and physical memory protection answer as the manual says. Method: hand-made tables in fake RAM. */
#include <inttypes.h>

#include "tests/unit/riscv_fake.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
#define LEAF (V | R | W | X | A | D)

static uint64_t next_table;

static uint64_t new_table(void)
{
    uint64_t t = next_table;

    next_table += 4096;
    return t;
}

static uint64_t read64(uint64_t pa)
{
    uint64_t v;

    memcpy(&v, fake.ram + (pa - RAM_BASE), 8);
    return v;
}

static void write64(uint64_t pa, uint64_t v)
{
    memcpy(fake.ram + (pa - RAM_BASE), &v, 8);
}

/* PMP off, tables from the second half of RAM on, satp in this mode; the root's address. */
static uint64_t paging(struct rv_cpu *cpu, unsigned mode)
{
    uint64_t root;

    next_table = RAM_BASE + RAM_BYTES / 2;
    root = new_table();
    cpu->pmp_on = false;
    cpu->satp = mode == SATP_SV32 ? 1u << 31 | root >> 12 : (uint64_t)mode << 60 | root >> 12;
    return root;
}

/* Maps va by an entry of level `level` (0: 4 KiB) with these low (and high) bits; where the entry stands. */
static uint64_t map(struct rv_cpu *cpu, uint64_t va, unsigned level, uint64_t ppn, uint64_t bits)
{
    bool narrow = cpu->mxlen == 32;
    unsigned mode = narrow ? SATP_SV32 : cpu->satp >> 60, ib = narrow ? 10 : 9, bytes = narrow ? 4 : 8;
    unsigned top = narrow ? 1 : mode - SATP_SV39 + 2;
    uint64_t table = (cpu->satp & (narrow ? 0x3fffff : (1ull << 44) - 1)) << 12;

    for (unsigned l = top;; l--) {
        uint64_t at = table + (va >> (12 + l * ib) & ((1u << ib) - 1)) * bytes, pte = 0;

        if (l == level) {
            pte = ppn << 10 | bits;
            memcpy(fake.ram + (at - RAM_BASE), &pte, bytes);
            return at;
        }
        memcpy(&pte, fake.ram + (at - RAM_BASE), bytes);
        if (!pte) {
            pte = new_table() >> 12 << 10 | V;
            memcpy(fake.ram + (at - RAM_BASE), &pte, bytes);
        }
        table = pte >> 10 << 12;
    }
}

/* Walks; 0 or the cause. */
static unsigned walk(struct rv_cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx, struct mmu_page *page)
{
    struct mmu_fault fault;

    memset(page, 0, sizeof *page);
    return rv_mmu_walk(&cpu->cpu, va, access, idx, false, page, &fault) ? 0 : fault.code;
}

static void each_mode_translates(void)
{
    static const struct {
        const char *model;
        unsigned mode, top;
        uint64_t va, outside;
    } rows[] = {
        { "rv32", SATP_SV32, 1, 0xc0123456, 0 },
        { "rv64", SATP_SV39, 2, 0xffffffc012345678, 0x0000004000000000 },
        { "rv64", SATP_SV48, 3, 0xffff800012345678, 0x0000800000000000 },
        { "rv64", SATP_SV57, 4, 0xff00000012345678, 0x0100000000000000 },
    };
    struct mmu_page p;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rv_cpu *cpu = fake_hart(rows[i].model);
        unsigned ib = cpu->mxlen == 32 ? 10 : 9;

        for (unsigned level = 0; level <= rows[i].top; level++) {
            unsigned bits = 12 + level * ib;
            uint64_t ppn = level < 3 ? 0x3ull << (bits - 12) : 1ull << (bits - 12);

            paging(cpu, rows[i].mode);
            memset(fake.ram, 0, RAM_BYTES);
            ppn = cpu->mxlen == 32 ? ppn & 0x3fffff : ppn;
            map(cpu, rows[i].va, level, ppn, LEAF);
            g_assert_cmpuint(walk(cpu, rows[i].va, MMU_READ, RV_IDX_S, &p), ==, 0);
            g_assert_cmphex(p.paddr, ==, ppn << 12 | (rows[i].va & ((1ull << bits) - 1)));
            g_assert_cmpuint(p.page_bits, ==, bits);
            g_assert_cmpuint(p.prot, ==, MMU_R | MMU_W | MMU_X);
            if (level) {        /* a superpage must be aligned */
                map(cpu, rows[i].va, level, ppn | 1, LEAF);
                g_assert_cmpuint(walk(cpu, rows[i].va, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_PAGE);
            }
        }
        if (rows[i].outside) {
            g_assert_cmpuint(walk(cpu, rows[i].outside, MMU_FETCH, RV_IDX_S, &p), ==, RV_EXC_FETCH_PAGE);
        }
        fake_free(cpu);
    }
}

static void permissions_follow_the_table(void)
{
    static const struct {
        unsigned pte, idx;
        uint8_t prot;
    } rows[] = {
        { R | W | X, RV_IDX_S, 7 }, { R | W | X, RV_IDX_U, 0 }, { R | W | X | U, RV_IDX_U, 7 },
        { R | W | X | U, RV_IDX_S, 0 }, { R | W | X | U, RV_IDX_S_SUM, MMU_R | MMU_W }, { R, RV_IDX_S, MMU_R },
        { X, RV_IDX_S, MMU_X }, { X, RV_IDX_S | RV_IDX_MXR, MMU_X | MMU_R }, { R | X | U, RV_IDX_U, MMU_R | MMU_X },
        { X | U, RV_IDX_U | RV_IDX_MXR, MMU_R | MMU_X }, { X | U, RV_IDX_S | RV_IDX_MXR, 0 },
        { R | W, RV_IDX_S_SUM, MMU_R | MMU_W },
    };
    static const enum mmu_access accesses[] = { MMU_READ, MMU_WRITE, MMU_FETCH };
    static const uint8_t need[] = { MMU_R, MMU_W, MMU_X };
    struct rv_cpu *cpu = fake_hart("rv64");
    struct mmu_page p;

    paging(cpu, SATP_SV39);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        map(cpu, 0x1000, 0, 0x80000, V | A | D | rows[i].pte);
        for (unsigned a = 0; a < 3; a++) {
            unsigned cause = walk(cpu, 0x1000, accesses[a], rows[i].idx, &p);

            g_assert_cmpint(cause == 0, ==, (rows[i].prot & need[a]) != 0);
            if (!cause) {
                g_assert_cmpuint(p.prot, ==, rows[i].prot);
            }
        }
    }
    fake_free(cpu);
}

static void reserved_encodings_fault(void)
{
    static const uint64_t bad[] = {
        0, V | W, V | W | X, LEAF | 1ull << 54, LEAF | 1ull << 60, LEAF | 1ull << 61, LEAF | 1ull << 63,
        V /* pointer in the last level */,
    };
    static const uint64_t bad_pointer[] = { V | A, V | D, V | U, V | 1ull << 61, V | 1ull << 63 };
    struct rv_cpu *cpu = fake_hart("rv64");
    struct mmu_page p;

    paging(cpu, SATP_SV39);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        map(cpu, 0x1000, 0, 0x80000, bad[i]);
        g_assert_cmpuint(walk(cpu, 0x1000, MMU_WRITE, RV_IDX_S, &p), ==, RV_EXC_STORE_PAGE);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_pointer); i++) {
        map(cpu, 0x1000, 1, 0x80000, bad_pointer[i]);
        g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_PAGE);
    }
    map(cpu, 0x1000, 1, 0x10, V);           /* a table outside RAM */
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_FETCH, RV_IDX_S, &p), ==, RV_EXC_FETCH_ACCESS);
    fake_free(cpu);
}

static void accessed_and_dirty_are_set_by_hardware(void)
{
    struct rv_cpu *cpu = fake_hart("rv64");
    struct mmu_page p;
    uint64_t at;

    paging(cpu, SATP_SV39);
    at = map(cpu, 0x1000, 0, 0x80000, V | R | W);
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, 0);
    g_assert_cmphex(read64(at) & (A | D), ==, A);
    g_assert_cmpuint(p.prot, ==, MMU_R);    /* so that the first write walks again */
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_WRITE, RV_IDX_S, &p), ==, 0);
    g_assert_cmphex(read64(at) & (A | D), ==, A | D);
    g_assert_cmpuint(p.prot, ==, MMU_R | MMU_W);
    fake_free(cpu);
}

static void a_debugger_leaves_the_tables_alone(void)
{
    struct rv_cpu *cpu = fake_hart("rv64");
    struct mmu_page p;
    struct mmu_fault f;
    uint64_t at;

    paging(cpu, SATP_SV39);
    at = map(cpu, 0x1000, 0, 0x80000, V | R | W);
    g_assert_true(rv_mmu_walk(&cpu->cpu, 0x1000, MMU_WRITE, RV_IDX_S, true, &p, &f));
    g_assert_cmphex(read64(at) & (A | D), ==, 0);
    fake_free(cpu);
}

static void without_hardware_updates_they_fault(void)
{
    struct rv_cpu *cpu = fake_hart("rv64,svadu=off,svade=on");
    struct mmu_page p;
    uint64_t at;

    paging(cpu, SATP_SV39);
    at = map(cpu, 0x1000, 0, 0x80000, V | R | W);
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_PAGE);
    map(cpu, 0x1000, 0, 0x80000, V | R | W | A);
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, 0);
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_WRITE, RV_IDX_S, &p), ==, RV_EXC_STORE_PAGE);
    g_assert_cmphex(read64(at) & (A | D), ==, A);
    fake_free(cpu);
}

static void unmap_it(uint64_t paddr)
{
    write64(paddr, 0);
}

static void an_entry_that_changes_meanwhile_is_read_again(void)
{
    struct rv_cpu *cpu = fake_hart("rv64");
    struct mmu_page p;
    uint64_t at;

    paging(cpu, SATP_SV39);
    at = map(cpu, 0x1000, 0, 0x80000, V | R | W);
    fake.interfere = unmap_it;
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_PAGE);
    g_assert_cmphex(read64(at), ==, 0);
    fake_free(cpu);
}

static void napot_and_memory_types(void)
{
    struct rv_cpu *cpu = fake_hart("rv64,svnapot=on,svpbmt=on");
    struct mmu_page p;

    paging(cpu, SATP_SV39);
    map(cpu, 0x15000, 0, 0x80008, LEAF | 1ull << 63);
    g_assert_cmpuint(walk(cpu, 0x15678, MMU_READ, RV_IDX_S, &p), ==, 0);
    g_assert_cmphex(p.paddr, ==, 0x80005678);
    g_assert_cmpuint(p.page_bits, ==, 16);
    map(cpu, 0x15000, 0, 0x80004, LEAF | 1ull << 63);
    g_assert_cmpuint(walk(cpu, 0x15678, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_PAGE);
    map(cpu, 0x15000, 0, 0x80000, LEAF | 2ull << 61 | G);
    g_assert_cmpuint(walk(cpu, 0x15678, MMU_READ, RV_IDX_S, &p), ==, 0);
    g_assert_cmpuint(p.attr, ==, 2);
    g_assert_true(p.global);
    map(cpu, 0x15000, 0, 0x80000, LEAF | 3ull << 61);
    g_assert_cmpuint(walk(cpu, 0x15678, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_PAGE);
    fake_free(cpu);
}

/* ---- physical memory protection ---- */

static void set_pmp(struct rv_cpu *cpu, unsigned n, uint64_t addr, uint8_t cfg)
{
    rv_pmpaddr_write(cpu, n, addr);
    rv_pmpcfg_write(cpu, n, cfg);
    rv_pmp_update(cpu);
}

static uint8_t prot(struct rv_cpu *cpu, uint64_t pa, enum rv_priv priv)
{
    bool whole;

    return rv_pmp_prot(cpu, pa, priv, &whole);
}

static void protection_matches_ranges(void)
{
    struct rv_cpu *cpu = fake_hart("rv64");
    bool whole;

    g_assert_cmpuint(prot(cpu, 0x1000, RV_M), ==, 7);
    g_assert_cmpuint(prot(cpu, 0x1000, RV_S), ==, 0);       /* no entry matches */
    set_pmp(cpu, 0, 0x1004 >> 2, PMP_NA4 << 3 | PMP_R);
    g_assert_cmpuint(prot(cpu, 0x1003, RV_S), ==, 0);
    g_assert_cmpuint(prot(cpu, 0x1004, RV_S), ==, MMU_R);
    g_assert_cmpuint(prot(cpu, 0x1007, RV_S), ==, MMU_R);
    g_assert_cmpuint(prot(cpu, 0x1008, RV_S), ==, 0);
    set_pmp(cpu, 1, 0x2000 >> 2 | 0x1ff, PMP_NAPOT << 3 | PMP_R | PMP_W);   /* 4 KiB */
    g_assert_cmpuint(rv_pmp_prot(cpu, 0x2800, RV_U, &whole), ==, MMU_R | MMU_W);
    g_assert_true(whole);
    set_pmp(cpu, 2, 0x3000 >> 2, PMP_OFF);
    set_pmp(cpu, 3, 0x3800 >> 2, PMP_TOR << 3 | PMP_X);
    g_assert_cmpuint(rv_pmp_prot(cpu, 0x3000, RV_U, &whole), ==, MMU_X);
    g_assert_false(whole);
    g_assert_cmpuint(prot(cpu, 0x37ff, RV_U), ==, MMU_X);
    g_assert_cmpuint(prot(cpu, 0x3800, RV_U), ==, 0);
    set_pmp(cpu, 15, UINT64_MAX, PMP_NAPOT << 3 | 7);       /* everything else */
    g_assert_cmpuint(prot(cpu, 0x3800, RV_U), ==, 7);
    g_assert_cmpuint(prot(cpu, 0x3000, RV_U), ==, MMU_X);   /* the lowest number decides */
    g_assert_cmpuint(prot(cpu, 0x3000, RV_M), ==, 7);
    fake_free(cpu);
}

static void locked_entries_bind_machine_mode_and_stay(void)
{
    struct rv_cpu *cpu = fake_hart("rv64");

    set_pmp(cpu, 0, 0x1000 >> 2, PMP_OFF);
    set_pmp(cpu, 1, 0x2000 >> 2, PMP_TOR << 3 | PMP_L | PMP_R);
    g_assert_cmpuint(prot(cpu, 0x1800, RV_M), ==, MMU_R);
    g_assert_false(rv_pmpcfg_write(cpu, 1, 0));
    g_assert_false(rv_pmpaddr_write(cpu, 1, 0));
    g_assert_false(rv_pmpaddr_write(cpu, 0, 0));            /* the bottom of a locked range */
    g_assert_true(rv_pmpaddr_write(cpu, 2, 1));
    rv_pmpcfg_write(cpu, 2, PMP_W);                         /* W without R is reserved */
    g_assert_cmpuint(cpu->pmpcfg[2], ==, 0);
    fake_free(cpu);
}

/* The remembered interval must give what a search of the entries gives. */
static void the_remembered_interval_is_exact(void)
{
    GRand *rand = g_rand_new_with_seed(7);
    struct rv_cpu *cpu = fake_hart("rv64");

    for (unsigned round = 0; round < 200; round++) {
        for (unsigned n = 0; n < RV_PMP_ENTRIES; n++) {
            set_pmp(cpu, n, g_rand_int_range(rand, 0, 0x4000), g_rand_int_range(rand, 0, 32));
        }
        for (unsigned i = 0; i < 200; i++) {
            uint64_t pa = g_rand_int_range(rand, 0, 0x12000);
            uint8_t remembered = prot(cpu, pa, RV_S);

            cpu->pmp_same = (struct rv_pmp_same) { .start = 1, .last = 0 };
            g_assert_cmpuint(prot(cpu, pa, RV_S), ==, remembered);
        }
    }
    g_rand_free(rand);
    fake_free(cpu);
}

static void the_walker_is_protected_too(void)
{
    struct rv_cpu *cpu = fake_hart("rv64");
    struct mmu_page p;
    uint64_t at;

    paging(cpu, SATP_SV39);
    cpu->pmp_on = true;
    at = map(cpu, 0x1000, 0, 0x80000, V | R | W);
    set_pmp(cpu, 0, RAM_BASE >> 2 | 0x1ff, PMP_NAPOT << 3 | 7);      /* only the target page */
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_ACCESS);
    set_pmp(cpu, 1, UINT64_MAX, PMP_NAPOT << 3 | PMP_R);             /* tables may be read, not written */
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_ACCESS);
    write64(at, read64(at) | A);
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, 0);
    set_pmp(cpu, 0, (RAM_BASE + 8) >> 2, PMP_NA4 << 3 | PMP_X);
    g_assert_cmpuint(walk(cpu, 0x1000, MMU_READ, RV_IDX_S, &p), ==, 0);
    g_assert_cmpuint(p.page_bits, <, 12);
    g_assert_cmpuint(walk(cpu, 0x1008, MMU_READ, RV_IDX_S, &p), ==, RV_EXC_LOAD_ACCESS);
    fake_free(cpu);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/riscv/mmu/each_mode_translates", each_mode_translates);
    g_test_add_func("/riscv/mmu/permissions_follow_the_table", permissions_follow_the_table);
    g_test_add_func("/riscv/mmu/reserved_encodings_fault", reserved_encodings_fault);
    g_test_add_func("/riscv/mmu/accessed_and_dirty_are_set_by_hardware", accessed_and_dirty_are_set_by_hardware);
    g_test_add_func("/riscv/mmu/a_debugger_leaves_the_tables_alone", a_debugger_leaves_the_tables_alone);
    g_test_add_func("/riscv/mmu/without_hardware_updates_they_fault", without_hardware_updates_they_fault);
    g_test_add_func("/riscv/mmu/an_entry_that_changes_meanwhile_is_read_again", an_entry_that_changes_meanwhile_is_read_again);
    g_test_add_func("/riscv/mmu/napot_and_memory_types", napot_and_memory_types);
    g_test_add_func("/riscv/pmp/protection_matches_ranges", protection_matches_ranges);
    g_test_add_func("/riscv/pmp/locked_entries_bind_machine_mode_and_stay", locked_entries_bind_machine_mode_and_stay);
    g_test_add_func("/riscv/pmp/the_remembered_interval_is_exact", the_remembered_interval_is_exact);
    g_test_add_func("/riscv/pmp/the_walker_is_protected_too", the_walker_is_protected_too);
    return g_test_run();
}
