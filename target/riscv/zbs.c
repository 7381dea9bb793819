/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single bits. */
#include "target/riscv/translate.h"

/* 1 << (x[rs2] mod XLEN), as registers hold it. */
static ir_ref bit_reg(struct rv_tr *t, unsigned rs2)
{
    if (rv_is32(t)) {
        return ir_exts32(t->ir, ir_shl(t->ir, ir_i32(t->ir, 1), rv_get32(t, rs2)));
    }
    return ir_shl(t->ir, ir_i64(t->ir, 1), rv_get(t, rs2));
}

static ir_ref bit_imm(struct rv_tr *t, unsigned sh)
{
    return rv_const(t, 1ull << sh);
}

void emit_bclr(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_andc(t->ir, rv_get(t, a->rs1), bit_reg(t, a->rs2)));
}

void emit_bclri(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set(t, a->rd, ir_and(t->ir, rv_get(t, a->rs1), rv_const(t, ~(1ull << a->sh))));
}

void emit_bext(struct rv_tr *t, const struct rv_R *a)
{
    ir_ref n = rv_get(t, a->rs2);

    if (rv_is32(t)) {
        n = ir_and(t->ir, n, ir_i64(t->ir, 31));
    }
    rv_set(t, a->rd, ir_and(t->ir, ir_shr(t->ir, rv_get(t, a->rs1), n), ir_i64(t->ir, 1)));
}

void emit_bexti(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set(t, a->rd, ir_and(t->ir, ir_shr(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->sh)), ir_i64(t->ir, 1)));
}

void emit_binv(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_xor(t->ir, rv_get(t, a->rs1), bit_reg(t, a->rs2)));
}

void emit_binvi(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set(t, a->rd, ir_xor(t->ir, rv_get(t, a->rs1), bit_imm(t, a->sh)));
}

void emit_bset(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_or(t->ir, rv_get(t, a->rs1), bit_reg(t, a->rs2)));
}

void emit_bseti(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set(t, a->rd, ir_or(t->ir, rv_get(t, a->rs1), bit_imm(t, a->sh)));
}
