/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Soft float for the corners that the host's FPU cannot give: ties-away rounding, 16-bit and 128-bit formats, an
 * opposite tininess rule. Written from IEEE 754-2019; section numbers below are that standard's. It knows no guest:
 * what architectures decide differently (NaNs, tininess, flushing, unrepresentable integers) stands in struct fp_ctx.
 *
 * Every operation exists once and takes the format as an argument. Values are the format's bits, right aligned in an
 * fp_bits; bits above the format are ignored on input and zero on output, so a uint64_t passes both ways without a
 * cast. All functions are pure apart from ctx->flags, which they only set bits in; any thread may call them on a ctx
 * of its own.
 */
#ifndef FPU_SOFTFLOAT_H
#define FPU_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

typedef unsigned __int128 fp_bits;

/* A binary interchange format: the sign bit, exp_bits of biased exponent, frac_bits of trailing significand. */
struct fp_format {
    uint8_t exp_bits;
    uint8_t frac_bits;
};

extern const struct fp_format fp_f16, fp_bf16, fp_f32, fp_f64, fp_f128;

/* Numbered as RISC-V's frm field; the flags are numbered as its fflags. */
enum fp_rounding {
    FP_RNE,     /* roundTiesToEven */
    FP_RTZ,     /* roundTowardZero */
    FP_RDN,     /* roundTowardNegative */
    FP_RUP,     /* roundTowardPositive */
    FP_RMM,     /* roundTiesToAway */
};

enum fp_flag {
    FP_NX = 1 << 0,     /* inexact */
    FP_UF = 1 << 1,     /* underflow: tiny and inexact */
    FP_OF = 1 << 2,     /* overflow */
    FP_DZ = 1 << 3,     /* division by zero */
    FP_NV = 1 << 4,     /* invalid operation */
    FP_ID = 1 << 5,     /* a subnormal operand was taken for zero (daz); no IEEE flag */
};

/* Which NaN an operation with NaN operands delivers (6.2.3 leaves it open). All but the first keep the payload. */
enum fp_nan_rule {
    FP_NAN_DEFAULT,         /* always the default NaN: RISC-V, ARM with FPCR.DN */
    FP_NAN_SIGNALING_FIRST, /* the first signaling operand, else the first quiet one; a fused addend comes first: ARM */
    FP_NAN_FIRST,           /* the first NaN operand; infinity * 0 + quiet NaN is not invalid: SSE */
};

/* What a conversion to integer delivers for a NaN or out of range; all of them raise NV. */
enum fp_int_rule {
    FP_INT_SATURATE_NAN_MAX,    /* the nearest bound; a NaN gives the upper one: RISC-V */
    FP_INT_SATURATE_NAN_ZERO,   /* the nearest bound; a NaN gives 0: ARM */
    FP_INT_INDEFINITE,          /* only the top bit set (signed), all bits set (unsigned): x86 */
};

/* All zero is RISC-V's context in its default rounding mode. */
struct fp_ctx {
    uint8_t rounding;           /* enum fp_rounding */
    uint8_t flags;              /* enum fp_flag, sticky */
    uint8_t nan_rule;           /* enum fp_nan_rule */
    uint8_t int_rule;           /* enum fp_int_rule */
    bool default_nan_negative;  /* the default NaN's sign bit: set on x86 */
    bool tininess_before;       /* tininess is detected before rounding (7.5): set on ARM */
    bool daz;                   /* subnormal operands count as zeros of their sign, and raise FP_ID */
    bool ftz;                   /* tiny results become zeros of their sign, and raise ftz_flags */
    uint8_t ftz_flags;          /* FP_UF | FP_NX on x86, FP_UF on ARM */
};

/* 5.4.1. fp_fma gives a * b + c with one rounding; negate is a set of enum fp_negate. */
enum fp_negate {
    FP_NEG_PRODUCT = 1 << 0,
    FP_NEG_ADDEND = 1 << 1,
};

fp_bits fp_add(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
fp_bits fp_sub(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
fp_bits fp_mul(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
fp_bits fp_div(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
fp_bits fp_sqrt(const struct fp_format *f, fp_bits a, struct fp_ctx *ctx);
fp_bits fp_fma(const struct fp_format *f, fp_bits a, fp_bits b, fp_bits c, unsigned negate, struct fp_ctx *ctx);

/* 9.6. The _number forms prefer a number to a NaN (minimumNumber, maximumNumber); the others let any NaN win
 * (minimum, maximum). A signaling operand raises NV in all four; -0 is less than +0. */
fp_bits fp_min_number(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
fp_bits fp_max_number(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
fp_bits fp_minimum(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
fp_bits fp_maximum(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);

/* 5.11. A signaling NaN always raises NV; fp_compare_signaling raises it for a quiet one too. */
enum fp_relation {
    FP_LESS,
    FP_EQUAL,
    FP_GREATER,
    FP_UNORDERED,
};

enum fp_relation fp_compare_quiet(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);
enum fp_relation fp_compare_signaling(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx);

/* 5.7.2 class(a) as one bit, numbered as RISC-V's fclass does. Raises nothing. */
enum fp_class {
    FP_CLASS_NEG_INF = 1 << 0,
    FP_CLASS_NEG_NORMAL = 1 << 1,
    FP_CLASS_NEG_SUBNORMAL = 1 << 2,
    FP_CLASS_NEG_ZERO = 1 << 3,
    FP_CLASS_POS_ZERO = 1 << 4,
    FP_CLASS_POS_SUBNORMAL = 1 << 5,
    FP_CLASS_POS_NORMAL = 1 << 6,
    FP_CLASS_POS_INF = 1 << 7,
    FP_CLASS_SNAN = 1 << 8,
    FP_CLASS_QNAN = 1 << 9,
};

unsigned fp_classify(const struct fp_format *f, fp_bits a);

/* The default NaN of ctx. */
fp_bits fp_default_nan(const struct fp_format *f, const struct fp_ctx *ctx);

/* 5.4.2: from one format to another, in ctx->rounding. */
fp_bits fp_convert(const struct fp_format *from, const struct fp_format *to, fp_bits a, struct fp_ctx *ctx);

/* 5.3.1 roundToIntegral in ctx->rounding; raises NX for a changed value only where exact is true. */
fp_bits fp_round_to_integral(const struct fp_format *f, fp_bits a, bool exact, struct fp_ctx *ctx);

/* 5.4.1 convertFromInt. */
fp_bits fp_from_int64(const struct fp_format *f, int64_t v, struct fp_ctx *ctx);
fp_bits fp_from_uint64(const struct fp_format *f, uint64_t v, struct fp_ctx *ctx);

/* 5.8 convertToIntegerExact in ctx->rounding (NX where the value changed and NV was not raised). width is the number
 * of bits of the integer, 8 to 64. The signed form returns it sign extended, the unsigned one zero extended. */
int64_t fp_to_int(const struct fp_format *f, fp_bits a, unsigned width, struct fp_ctx *ctx);
uint64_t fp_to_uint(const struct fp_format *f, fp_bits a, unsigned width, struct fp_ctx *ctx);

/* a truncated, modulo 2^width, sign extended (ECMAScript's ToInt32 for width 32; RISC-V fcvtmod.w.d). The flags are
 * those of fp_to_int rounding toward zero; an infinity or NaN gives 0. ctx->rounding is not used. */
int64_t fp_to_int_modulo(const struct fp_format *f, fp_bits a, unsigned width, struct fp_ctx *ctx);

#endif
