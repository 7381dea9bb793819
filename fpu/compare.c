/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparison, minimum and maximum, classification. */
#include "fpu/core_impl.h"

/* -1, 0 or 1 as x's magnitude is less than, equal to or greater than y's; neither is a NaN. */
static int compare_magnitude(const struct num *x, const struct num *y)
{
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;      /* zero < finite < infinity is the order of enum num_kind */
    }
    if (x->kind != NUM_FINITE) {
        return 0;
    }
    if (x->exp != y->exp) {
        return x->exp < y->exp ? -1 : 1;
    }
    return (x->sig > y->sig) - (x->sig < y->sig);
}

static enum fp_relation compare_nums(const struct num *x, const struct num *y)
{
    int order;

    if (num_is_nan(x) || num_is_nan(y)) {
        return FP_UNORDERED;
    }
    if (x->kind == NUM_ZERO && y->kind == NUM_ZERO) {
        return FP_EQUAL;
    }
    if (x->sign != y->sign) {
        return x->sign ? FP_LESS : FP_GREATER;
    }
    order = compare_magnitude(x, y);
    if (order == 0) {
        return FP_EQUAL;
    }
    return (order < 0) != x->sign ? FP_LESS : FP_GREATER;
}

static enum fp_relation compare(const struct fp_format *f, fp_bits a, fp_bits b, bool signaling, struct fp_ctx *ctx)
{
    struct num x = num_unpack(f, a, ctx), y = num_unpack(f, b, ctx);
    enum fp_relation r = compare_nums(&x, &y);

    if (x.kind == NUM_SNAN || y.kind == NUM_SNAN || (signaling && r == FP_UNORDERED)) {
        ctx->flags |= FP_NV;
    }
    return r;
}

enum fp_relation fp_compare_quiet(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return compare(f, a, b, false, ctx);
}

enum fp_relation fp_compare_signaling(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return compare(f, a, b, true, ctx);
}

static fp_bits pack_operand(const struct fp_format *f, const struct num *n, struct fp_ctx *ctx)
{
    switch (n->kind) {
    case NUM_ZERO:
        return format_zero(f, n->sign);
    case NUM_INF:
        return format_inf(f, n->sign);
    default:
        return num_round(f, n->sign, n->exp, n->sig, ctx);
    }
}

static fp_bits min_max(const struct fp_format *f, fp_bits a, fp_bits b, bool max, bool number, struct fp_ctx *ctx)
{
    struct num n[2] = { num_unpack(f, a, ctx), num_unpack(f, b, ctx) };
    enum fp_relation r = compare_nums(&n[0], &n[1]);
    bool first;

    if (r == FP_UNORDERED) {
        bool one_number = num_is_nan(&n[0]) != num_is_nan(&n[1]);
        fp_bits nan = num_propagate(f, n, 2, ctx);

        return number && one_number ? pack_operand(f, &n[num_is_nan(&n[0])], ctx) : nan;
    }
    first = r == FP_EQUAL ? n[0].sign != max : (r == FP_LESS) != max;
    return pack_operand(f, &n[!first], ctx);
}

fp_bits fp_min_number(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return min_max(f, a, b, false, true, ctx);
}

fp_bits fp_max_number(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return min_max(f, a, b, true, true, ctx);
}

fp_bits fp_minimum(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return min_max(f, a, b, false, false, ctx);
}

fp_bits fp_maximum(const struct fp_format *f, fp_bits a, fp_bits b, struct fp_ctx *ctx)
{
    return min_max(f, a, b, true, false, ctx);
}

unsigned fp_classify(const struct fp_format *f, fp_bits a)
{
    struct fp_ctx quiet = { 0 };
    struct num n = num_unpack(f, a, &quiet);

    switch (n.kind) {
    case NUM_ZERO:
        return n.sign ? FP_CLASS_NEG_ZERO : FP_CLASS_POS_ZERO;
    case NUM_INF:
        return n.sign ? FP_CLASS_NEG_INF : FP_CLASS_POS_INF;
    case NUM_QNAN:
        return FP_CLASS_QNAN;
    case NUM_SNAN:
        return FP_CLASS_SNAN;
    case NUM_FINITE:
        break;
    }
    if (n.exp < 1 - format_bias(f)) {
        return n.sign ? FP_CLASS_NEG_SUBNORMAL : FP_CLASS_POS_SUBNORMAL;
    }
    return n.sign ? FP_CLASS_NEG_NORMAL : FP_CLASS_POS_NORMAL;
}
