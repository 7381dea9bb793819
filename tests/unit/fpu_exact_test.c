/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fpu/ in what the host has no instruction for (ties away, 16-bit formats, 128 bits, the other tininess rule), against
 * a reference that shares nothing with it: the exact result is held in two doubles, and the format's neighbours of it
 * are found by bisection over the encodings.
 */
#include "tests/unit/fpu_operands.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define RANDOM_ROUNDS 40000

/* hi + lo, |lo| at most half a unit in hi's last place; of lo only the sign counts below. */
struct exact {
    double hi, lo;
};

static double decode(const struct fp_format *f, uint64_t bits)
{
    int exp = bits >> f->frac_bits & ((1 << f->exp_bits) - 1), bias = (1 << (f->exp_bits - 1)) - 1;
    uint64_t one = (uint64_t)1 << f->frac_bits, frac = bits & (one - 1);
    double v = ldexp((double)(exp ? frac | one : frac), (exp ? exp : 1) - bias - f->frac_bits);

    return bits >> (f->exp_bits + f->frac_bits) & 1 ? -v : v;
}

static bool above(struct exact v, double bound)
{
    return v.hi != bound ? v.hi > bound : v.lo > 0;
}

static bool same(struct exact v, double bound)
{
    return v.hi == bound && v.lo == 0;
}

/* Whether v, between neighbours low (whose last bit is odd or not) and high, goes up. */
static bool goes_up(struct exact v, double low, double high, bool odd, bool negative, enum fp_rounding mode)
{
    double middle = low + (high - low) / 2;

    switch (mode) {
    case FP_RTZ:
        return false;
    case FP_RDN:
        return negative && !same(v, low);
    case FP_RUP:
        return !negative && !same(v, low);
    case FP_RMM:
        return above(v, middle) || same(v, middle);
    default:
        return above(v, middle) || (same(v, middle) && odd);
    }
}

/* v as the format's bits, with the flags of 7.4 to 7.6. A zero v must not come here. */
static uint64_t reference(const struct fp_format *f, struct exact v, const struct fp_ctx *ctx, uint8_t *flags)
{
    uint64_t sign = (uint64_t)1 << (f->exp_bits + f->frac_bits);
    uint64_t inf = (((uint64_t)1 << f->exp_bits) - 1) << f->frac_bits;
    uint64_t low = 0, high = inf, got;
    bool negative = v.hi < 0, tiny;
    double least = decode(f, (uint64_t)1 << f->frac_bits), below = least * (1 - ldexp(1, -1 - f->frac_bits));

    v = negative ? (struct exact) { -v.hi, -v.lo } : v;
    *flags = 0;
    if (above(v, decode(f, inf)) || same(v, decode(f, inf))) {
        low = inf - 1;
        *flags = FP_OF | FP_NX;
        got = goes_up(v, 0, 1, false, negative, ctx->rounding) ? inf : low;
        return negative ? got | sign : got;
    }
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;

        *(above(v, decode(f, middle)) || same(v, decode(f, middle)) ? &low : &high) = middle;
    }
    got = goes_up(v, decode(f, low), decode(f, high), low & 1, negative, ctx->rounding) ? high : low;
    tiny = !above(v, least) && !same(v, least);
    if (tiny && !ctx->tininess_before && (above(v, below) || same(v, below))) {
        tiny = !goes_up(v, below, least, true, negative, ctx->rounding);
    }
    if (!same(v, decode(f, low))) {
        *flags = got == inf ? FP_OF | FP_NX : tiny ? FP_UF | FP_NX : FP_NX;
    }
    return negative ? got | sign : got;
}

/* Knuth's exact sum. */
static struct exact two_sum(double a, double b)
{
    volatile double s = a + b, t = s - a, u = s - t;

    return (struct exact) { s, (a - u) + (b - t) };
}

static bool is_number(const struct fp_format *f, uint64_t bits)
{
    return !(fp_classify(f, bits) & (FP_CLASS_QNAN | FP_CLASS_SNAN | FP_CLASS_POS_INF | FP_CLASS_NEG_INF));
}

