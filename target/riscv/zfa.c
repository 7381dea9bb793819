/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zfa: constants, IEEE 754-2019 minimum and maximum, rounding to integral values, quiet comparisons. */
#include "target/riscv/fp_rows.h"

/* Row n of fli's table as double; 1 (the format's least normal number) and 31 (the canonical NaN) are not here. */
static const double constants[32] = {
    [0] = -1, [2] = 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75,
    0.875, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 0x1p15, 0x1p16, __builtin_inf(),
};

static void fli(struct rv_tr *t, enum rv_fmt fmt, const struct fp_format *f, const struct rv_FLI *a)
{
    struct fp_ctx ctx = { 0 };
    union {
        double d;
        uint64_t bits;
    } v = { constants[a->index] };
    uint64_t bits = fp_convert(&fp_f64, f, v.bits, &ctx);

    if (a->index == 1) {
        bits = (uint64_t)1 << f->frac_bits;
    } else if (a->index == 31) {
        bits = fp_default_nan(f, &ctx);
    }
    rv_fp_constant(t, fmt, a->rd, bits);
}

#define ZFA_ROWS(x, fmt, f) \
    FP_ROW(fli_##x, FLI, fli(t, fmt, &f, a)) \
    FP_ROW(fminm_##x, R, rv_fp_minmax(t, fmt, RV_FP_MINM, a)) \
    FP_ROW(fmaxm_##x, R, rv_fp_minmax(t, fmt, RV_FP_MAXM, a)) \
    FP_ROW(fround_##x, FR1M, rv_fp_round(t, fmt, RV_FP_ROUND, a)) \
    FP_ROW(froundnx_##x, FR1M, rv_fp_round(t, fmt, RV_FP_ROUNDNX, a)) \
    FP_ROW(fltq_##x, R, rv_fp_compare(t, fmt, RV_FP_LTQ, a)) \
    FP_ROW(fleq_##x, R, rv_fp_compare(t, fmt, RV_FP_LEQ, a))

ZFA_ROWS(s, RV_FMT_S, fp_f32)
ZFA_ROWS(d, RV_FMT_D, fp_f64)
ZFA_ROWS(h, RV_FMT_H, fp_f16)

void emit_fcvtmod_w_d(struct rv_tr *t, const struct rv_R1 *a)
{
    if (rv_fp_begin(t)) {
        rv_set(t, a->rd, rv_fp_soft(t, rv_fp_desc(RV_FP_TO_W_MODULO, RV_FMT_D, 0, 0), a->rs1, 0, 0));
    }
}

/* The halves of a double, RV32 only. */
void emit_fmvh_x_d(struct rv_tr *t, const struct rv_R1 *a)
{
    if (rv_fp_begin(t)) {
        rv_set(t, a->rd, ir_sar(t->ir, rv_fp_bits(t, a->rs1), ir_i64(t->ir, 32)));
    }
}

void emit_fmvp_d_x(struct rv_tr *t, const struct rv_R *a)
{
    if (rv_fp_begin(t)) {
        ir_ref high = ir_shl(t->ir, rv_get(t, a->rs2), ir_i64(t->ir, 32));

        rv_fp_put_bits(t, a->rd, ir_or(t->ir, high, ir_extu32(t->ir, rv_get(t, a->rs1))));
    }
}
