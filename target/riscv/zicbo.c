/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache-block operations. */
#include "target/riscv/translate.h"

#define ZERO_INLINE_MAX 128         /* bytes; larger blocks are the helper's */

static void block_op(struct rv_tr *t, const struct rv_CBO *a, enum rv_helper helper)
{
    rv_call_insn(t, helper, 1, rv_as_addr(t, rv_get(t, a->rs1)), 0);
}

void emit_cbo_inval(struct rv_tr *t, const struct rv_CBO *a)
{
    block_op(t, a, RV_HELPER_cbo);
}

void emit_cbo_clean(struct rv_tr *t, const struct rv_CBO *a)
{
    block_op(t, a, RV_HELPER_cbo);
}

void emit_cbo_flush(struct rv_tr *t, const struct rv_CBO *a)
{
    block_op(t, a, RV_HELPER_cbo);
}

/* Stores of 16 bytes, which share one look-up: the block lies in one page. */
void emit_cbo_zero(struct rv_tr *t, const struct rv_CBO *a)
{
    unsigned bytes = t->cpu->cboz_bytes;
    ir_ref addr, zero;

    if (!(t->key & RV_KEY_CBZE) || bytes < 16 || bytes > ZERO_INLINE_MAX) {
        block_op(t, a, RV_HELPER_cbo_zero);
        return;
    }
    addr = ir_and(t->ir, rv_as_addr(t, rv_get(t, a->rs1)), ir_i64(t->ir, -(int64_t)bytes));
    zero = ir_vfrom(t->ir, ir_i64(t->ir, 0));
    for (unsigned i = 0; i < bytes; i += 16) {
        ir_st(t->ir, addr, i, zero, IR_MEM_128 | t->mem);
    }
}
