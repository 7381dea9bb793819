/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Basic bit manipulation. Logic and comparisons work on sign-extended values whatever XLEN is. */
#include "target/riscv/translate.h"

void emit_andn(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_andc(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_orn(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_orc(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_xnor(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_eqv(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_min(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_mins(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_minu(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_minu(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_max(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_maxs(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_maxu(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_maxu(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

/* ---- counting ---- */

static void count(struct rv_tr *t, const struct rv_R1 *a, enum ir_op op, bool narrow)
{
    if (narrow) {
        rv_set32(t, a->rd, ir_emit1(t->ir, op, IR_I32, rv_get32(t, a->rs1)));
    } else {
        rv_set(t, a->rd, ir_emit1(t->ir, op, IR_I64, rv_get(t, a->rs1)));
    }
}

void emit_clz(struct rv_tr *t, const struct rv_R1 *a)
{
    count(t, a, IR_OP_clz, rv_is32(t));
}

void emit_ctz(struct rv_tr *t, const struct rv_R1 *a)
{
    count(t, a, IR_OP_ctz, rv_is32(t));
}

void emit_cpop(struct rv_tr *t, const struct rv_R1 *a)
{
    count(t, a, IR_OP_popcnt, rv_is32(t));
}

void emit_clzw(struct rv_tr *t, const struct rv_R1 *a)
{
    count(t, a, IR_OP_clz, true);
}

void emit_ctzw(struct rv_tr *t, const struct rv_R1 *a)
{
    count(t, a, IR_OP_ctz, true);
}

void emit_cpopw(struct rv_tr *t, const struct rv_R1 *a)
{
    count(t, a, IR_OP_popcnt, true);
}

/* ---- extension ---- */

void emit_sext_b(struct rv_tr *t, const struct rv_R1 *a)
{
    rv_set(t, a->rd, ir_exts8(t->ir, rv_get(t, a->rs1)));
}

void emit_sext_h(struct rv_tr *t, const struct rv_R1 *a)
{
    rv_set(t, a->rd, ir_exts16(t->ir, rv_get(t, a->rs1)));
}

void emit_zext_h(struct rv_tr *t, const struct rv_R1 *a)
{
    rv_set(t, a->rd, ir_extu16(t->ir, rv_get(t, a->rs1)));
}

/* ---- rotation ---- */

static void rotate(struct rv_tr *t, const struct rv_R *a, enum ir_op op, bool narrow)
{
    if (narrow) {
        rv_set32(t, a->rd, ir_emit2(t->ir, op, IR_I32, rv_get32(t, a->rs1), rv_get32(t, a->rs2)));
    } else {
        rv_set(t, a->rd, ir_emit2(t->ir, op, IR_I64, rv_get(t, a->rs1), rv_get(t, a->rs2)));
    }
}

void emit_rol(struct rv_tr *t, const struct rv_R *a)
{
    rotate(t, a, IR_OP_rotl, rv_is32(t));
}

void emit_ror(struct rv_tr *t, const struct rv_R *a)
{
    rotate(t, a, IR_OP_rotr, rv_is32(t));
}

void emit_rolw(struct rv_tr *t, const struct rv_R *a)
{
    rotate(t, a, IR_OP_rotl, true);
}

void emit_rorw(struct rv_tr *t, const struct rv_R *a)
{
    rotate(t, a, IR_OP_rotr, true);
}

void emit_rori(struct rv_tr *t, const struct rv_RSH *a)
{
    if (rv_is32(t)) {
        emit_roriw(t, a);
    } else {
        rv_set(t, a->rd, ir_rotr(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->sh)));
    }
}

void emit_roriw(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set32(t, a->rd, ir_rotr(t->ir, rv_get32(t, a->rs1), ir_i32(t->ir, a->sh)));
}

/* ---- bytes ---- */

void emit_orc_b(struct rv_tr *t, const struct rv_R1 *a)
{
    rv_set_xlen(t, a->rd, ir_orcb(t->ir, rv_get(t, a->rs1)));
}

void emit_rev8(struct rv_tr *t, const struct rv_R1 *a)
{
    if (rv_is32(t)) {
        rv_set32(t, a->rd, ir_bswap(t->ir, rv_get32(t, a->rs1)));
    } else {
        rv_set(t, a->rd, ir_bswap(t->ir, rv_get(t, a->rs1)));
    }
}
