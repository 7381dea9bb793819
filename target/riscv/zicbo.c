/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache-block operations. */
#include "target/riscv/translate.h"

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

void emit_cbo_zero(struct rv_tr *t, const struct rv_CBO *a)
{
    block_op(t, a, RV_HELPER_cbo_zero);
}