static void check(const struct fp_format *f, const char *what, struct exact v, uint64_t got, const struct fp_ctx *ctx)
{
    uint8_t flags;
    uint64_t want;

    if (v.hi == 0) {
        return;     /* signs of zeros are compared with the host's */
    }
    want = reference(f, v, ctx, &flags);
    if (got != want || ctx->flags != flags) {
        g_error("%s %u+%u bits, mode %u, of %a + %a: %" PRIx64 " flags %02x, want %" PRIx64 " flags %02x", what,
                f->exp_bits, f->frac_bits, ctx->rounding, v.hi, v.lo, got, ctx->flags, want, flags);
    }
}

/* A quotient or root of such short numbers is either exact in a double or far from every tie and neighbour. */
static void check_all(const struct fp_format *f, const uint64_t *v, enum fp_rounding mode, bool before)
{
    double a = decode(f, v[0]), b = decode(f, v[1]), c = decode(f, v[2]);
    const struct fp_ctx fresh = { .rounding = mode, .tininess_before = before };
    struct fp_ctx ctx = fresh;
    uint64_t got = fp_add(f, v[0], v[1], &ctx);

    check(f, "add", two_sum(a, b), got, &ctx);
    ctx = fresh;
    got = fp_sub(f, v[0], v[1], &ctx);
    check(f, "sub", two_sum(a, -b), got, &ctx);
    ctx = fresh;
    got = fp_mul(f, v[0], v[1], &ctx);
    check(f, "mul", (struct exact) { a * b, 0 }, got, &ctx);
    ctx = fresh;
    got = fp_fma(f, v[0], v[1], v[2], FP_NEG_PRODUCT, &ctx);
    check(f, "fma", two_sum(-(a * b), c), got, &ctx);
    ctx = fresh;
    if (b != 0) {
        got = fp_div(f, v[0], v[1], &ctx);
        check(f, "div", (struct exact) { a / b, 0 }, got, &ctx);
    }
    ctx = fresh;
    if (a > 0) {
        got = fp_sqrt(f, v[0], &ctx);
        check(f, "sqrt", (struct exact) { sqrt(a), 0 }, got, &ctx);
    }
}

static void arithmetic_is_exact(const struct fp_format *f)
{
    GRand *r = g_rand_new_with_seed(f->frac_bits);

    for (unsigned i = 0; i < RANDOM_ROUNDS + CORNERS * CORNERS * 10; i++) {
        unsigned n = i / 10;
        uint64_t v[3] = { operand_random(f, r), operand_random(f, r), operand_random(f, r) };

        if (n < CORNERS * CORNERS) {
            v[0] = operand_corner(f, n % CORNERS);
            v[1] = operand_corner(f, n / CORNERS);
        }
        if (is_number(f, v[0]) && is_number(f, v[1]) && is_number(f, v[2])) {
            check_all(f, v, i % 5, i / 5 % 2);
        }
    }
    g_rand_free(r);
}

static void f16_is_exact(void)
{
    arithmetic_is_exact(&fp_f16);
}

static void bf16_is_exact(void)
{
    arithmetic_is_exact(&fp_bf16);
}

static void f32_is_exact(void)
{
    arithmetic_is_exact(&fp_f32);
}

static void narrowing_is_exact(void)
{
    static const struct fp_format *const to[] = { &fp_f16, &fp_bf16, &fp_f32 };
    GRand *r = g_rand_new_with_seed(5);

    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        struct fp_ctx ctx = { .rounding = i % 5, .tininess_before = i / 5 % 2 };
        const struct fp_format *f = to[i / 10 % 3];
        struct exact v = { ldexp(g_rand_double(r) - 0.5, g_rand_int_range(r, -30, 20)), 0 };
        uint64_t bits;

        if (i & 1) {
            v.hi = decode(f, operand_random(f, r) & ~((uint64_t)1 << (f->exp_bits + f->frac_bits - 1))) * 1.03125;
        }
        memcpy(&bits, &v.hi, sizeof(bits));
        check(f, "convert", v, fp_convert(&fp_f64, f, bits, &ctx), &ctx);
    }
    g_rand_free(r);
}

