/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiplication and division. The IR's division is total with the results that the manual asks for. */
#include "target/riscv/translate.h"

void emit_mul(struct rv_tr *t, const struct rv_R *a)
{
    rv_set_xlen(t, a->rd, ir_mul(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

/* On RV32 the whole product fits 64 bits: its upper half, sign-extended, is one shift away. */
static void set_high32(struct rv_tr *t, unsigned rd, ir_ref x, ir_ref y)
{
    rv_set(t, rd, ir_sar(t->ir, ir_mul(t->ir, x, y), ir_i64(t->ir, 32)));
}

void emit_mulh(struct rv_tr *t, const struct rv_R *a)
{
    ir_ref x = rv_get(t, a->rs1), y = rv_get(t, a->rs2);

    if (rv_is32(t)) {
        set_high32(t, a->rd, x, y);
    } else {
        rv_set(t, a->rd, ir_mulhs(t->ir, x, y));
    }
}

void emit_mulhsu(struct rv_tr *t, const struct rv_R *a)
{
    ir_ref x = rv_get(t, a->rs1), y = rv_get(t, a->rs2);

    if (rv_is32(t)) {
        set_high32(t, a->rd, x, ir_extu32(t->ir, y));
    } else {
        rv_set(t, a->rd, ir_mulhsu(t->ir, x, y));
    }
}

void emit_mulhu(struct rv_tr *t, const struct rv_R *a)
{
    ir_ref x = rv_get(t, a->rs1), y = rv_get(t, a->rs2);

    if (rv_is32(t)) {
        set_high32(t, a->rd, ir_extu32(t->ir, x), ir_extu32(t->ir, y));
    } else {
        rv_set(t, a->rd, ir_mulhu(t->ir, x, y));
    }
}

void emit_mulw(struct rv_tr *t, const struct rv_R *a)
{
    rv_set32(t, a->rd, ir_mul(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

static void divide(struct rv_tr *t, const struct rv_R *a, enum ir_op op, bool narrow)
{
    if (narrow) {
        rv_set32(t, a->rd, ir_emit2(t->ir, op, IR_I32, rv_get32(t, a->rs1), rv_get32(t, a->rs2)));
    } else {
        rv_set(t, a->rd, ir_emit2(t->ir, op, IR_I64, rv_get(t, a->rs1), rv_get(t, a->rs2)));
    }
}

void emit_div(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_divs, rv_is32(t));
}

void emit_divu(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_divu, rv_is32(t));
}

void emit_rem(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_rems, rv_is32(t));
}

void emit_remu(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_remu, rv_is32(t));
}

void emit_divw(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_divs, true);
}

void emit_divuw(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_divu, true);
}

void emit_remw(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_rems, true);
}

void emit_remuw(struct rv_tr *t, const struct rv_R *a)
{
    divide(t, a, IR_OP_remu, true);
}
