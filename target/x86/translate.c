/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translation. No instruction is known yet: each raises #UD. */
#include "target/x86/translate.h"

void x86_translate(struct tr_block *tb, struct ir *ir)
{
    ir_ref vector;

    ir_reset(ir, &x86_ir);
    ir_begin(ir, ir_block_new(ir));
    ir_insn_start(ir, tb->pc, 1);
    tb->insns = tb->bytes = 1;
    vector = ir_i32(ir, X86_UD);
    ir_call(ir, X86_HELPER_raise, 1, &vector);
    ir_put(ir, IR_SLOT_PC, ir_i64(ir, tb->pc));
    ir_exit(ir, IR_EXIT_LOOKUP);
}

unsigned x86_disas(struct cpu *cpu, uint64_t pc, const uint8_t *bytes, unsigned avail, GString *out)
{
    g_string_append(out, ".byte");
    return 1;
}
