/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fpu/ against the host's FPU: every result bit and every flag, in the four rounding modes that it has. */
#include "tests/unit/fpu_operands.h"

#include <fenv.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define RANDOM_ROUNDS 60000

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, RINT, OPS };

static const char *const op_names[OPS] = { "add", "sub", "mul", "div", "sqrt", "fma", "rint" };
static const int host_modes[4] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };

static uint8_t host_flags(void)
{
    int e = fetestexcept(FE_ALL_EXCEPT);

    return (e & FE_INEXACT ? FP_NX : 0) | (e & FE_UNDERFLOW ? FP_UF : 0) | (e & FE_OVERFLOW ? FP_OF : 0) |
        (e & FE_DIVBYZERO ? FP_DZ : 0) | (e & FE_INVALID ? FP_NV : 0);
}

static double as_double(uint64_t bits)
{
    double d;

    memcpy(&d, &bits, sizeof(d));
    return d;
}

static uint64_t from_double(double d)
{
    uint64_t bits;

    memcpy(&bits, &d, sizeof(bits));
    return isnan(d) ? 0x7ff8000000000000 : bits;
}

static float as_float(uint64_t bits)
{
    uint32_t low = bits;
    float x;

    memcpy(&x, &low, sizeof(x));
    return x;
}

static uint64_t from_float(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return isnan(x) ? 0x7fc00000 : bits;
}

/* Compilers open-code these for the default rounding mode where they have no instruction for them. */
static double (*volatile const rint_of_libm)(double) = rint;
static float (*volatile const rintf_of_libm)(float) = rintf;

/* volatile keeps the operation between the fenv calls around it. */
static uint64_t host_f64(enum op op, const uint64_t *v)
{
    volatile double a = as_double(v[0]), b = as_double(v[1]), c = as_double(v[2]), r = 0;

    switch (op) {
    case ADD:
        r = a + b;
        break;
    case SUB:
        r = a - b;
        break;
    case MUL:
        r = a * b;
        break;
    case DIV:
        r = a / b;
        break;
    case SQRT:
        r = sqrt(a);
        break;
    case FMA:
        r = fma(a, b, c);
        break;
    default:
        r = rint_of_libm(a);
        break;
    }
    return from_double(r);
}

static uint64_t host_f32(enum op op, const uint64_t *v)
{
    volatile float a = as_float(v[0]), b = as_float(v[1]), c = as_float(v[2]), r = 0;

    switch (op) {
    case ADD:
        r = a + b;
        break;
    case SUB:
        r = a - b;
        break;
    case MUL:
        r = a * b;
        break;
    case DIV:
        r = a / b;
        break;
    case SQRT:
        r = sqrtf(a);
        break;
    case FMA:
        r = fmaf(a, b, c);
        break;
    default:
        r = rintf_of_libm(a);
        break;
    }
    return from_float(r);
}

static uint64_t soft(enum op op, const struct fp_format *f, const uint64_t *v, struct fp_ctx *ctx)
{
    switch (op) {
    case ADD:
        return fp_add(f, v[0], v[1], ctx);
    case SUB:
        return fp_sub(f, v[0], v[1], ctx);
    case MUL:
        return fp_mul(f, v[0], v[1], ctx);
    case DIV:
        return fp_div(f, v[0], v[1], ctx);
    case SQRT:
        return fp_sqrt(f, v[0], ctx);
    case FMA:
        return fp_fma(f, v[0], v[1], v[2], 0, ctx);
    default:
        return fp_round_to_integral(f, v[0], true, ctx);
    }
}

/* The one difference that is ours to choose: infinity * 0 + quiet NaN raises NV on RISC-V, not on x86. */
static bool fma_nan_addend(const struct fp_format *f, const uint64_t *v)
{
    return fp_classify(f, v[2]) & (FP_CLASS_QNAN | FP_CLASS_SNAN);
}