static void every_f16_survives_widening(void)
{
    static const struct fp_format *const wide[] = { &fp_f32, &fp_f64, &fp_f128 };

    for (unsigned i = 0; i < 3 * 65536; i++) {
        struct fp_ctx ctx = { .nan_rule = FP_NAN_FIRST };
        uint64_t bits = i % 65536, want = bits, got;

        if (fp_classify(&fp_f16, bits) == FP_CLASS_SNAN) {
            want |= 0x200;
        }
        got = fp_convert(wide[i / 65536], &fp_f16, fp_convert(&fp_f16, wide[i / 65536], bits, &ctx), &ctx);
        g_assert_cmphex(got, ==, want);
        g_assert_cmphex(ctx.flags, ==, want != bits ? FP_NV : 0);
    }
}

static double round_integral(double v, enum fp_rounding mode)
{
    double low = floor(v), rest = v - low;

    switch (mode) {
    case FP_RTZ:
        return trunc(v);
    case FP_RDN:
        return low;
    case FP_RUP:
        return ceil(v);
    case FP_RMM:
        return round(v);
    default:
        return rest > 0.5 || (rest == 0.5 && fmod(low, 2) != 0) ? low + 1 : low;
    }
}

static void every_f16_rounds_to_an_integer(void)
{
    for (unsigned i = 0; i < 5 * 65536; i++) {
        struct fp_ctx ctx = { .rounding = i / 65536 }, silent = ctx, to_int = ctx;
        uint64_t bits = i % 65536, got = fp_round_to_integral(&fp_f16, bits, true, &ctx);
        double v, want;

        g_assert_cmphex(fp_round_to_integral(&fp_f16, bits, false, &silent), ==, got);
        if (!is_number(&fp_f16, bits)) {
            continue;
        }
        v = decode(&fp_f16, bits);
        want = round_integral(v, ctx.rounding);
        g_assert_cmpfloat(decode(&fp_f16, got), ==, want);
        g_assert_cmphex(got >> 15, ==, bits >> 15);
        g_assert_cmphex(ctx.flags, ==, want != v ? FP_NX : 0);
        g_assert_cmphex(silent.flags, ==, 0);
        g_assert_cmpint(fp_to_int(&fp_f16, bits, 32, &to_int), ==, (int64_t)want);
        g_assert_cmphex(to_int.flags, ==, ctx.flags);
    }
}

/* With 113 bits, rounding twice is harmless for a 53-bit operation (2p + 2 bits suffice). */
static void f128_agrees_with_f64(void)
{
    GRand *r = g_rand_new_with_seed(6);

    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t a = operand_random(&fp_f64, r), b = operand_random(&fp_f64, r), c = operand_random(&fp_f64, r);
        struct fp_ctx ctx = { 0 }, wide = { 0 };
        fp_bits x = fp_convert(&fp_f64, &fp_f128, a, &wide), y = fp_convert(&fp_f64, &fp_f128, b, &wide);
        fp_bits z = fp_convert(&fp_f64, &fp_f128, c, &wide);
        const fp_bits narrow[5] = {
            fp_add(&fp_f64, a, b, &ctx), fp_mul(&fp_f64, a, b, &ctx), fp_div(&fp_f64, a, b, &ctx),
            fp_sqrt(&fp_f64, a, &ctx), fp_sub(&fp_f64, b, c, &ctx),
        };
        const fp_bits full[5] = {
            fp_add(&fp_f128, x, y, &wide), fp_mul(&fp_f128, x, y, &wide), fp_div(&fp_f128, x, y, &wide),
            fp_sqrt(&fp_f128, x, &wide), fp_sub(&fp_f128, y, z, &wide),
        };

        for (unsigned k = 0; k < 5; k++) {
            g_assert_cmphex((uint64_t)fp_convert(&fp_f128, &fp_f64, full[k], &wide), ==, (uint64_t)narrow[k]);
        }
        g_assert_cmphex(wide.flags, ==, ctx.flags);
        /* The product of two 53-bit significands is exact in 113 bits. */
        if (is_number(&fp_f64, narrow[0]) && is_number(&fp_f64, narrow[1])) {
            fp_bits product = fp_mul(&fp_f128, x, y, &wide);

            g_assert_true(!(fp_fma(&fp_f128, x, y, product, FP_NEG_ADDEND, &wide) << 1));
        }
    }
    g_rand_free(r);
}

