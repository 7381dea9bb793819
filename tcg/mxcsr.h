/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of x86's MXCSR (Intel SDM volume 1, "MXCSR Control and Status Register"), in which cpu.fpcr keeps every
 * guest's rounding mode and sticky flags, and how it maps to soft float's. All functions are pure.
 */
#ifndef TCG_MXCSR_H
#define TCG_MXCSR_H

#include "fpu/softfloat.h"

enum {
    MXCSR_IE = 1 << 0, MXCSR_DE = 1 << 1, MXCSR_ZE = 1 << 2, MXCSR_OE = 1 << 3, MXCSR_UE = 1 << 4, MXCSR_PE = 1 << 5,
    MXCSR_FLAGS = 0x3f,             /* sticky */
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASKS = 0x1f80,           /* of the exceptions, in the flags' order */
    MXCSR_RC_SHIFT = 13,
    MXCSR_RC = 3 << MXCSR_RC_SHIFT,
    MXCSR_FTZ = 1 << 15,
};

/* Rounding control (2 bits: nearest, down, up, truncate) as enum fp_rounding */
static inline uint8_t mxcsr_rounding(unsigned rc)
{
    static const uint8_t modes[4] = { FP_RNE, FP_RDN, FP_RUP, FP_RTZ };

    return modes[rc & 3];
}

/* enum fp_flag bits as sticky flags; FP_ID is not among them */
static inline uint32_t mxcsr_from_fp(unsigned flags)
{
    return (flags & FP_NX ? MXCSR_PE : 0) | (flags & FP_UF ? MXCSR_UE : 0) | (flags & FP_OF ? MXCSR_OE : 0) |
           (flags & FP_DZ ? MXCSR_ZE : 0) | (flags & FP_NV ? MXCSR_IE : 0);
}

/* The reverse: enum fp_flag bits, which are numbered as RISC-V's fflags */
static inline unsigned mxcsr_to_fp(uint32_t mxcsr)
{
    return (mxcsr & MXCSR_PE ? FP_NX : 0) | (mxcsr & MXCSR_UE ? FP_UF : 0) | (mxcsr & MXCSR_OE ? FP_OF : 0) |
           (mxcsr & MXCSR_ZE ? FP_DZ : 0) | (mxcsr & MXCSR_IE ? FP_NV : 0);
}

/* mxcsr with those sticky flags and no others */
static inline uint32_t mxcsr_with_flags(uint32_t mxcsr, unsigned flags)
{
    return (mxcsr & ~(uint32_t)MXCSR_FLAGS) | mxcsr_from_fp(flags);
}

#endif