static void check_op(enum op op, bool wide, const uint64_t *v, unsigned mode)
{
    const struct fp_format *f = wide ? &fp_f64 : &fp_f32;
    struct fp_ctx ctx = { .rounding = mode };
    uint64_t want, got;
    uint8_t flags;

    fesetround(host_modes[mode]);
    feclearexcept(FE_ALL_EXCEPT);
    want = wide ? host_f64(op, v) : host_f32(op, v);
    flags = host_flags();
    fesetround(FE_TONEAREST);
    got = soft(op, f, v, &ctx);
    if (got != want || (ctx.flags != flags && !(op == FMA && fma_nan_addend(f, v)))) {
        g_error("f%d %s mode %u of %016" PRIx64 " %016" PRIx64 " %016" PRIx64 ": %016" PRIx64 " flags %02x, host %016"
                PRIx64 " flags %02x", wide ? 64 : 32, op_names[op], mode, v[0], v[1], v[2], got, ctx.flags, want,
                flags);
    }
}

static void arithmetic_matches_host(gconstpointer data)
{
    unsigned wide = GPOINTER_TO_UINT(data) % 2, op = GPOINTER_TO_UINT(data) / 2;
    const struct fp_format *f = wide ? &fp_f64 : &fp_f32;
    GRand *r = g_rand_new_with_seed(op);

    for (unsigned i = 0; i < CORNERS * CORNERS * (op == FMA ? CORNERS : 1); i++) {
        uint64_t v[3] = {
            operand_corner(f, i % CORNERS), operand_corner(f, i / CORNERS % CORNERS),
            operand_corner(f, i / CORNERS / CORNERS),
        };

        for (unsigned mode = 0; mode < 4; mode++) {
            check_op(op, wide, v, mode);
        }
    }
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t v[3] = { operand_random(f, r), operand_random(f, r), operand_random(f, r) };

        check_op(op, wide, v, i % 4);
    }
    g_rand_free(r);
}

static void conversion_matches_host(void)
{
    GRand *r = g_rand_new_with_seed(7);

    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t bits = operand_random(&fp_f64, r), want32, want64;
        struct fp_ctx ctx = { .rounding = i % 4 }, widen = { 0 };
        volatile double d = as_double(i & 4 ? bits : operand_random64(r) >> 2 | (uint64_t)7 << 59);
        volatile float x, y = as_float(bits);

        fesetround(host_modes[i % 4]);
        feclearexcept(FE_ALL_EXCEPT);
        x = d;
        want32 = from_float(x);
        g_assert_cmphex(fp_convert(&fp_f64, &fp_f32, i & 4 ? bits : from_double(d), &ctx), ==, want32);
        g_assert_cmphex(ctx.flags, ==, host_flags());
        feclearexcept(FE_ALL_EXCEPT);
        d = y;
        want64 = from_double(d);
        g_assert_cmphex(fp_convert(&fp_f32, &fp_f64, bits, &widen), ==, want64);
        g_assert_cmphex(widen.flags, ==, host_flags());
    }
    fesetround(FE_TONEAREST);
    g_rand_free(r);
}

static void from_integer_matches_host(void)
{
    GRand *r = g_rand_new_with_seed(8);

    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        uint64_t v = operand_random64(r) >> g_rand_int_range(r, 0, 64);
        volatile int64_t s = i & 8 ? -v : v;
        volatile uint64_t u = v;
        struct fp_ctx ctx = { .rounding = i % 4 };
        volatile double d, e;
        volatile float x, y;

        fesetround(host_modes[i % 4]);
        feclearexcept(FE_ALL_EXCEPT);
        d = s;
        x = s;
        /* Compilers convert unsigned numbers by a difference, which is -0 for 0 when rounding down. */
        e = u ? (double)u : 0;
        y = u ? (float)u : 0;
        g_assert_cmphex(fp_from_int64(&fp_f64, s, &ctx), ==, from_double(d));
        g_assert_cmphex(fp_from_int64(&fp_f32, s, &ctx), ==, from_float(x));
        g_assert_cmphex(fp_from_uint64(&fp_f64, u, &ctx), ==, from_double(e));
        g_assert_cmphex(fp_from_uint64(&fp_f32, u, &ctx), ==, from_float(y));
        g_assert_cmphex(ctx.flags, ==, host_flags());
    }
    fesetround(FE_TONEAREST);
    g_rand_free(r);
}

