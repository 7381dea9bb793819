/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single precision: F. */
#include "target/riscv/fp_rows.h"

FP_ROWS(s, RV_FMT_S)
FP_ROW(flw, I, rv_fp_load(t, RV_FMT_S, a))
FP_ROW(fsw, S, rv_fp_store(t, RV_FMT_S, a))
FP_ROW(fmv_x_w, R1, rv_fp_to_x(t, RV_FMT_S, a))
FP_ROW(fmv_w_x, R1, rv_fp_from_x(t, RV_FMT_S, a))
