/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Half precision: Zfh, Zfhmin. Arithmetic is soft float: no application of it that we know is hot. */
#include "target/riscv/fp_rows.h"

FP_ROWS(h, RV_FMT_H)
FP_ROW(flh, I, rv_fp_load(t, RV_FMT_H, a))
FP_ROW(fsh, S, rv_fp_store(t, RV_FMT_H, a))
FP_ROW(fcvt_s_h, FR1M, rv_fp_convert(t, RV_FMT_S, RV_FMT_H, a))
FP_ROW(fcvt_h_s, FR1M, rv_fp_convert(t, RV_FMT_H, RV_FMT_S, a))
FP_ROW(fcvt_d_h, FR1M, rv_fp_convert(t, RV_FMT_D, RV_FMT_H, a))
FP_ROW(fcvt_h_d, FR1M, rv_fp_convert(t, RV_FMT_H, RV_FMT_D, a))
FP_ROW(fmv_x_h, R1, rv_fp_to_x(t, RV_FMT_H, a))
FP_ROW(fmv_h_x, R1, rv_fp_from_x(t, RV_FMT_H, a))