/* The host rounds to an integral double; whether that fits is then an exact comparison. */
static void check_to_integer(uint64_t bits, unsigned mode, unsigned width, bool is_signed)
{
    double v = as_double(bits), low = is_signed ? -ldexp(1, width - 1) : 0, end = ldexp(1, width - is_signed), r;
    uint64_t high = UINT64_MAX >> (64 - width + is_signed), want;
    struct fp_ctx ctx = { .rounding = mode };
    uint8_t flags = 0;

    fesetround(host_modes[mode]);
    r = rint_of_libm(v);
    fesetround(FE_TONEAREST);
    if (r >= low && r < end) {
        want = is_signed ? (uint64_t)(int64_t)r : (uint64_t)r;
        flags = r != v ? FP_NX : 0;
    } else {
        want = isnan(v) || v > 0 ? high : is_signed ? ~high : 0;
        flags = FP_NV;
    }
    g_assert_cmphex(is_signed ? (uint64_t)fp_to_int(&fp_f64, bits, width, &ctx) :
                    fp_to_uint(&fp_f64, bits, width, &ctx), ==, want);
    g_assert_cmphex(ctx.flags, ==, flags);
}

static void to_integer_saturates(void)
{
    static const double bounds[] = {
        0x1p31, 0x1p32, 0x1p63, 0x1p64, 2147483646.5, 2147483647.5, 4294967295.5, 4294967294.5, 0.5, 1.5, 2.5, 0.25,
        0.75, 0x1.fffffffffffffp62, 0x1.fffffffffffffp63, 0x1p65, 0x1p1000, INFINITY, 0, 1,
    };
    GRand *r = g_rand_new_with_seed(9);

    for (unsigned i = 0; i < 16 * G_N_ELEMENTS(bounds); i++) {
        double v = bounds[i / 16];

        v = i & 1 ? -v : v;
        for (unsigned step = 0; step < 3; step++) {
            check_to_integer(from_double(nextafter(v, step == 1 ? INFINITY : step ? -INFINITY : v)), i / 2 % 4,
                             32 << (i / 8 % 2), i & 1);
            check_to_integer(from_double(v), i / 2 % 4, 32 << (i / 8 % 2), !(i & 1));
        }
    }
    for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
        check_to_integer(operand_random(&fp_f64, r), i % 4, 32 << (i / 4 % 2), i & 8);
        check_to_integer(from_double(ldexp((double)operand_random64(r), -(int)(i % 80))), i % 4,
                         32 << (i / 4 % 2), i & 8);
    }
    g_rand_free(r);
}

static void modulo_conversion(void)
{
    static const struct {
        double v;
        int64_t want;
        uint8_t flags;
    } rows[] = {
        { 0, 0, 0 }, { 1.75, 1, FP_NX }, { -1.75, -1, FP_NX }, { 2147483648.0, INT32_MIN, FP_NV },
        { 4294967297.0, 1, FP_NV }, { -4294967297.5, -1, FP_NV }, { -2147483648.5, INT32_MIN, FP_NX },
        { 0x1.0000001p59, INT32_MIN, FP_NV }, { 0x1.8p83, 0, FP_NV }, { 0x1.0000000000001p83, INT32_MIN, FP_NV },
        { INFINITY, 0, FP_NV }, { NAN, 0, FP_NV }, { 0x1p1000, 0, FP_NV },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fp_ctx ctx = { .rounding = FP_RUP };

        g_assert_cmpint(fp_to_int_modulo(&fp_f64, from_double(rows[i].v), 32, &ctx), ==, rows[i].want);
        g_assert_cmphex(ctx.flags, ==, rows[i].flags);
    }
}

static void comparison_matches_host(void)
{
    for (unsigned i = 0; i < CORNERS * CORNERS; i++) {
        uint64_t a = operand_corner(&fp_f64, i % CORNERS), b = operand_corner(&fp_f64, i / CORNERS);
        volatile double x = as_double(a), y = as_double(b);
        struct fp_ctx quiet = { 0 }, loud = { 0 };
        enum fp_relation want;

        feclearexcept(FE_ALL_EXCEPT);
        want = x == y ? FP_EQUAL : isunordered(x, y) ? FP_UNORDERED : x < y ? FP_LESS : FP_GREATER;
        g_assert_cmpint(fp_compare_quiet(&fp_f64, a, b, &quiet), ==, want);
        g_assert_cmphex(quiet.flags, ==, host_flags());
        g_assert_cmpint(fp_compare_signaling(&fp_f64, a, b, &loud), ==, want);
        g_assert_cmphex(loud.flags, ==, want == FP_UNORDERED ? FP_NV : 0);
    }
}

