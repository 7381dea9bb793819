/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the Advanced SIMD emit functions and their helpers share. */
#ifndef TARGET_ARM_SIMD_H
#define TARGET_ARM_SIMD_H

#include "target/arm/fp.h"

/* Operations of the helpers simd and simd_pure. Elements are of the size that the descriptor gives unless said otherwise. */
enum arm_simd_op {
    /* of two elements */
    VO_SHADD, VO_UHADD, VO_SRHADD, VO_URHADD, VO_SHSUB, VO_UHSUB,
    VO_SSHL, VO_USHL, VO_SRSHL, VO_URSHL,
    VO_SMAX, VO_UMAX, VO_SMIN, VO_UMIN, VO_SABD, VO_UABD, VO_ADD, VO_SUB, VO_MUL, VO_PMUL,
    VO_CMGT, VO_CMHI, VO_CMGE, VO_CMHS, VO_CMTST, VO_CMEQ,
    /* the same, setting QC */
    VO_SQADD, VO_UQADD, VO_SQSUB, VO_UQSUB, VO_SQSHL, VO_UQSHL, VO_SQRSHL, VO_UQRSHL, VO_SQDMULH, VO_SQRDMULH, VO_SUQADD,
    VO_USQADD, VO_SQSHLU,
    /* of one element */
    VO_ABS, VO_NEG, VO_CLS, VO_CLZ, VO_CNT, VO_RBIT, VO_SQABS, VO_SQNEG, VO_REV16, VO_REV32, VO_REV64, VO_URECPE, VO_URSQRTE,
    /* pairs of elements: of a, then of b (of their low halves without Q) */
    VO_ADDP, VO_SMAXP, VO_UMAXP, VO_SMINP, VO_UMINP,
    /* sums of neighbours, twice as wide */
    VO_SADDLP, VO_UADDLP,
    /* halves (the upper ones with Q) to elements twice as wide; W: a is wide already */
    VO_SADDL, VO_UADDL, VO_SSUBL, VO_USUBL, VO_SABDL, VO_UABDL, VO_SMULL, VO_UMULL, VO_SQDMULL, VO_PMULL,
    VO_SADDW, VO_UADDW, VO_SSUBW, VO_USUBW,
    /* elements twice as wide to halves: the result is 64 bits */
    VO_ADDHN, VO_RADDHN, VO_SUBHN, VO_RSUBHN, VO_XTN, VO_SQXTN, VO_UQXTN, VO_SQXTUN,
    VO_SHRN, VO_RSHRN, VO_SQSHRN, VO_SQRSHRN, VO_UQSHRN, VO_UQRSHRN, VO_SQSHRUN, VO_SQRSHRUN,
    /* shifts by imm */
    VO_SSHR, VO_USHR, VO_SRSHR, VO_URSHR,
    /* moves */
    VO_UZP1, VO_UZP2, VO_TRN1, VO_TRN2, VO_ZIP1, VO_ZIP2,
    /* across all elements: one result */
    VO_ADDV, VO_SADDLV, VO_UADDLV, VO_SMAXV, VO_UMAXV, VO_SMINV, VO_UMINV,
    /* accumulating (simd_acc) */
    VO_SQRDMLAH, VO_SQRDMLSH, VO_SDOT, VO_UDOT, VO_FMLA, VO_FMLS,
    /* cryptography */
    VO_AESE, VO_AESD, VO_AESMC, VO_AESIMC, VO_SHA1H, VO_SHA1SU1, VO_SHA256SU0,
    VO_PMULL64,
    /* floating point: VO_FP + enum arm_fp_op */
    VO_FADDP, VO_FMAXP, VO_FMINP, VO_FMAXNMP, VO_FMINNMP, VO_FMAXV, VO_FMINV, VO_FMAXNMV, VO_FMINNMV, VO_FCVTN, VO_FCVTL,
    VO_FCVTXN,
    VO_FP,
};

static inline uint32_t arm_simd_desc(unsigned op, unsigned size, bool q, unsigned imm)
{
    return op | size << 8 | q << 10 | imm << 16;
}

struct arm_tr;

/* DDI 0487, "AdvSIMDExpandImm", without the inversion of MVNI and BIC. Pure. */
uint64_t arm_simd_expand_imm(unsigned cmode, bool op, uint64_t imm8);

/* The same by operations of the IR, as far as there are such: 0 where there are none (simd_inline.c, simd_inline_fp.c).
 * Operands as the helpers get them: 64-bit forms have anything in the upper halves. */
ir_ref arm_simd_inline(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b);
ir_ref arm_simd_inline_acc(struct arm_tr *t, uint32_t desc, bool q, ir_ref acc, ir_ref a, ir_ref b);
ir_ref arm_simd_inline_tbl(struct arm_tr *t, unsigned rn, unsigned registers, ir_ref index);
/* The even or the odd elements of a, then of b. */
ir_ref arm_simd_unzip(struct arm_tr *t, bool odd, unsigned size, ir_ref a, ir_ref b);
/* LD2 to LD4, ST2 to ST4 (simd_structs.c). False: not in this mode, nothing has been emitted. */
bool arm_simd_structs(struct arm_tr *t, bool ld, unsigned structs, unsigned size, bool q, unsigned rt, ir_ref base);
/* For these: VO_FADDP and above; VO_FMLA and VO_FMLS. */
ir_ref arm_simd_inline_fp(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b);
ir_ref arm_simd_inline_fused(struct arm_tr *t, uint32_t desc, bool q, ir_ref acc, ir_ref a, ir_ref b);
/* One element: an operation of enum arm_fp_op on the lowest elements of a and b; zeros above. */
ir_ref arm_fp_inline_scalar(struct arm_tr *t, unsigned fop, unsigned size, unsigned fbits, ir_ref a, ir_ref b);

/* Emit the helpers' calls on whole V128 values (a64_simd.c). simd_acc without q works on the lower halves. */
ir_ref arm_simd_call(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b);
ir_ref arm_simd_acc(struct arm_tr *t, uint32_t desc, bool q, ir_ref acc, ir_ref a, ir_ref b);

#endif
