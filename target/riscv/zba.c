/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address generation. */
#include "target/riscv/translate.h"

static void shift_add(struct rv_tr *t, const struct rv_R *a, unsigned shift)
{
    ir_ref scaled = ir_shl(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, shift));

    rv_set_xlen(t, a->rd, ir_add(t->ir, scaled, rv_get(t, a->rs2)));
}

static void shift_add_uw(struct rv_tr *t, const struct rv_R *a, unsigned shift)
{
    ir_ref scaled = ir_shl(t->ir, ir_extu32(t->ir, rv_get(t, a->rs1)), ir_i64(t->ir, shift));

    rv_set(t, a->rd, ir_add(t->ir, scaled, rv_get(t, a->rs2)));
}

void emit_add_uw(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_add(t->ir, ir_extu32(t->ir, rv_get(t, a->rs1)), rv_get(t, a->rs2)));
}

void emit_sh1add(struct rv_tr *t, const struct rv_R *a)
{
    shift_add(t, a, 1);
}

void emit_sh2add(struct rv_tr *t, const struct rv_R *a)
{
    shift_add(t, a, 2);
}

void emit_sh3add(struct rv_tr *t, const struct rv_R *a)
{
    shift_add(t, a, 3);
}

void emit_sh1add_uw(struct rv_tr *t, const struct rv_R *a)
{
    shift_add_uw(t, a, 1);
}

void emit_sh2add_uw(struct rv_tr *t, const struct rv_R *a)
{
    shift_add_uw(t, a, 2);
}

void emit_sh3add_uw(struct rv_tr *t, const struct rv_R *a)
{
    shift_add_uw(t, a, 3);
}

void emit_slli_uw(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set(t, a->rd, ir_shl(t->ir, ir_extu32(t->ir, rv_get(t, a->rs1)), ir_i64(t->ir, a->sh)));
}