static void nan_rules(void)
{
    const uint64_t snan = 0x7f800123, qnan = 0xffc00456, one = 0x3f800000, inf = 0x7f800000;
    struct fp_ctx riscv = { 0 }, arm = { .nan_rule = FP_NAN_SIGNALING_FIRST };
    struct fp_ctx sse = { .nan_rule = FP_NAN_FIRST, .default_nan_negative = true };

    g_assert_cmphex(fp_add(&fp_f32, qnan, snan, &riscv), ==, 0x7fc00000);
    g_assert_cmphex(fp_add(&fp_f32, qnan, snan, &arm), ==, 0x7fc00123);
    g_assert_cmphex(fp_add(&fp_f32, qnan, snan, &sse), ==, qnan);
    g_assert_cmphex(fp_fma(&fp_f32, qnan, one, snan, 0, &arm), ==, 0x7fc00123);
    g_assert_cmphex(fp_sub(&fp_f32, inf, inf, &sse), ==, 0xffc00000);
    riscv.flags = arm.flags = sse.flags = 0;
    g_assert_cmphex(fp_fma(&fp_f32, inf, 0, qnan, 0, &riscv), ==, 0x7fc00000);
    g_assert_cmphex(fp_fma(&fp_f32, inf, 0, qnan, 0, &arm), ==, 0x7fc00000);
    g_assert_cmphex(fp_fma(&fp_f32, inf, 0, qnan, 0, &sse), ==, qnan);
    g_assert_cmphex(riscv.flags, ==, FP_NV);
    g_assert_cmphex(arm.flags, ==, FP_NV);
    g_assert_cmphex(sse.flags, ==, 0);
}

static void integer_rules(void)
{
    const uint64_t nan = 0x7fc00000, low = 0xff000000;
    struct fp_ctx arm = { .int_rule = FP_INT_SATURATE_NAN_ZERO }, x86 = { .int_rule = FP_INT_INDEFINITE };

    g_assert_cmphex(fp_to_int(&fp_f32, nan, 32, &arm), ==, 0);
    g_assert_cmpint(fp_to_int(&fp_f32, low, 32, &arm), ==, INT32_MIN);
    g_assert_cmpint(fp_to_int(&fp_f32, nan, 32, &x86), ==, INT32_MIN);
    g_assert_cmphex(fp_to_uint(&fp_f32, low, 64, &x86), ==, UINT64_MAX);
}

static void flushing(void)
{
    struct fp_ctx in = { .daz = true }, out = { .ftz = true, .ftz_flags = FP_UF };

    g_assert_cmphex(fp_add(&fp_f32, 0x80000001, 0x80000000, &in), ==, 0x80000000);
    g_assert_cmphex(in.flags, ==, FP_ID);
    g_assert_cmphex(fp_mul(&fp_f32, 0x80800000, 0x3f000000, &out), ==, 0x80000000);
    g_assert_cmphex(out.flags, ==, FP_UF);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fpu/f16_is_exact", f16_is_exact);
    g_test_add_func("/fpu/bf16_is_exact", bf16_is_exact);
    g_test_add_func("/fpu/f32_is_exact", f32_is_exact);
    g_test_add_func("/fpu/narrowing_is_exact", narrowing_is_exact);
    g_test_add_func("/fpu/every_f16_survives_widening", every_f16_survives_widening);
    g_test_add_func("/fpu/every_f16_rounds_to_an_integer", every_f16_rounds_to_an_integer);
    g_test_add_func("/fpu/f128_agrees_with_f64", f128_agrees_with_f64);
    g_test_add_func("/fpu/nan_rules", nan_rules);
    g_test_add_func("/fpu/integer_rules", integer_rules);
    g_test_add_func("/fpu/flushing", flushing);
    return g_test_run();
}
