/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking, rounding, packing and NaN selection. */
#include "fpu/core_impl.h"

#include <stddef.h>

const struct fp_format fp_f16 = { 5, 10 };
const struct fp_format fp_bf16 = { 8, 7 };
const struct fp_format fp_f32 = { 8, 23 };
const struct fp_format fp_f64 = { 11, 52 };
const struct fp_format fp_f128 = { 15, 112 };

struct num num_unpack(const struct fp_format *f, fp_bits a, struct fp_ctx *ctx)
{
    struct num n = { .sign = a >> (f->exp_bits + f->frac_bits) & 1 };
    int e = (int)(a >> f->frac_bits) & format_exp_max(f);
    fp_bits frac = (a & (((fp_bits)1 << f->frac_bits) - 1)) << (127 - f->frac_bits);

    if (e == format_exp_max(f)) {
        n.kind = !frac ? NUM_INF : frac >> 126 ? NUM_QNAN : NUM_SNAN;
        n.sig = frac;
    } else if (e) {
        n.kind = NUM_FINITE;
        n.exp = e - format_bias(f);
        n.sig = frac | (fp_bits)1 << 127;
    } else if (frac && ctx->daz) {
        ctx->flags |= FP_ID;
    } else if (frac) {
        unsigned shift = clz128(frac);

        n.kind = NUM_FINITE;
        n.exp = 1 - format_bias(f) - (int)shift;
        n.sig = frac << shift;
    }
    return n;
}

fp_bits round_shift(enum fp_rounding rounding, bool sign, fp_bits sig, unsigned drop, bool *inexact)
{
    fp_bits q = sig >> drop, lost = sig & (((fp_bits)1 << drop) - 1), half = (fp_bits)1 << (drop - 1);
    bool up = false;

    *inexact = lost != 0;
    switch (rounding) {
    case FP_RNE:
        up = lost > half || (lost == half && (q & 1));
        break;
    case FP_RTZ:
        break;
    case FP_RDN:
        up = sign && lost;
        break;
    case FP_RUP:
        up = !sign && lost;
        break;
    case FP_RMM:
        up = lost >= half;
        break;
    }
    return q + up;
}

/* 7.4: what an overflow delivers. */
static fp_bits overflow(const struct fp_format *f, bool sign, struct fp_ctx *ctx)
{
    enum fp_rounding away = sign ? FP_RDN : FP_RUP;
    bool inf = ctx->rounding == FP_RNE || ctx->rounding == FP_RMM || ctx->rounding == away;

    ctx->flags |= FP_OF | FP_NX;
    return format_inf(f, sign) - !inf;
}

/* e is the biased exponent, less than 1. */
static fp_bits round_tiny(const struct fp_format *f, bool sign, int e, fp_bits sig, struct fp_ctx *ctx)
{
    unsigned drop = 127 - f->frac_bits;
    bool inexact, tiny = true;
    fp_bits q;

    /* Rounded with an unbounded exponent, only what carries up to the least normal number is not tiny. */
    if (e == 0 && !ctx->tininess_before) {
        tiny = !(round_shift(ctx->rounding, sign, sig, drop, &inexact) >> (f->frac_bits + 1));
    }
    if (tiny && ctx->ftz) {
        ctx->flags |= ctx->ftz_flags;
        return format_zero(f, sign);
    }
    q = round_shift(ctx->rounding, sign, shift_right_jam(sig, 1 - e), drop, &inexact);
    if (inexact) {
        ctx->flags |= tiny ? FP_UF | FP_NX : FP_NX;
    }
    return format_sign(f, sign) | q;    /* a carry makes the least normal number by itself */
}

fp_bits num_round(const struct fp_format *f, bool sign, int exp, fp_bits sig, struct fp_ctx *ctx)
{
    int e = exp + format_bias(f);
    bool inexact;
    fp_bits q;

    if (e < 1) {
        return round_tiny(f, sign, e, sig, ctx);
    }
    if (e >= format_exp_max(f)) {
        return overflow(f, sign, ctx);
    }
    q = round_shift(ctx->rounding, sign, sig, 127 - f->frac_bits, &inexact);
    /* q still has its leading one, which counts as one in the exponent field; a carry makes that two. */
    q += (fp_bits)(e - 1) << f->frac_bits;
    if (q >> f->frac_bits >= (fp_bits)format_exp_max(f)) {
        return overflow(f, sign, ctx);
    }
    if (inexact) {
        ctx->flags |= FP_NX;
    }
    return format_sign(f, sign) | q;
}

fp_bits fp_default_nan(const struct fp_format *f, const struct fp_ctx *ctx)
{
    return format_inf(f, ctx->default_nan_negative) | (fp_bits)1 << (f->frac_bits - 1);
}

fp_bits num_invalid(const struct fp_format *f, struct fp_ctx *ctx)
{
    ctx->flags |= FP_NV;
    return fp_default_nan(f, ctx);
}

fp_bits num_propagate(const struct fp_format *f, const struct num *operands, unsigned n, struct fp_ctx *ctx)
{
    const struct num *first = NULL, *signaling = NULL;

    for (unsigned i = n; i-- > 0; ) {
        if (num_is_nan(&operands[i])) {
            first = &operands[i];
        }
        if (operands[i].kind == NUM_SNAN) {
            signaling = &operands[i];
        }
    }
    if (signaling) {
        ctx->flags |= FP_NV;
    }
    if (ctx->nan_rule == FP_NAN_DEFAULT) {
        return fp_default_nan(f, ctx);
    }
    if (ctx->nan_rule == FP_NAN_SIGNALING_FIRST && signaling) {
        first = signaling;
    }
    return format_inf(f, first->sign) | (first->sig | (fp_bits)1 << 126) >> (127 - f->frac_bits);
}
