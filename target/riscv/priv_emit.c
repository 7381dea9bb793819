/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Environment calls, breakpoints, trap returns, wait for interrupt and address-translation fences. */
#include "target/riscv/translate.h"

void emit_ecall(struct rv_tr *t)
{
    rv_goto_ind(t, ir_call(t->ir, RV_HELPER_ecall, 0, NULL));
}

void emit_ebreak(struct rv_tr *t)
{
    const ir_ref compressed = ir_i32(t->ir, t->bytes == 2);

    ir_call(t->ir, RV_HELPER_ebreak, 1, &compressed);
    rv_goto_ind(t, ir_i64(t->ir, t->next_pc));  /* a semihosting call */
}

void emit_mret(struct rv_tr *t)
{
    rv_goto_ind(t, rv_call_insn(t, RV_HELPER_mret, 0, 0, 0));
}

void emit_sret(struct rv_tr *t)
{
    rv_goto_ind(t, rv_call_insn(t, RV_HELPER_sret, 0, 0, 0));
}

void emit_wfi(struct rv_tr *t)
{
    rv_call_insn(t, RV_HELPER_wfi, 0, 0, 0);
    rv_exit(t, t->next_pc, t->tb->single_step ? IR_EXIT_STEPPED : IR_EXIT_HALT);
}

static void translation_fence(struct rv_tr *t, const struct rv_SFENCE *a)
{
    rv_call_insn(t, RV_HELPER_sfence_vma, 2, rv_get(t, a->rs1), rv_get(t, a->rs2));
    rv_goto_ind(t, ir_i64(t->ir, t->next_pc));
}

void emit_sfence_vma(struct rv_tr *t, const struct rv_SFENCE *a)
{
    translation_fence(t, a);
}

/* ---- Svinval: sinval.vma invalidates at once, which the fences around it allow ---- */

void emit_sinval_vma(struct rv_tr *t, const struct rv_SFENCE *a)
{
    translation_fence(t, a);
}

void emit_sfence_w_inval(struct rv_tr *t)
{
    rv_call_insn(t, RV_HELPER_sfence_inval, 0, 0, 0);
}

void emit_sfence_inval_ir(struct rv_tr *t)
{
    rv_call_insn(t, RV_HELPER_sfence_inval, 0, 0, 0);
}
