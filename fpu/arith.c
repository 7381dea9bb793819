/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addition, multiplication, fused multiply-add, division, square root. Sums and products are formed exactly in 256
 * bits (but for a sticky bit below everything that counts), so one sum serves both fp_add and fp_fma.
 */
#include "fpu/core_impl.h"

#include <stddef.h>

/* (hi:lo) * 2^(exp - 255), bit 127 of hi set. */
struct wide {
    bool sign;
    int exp;
    fp_bits hi, lo;
};

static struct wide wide_from(const struct num *n)
{
    return (struct wide) { .sign = n->sign, .exp = n->exp, .hi = n->sig };
}

static void wide_shift_left(struct wide *w, unsigned n)
{
    if (n >= 128) {
        w->hi = w->lo;
        w->lo = 0;
        n -= 128;
    }
    if (n) {
        w->hi = w->hi << n | w->lo >> (128 - n);
        w->lo <<= n;
    }
}

static void wide_shift_right_jam(struct wide *w, unsigned n)
{
    if (n >= 128) {
        w->lo = shift_right_jam(w->hi, n - 128) | (w->lo != 0);
        w->hi = 0;
    } else if (n) {
        w->lo = shift_right_jam(w->lo, n) | w->hi << (128 - n);
        w->hi >>= n;
    }
}

static struct wide wide_product(const struct num *a, const struct num *b)
{
    uint64_t ah = a->sig >> 64, al = a->sig, bh = b->sig >> 64, bl = b->sig;
    fp_bits low = (fp_bits)al * bl, mid1 = (fp_bits)ah * bl, mid2 = (fp_bits)al * bh;
    fp_bits mid = (low >> 64) + (uint64_t)mid1 + (uint64_t)mid2;
    struct wide w = {
        .sign = a->sign ^ b->sign,
        .exp = a->exp + b->exp + 1,
        .hi = (fp_bits)ah * bh + (mid1 >> 64) + (mid2 >> 64) + (mid >> 64),
        .lo = mid << 64 | (uint64_t)low,
    };

    if (!(w.hi >> 127)) {
        wide_shift_left(&w, 1);
        w.exp--;
    }
    return w;
}

/* x - y for magnitudes of one exponent; the sign is the larger's. False where the difference is nothing. */
static bool wide_subtract(struct wide *x, const struct wide *y)
{
    struct wide big = *x, small = *y;

    if (x->hi < y->hi || (x->hi == y->hi && x->lo < y->lo)) {
        big = *y;
        small = *x;
    }
    x->sign = big.sign;
    x->lo = big.lo - small.lo;
    x->hi = big.hi - small.hi - (big.lo < small.lo);
    return x->hi || x->lo;
}

static fp_bits wide_round(const struct fp_format *f, const struct wide *w, struct fp_ctx *ctx)
{
    return num_round(f, w->sign, w->exp, w->hi | (w->lo != 0), ctx);
}

/* 6.3: the sign of an exact zero sum of operands with these signs. */
static fp_bits zero_sum(const struct fp_format *f, bool x_sign, bool y_sign, struct fp_ctx *ctx)
{
    return format_zero(f, x_sign == y_sign ? x_sign : ctx->rounding == FP_RDN);
}

/* Cancellation of more than one bit needs exponents at most one apart; the shift then loses nothing, because the
 * widest product leaves 30 zero bits at the end. In every other case the sticky bit stays far below the last place. */
static fp_bits wide_sum(const struct fp_format *f, struct wide x, struct wide y, struct fp_ctx *ctx)
{
    unsigned shift;

    if (x.exp < y.exp) {
        struct wide t = x;

        x = y;
        y = t;
    }
    wide_shift_right_jam(&y, x.exp - y.exp + 1);
    wide_shift_right_jam(&x, 1);
    x.exp++;
    if (x.sign == y.sign) {
        x.lo += y.lo;
        x.hi += y.hi + (x.lo < y.lo);
    } else if (!wide_subtract(&x, &y)) {
        return format_zero(f, ctx->rounding == FP_RDN);
    }
    shift = x.hi ? clz128(x.hi) : 128 + clz128(x.lo);
    wide_shift_left(&x, shift);
    x.exp -= (int)shift;
    return wide_round(f, &x, ctx);
}

