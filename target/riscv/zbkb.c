/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit manipulation for cryptography. */
#include "target/riscv/translate.h"

void emit_pack(struct rv_tr *t, const struct rv_R *a)
{
    if (rv_is32(t)) {
        emit_packw(t, a);
    } else {
        ir_ref high = ir_shl(t->ir, rv_get(t, a->rs2), ir_i64(t->ir, 32));

        rv_set(t, a->rd, ir_or(t->ir, ir_extu32(t->ir, rv_get(t, a->rs1)), high));
    }
}

void emit_packh(struct rv_tr *t, const struct rv_R *a)
{
    ir_ref high = ir_shl(t->ir, ir_extu8(t->ir, rv_get(t, a->rs2)), ir_i64(t->ir, 8));

    rv_set(t, a->rd, ir_or(t->ir, ir_extu8(t->ir, rv_get(t, a->rs1)), high));
}

void emit_packw(struct rv_tr *t, const struct rv_R *a)
{
    ir_ref high = ir_shl(t->ir, rv_get(t, a->rs2), ir_i64(t->ir, 16));

    rv_set32(t, a->rd, ir_or(t->ir, ir_extu16(t->ir, rv_get(t, a->rs1)), high));
}

void emit_brev8(struct rv_tr *t, const struct rv_R1 *a)
{
    rv_set_xlen(t, a->rd, ir_brev8(t->ir, rv_get(t, a->rs1)));
}

/* ---- RV32: interleave the halves' bits, and back ---- */

/* Exchanges the fields that mask selects with those `shift` bits above them. */
static ir_ref exchange(struct rv_tr *t, ir_ref v, uint32_t mask, unsigned shift)
{
    ir_ref n = ir_i32(t->ir, shift);
    ir_ref diff = ir_and(t->ir, ir_xor(t->ir, v, ir_shr(t->ir, v, n)), ir_i32(t->ir, mask));

    return ir_xor(t->ir, v, ir_or(t->ir, diff, ir_shl(t->ir, diff, n)));
}

static const struct {
    uint32_t mask;
    unsigned shift;
} steps[] = { { 0x0000ff00, 8 }, { 0x00f000f0, 4 }, { 0x0c0c0c0c, 2 }, { 0x22222222, 1 } };

void emit_zip(struct rv_tr *t, const struct rv_R1 *a)
{
    ir_ref v = rv_get32(t, a->rs1);

    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        v = exchange(t, v, steps[i].mask, steps[i].shift);
    }
    rv_set32(t, a->rd, v);
}

void emit_unzip(struct rv_tr *t, const struct rv_R1 *a)
{
    ir_ref v = rv_get32(t, a->rs1);

    for (unsigned i = G_N_ELEMENTS(steps); i-- > 0;) {
        v = exchange(t, v, steps[i].mask, steps[i].shift);
    }
    rv_set32(t, a->rd, v);
}
