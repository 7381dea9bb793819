/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the RISC-V translator ends a block, and how: pages, steps, breakpoints, jumps, instructions that don't exist. */
#include <string.h>

#include "target/riscv/translate.h"
#include "tests/insn/no_accel.h"

enum { PAGE = 4096, NOP = 0x00000013, C_NOP = 0x0001 };
#define PC 0x80000000ull

struct fixture {
    struct rv_cpu *cpu;
    struct ir *ir;
    struct tr_block tb;
    uint8_t code[PAGE], next[PAGE];
    unsigned next_asked;
    bool next_there;
    uint64_t breakpoint;
};

static const uint8_t *next_page(struct tr_block *tb, bool first_insn)
{
    struct fixture *f = tb->opaque;

    f->next_asked += first_insn ? 100 : 1;
    return f->next_there ? f->next : NULL;
}

static bool breakpoint(struct tr_block *tb, uint64_t pc)
{
    struct fixture *f = tb->opaque;

    return pc == f->breakpoint;
}

static void set_up(struct fixture *f, gconstpointer xlen)
{
    bool wide = GPOINTER_TO_INT(xlen) == 64;

    f->cpu = rv_cpu(cpu_alloc(&rv_cpu_type));
    memset(&f->cpu->ext, 0xff, sizeof(f->cpu->ext));
    rv_needs(&f->cpu->needs[0], &f->cpu->ext, 32);
    rv_needs(&f->cpu->needs[1], &f->cpu->ext, 64);
    f->cpu->mxlen = GPOINTER_TO_INT(xlen);
    f->ir = ir_new();
    f->next_there = true;
    f->breakpoint = 1;
    f->tb = (struct tr_block) {
        .pc = PC, .key = RV_M | RV_IDX_M << RV_KEY_IDX_SHIFT | RV_KEY_FS_DIRTY | (wide ? RV_KEY_XLEN64 : 0),
        .max_insns = 64, .page = f->code, .next_page = next_page, .breakpoint = breakpoint, .opaque = f,
        .cpu = &f->cpu->cpu,
    };
    for (unsigned i = 0; i < PAGE; i += 2) {
        f->code[i] = C_NOP;
    }
    memcpy(f->next, f->code, PAGE);
}

static void tear_down(struct fixture *f, gconstpointer xlen)
{
    ir_free(f->ir);
    cpu_free(&f->cpu->cpu);
}

static void put(struct fixture *f, unsigned offset, uint32_t insn)
{
    uint8_t le[4] = { insn, insn >> 8, insn >> 16, insn >> 24 };
    unsigned bytes = (insn & 3) == 3 ? 4 : 2;

    for (unsigned i = 0; i < bytes; i++) {
        *(offset + i < PAGE ? &f->code[offset + i] : &f->next[offset + i - PAGE]) = le[i];
    }
}

/* Translates; the text of the IR. */
static const char *translate(struct fixture *f)
{
    static GString *text;
    g_autoptr(GError) err = NULL;

    text = text ? text : g_string_new(NULL);
    g_string_truncate(text, 0);
    rv_translate(&f->tb, f->ir);
    ir_verify(f->ir, &err);
    g_assert_no_error(err);
    ir_print(f->ir, text);
    return text->str;
}

#define assert_has(text, part) \
    do { \
        const char *text_ = text; \
        if (!strstr(text_, part)) { \
            g_error("expected '%s' in\n%s", part, text_); \
        } \
    } while (0)

static void a_block_ends_at_the_page_end(struct fixture *f, gconstpointer xlen)
{
    f->tb.pc = PC + PAGE - 8;
    assert_has(translate(f), "goto_pc.forward 0x80001000");
    g_assert_cmpuint(f->tb.insns, ==, 4);
    g_assert_cmpuint(f->tb.bytes, ==, 8);
    g_assert_cmpuint(f->next_asked, ==, 0);
}

static void a_straddling_instruction_takes_the_next_page(struct fixture *f, gconstpointer xlen)
{
    put(f, PAGE - 2, 0x12345537);   /* lui a0,0x12345 */
    f->tb.pc = PC + PAGE - 4;
    assert_has(translate(f), "goto_pc.forward 0x80001002");
    assert_has(translate(f), "0x12345000");
    g_assert_cmpuint(f->tb.bytes, ==, 6);
}

