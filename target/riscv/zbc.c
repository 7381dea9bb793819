/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carry-less multiplication. */
#include "target/riscv/translate.h"

static ir_ref operand(struct rv_tr *t, unsigned n)
{
    return rv_is32(t) ? rv_get32(t, n) : rv_get(t, n);
}

static void set(struct rv_tr *t, unsigned rd, ir_ref v)
{
    rv_set(t, rd, rv_is32(t) ? ir_exts32(t->ir, v) : v);
}

void emit_clmul(struct rv_tr *t, const struct rv_R *a)
{
    set(t, a->rd, ir_clmul(t->ir, operand(t, a->rs1), operand(t, a->rs2)));
}

void emit_clmulh(struct rv_tr *t, const struct rv_R *a)
{
    set(t, a->rd, ir_clmulh(t->ir, operand(t, a->rs1), operand(t, a->rs2)));
}

/* Bits XLEN-1 .. 2*XLEN-2 of the product. */
void emit_clmulr(struct rv_tr *t, const struct rv_R *a)
{
    ir_ref x = operand(t, a->rs1), y = operand(t, a->rs2);
    ir_ref one = ir_const(t->ir, ir_type_of(t->ir, x), 1), top = ir_const(t->ir, ir_type_of(t->ir, x), t->xlen - 1);
    ir_ref high = ir_shl(t->ir, ir_clmulh(t->ir, x, y), one);

    set(t, a->rd, ir_or(t->ir, high, ir_shr(t->ir, ir_clmul(t->ir, x, y), top)));
}
