/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper `ext`: SIMD and cryptographic instructions of later extensions that work on whole registers by number. */
#ifndef TARGET_ARM_SIMD_EXT_H
#define TARGET_ARM_SIMD_EXT_H

#include <stdbool.h>
#include <stdint.h>

enum arm_ext_op {
    /* cryptography (crypto_helpers.c) */
    XO_SHA512H, XO_SHA512H2, XO_SHA512SU0, XO_SHA512SU1,
    XO_SM3SS1, XO_SM3TT1A, XO_SM3TT1B, XO_SM3TT2A, XO_SM3TT2B, XO_SM3PARTW1, XO_SM3PARTW2, XO_SM4E, XO_SM4EKEY,
    /* matrices, dot products, brain and half floating point, complex numbers (ext_helpers.c) */
    XO_SMMLA, XO_UMMLA, XO_USMMLA, XO_USDOT, XO_SUDOT,
    XO_BFCVT, XO_BFCVTN, XO_BFDOT, XO_BFMMLA, XO_BFMLAL,
    XO_FMLAL, XO_FMLSL, XO_FMLAL2, XO_FMLSL2,
    XO_FCADD, XO_FCMLA,
};

/* Registers of an instruction, in the helper's second argument. */
#define XO_REGS(rd, rn, rm, ra) ((uint32_t)(rd) | (uint32_t)(rn) << 5 | (uint32_t)(rm) << 10 | (uint32_t)(ra) << 15)
/* Element `index` of rm instead of each of its own. */
#define XO_ELEMENT(index) (1u << 24 | (uint32_t)(index) << 20)

/* First argument: operation, log2 of the element's bytes, Q, an immediate (a rotation in units of 90 degrees, a lane). */
static inline uint32_t arm_ext_desc(enum arm_ext_op op, unsigned size, bool q, unsigned imm)
{
    return op | size << 8 | (uint32_t)q << 10 | imm << 16;
}

/* The part that crypto_helpers.c does: d is rd's value and becomes the result. */
void arm_crypto_op(unsigned op, unsigned imm, uint64_t *d, const uint64_t *n, const uint64_t *m, const uint64_t *a);

#endif