static void a_straddling_instruction_without_next_page_is_left_out(struct fixture *f, gconstpointer xlen)
{
    put(f, PAGE - 2, NOP);
    f->next_there = false;
    f->tb.pc = PC + PAGE - 4;
    assert_has(translate(f), "goto_pc.forward 0x80000ffe");
    g_assert_cmpuint(f->tb.insns, ==, 1);
    g_assert_cmpuint(f->next_asked, ==, 1);
}

static void the_insn_limit_holds(struct fixture *f, gconstpointer xlen)
{
    f->tb.max_insns = 5;
    assert_has(translate(f), "goto_pc.forward 0x8000000a");
    g_assert_cmpuint(f->tb.insns, ==, 5);
}

static void single_step_leaves_after_one_instruction(struct fixture *f, gconstpointer xlen)
{
    f->tb.single_step = true;
    assert_has(translate(f), "exit stepped");
    g_assert_cmpuint(f->tb.insns, ==, 1);
    put(f, 0, 0x00008067);          /* ret */
    assert_has(translate(f), "exit stepped");
    put(f, 0, 0xfe0008e3);          /* beqz zero, .-16 */
    assert_has(translate(f), "0x7ffffff0");
    g_assert_null(strstr(translate(f), "goto"));
}

static void a_breakpoint_stops_in_front(struct fixture *f, gconstpointer xlen)
{
    f->breakpoint = PC + 4;
    assert_has(translate(f), "exit debug");
    g_assert_cmpuint(f->tb.insns, ==, 2);
    f->breakpoint = PC;
    assert_has(translate(f), "exit debug");
    g_assert_cmpuint(f->tb.insns, ==, 0);
}

static void backward_jumps_poll(struct fixture *f, gconstpointer xlen)
{
    f->tb.pc = PC + 0x100;
    put(f, 0x100, 0xfe0518e3);      /* bnez a0, .-16 */
    assert_has(translate(f), "goto_pc.poll 0x800000f0");
    put(f, 0x100, 0x00051863);      /* bnez a0, .+16 */
    assert_has(translate(f), "goto_pc.forward 0x80000110");
}

static void unknown_encodings_are_illegal_instructions(struct fixture *f, gconstpointer xlen)
{
    put(f, 2, 0x0000);
    assert_has(translate(f), "illegal");
    g_assert_cmpuint(f->tb.insns, ==, 2);
    g_assert_cmpuint(f->tb.bytes, ==, 4);
}

static void rv32_addresses_wrap(struct fixture *f, gconstpointer xlen)
{
    f->tb.pc = 0xfffffffc;
    put(f, PAGE - 4, 0x008000ef);   /* jal ra, .+8 */
    assert_has(translate(f), "goto_pc.forward 0x4");
    put(f, PAGE - 4, 0x00a52503);   /* lw a0, 10(a0) */
    assert_has(translate(f), "extu32");
    assert_has(translate(f), "goto_pc.forward 0x0");
}

static void a_load_to_x0_still_loads(struct fixture *f, gconstpointer xlen)
{
    put(f, 0, 0x00052003);          /* lw zero, 0(a0) */
    f->tb.max_insns = 1;
    assert_has(translate(f), "ld");
    g_assert_null(strstr(translate(f), "put"));
}

#define ADD(name, xlen) \
    g_test_add("/riscv/translate/" #name, struct fixture, GINT_TO_POINTER(xlen), set_up, name, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(a_block_ends_at_the_page_end, 64);
    ADD(a_straddling_instruction_takes_the_next_page, 64);
    ADD(a_straddling_instruction_without_next_page_is_left_out, 64);
    ADD(the_insn_limit_holds, 64);
    ADD(single_step_leaves_after_one_instruction, 64);
    ADD(a_breakpoint_stops_in_front, 64);
    ADD(backward_jumps_poll, 64);
    ADD(unknown_encodings_are_illegal_instructions, 64);
    ADD(rv32_addresses_wrap, 32);
    ADD(a_load_to_x0_still_loads, 64);
    return g_test_run();
}
