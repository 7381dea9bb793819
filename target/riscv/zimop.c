/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May-be-operations that nothing has redefined: they write zero. */
#include "target/riscv/translate.h"

void emit_mop_r(struct rv_tr *t, const struct rv_MOPR *a)
{
    rv_set(t, a->rd, ir_i64(t->ir, 0));
}

void emit_mop_rr(struct rv_tr *t, const struct rv_MOPRR *a)
{
    rv_set(t, a->rd, ir_i64(t->ir, 0));
}
