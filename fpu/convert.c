/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions between formats, to and from integers, and to integral values. */
#include "fpu/core_impl.h"

fp_bits fp_convert(const struct fp_format *from, const struct fp_format *to, fp_bits a, struct fp_ctx *ctx)
{
    struct num n = num_unpack(from, a, ctx);

    switch (n.kind) {
    case NUM_ZERO:
        return format_zero(to, n.sign);
    case NUM_INF:
        return format_inf(to, n.sign);
    case NUM_QNAN:
    case NUM_SNAN:
        return num_propagate(to, &n, 1, ctx);
    case NUM_FINITE:
        break;
    }
    return num_round(to, n.sign, n.exp, n.sig, ctx);
}

/* The magnitude of a finite number, rounded to an integer as its sign and the mode say. exp must be below 127. */
static fp_bits round_magnitude(const struct num *n, enum fp_rounding rounding, bool *inexact)
{
    fp_bits sig = n->exp < 0 ? shift_right_jam(n->sig, -n->exp) : n->sig;

    return round_shift(rounding, n->sign, sig, n->exp < 0 ? 127 : 127 - n->exp, inexact);
}

fp_bits fp_round_to_integral(const struct fp_format *f, fp_bits a, bool exact, struct fp_ctx *ctx)
{
    struct num n = num_unpack(f, a, ctx);
    bool inexact;
    fp_bits magnitude;
    unsigned shift;

    if (num_is_nan(&n)) {
        return num_propagate(f, &n, 1, ctx);
    }
    if (n.kind == NUM_INF) {
        return format_inf(f, n.sign);
    }
    if (n.kind == NUM_ZERO) {
        return format_zero(f, n.sign);
    }
    if (n.exp >= f->frac_bits) {
        return num_round(f, n.sign, n.exp, n.sig, ctx);
    }
    magnitude = round_magnitude(&n, ctx->rounding, &inexact);
    if (inexact && exact) {
        ctx->flags |= FP_NX;
    }
    if (!magnitude) {
        return format_zero(f, n.sign);
    }
    shift = clz128(magnitude);
    return num_round(f, n.sign, 127 - (int)shift, magnitude << shift, ctx);
}

static fp_bits from_magnitude(const struct fp_format *f, bool sign, uint64_t v, struct fp_ctx *ctx)
{
    unsigned shift;

    if (!v) {
        return 0;
    }
    shift = __builtin_clzll(v);
    return num_round(f, sign, 63 - (int)shift, (fp_bits)(v << shift) << 64, ctx);
}

fp_bits fp_from_int64(const struct fp_format *f, int64_t v, struct fp_ctx *ctx)
{
    return from_magnitude(f, v < 0, v < 0 ? -(uint64_t)v : (uint64_t)v, ctx);
}

fp_bits fp_from_uint64(const struct fp_format *f, uint64_t v, struct fp_ctx *ctx)
{
    return from_magnitude(f, false, v, ctx);
}

/* What the int rule delivers where there is no such integer: low and high are the type's bounds. */
static uint64_t invalid_integer(const struct num *n, uint64_t low, uint64_t high, struct fp_ctx *ctx)
{
    ctx->flags |= FP_NV;
    if (ctx->int_rule == FP_INT_INDEFINITE) {
        return low ? low : high;
    }
    if (num_is_nan(n)) {
        return ctx->int_rule == FP_INT_SATURATE_NAN_MAX ? high : 0;
    }
    return n->sign ? low : high;
}

/* low and high are the bounds of the integer type, low negative or zero, both as two's complement. */
static uint64_t to_integer(const struct num *n, uint64_t low, uint64_t high, struct fp_ctx *ctx)
{
    fp_bits magnitude;
    bool inexact;

    if (n->kind == NUM_ZERO) {
        return 0;
    }
    if (n->kind != NUM_FINITE || n->exp > 64) {
        return invalid_integer(n, low, high, ctx);
    }
    magnitude = round_magnitude(n, ctx->rounding, &inexact);
    if (magnitude > (n->sign ? -low : high)) {
        return invalid_integer(n, low, high, ctx);
    }
    if (inexact) {
        ctx->flags |= FP_NX;
    }
    return n->sign ? -(uint64_t)magnitude : (uint64_t)magnitude;
}

int64_t fp_to_int(const struct fp_format *f, fp_bits a, unsigned width, struct fp_ctx *ctx)
{
    struct num n = num_unpack(f, a, ctx);
    uint64_t high = UINT64_MAX >> (65 - width);

    return to_integer(&n, ~high, high, ctx);
}

uint64_t fp_to_uint(const struct fp_format *f, fp_bits a, unsigned width, struct fp_ctx *ctx)
{
    struct num n = num_unpack(f, a, ctx);

    return to_integer(&n, 0, UINT64_MAX >> (64 - width), ctx);
}

/* Bits 0 to 63 of a finite number's truncated magnitude. */
static uint64_t low_bits(const struct num *n)
{
    if (n->exp < 0) {
        return 0;
    }
    if (n->exp <= 127) {
        return n->sig >> (127 - n->exp);
    }
    return n->exp - 127 < 128 ? n->sig << (n->exp - 127) : 0;
}

int64_t fp_to_int_modulo(const struct fp_format *f, fp_bits a, unsigned width, struct fp_ctx *ctx)
{
    struct num n = num_unpack(f, a, ctx);
    uint64_t high = UINT64_MAX >> (65 - width), bits;
    struct fp_ctx truncate = { .rounding = FP_RTZ };

    to_integer(&n, ~high, high, &truncate);
    ctx->flags |= truncate.flags;
    if (n.kind != NUM_FINITE) {
        return 0;
    }
    bits = n.sign ? -low_bits(&n) : low_bits(&n);
    return (int64_t)(bits << (64 - width)) >> (64 - width);
}