static fp_bits add_nums(const struct fp_format *f, struct num x, struct num y, struct fp_ctx *ctx)
{
    if (x.kind == NUM_INF) {
        return y.kind == NUM_INF && x.sign != y.sign ? num_invalid(f, ctx) : format_inf(f, x.sign);
    }
    if (y.kind == NUM_INF) {
        return format_inf(f, y.sign);
    }
    if (x.kind == NUM_ZERO && y.kind == NUM_ZERO) {
        return zero_sum(f, x.sign, y.sign, ctx);
    }
    if (x.kind == NUM_ZERO || y.kind == NUM_ZERO) {
        const struct num *n = x.kind == NUM_ZERO ? &y : &x;

        return num_round(f, n->sign, n->exp, n->sig, ctx);
    }
    return wide_sum(f, wide_from(&x), wide_from(&y), ctx);
}

static fp_bits add_signed(const struct fp_format *f, fp_bits a, fp_bits b, bool subtract, struct fp_ctx *ctx)
{
    struct num n[2] = { num_unpack(f, a, ctx), num_unpack(f, b, ctx) };

    if (num_is_nan(&n[0]) || num_is_nan(&n[1])) {
        return num_propagate(f, n, 2, ctx);
    }
    n[1].sign ^= subtract;
    return add_nums(f, n[0], n[1], ctx);
}

fp_bits fp_add(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return add_signed(f, a, b, false, ctx);
}

fp_bits fp_sub(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return add_signed(f, a, b, true, ctx);
}

fp_bits fp_mul(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    struct num n[2] = { num_unpack(f, a, ctx), num_unpack(f, b, ctx) };
    bool sign = n[0].sign ^ n[1].sign;
    bool inf = n[0].kind == NUM_INF || n[1].kind == NUM_INF;
    bool zero = n[0].kind == NUM_ZERO || n[1].kind == NUM_ZERO;
    struct wide product;

    if (num_is_nan(&n[0]) || num_is_nan(&n[1])) {
        return num_propagate(f, n, 2, ctx);
    }
    if (inf) {
        return zero ? num_invalid(f, ctx) : format_inf(f, sign);
    }
    if (zero) {
        return format_zero(f, sign);
    }
    product = wide_product(&n[0], &n[1]);
    return wide_round(f, &product, ctx);
}

/* A NaN among the operands a, b, c of a fused operation. 7.2 (c) leaves it open whether infinity * 0 + quiet NaN is
 * invalid: it is for RISC-V and ARM (which then delivers the default NaN), it is not for SSE. */
static fp_bits fma_nan(const struct fp_format *f, const struct num *n, bool invalid_product, struct fp_ctx *ctx)
{
    const struct num addend_first[3] = { n[2], n[0], n[1] };

    if (invalid_product && ctx->nan_rule != FP_NAN_FIRST) {
        ctx->flags |= FP_NV;
        if (n[2].kind == NUM_QNAN) {
            return fp_default_nan(f, ctx);
        }
    }
    return num_propagate(f, ctx->nan_rule == FP_NAN_SIGNALING_FIRST ? addend_first : n, 3, ctx);
}

