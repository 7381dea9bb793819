/* SPDX-License-Identifier: GPL-2.0-or-later */
// run: a64 -cpu max,pauth-qarma5=on
// run: a64 -cpu max
/* Pointer authentication: QARMA5's published result, signing and checking with each key, failures, enables. */
#include "rt.h"

__asm__(".arch armv8.5-a");

#define SCTLR_KEYS (1ul << 31 | 1ul << 30 | 1ul << 27 | 1ul << 13)
#define QARMA5 (read_reg(id_aa64isar1_el1) >> 4 & 15)

static uint8_t stack0[4096] __attribute__((aligned(16)));

static void set_keys(void)
{
    write_reg(s3_0_c2_c1_0, 0xec2802d4e0a488e9);
    write_reg(s3_0_c2_c1_1, 0x84be85ce9804e94b);
    write_reg(s3_0_c2_c1_2, 0x0123456789abcdef);
    write_reg(s3_0_c2_c1_3, 0xfedcba9876543210);
    write_reg(s3_0_c2_c2_0, 0x1111111111111111);
    write_reg(s3_0_c2_c2_1, 0x2222222222222222);
    write_reg(s3_0_c2_c2_2, 0x3333333333333333);
    write_reg(s3_0_c2_c2_3, 0x4444444444444444);
    write_reg(s3_0_c2_c3_0, 0xec2802d4e0a488e9);
    write_reg(s3_0_c2_c3_1, 0x84be85ce9804e94b);
}

#define OP(insn) \
    static uint64_t insn(uint64_t p, uint64_t m) { __asm__ volatile(#insn " %0, %1" : "+r"(p) : "r"(m)); return p; }
OP(pacia) OP(pacib) OP(pacda) OP(pacdb) OP(autia) OP(autib) OP(autda) OP(autdb)

static uint64_t strip(uint64_t p)
{
    __asm__ volatile("xpaci %0" : "+r"(p));
    return p;
}

static const struct {
    uint64_t (*pac)(uint64_t, uint64_t), (*aut)(uint64_t, uint64_t);
} keys[4] = {
    { pacia, autia }, { pacib, autib }, { pacda, autda }, { pacdb, autdb },
};

static void each_key(uint64_t p, uint64_t other)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t s = keys[i].pac(p, 0x477d469dec0b8762);
        unsigned before = traps;

        check(strip(s) == p && s != p, "a signed pointer differs in the code alone");
        check(keys[i].aut(s, 0x477d469dec0b8762) == p && traps == before, "it is accepted");
        keys[i].aut(s, other);
        check(traps == before + 1 && ec() == 0x1c && (trap_esr & 0x1ffffff) == i, "with another modifier it is not");
        print_hex(QARMA5 ? s : 0);
        print("\n");
    }
}

static void codes(void)
{
    uint64_t r;

    __asm__("pacga %0, %1, %2" : "=r"(r) : "r"(0xfb623599da6e8127ul), "r"(0x477d469dec0b8762ul));
    check(!(uint32_t)r && r, "generic code");
    if (QARMA5) {
        check(r == 0xc003b93900000000, "QARMA5's published result");
    }
}

static void disabled(void)
{
    uint64_t old = read_reg(sctlr_el1);

    write_reg(sctlr_el1, old & ~SCTLR_KEYS);
    check(pacia(0x40001234, 5) == 0x40001234 && autia(0x40001234, 5) == 0x40001234, "without EnIA they do nothing");
    write_reg(sctlr_el1, old);
}

static void branches(void)
{
    uint64_t r = 0, scratch[2] = { 7, 8 };

    __asm__ volatile("adr x9, 1f\n\tmov x10, #77\n\tpacia x9, x10\n\tblraa x9, x10\n\tb 2f\n"
                     "1:\tpaciasp\n\tadd %0, %0, #1\n\tretaa\n"
                     "2:\tadr x9, 3f\n\tpacizb x9\n\tbrabz x9\n\tadd %0, %0, #100\n3:\tadd %0, %0, #10"
                     : "+r"(r) : : "x9", "x10", "x30");
    check(r == 11, "combined branches");
    __asm__ volatile("mov x9, %1\n\tpacdza x9\n\tldraa %0, [x9, #8]!\n\tsub x9, x9, %1\n\tadd %0, %0, x9"
                     : "=&r"(r) : "r"(scratch) : "x9", "memory");
    check(r == 16, "combined load");
    __asm__ volatile("adr x9, 1f\n\tmov x10, sp\n\tpacia x9, x10\n\tmsr elr_el1, x9\n\tmov x9, #0x3c5\n\tmsr spsr_el1, x9\n\t"
                     "eretaa\n1:" : : : "x9", "x10");
}

static volatile uint64_t at_el0;

static void from_el0(void)
{
    at_el0 = autib(pacib(0x1234, 9), 9);
    __asm__ volatile("svc #0");
}

int main(void)
{
    set_keys();
    write_reg(sctlr_el1, read_reg(sctlr_el1) | SCTLR_KEYS);
    write_reg(tcr_el1, 16ul << 16 | 16);        /* 48 bits of addresses in both halves */
    codes();
    each_key(0x0000000080000123, 0x477d469dec0b8763);
    each_key(0xffffffff80000123, 0x477d469dec0b8763);
    disabled();
    branches();
    run_at_el0(from_el0, stack0 + sizeof(stack0));
    check(at_el0 == 0x1234, "at EL0");
    return 0;
}
