/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core that every operation uses: unpack to one wide form, compute there, round and pack once. Private to fpu/.
 *
 * A finite nonzero value is sig * 2^(exp - 127) with bit 127 of sig set, whatever its format: subnormals are
 * normalised too, exponents have no bound. The widest format keeps 15 bits below its last place, so that a result's
 * lost bits can be "jammed" into bit 0: shifted-out ones stay there as one sticky bit, which is all rounding needs.
 */
#ifndef FPU_CORE_IMPL_H
#define FPU_CORE_IMPL_H

#include "fpu/softfloat.h"

enum num_kind {
    NUM_ZERO,
    NUM_FINITE,
    NUM_INF,
    NUM_QNAN,
    NUM_SNAN,
};

struct num {
    enum num_kind kind;
    bool sign;
    int exp;
    fp_bits sig;    /* of a NaN: the trailing significand, its first bit at bit 126 */
};

static inline bool num_is_nan(const struct num *n)
{
    return n->kind >= NUM_QNAN;
}

static inline unsigned clz128(fp_bits v)
{
    return v >> 64 ? __builtin_clzll(v >> 64) : 64 + __builtin_clzll(v);
}

/* v >> n, with bit 0 set where a one was lost; n is any nonnegative number. */
static inline fp_bits shift_right_jam(fp_bits v, unsigned n)
{
    if (n >= 128) {
        return v != 0;
    }
    return n ? v >> n | (v << (128 - n) != 0) : v;
}

static inline int format_bias(const struct fp_format *f)
{
    return (1 << (f->exp_bits - 1)) - 1;
}

static inline int format_exp_max(const struct fp_format *f)
{
    return (1 << f->exp_bits) - 1;
}

static inline fp_bits format_sign(const struct fp_format *f, bool sign)
{
    return (fp_bits)sign << (f->exp_bits + f->frac_bits);
}

static inline fp_bits format_zero(const struct fp_format *f, bool sign)
{
    return format_sign(f, sign);
}

static inline fp_bits format_inf(const struct fp_format *f, bool sign)
{
    return format_sign(f, sign) | (fp_bits)format_exp_max(f) << f->frac_bits;
}

struct num num_unpack(const struct fp_format *f, fp_bits a, struct fp_ctx *ctx);

/* Rounds sig, of value sig * 2^(exp - 127) and with bit 127 set, to the format. Raises NX, UF and OF. */
fp_bits num_round(const struct fp_format *f, bool sign, int exp, fp_bits sig, struct fp_ctx *ctx);

/* sig >> drop rounded as the rounding mode says for a number of this sign; drop is 1 to 127. */
fp_bits round_shift(enum fp_rounding rounding, bool sign, fp_bits sig, unsigned drop, bool *inexact);

/* The NaN that an operation on n operands, at least one of them a NaN, delivers. Raises NV for a signaling one. */
fp_bits num_propagate(const struct fp_format *f, const struct num *operands, unsigned n, struct fp_ctx *ctx);

/* Raises NV and gives the default NaN. */
fp_bits num_invalid(const struct fp_format *f, struct fp_ctx *ctx);

#endif