fp_bits fp_fma(const struct fp_format *f, fp_bits a, fp_bits b, fp_bits c, unsigned negate, struct fp_ctx *ctx)
{
    struct num n[3] = { num_unpack(f, a, ctx), num_unpack(f, b, ctx), num_unpack(f, c, ctx) };
    bool inf = n[0].kind == NUM_INF || n[1].kind == NUM_INF;
    bool zero = n[0].kind == NUM_ZERO || n[1].kind == NUM_ZERO;
    struct num product = { .sign = n[0].sign ^ n[1].sign ^ !!(negate & FP_NEG_PRODUCT) };
    struct wide exact;

    if (num_is_nan(&n[0]) || num_is_nan(&n[1]) || num_is_nan(&n[2])) {
        return fma_nan(f, n, inf && zero, ctx);
    }
    if (inf && zero) {
        return num_invalid(f, ctx);
    }
    n[2].sign ^= !!(negate & FP_NEG_ADDEND);
    if (inf || zero || n[2].kind == NUM_INF) {
        /* A finite product counts as zero here: only its sign can matter beside an infinity. */
        product.kind = inf ? NUM_INF : NUM_ZERO;
        return add_nums(f, product, n[2], ctx);
    }
    exact = wide_product(&n[0], &n[1]);
    exact.sign = product.sign;
    if (n[2].kind == NUM_ZERO) {
        return wide_round(f, &exact, ctx);
    }
    return wide_sum(f, exact, wide_from(&n[2]), ctx);
}

/* Long division, one bit a step: three bits more than the format has, and the remainder as sticky bit. */
static fp_bits divide_nums(const struct fp_format *f, const struct num *a, const struct num *b, struct fp_ctx *ctx)
{
    fp_bits rest = a->sig >> 1, divisor = b->sig >> 1, q = 0;     /* both end in zeros: nothing is lost */
    int exp = a->exp - b->exp;
    unsigned digits = f->frac_bits + 3;

    if (rest < divisor) {
        rest <<= 1;
        exp--;
    }
    for (unsigned i = 0; i < digits; i++) {
        bool one = rest >= divisor;

        rest = (one ? rest - divisor : rest) << 1;
        q = q << 1 | one;
    }
    return num_round(f, a->sign ^ b->sign, exp, q << (128 - digits) | (rest != 0), ctx);
}

fp_bits fp_div(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    struct num n[2] = { num_unpack(f, a, ctx), num_unpack(f, b, ctx) };
    bool sign = n[0].sign ^ n[1].sign;

    if (num_is_nan(&n[0]) || num_is_nan(&n[1])) {
        return num_propagate(f, n, 2, ctx);
    }
    if (n[0].kind == n[1].kind && n[0].kind != NUM_FINITE) {
        return num_invalid(f, ctx);     /* 0 / 0 and infinity / infinity */
    }
    if (n[0].kind == NUM_INF) {
        return format_inf(f, sign);
    }
    if (n[1].kind == NUM_ZERO) {
        ctx->flags |= FP_DZ;
        return format_inf(f, sign);
    }
    if (n[0].kind == NUM_ZERO || n[1].kind == NUM_INF) {
        return format_zero(f, sign);
    }
    return divide_nums(f, &n[0], &n[1], ctx);
}

/* Digit by digit: each step takes two bits of the radicand and gives one of the root. */
static fp_bits sqrt_num(const struct fp_format *f, const struct num *a, struct fp_ctx *ctx)
{
    bool odd = a->exp & 1;
    fp_bits radicand = odd ? a->sig : a->sig >> 1, rest = 0, root = 0;
    unsigned digits = f->frac_bits + 3;

    for (unsigned i = 0; i < digits; i++) {
        fp_bits trial = root << 2 | 1;

        rest = rest << 2 | radicand >> 126;
        radicand <<= 2;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    return num_round(f, false, (a->exp - odd) / 2, root << (128 - digits) | (rest || radicand), ctx);
}

fp_bits fp_sqrt(const struct fp_format *f, fp_bits a, struct fp_ctx *ctx)
{
    struct num n = num_unpack(f, a, ctx);

    if (num_is_nan(&n)) {
        return num_propagate(f, &n, 1, ctx);
    }
    if (n.kind == NUM_ZERO) {
        return format_zero(f, n.sign);
    }
    if (n.sign) {
        return num_invalid(f, ctx);
    }
    return n.kind == NUM_INF ? format_inf(f, false) : sqrt_num(f, &n, ctx);
}
