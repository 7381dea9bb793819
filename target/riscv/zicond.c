/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditional zero. */
#include "target/riscv/translate.h"

static void zero_if(struct rv_tr *t, const struct rv_R *a, enum ir_cond cond)
{
    ir_ref zero = ir_i64(t->ir, 0);

    rv_set(t, a->rd, ir_select(t->ir, cond, rv_get(t, a->rs2), zero, zero, rv_get(t, a->rs1)));
}

void emit_czero_eqz(struct rv_tr *t, const struct rv_R *a)
{
    zero_if(t, a, IR_EQ);
}

void emit_czero_nez(struct rv_tr *t, const struct rv_R *a)
{
    zero_if(t, a, IR_NE);
}
