/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point of the ARM target: control bits, and what scalar and vector instructions share. */
#ifndef TARGET_ARM_FP_H
#define TARGET_ARM_FP_H

#include "fpu/softfloat.h"
#include "target/arm/cpu.h"

#define FPCR_FZ16 (1u << 19)
#define FPCR_RMODE_SHIFT 22
#define FPCR_RMODE (3u << FPCR_RMODE_SHIFT)
#define FPCR_FZ (1u << 24)
#define FPCR_DN (1u << 25)
#define FPCR_AHP (1u << 26)

#define FPSR_IOC (1u << 0)
#define FPSR_DZC (1u << 1)
#define FPSR_OFC (1u << 2)
#define FPSR_UFC (1u << 3)
#define FPSR_IXC (1u << 4)
#define FPSR_IDC (1u << 7)
#define FPSR_QC (1u << 27)

/* Formats by log2 of the bytes. */
enum { FP_H = 1, FP_S = 2, FP_D = 3 };

/* Operations of soft float on one element (arm_fp_op). */
enum arm_fp_op {
    FOP_ADD, FOP_SUB, FOP_MUL, FOP_DIV, FOP_SQRT, FOP_NMUL,
    FOP_MADD, FOP_MSUB, FOP_NMADD, FOP_NMSUB,       /* a * b + c and its negations */
    FOP_MAX, FOP_MIN, FOP_MAXNM, FOP_MINNM, FOP_MULX, FOP_ABD,
    FOP_CMEQ, FOP_CMGE, FOP_CMGT, FOP_ACGE, FOP_ACGT, FOP_CMLE, FOP_CMLT,   /* all ones or zero */
    FOP_RECPS, FOP_RSQRTS, FOP_RECPE, FOP_RSQRTE, FOP_RECPX,
    /* Round to integral: to the nearest even, up, down, to zero, away, by FPCR (X: inexact is an exception). */
    FOP_RINTN, FOP_RINTP, FOP_RINTM, FOP_RINTZ, FOP_RINTA, FOP_RINTX, FOP_RINTI,
    FOP_RINT32Z, FOP_RINT32X, FOP_RINT64Z, FOP_RINT64X,
    /* To integers of `width` bits, with fraction bits: rounding as above, R by FPCR. */
    FOP_TO_SN, FOP_TO_SP, FOP_TO_SM, FOP_TO_SZ, FOP_TO_SA, FOP_TO_SR,
    FOP_TO_UN, FOP_TO_UP, FOP_TO_UM, FOP_TO_UZ, FOP_TO_UA, FOP_TO_UR,
    FOP_FROM_S, FOP_FROM_U,                         /* from 64-bit integers with fraction bits */
    FOP_CVT,                                        /* from the format in `width` (enum FP_H ..) */
    FOP_CVTX,                                       /* double to single, rounding to odd */
    FOP_CVTBF,                                      /* single to brain floating point */
    FOP_NZCV,                                       /* comparison: flags; width 1: signalling */
    FOP_JCVT,                                       /* to int32 modulo 2^32; Z in bit 32: it was exact */
};

/* Descriptor of the helper fp: operation, format of the operands and result, width, fraction bits. */
static inline uint32_t arm_fp_desc(enum arm_fp_op op, unsigned fmt, unsigned width, unsigned fbits)
{
    return op | fmt << 8 | width << 10 | fbits << 18;
}

/* The operation on elements, raising FPSR's flags. */
uint64_t arm_fp_op(struct arm_cpu *cpu, uint32_t desc, uint64_t a, uint64_t b, uint64_t c);

/* The estimates' tables (DDI 0487, "RecipEstimate", "RecipSqrtEstimate"): a has 9 bits, the result 9. Pure. */
unsigned arm_recip_estimate(unsigned a);
unsigned arm_rsqrt_estimate(unsigned a);

#endif
