/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RISC-V tables: every row's random encodings decode to that row, extensions gate their rows, reserved encodings are
 * illegal, and the disassembler writes what the manual would.
 */
#include "target/riscv/decode.h"
#include "target/riscv/disas.h"
#include "target/riscv/ext.h"

#include <string.h>

static struct isa_needs needs_of(unsigned xlen, ...)
{
    struct rv_exts exts = { { ~0ull, ~0ull } };
    struct isa_needs needs;
    va_list ap;
    int off;

    va_start(ap, xlen);
    while ((off = va_arg(ap, int)) >= 0) {
        rv_ext_set(&exts, off, false);
    }
    va_end(ap);
    rv_needs(&needs, &exts, xlen);
    return needs;
}

static uint32_t pick_any(void *opaque, const char *field, unsigned bits)
{
    return g_test_rand_int();
}

/* A row "over" a general one answers for some of the latter's encodings; both match the bits. */
static bool answers_for(unsigned got, unsigned row, uint32_t insn)
{
    return got == row || (got != RV_ROW_ILLEGAL && (insn & rv_rows[got].mask) == rv_rows[got].match);
}

static void every_row_decodes_to_itself(void)
{
    for (unsigned xlen = 32; xlen <= 64; xlen += 32) {
        struct isa_needs needs = needs_of(xlen, -1);

        for (unsigned r = 0; r < RV_ROWS; r++) {
            unsigned same = 0, made = 0;

            for (unsigned i = 0; i < 200; i++) {
                uint32_t insn;

                if (!isa_row_enabled(&rv_rows[r], &needs) || !isa_encode(&rv_rows[r], pick_any, NULL, &insn)) {
                    continue;
                }
                made++;
                same += rv_decode(insn, &needs) == r;
                g_assert_true(answers_for(rv_decode(insn, &needs), r, insn));
                g_assert_cmpuint(rv_insn_length(insn), ==, rv_rows[r].length);
            }
            g_assert_true(!made || same * 10 >= made * 8);
        }
    }
}

static void random_words_decode_to_a_matching_row_or_none(void)
{
    struct isa_needs needs = needs_of(64, -1);
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < 200000; i++) {
        uint32_t insn = g_test_rand_int();
        unsigned row = rv_decode(insn, &needs);

        if (row != RV_ROW_ILLEGAL) {
            g_assert_cmphex(insn & rv_rows[row].mask, ==, rv_rows[row].match);
        }
        g_string_truncate(text, 0);
        rv_disas(insn, &needs, 64, 0x80000000, text);
        g_assert_cmpuint(text->len, >, 2);
    }
}

static void reserved_encodings_are_illegal(void)
{
    static const uint32_t reserved[] = {
        0x00000000, 0xffffffff,
        0x00002001 & 0xf07f,    /* c.addiw with rd = x0 */
        0x00008002,             /* c.jr x0 */
        0x00004002,             /* c.lwsp to x0 */
        0x00006101,             /* c.addi16sp 0 */
        0x02001013 | 1u << 26,  /* slli with a shift amount of 64 or more */
        0x0000701b,             /* OP-IMM-32, funct3 7 */
        0x00007063 & ~0x5000,   /* branch, funct3 2 */
    };
    struct isa_needs needs = needs_of(64, -1);

    for (unsigned i = 0; i < G_N_ELEMENTS(reserved); i++) {
        g_assert_cmpuint(rv_decode(reserved[i], &needs), ==, RV_ROW_ILLEGAL);
    }
}

static void expect(const struct isa_needs *needs, uint32_t insn, const char *want)
{
    g_autoptr(GString) text = g_string_new(NULL);

    rv_disas(insn, needs, 64, 0x1000, text);
    g_assert_cmpstr(text->str, ==, want);
}

static void an_extension_gates_its_rows(void)
{
    struct isa_needs all = needs_of(64, -1), rv32 = needs_of(32, -1);
    struct isa_needs no_zbb = needs_of(64, RV_EXT_Zbb, -1), none = needs_of(64, RV_EXT_Zbb, RV_EXT_Zbkb, -1);
    struct isa_needs no_pause = needs_of(64, RV_EXT_Zihintpause, -1);

    expect(&all, 0x40c5f533, "andn a0,a1,a2");
    expect(&no_zbb, 0x40c5f533, "andn a0,a1,a2");
    expect(&none, 0x40c5f533, ".4byte 0x40c5f533");
    expect(&all, 0x0805c53b, "zext.h a0,a1");
    expect(&no_zbb, 0x0805c53b, "packw a0,a1,zero");
    expect(&all, 0x0100000f, "pause");
    expect(&no_pause, 0x0100000f, "fence w,unknown");
    expect(&all, 0x2505, "c.addiw a0,1");
    expect(&rv32, 0x2505, "c.jal 0x1620");
    expect(&rv32, 0x0000b503, ".4byte 0x0000b503");
}

static void disassembly_reads_like_the_manual(void)
{
    struct isa_needs n = needs_of(64, -1);

    expect(&n, 0xfff58513, "addi a0,a1,-1");
    expect(&n, 0x123450b7, "lui ra,0x12345");
    expect(&n, 0xffdff06f, "jal zero,0xffc");
    expect(&n, 0xfeb50fe3, "beq a0,a1,0xffe");
    expect(&n, 0xff853483, "ld s1,-8(a0)");
    expect(&n, 0x1005a52f, "lr.w a0,(a1)");
    expect(&n, 0x06c5b52f, "amoadd.d.aqrl a0,a2,(a1)");
    expect(&n, 0x0330000f, "fence rw,rw");
    expect(&n, 0x0001, "c.nop");
    expect(&n, 0x1141, "c.addi sp,-16");
    expect(&n, 0x8082, "c.jr ra");
    expect(&n, 0x6281, "c.mop.5");
    expect(&n, 0x30200073, "mret");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/riscv/decode/every_row_decodes_to_itself", every_row_decodes_to_itself);
    g_test_add_func("/riscv/decode/random_words", random_words_decode_to_a_matching_row_or_none);
    g_test_add_func("/riscv/decode/reserved_encodings_are_illegal", reserved_encodings_are_illegal);
    g_test_add_func("/riscv/decode/an_extension_gates_its_rows", an_extension_gates_its_rows);
    g_test_add_func("/riscv/decode/disassembly_reads_like_the_manual", disassembly_reads_like_the_manual);
    return g_test_run();
}
