/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the vector operations compute, in C: for the interpreter, and for back ends whose host lacks an instruction. */
#ifndef TCG_VEC_EVAL_H
#define TCG_VEC_EVAL_H

#include "tcg/ir.h"

union vec {
    uint8_t b[16];
    int8_t sb[16];
    uint16_t h[8];
    int16_t sh[8];
    uint32_t w[4];
    int32_t sw[4];
    uint64_t d[2];
    int64_t sd[2];
};

/* The result of sub-operation vop with immediate imm; operands that it does not have are ignored. mxcsr: rounding mode,
 * DAZ and FTZ of floating point, whose sticky flags are added to it (but for DE, the denormal-operand flag). Any thread. */
union vec vec_eval(enum ir_vop vop, unsigned imm, union vec a, union vec b, union vec c, uint32_t *mxcsr);
/* Its floating-point part: the rows of vf1, vf2, vf3. */
union vec vec_eval_fp(enum ir_vop vop, unsigned imm, union vec a, union vec b, union vec c, uint32_t *mxcsr);
/* AES: the rows aes*. */
union vec vec_eval_aes(enum ir_vop vop, unsigned imm, union vec a, union vec b);

#endif