static void minimum_and_maximum(void)
{
    const uint64_t snan = 0x7f800001, qnan = 0x7fc00123, nan = 0x7fc00000, one = 0x3f800000, two = 0x40000000;
    const struct {
        uint64_t a, b, min_number, max_number, minimum, maximum;
        uint8_t flags;
    } rows[] = {
        { one, two, one, two, one, two, 0 },
        { 0, 0x80000000, 0x80000000, 0, 0x80000000, 0, 0 },
        { 0x80000000, 0x80000001, 0x80000001, 0x80000000, 0x80000001, 0x80000000, 0 },
        { one, qnan, one, one, nan, nan, 0 },
        { snan, one, one, one, nan, nan, FP_NV },
        { qnan, snan, nan, nan, nan, nan, FP_NV },
        { 0xff800000, qnan, 0xff800000, 0xff800000, nan, nan, 0 },
        { 0xff800000, 0x7f7fffff, 0xff800000, 0x7f7fffff, 0xff800000, 0x7f7fffff, 0 },
    };

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        uint64_t a = i & 1 ? rows[i / 2].b : rows[i / 2].a, b = i & 1 ? rows[i / 2].a : rows[i / 2].b;
        struct fp_ctx ctx[4] = { { 0 } };

        g_assert_cmphex(fp_min_number(&fp_f32, a, b, &ctx[0]), ==, rows[i / 2].min_number);
        g_assert_cmphex(fp_max_number(&fp_f32, a, b, &ctx[1]), ==, rows[i / 2].max_number);
        g_assert_cmphex(fp_minimum(&fp_f32, a, b, &ctx[2]), ==, rows[i / 2].minimum);
        g_assert_cmphex(fp_maximum(&fp_f32, a, b, &ctx[3]), ==, rows[i / 2].maximum);
        for (unsigned k = 0; k < 4; k++) {
            g_assert_cmphex(ctx[k].flags, ==, rows[i / 2].flags);
        }
    }
}

static void classification(void)
{
    static const uint16_t want[CORNERS / 2] = {
        FP_CLASS_POS_ZERO, FP_CLASS_POS_SUBNORMAL, FP_CLASS_POS_SUBNORMAL, FP_CLASS_POS_SUBNORMAL,
        FP_CLASS_POS_SUBNORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL,
        FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL,
        FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_NORMAL, FP_CLASS_POS_INF, FP_CLASS_QNAN, FP_CLASS_SNAN,
    };
    static const struct fp_format *const formats[] = { &fp_f16, &fp_bf16, &fp_f32, &fp_f64 };

    for (unsigned i = 0; i < 4 * CORNERS; i++) {
        const struct fp_format *f = formats[i / CORNERS];
        unsigned n = i % CORNERS, positive = want[n % (CORNERS / 2)];
        /* The classes of numbers are mirrored: bit b of a positive one is bit 7 - b of its negative. */
        unsigned negative = positive >= FP_CLASS_SNAN ? positive : 1u << (7 - __builtin_ctz(positive));

        g_assert_cmphex(fp_classify(f, operand_corner(f, n)), ==, n < CORNERS / 2 ? positive : negative);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned op = 0; op < OPS; op++) {
        for (unsigned wide = 0; wide < 2; wide++) {
            g_autofree char *path = g_strdup_printf("/fpu/%s_f%u_matches_host", op_names[op], wide ? 64 : 32);

            g_test_add_data_func(path, GUINT_TO_POINTER(op * 2 + wide), arithmetic_matches_host);
        }
    }
    g_test_add_func("/fpu/conversion_matches_host", conversion_matches_host);
    g_test_add_func("/fpu/from_integer_matches_host", from_integer_matches_host);
    g_test_add_func("/fpu/to_integer_saturates", to_integer_saturates);
    g_test_add_func("/fpu/modulo_conversion", modulo_conversion);
    g_test_add_func("/fpu/comparison_matches_host", comparison_matches_host);
    g_test_add_func("/fpu/minimum_and_maximum", minimum_and_maximum);
    g_test_add_func("/fpu/classification", classification);
    return g_test_run();
}
