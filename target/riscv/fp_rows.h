/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions that exist once for each format, as one row each: FP_ROWS(emit name's suffix, format). Included by
 * rvf.c, rvd.c and zfh.c, which name the format and add what only they have.
 */
#ifndef TARGET_RISCV_FP_ROWS_H
#define TARGET_RISCV_FP_ROWS_H

#include "target/riscv/fp.h"

/* emit_NAME, of this form, is this call of a family's function. */
#define FP_ROW(name, form, call) \
    void emit_##name(struct rv_tr *t, const struct rv_##form *a) \
    { \
        call; \
    }

#define FP_ROWS(x, fmt) \
    FP_ROW(fadd_##x, FRM, rv_fp_arith(t, fmt, RV_FP_ADD, a)) \
    FP_ROW(fsub_##x, FRM, rv_fp_arith(t, fmt, RV_FP_SUB, a)) \
    FP_ROW(fmul_##x, FRM, rv_fp_arith(t, fmt, RV_FP_MUL, a)) \
    FP_ROW(fdiv_##x, FRM, rv_fp_arith(t, fmt, RV_FP_DIV, a)) \
    FP_ROW(fsqrt_##x, FR1M, rv_fp_sqrt(t, fmt, a)) \
    FP_ROW(fmadd_##x, R4, rv_fp_fma(t, fmt, RV_FP_MADD, a)) \
    FP_ROW(fmsub_##x, R4, rv_fp_fma(t, fmt, RV_FP_MSUB, a)) \
    FP_ROW(fnmsub_##x, R4, rv_fp_fma(t, fmt, RV_FP_NMSUB, a)) \
    FP_ROW(fnmadd_##x, R4, rv_fp_fma(t, fmt, RV_FP_NMADD, a)) \
    FP_ROW(fsgnj_##x, R, rv_fp_sign(t, fmt, 0, a)) \
    FP_ROW(fsgnjn_##x, R, rv_fp_sign(t, fmt, 1, a)) \
    FP_ROW(fsgnjx_##x, R, rv_fp_sign(t, fmt, 2, a)) \
    FP_ROW(fmin_##x, R, rv_fp_minmax(t, fmt, RV_FP_MIN, a)) \
    FP_ROW(fmax_##x, R, rv_fp_minmax(t, fmt, RV_FP_MAX, a)) \
    FP_ROW(feq_##x, R, rv_fp_compare(t, fmt, RV_FP_EQ, a)) \
    FP_ROW(flt_##x, R, rv_fp_compare(t, fmt, RV_FP_LT, a)) \
    FP_ROW(fle_##x, R, rv_fp_compare(t, fmt, RV_FP_LE, a)) \
    FP_ROW(fclass_##x, R1, rv_fp_class(t, fmt, a)) \
    FP_ROW(fcvt_w_##x, FR1M, rv_fp_to_int(t, fmt, RV_FP_TO_W, a)) \
    FP_ROW(fcvt_wu_##x, FR1M, rv_fp_to_int(t, fmt, RV_FP_TO_WU, a)) \
    FP_ROW(fcvt_l_##x, FR1M, rv_fp_to_int(t, fmt, RV_FP_TO_L, a)) \
    FP_ROW(fcvt_lu_##x, FR1M, rv_fp_to_int(t, fmt, RV_FP_TO_LU, a)) \
    FP_ROW(fcvt_##x##_w, FR1M, rv_fp_from_int(t, fmt, RV_FP_FROM_W, a)) \
    FP_ROW(fcvt_##x##_wu, FR1M, rv_fp_from_int(t, fmt, RV_FP_FROM_WU, a)) \
    FP_ROW(fcvt_##x##_l, FR1M, rv_fp_from_int(t, fmt, RV_FP_FROM_L, a)) \
    FP_ROW(fcvt_##x##_lu, FR1M, rv_fp_from_int(t, fmt, RV_FP_FROM_LU, a))

#endif
