/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Double precision: D. */
#include "target/riscv/fp_rows.h"

FP_ROWS(d, RV_FMT_D)
FP_ROW(fld, I, rv_fp_load(t, RV_FMT_D, a))
FP_ROW(fsd, S, rv_fp_store(t, RV_FMT_D, a))
FP_ROW(fcvt_s_d, FR1M, rv_fp_convert(t, RV_FMT_S, RV_FMT_D, a))
FP_ROW(fcvt_d_s, FR1M, rv_fp_convert(t, RV_FMT_D, RV_FMT_S, a))
FP_ROW(fmv_x_d, R1, rv_fp_to_x(t, RV_FMT_D, a))
FP_ROW(fmv_d_x, R1, rv_fp_from_x(t, RV_FMT_D, a))
