/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpreter's floating point. */
#ifndef TCG_INTERP_IMPL_H
#define TCG_INTERP_IMPL_H

#include "tcg/ir.h"

/* An operation with the flag IR_OPF_FP on operands a, b, c (bits; from = type of a), under the rounding mode of *fpcr
 * (MXCSR's layout), into whose sticky flags its own are added. NaN results are canonical. */
uint64_t interp_fp(const struct ir_insn *i, enum ir_type from, uint64_t a, uint64_t b, uint64_t c, uint32_t *fpcr);

#endif
