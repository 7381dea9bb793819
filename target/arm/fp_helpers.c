/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point by soft float: what the host's FPU can't do, and the parts that nobody does often. */
#include <string.h>

#include "target/arm/fp.h"

static const struct fp_format *format(unsigned fmt)
{
    return fmt == FP_D ? &fp_f64 : fmt == FP_S ? &fp_f32 : &fp_f16;
}

static struct fp_ctx context(const struct arm_cpu *cpu, unsigned fmt)
{
    static const uint8_t rounding[4] = { FP_RNE, FP_RUP, FP_RDN, FP_RTZ };
    bool flush = cpu->fp_control & (fmt == FP_H ? FPCR_FZ16 : FPCR_FZ);

    return (struct fp_ctx){
        .rounding = rounding[cpu->fp_control >> FPCR_RMODE_SHIFT & 3],
        .nan_rule = cpu->fp_control & FPCR_DN ? FP_NAN_DEFAULT : FP_NAN_SIGNALING_FIRST,
        .int_rule = FP_INT_SATURATE_NAN_ZERO, .tininess_before = true, .daz = flush, .ftz = flush, .ftz_flags = FP_UF,
    };
}

static void raise_flags(struct arm_cpu *cpu, unsigned flags, bool half)
{
    cpu->fp_status |= (flags & FP_NV ? FPSR_IOC : 0) | (flags & FP_DZ ? FPSR_DZC : 0) | (flags & FP_OF ? FPSR_OFC : 0) |
                      (flags & FP_UF ? FPSR_UFC : 0) | (flags & FP_NX ? FPSR_IXC : 0) |
                      (flags & FP_ID && !half ? FPSR_IDC : 0);
}

/* ---- facts about bits ---- */

static uint64_t sign_of(unsigned fmt)
{
    return 1ull << ((8u << fmt) - 1);
}

static uint64_t ones(unsigned fmt)
{
    return fmt == FP_D ? UINT64_MAX : (1ull << (8u << fmt)) - 1;
}

static bool is_nan(unsigned fmt, uint64_t v)
{
    return fp_classify(format(fmt), v) & (FP_CLASS_SNAN | FP_CLASS_QNAN);
}

static bool is_snan(unsigned fmt, uint64_t v)
{
    return fp_classify(format(fmt), v) & FP_CLASS_SNAN;
}

static bool is_inf(unsigned fmt, uint64_t v)
{
    return fp_classify(format(fmt), v) & (FP_CLASS_NEG_INF | FP_CLASS_POS_INF);
}

static bool is_zero(unsigned fmt, uint64_t v, bool daz)
{
    unsigned c = fp_classify(format(fmt), v);

    return c & (FP_CLASS_NEG_ZERO | FP_CLASS_POS_ZERO | (daz ? FP_CLASS_NEG_SUBNORMAL | FP_CLASS_POS_SUBNORMAL : 0));
}

static uint64_t power_of_two(unsigned fmt, int e)
{
    const struct fp_format *f = format(fmt);

    return (uint64_t)(e + (1 << (f->exp_bits - 1)) - 1) << f->frac_bits;
}

/* The NaN that an operation with one NaN operand delivers: by way of an addition. */
static uint64_t process_nan(unsigned fmt, uint64_t v, struct fp_ctx *x)
{
    return fp_add(format(fmt), v, v, x);
}

/* ---- comparisons ---- */

static bool compare(unsigned op, unsigned fmt, uint64_t a, uint64_t b, struct fp_ctx *x)
{
    const struct fp_format *f = format(fmt);
    enum fp_relation r;

    if (op == FOP_ACGE || op == FOP_ACGT) {
        a &= ~sign_of(fmt);
        b &= ~sign_of(fmt);
    }
    r = op == FOP_CMEQ ? fp_compare_quiet(f, a, b, x) : fp_compare_signaling(f, a, b, x);
    switch (op) {
    case FOP_CMEQ:
        return r == FP_EQUAL;
    case FOP_CMGE: case FOP_ACGE:
        return r == FP_GREATER || r == FP_EQUAL;
    case FOP_CMGT: case FOP_ACGT:
        return r == FP_GREATER;
    case FOP_CMLE:
        return r == FP_LESS || r == FP_EQUAL;
    default:
        return r == FP_LESS;
    }
}

static uint64_t nzcv(unsigned fmt, uint64_t a, uint64_t b, bool signalling, struct fp_ctx *x)
{
    static const uint8_t flags[] = { [FP_LESS] = 8, [FP_EQUAL] = 6, [FP_GREATER] = 2, [FP_UNORDERED] = 3 };
    const struct fp_format *f = format(fmt);

    return (uint64_t)flags[signalling ? fp_compare_signaling(f, a, b, x) : fp_compare_quiet(f, a, b, x)] << 28;
}

/* FMAXNM: a quiet NaN loses against a number, a signalling one does not. */
static uint64_t max_min(unsigned op, unsigned fmt, uint64_t a, uint64_t b, struct fp_ctx *x)
{
    const struct fp_format *f = format(fmt);
    bool max = op == FOP_MAX || op == FOP_MAXNM;

    if ((op == FOP_MAXNM || op == FOP_MINNM) && !is_snan(fmt, a) && !is_snan(fmt, b) &&
        !(is_nan(fmt, a) && is_nan(fmt, b))) {
        return max ? fp_max_number(f, a, b, x) : fp_min_number(f, a, b, x);
    }
    return max ? fp_maximum(f, a, b, x) : fp_minimum(f, a, b, x);
}

/* ---- reciprocal steps and estimates (DDI 0487, "FPRecipEstimate", "FPRSqrtEstimate") ---- */

static uint64_t mulx(unsigned fmt, uint64_t a, uint64_t b, struct fp_ctx *x)
{
    if ((is_inf(fmt, a) && is_zero(fmt, b, x->daz)) || (is_inf(fmt, b) && is_zero(fmt, a, x->daz))) {
        return power_of_two(fmt, 1) | ((a ^ b) & sign_of(fmt));
    }
    return fp_mul(format(fmt), a, b, x);
}

static uint64_t recps(unsigned fmt, uint64_t a, uint64_t b, struct fp_ctx *x)
{
    const struct fp_format *f = format(fmt);

    a ^= sign_of(fmt);
    if ((is_inf(fmt, a) && is_zero(fmt, b, x->daz)) || (is_inf(fmt, b) && is_zero(fmt, a, x->daz))) {
        return power_of_two(fmt, 1);
    }
    if (is_nan(fmt, a) || is_nan(fmt, b)) {
        return fp_add(f, a, b, x);
    }
    return fp_fma(f, a, b, power_of_two(fmt, 1), 0, x);
}

static uint64_t rsqrts(unsigned fmt, uint64_t a, uint64_t b, struct fp_ctx *x)
{
    const struct fp_format *f = format(fmt);
    struct fp_ctx half = { .rounding = x->rounding, .daz = x->daz };
    uint64_t three = power_of_two(fmt, 0) | 1ull << (f->frac_bits - 1);     /* halves of three */

    a ^= sign_of(fmt);
    if ((is_inf(fmt, a) && is_zero(fmt, b, x->daz)) || (is_inf(fmt, b) && is_zero(fmt, a, x->daz))) {
        return power_of_two(fmt, 0) | 1ull << (f->frac_bits - 1);
    }
    if (is_nan(fmt, a) || is_nan(fmt, b)) {
        return fp_add(f, a, b, x);
    }
    /* (3 + a * b) / 2 in one rounding: half of the larger factor is exact. */
    if ((a & ~sign_of(fmt)) < (b & ~sign_of(fmt))) {
        uint64_t swap = a;

        a = b;
        b = swap;
    }
    a = fp_mul(f, a, power_of_two(fmt, -1), &half);
    x->flags |= half.flags & FP_ID;
    return fp_fma(f, a, b, three, 0, x);
}

unsigned arm_recip_estimate(unsigned a)
{
    return ((1u << 19) / (a * 2 + 1) + 1) / 2;
}

unsigned arm_rsqrt_estimate(unsigned a)
{
    unsigned b = 512;

    a = a < 256 ? a * 2 + 1 : (a & ~1u) * 2 + 2;
    while ((uint64_t)a * (b + 1) * (b + 1) < 1u << 28) {
        b++;
    }
    return (b + 1) / 2;
}

/* A number's fraction with 52 bits below the leading one, and its exponent field (0 and below for subnormals). */
static uint64_t fraction(unsigned fmt, uint64_t v, int *exp, bool *subnormal)
{
    const struct fp_format *f = format(fmt);
    uint64_t frac = (v & ((1ull << f->frac_bits) - 1)) << (52 - f->frac_bits);

    *exp = v >> f->frac_bits & ((1u << f->exp_bits) - 1);
    *subnormal = !*exp;
    if (!*exp) {
        while (!(frac >> 51 & 1)) {
            frac <<= 1;
            --*exp;
        }
        frac = frac << 1 & ((1ull << 52) - 1);
    }
    return frac;
}

static uint64_t recpe(unsigned fmt, uint64_t a, struct fp_ctx *x)
{
    const struct fp_format *f = format(fmt);
    int exp, bias = (1 << (f->exp_bits - 1)) - 1, result_exp;
    uint64_t sign = a & sign_of(fmt), frac, estimate;
    bool subnormal, to_infinity;

    if (is_nan(fmt, a)) {
        return process_nan(fmt, a, x);
    }
    if (is_inf(fmt, a)) {
        return sign;
    }
    if (is_zero(fmt, a, x->daz)) {
        x->flags |= is_zero(fmt, a, false) ? FP_DZ : FP_DZ | FP_ID;
        return sign | ((1ull << f->exp_bits) - 1) << f->frac_bits;
    }
    frac = fraction(fmt, a, &exp, &subnormal);
    if (exp < -1) {                     /* below 2^-(bias + 1): the result is too large */
        x->flags |= FP_OF | FP_NX;
        to_infinity = x->rounding == FP_RNE || (x->rounding == FP_RUP && !sign) || (x->rounding == FP_RDN && sign);
        return sign | ((((1ull << f->exp_bits) - 1) << f->frac_bits) - !to_infinity);
    }
    if (x->ftz && exp >= 2 * bias - 1) {
        x->flags |= FP_UF;
        return sign;
    }
    result_exp = 2 * bias - 1 - exp;
    estimate = (uint64_t)(arm_recip_estimate(256 | frac >> 44) & 255) << 44;
    if (result_exp == 0) {
        estimate = estimate >> 1 | 1ull << 51;
    } else if (result_exp == -1) {
        estimate = estimate >> 2 | 1ull << 50;
        result_exp = 0;
    }
    return sign | (uint64_t)result_exp << f->frac_bits | estimate >> (52 - f->frac_bits);
}

static uint64_t rsqrte(unsigned fmt, uint64_t a, struct fp_ctx *x)
{
    const struct fp_format *f = format(fmt);
    int exp, bias = (1 << (f->exp_bits - 1)) - 1;
    uint64_t sign = a & sign_of(fmt), frac, scaled;
    bool subnormal;

    if (is_nan(fmt, a)) {
        return process_nan(fmt, a, x);
    }
    if (is_zero(fmt, a, x->daz)) {
        x->flags |= is_zero(fmt, a, false) ? FP_DZ : FP_DZ | FP_ID;
        return sign | ((1ull << f->exp_bits) - 1) << f->frac_bits;
    }
    if (sign) {
        x->flags |= FP_NV;
        return fp_default_nan(f, x);
    }
    if (is_inf(fmt, a)) {
        return 0;
    }
    frac = fraction(fmt, a, &exp, &subnormal);
    scaled = exp & 1 ? 128 | frac >> 45 : 256 | frac >> 44;
    return (uint64_t)((3 * bias - 1 - exp) >> 1) << f->frac_bits |
           ((uint64_t)(arm_rsqrt_estimate(scaled) & 255) << 44) >> (52 - f->frac_bits);
}

static uint64_t recpx(unsigned fmt, uint64_t a, struct fp_ctx *x)
{
    const struct fp_format *f = format(fmt);
    uint64_t mask = ((1ull << f->exp_bits) - 1) << f->frac_bits, exp = a & mask;

    if (is_nan(fmt, a)) {
        return process_nan(fmt, a, x);
    }
    if (is_zero(fmt, a, x->daz) && !is_zero(fmt, a, false)) {
        x->flags |= FP_ID;
    }
    return (a & sign_of(fmt)) | (!exp ? mask - (1ull << f->frac_bits) : ~exp & mask);
}

/* ---- rounding and conversion ---- */

static uint64_t round_integral(unsigned op, unsigned fmt, uint64_t a, struct fp_ctx *x)
{
    static const uint8_t mode[] = { FP_RNE, FP_RUP, FP_RDN, FP_RTZ, FP_RMM };

    if (op <= FOP_RINTA) {
        x->rounding = mode[op - FOP_RINTN];
    }
    return fp_round_to_integral(format(fmt), a, op == FOP_RINTX, x);
}

/* FRINT32Z and the like: what does not fit becomes the most negative integer. */
static uint64_t round_to_width(unsigned op, unsigned fmt, uint64_t a, struct fp_ctx *x)
{
    unsigned width = op == FOP_RINT32Z || op == FOP_RINT32X ? 32 : 64;
    struct fp_ctx y = *x;
    uint64_t r;

    if (op == FOP_RINT32Z || op == FOP_RINT64Z) {
        y.rounding = x->rounding = FP_RTZ;
    }
    fp_to_int(format(fmt), a, width, &y);
    if (y.flags & FP_NV) {
        x->flags |= FP_NV;
        return sign_of(fmt) | power_of_two(fmt, width - 1);
    }
    r = fp_round_to_integral(format(fmt), a, true, x);
    return r;
}

/* Scaling by 2^n is exact but for the largest and smallest numbers; those are far outside of any integer or below it. */
static uint64_t to_int(unsigned op, unsigned fmt, uint64_t a, unsigned width, unsigned fbits, struct fp_ctx *x)
{
    static const uint8_t mode[] = { FP_RNE, FP_RUP, FP_RDN, FP_RTZ, FP_RMM };
    bool is_signed = op < FOP_TO_UN;
    uint64_t mask = width == 64 ? UINT64_MAX : (1ull << width) - 1;
    fp_bits wide = a;
    const struct fp_format *f = format(fmt);

    if (op != FOP_TO_SR && op != FOP_TO_UR) {
        x->rounding = mode[op - (is_signed ? FOP_TO_SN : FOP_TO_UN)];
    }
    if (fbits && !is_nan(fmt, a)) {
        /* In quadruple precision the scaled value is exact. */
        struct fp_ctx exact = { .daz = x->daz };
        fp_bits scale = (fp_bits)(16383 + fbits) << 112;

        wide = fp_mul(&fp_f128, fp_convert(f, &fp_f128, a, &exact), scale, &exact);
        x->flags |= exact.flags & FP_ID;
        f = &fp_f128;
    }
    return (is_signed ? (uint64_t)fp_to_int(f, wide, width, x) : fp_to_uint(f, wide, width, x)) & mask;
}

static uint64_t from_int(unsigned op, unsigned fmt, uint64_t a, unsigned fbits, struct fp_ctx *x)
{
    struct fp_ctx exact = { 0 };
    fp_bits wide;

    if (!fbits) {
        return op == FOP_FROM_S ? fp_from_int64(format(fmt), a, x) : fp_from_uint64(format(fmt), a, x);
    }
    wide = op == FOP_FROM_S ? fp_from_int64(&fp_f128, a, &exact) : fp_from_uint64(&fp_f128, a, &exact);
    wide = fp_mul(&fp_f128, wide, (fp_bits)(16383 - fbits) << 112, &exact);
    return fp_convert(&fp_f128, format(fmt), wide, x);
}

/* Alternative half precision has no infinities and NaNs: exponent 31 is one more binade. */
static uint64_t from_ahp(unsigned fmt, uint64_t a, struct fp_ctx *x)
{
    uint64_t magnitude = a & 0x7fff, v;

    if (magnitude < 0x7c00) {
        return fp_convert(&fp_f16, format(fmt), a, x);
    }
    v = fp_convert(&fp_f16, format(fmt), (magnitude & 0x3ff) | 0x7800, x);      /* 2^15 * 1.frac, doubled */
    return (v + (1ull << format(fmt)->frac_bits)) | (a & 0x8000 ? sign_of(fmt) : 0);
}

static uint64_t to_ahp(unsigned fmt, uint64_t a, struct fp_ctx *x)
{
    uint64_t sign = a & sign_of(fmt) ? 0x8000 : 0, half = (1ull << format(fmt)->frac_bits), v;
    struct fp_ctx y = *x;

    if (is_nan(fmt, a) || is_inf(fmt, a)) {
        x->flags |= FP_NV;
        return is_nan(fmt, a) ? sign : sign | 0x7fff;
    }
    a &= ~sign_of(fmt);
    if (sign) {
        y.rounding = x->rounding == FP_RUP ? FP_RDN : x->rounding == FP_RDN ? FP_RUP : x->rounding;
    }
    if (a < power_of_two(fmt, 15)) {
        v = fp_convert(format(fmt), &fp_f16, a, &y);
    } else {
        v = fp_convert(format(fmt), &fp_f16, a - half, &y) + 0x400;     /* halved: one binade of room */
        if (v > 0x7fff || y.flags & FP_OF) {
            x->flags |= FP_NV;
            return sign | 0x7fff;
        }
    }
    x->flags |= y.flags;
    return sign | v;
}

static uint64_t convert(struct arm_cpu *cpu, unsigned to, unsigned from, uint64_t a, struct fp_ctx *x)
{
    if (to == FP_H) {
        x->ftz = false;             /* FPRoundCV: as if FZ16 were 0 */
    } else if (from == FP_H) {
        x->daz = false;             /* FPUnpackCV: the same, and FZ is not of half precision */
    }
    if (cpu->fp_control & FPCR_AHP) {
        if (from == FP_H) {
            return from_ahp(to, a, x);
        }
        if (to == FP_H) {
            return to_ahp(from, a, x);
        }
    }
    return fp_convert(format(from), format(to), a, x);
}

/* FCVTXN: truncated, and the last bit set if that was inexact. */
static uint64_t convert_odd(uint64_t a, struct fp_ctx *x)
{
    uint64_t r;

    x->rounding = FP_RTZ;
    r = fp_convert(&fp_f64, &fp_f32, a, x);
    return x->flags & FP_NX ? r | 1 : r;
}

static uint64_t javascript(uint64_t a, struct fp_ctx *x)
{
    uint32_t r;

    x->rounding = FP_RTZ;
    r = fp_to_int_modulo(&fp_f64, a, 32, x);
    return r | (uint64_t)(!(x->flags & (FP_NV | FP_NX | FP_ID)) && a != 1ull << 63) << 32;
}

/* ---- all ---- */

static uint64_t fused(unsigned op, unsigned fmt, uint64_t a, uint64_t b, uint64_t c, struct fp_ctx *x)
{
    if (op == FOP_MSUB || op == FOP_NMADD) {
        a ^= sign_of(fmt);
    }
    if (op == FOP_NMADD || op == FOP_NMSUB) {
        c ^= sign_of(fmt);
    }
    return fp_fma(format(fmt), a, b, c, 0, x);
}

static uint64_t one_op(struct arm_cpu *cpu, uint32_t desc, uint64_t a, uint64_t b, uint64_t c, struct fp_ctx *x)
{
    unsigned op = desc & 255, fmt = desc >> 8 & 3, width = desc >> 10 & 255, fbits = desc >> 18;
    const struct fp_format *f = format(fmt);

    switch (op) {
    case FOP_ADD:
        return fp_add(f, a, b, x);
    case FOP_SUB:
        return fp_sub(f, a, b, x);
    case FOP_MUL:
        return fp_mul(f, a, b, x);
    case FOP_NMUL:
        return fp_mul(f, a, b, x) ^ sign_of(fmt);
    case FOP_DIV:
        return fp_div(f, a, b, x);
    case FOP_SQRT:
        return fp_sqrt(f, a, x);
    case FOP_MADD: case FOP_MSUB: case FOP_NMADD: case FOP_NMSUB:
        return fused(op, fmt, a, b, c, x);
    case FOP_MAX: case FOP_MIN: case FOP_MAXNM: case FOP_MINNM:
        return max_min(op, fmt, a, b, x);
    case FOP_MULX:
        return mulx(fmt, a, b, x);
    case FOP_ABD:
        return fp_sub(f, a, b, x) & ~(fp_bits)sign_of(fmt);
    case FOP_CMEQ: case FOP_CMGE: case FOP_CMGT: case FOP_ACGE: case FOP_ACGT: case FOP_CMLE: case FOP_CMLT:
        return compare(op, fmt, a, b, x) ? ones(fmt) : 0;
    case FOP_RECPS:
        return recps(fmt, a, b, x);
    case FOP_RSQRTS:
        return rsqrts(fmt, a, b, x);
    case FOP_RECPE:
        return recpe(fmt, a, x);
    case FOP_RSQRTE:
        return rsqrte(fmt, a, x);
    case FOP_RECPX:
        return recpx(fmt, a, x);
    case FOP_RINT32Z: case FOP_RINT32X: case FOP_RINT64Z: case FOP_RINT64X:
        return round_to_width(op, fmt, a, x);
    case FOP_FROM_S: case FOP_FROM_U:
        return from_int(op, fmt, a, fbits, x);
    case FOP_CVT:
        return convert(cpu, fmt, width, a, x);
    case FOP_CVTX:
        return convert_odd(a, x);
    case FOP_CVTBF:
        return fp_convert(f, &fp_bf16, a, x);
    case FOP_NZCV:
        return nzcv(fmt, a, b, width, x);
    case FOP_JCVT:
        return javascript(a, x);
    default:
        return op >= FOP_TO_SN ? to_int(op, fmt, a, width, fbits, x) : round_integral(op, fmt, a, x);
    }
}

uint64_t arm_fp_op(struct arm_cpu *cpu, uint32_t desc, uint64_t a, uint64_t b, uint64_t c)
{
    unsigned op = desc & 255, fmt = desc >> 8 & 3;
    struct fp_ctx x = context(cpu, op == FOP_CVT ? desc >> 10 & 3 : fmt);
    uint64_t r;

    if (op == FOP_CVT && (desc >> 10 & 3) != FP_H) {
        x.daz = x.ftz = (cpu->fp_control & FPCR_FZ) != 0;
    } else if (op == FOP_CVT) {
        x.ftz = (cpu->fp_control & FPCR_FZ) != 0;
    }
    r = one_op(cpu, desc, a & ones(op == FOP_FROM_S || op == FOP_FROM_U || op == FOP_CVT ? FP_D : fmt), b, c, &x);
    raise_flags(cpu, x.flags, fmt == FP_H && op != FOP_CVT);
    return r;
}

uint64_t arm_helper_fp(struct arm_cpu *cpu, uint32_t desc, uint64_t a, uint64_t b, uint64_t c)
{
    return arm_fp_op(cpu, desc, a, b, c);
}

/* ---- the NaN rule behind the host's operations: DN = 0 ---- */

static uint64_t quiet_of(unsigned fmt)
{
    return fmt == FP_D ? 1ull << 51 : 1u << 22;
}

static uint64_t default_nan(unsigned fmt)
{
    return fmt == FP_D ? 0x7ff8ull << 48 : 0x7fc00000;
}

/* DDI 0487, "FPProcessNaNs": the first signalling one, else the first quiet one. */
static uint64_t pick_nan(unsigned fmt, const uint64_t *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (is_snan(fmt, v[i])) {
            return v[i] | quiet_of(fmt);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (is_nan(fmt, v[i])) {
            return v[i];
        }
    }
    return default_nan(fmt);
}

double arm_helper_nan64(double b, double c)
{
    uint64_t v[2], r;
    double d;

    memcpy(&v[0], &b, 8);
    memcpy(&v[1], &c, 8);
    r = pick_nan(FP_D, v, 2);
    memcpy(&d, &r, 8);
    return d;
}

float arm_helper_nan32(float b, float c)
{
    uint64_t v[2] = { 0, 0 };
    uint32_t r;
    float d;

    memcpy(&v[0], &b, 4);
    memcpy(&v[1], &c, 4);
    r = pick_nan(FP_S, v, 2);
    memcpy(&d, &r, 4);
    return d;
}

/* An element of a fused operation that is known to give a NaN. */
static uint64_t nan_of_fused(unsigned op, unsigned fmt, uint64_t a, uint64_t b, uint64_t c)
{
    if (op == FOP_MSUB || op == FOP_NMADD) {
        a ^= sign_of(fmt);
    }
    if (op == FOP_NMADD || op == FOP_NMSUB) {
        c ^= sign_of(fmt);
    }
    if (!is_snan(fmt, c) && is_nan(fmt, c) && ((is_inf(fmt, a) && is_zero(fmt, b, false)) ||
                                               (is_inf(fmt, b) && is_zero(fmt, a, false)))) {
        return default_nan(fmt);
    }
    return pick_nan(fmt, (const uint64_t[]){ c, a, b }, 3);
}

static arm_vec fused_scalar(unsigned op, unsigned fmt, arm_vec ab, arm_vec c)
{
    uint64_t a = fmt == FP_D ? ab[0] : (uint32_t)ab[0], b = fmt == FP_D ? ab[1] : ab[0] >> 32;

    return (arm_vec){ nan_of_fused(op, fmt, a, b, fmt == FP_D ? c[0] : (uint32_t)c[0]), 0 };
}

#define FUSED(name, op) \
    arm_vec arm_helper_nan64_##name(arm_vec b, arm_vec c) { return fused_scalar(op, FP_D, b, c); } \
    arm_vec arm_helper_nan32_##name(arm_vec b, arm_vec c) { return fused_scalar(op, FP_S, b, c); }
FUSED(fmadd, FOP_MADD)
FUSED(fmsub, FOP_MSUB)
FUSED(fnmadd, FOP_NMADD)
FUSED(fnmsub, FOP_NMSUB)

/* ---- whole vectors with a NaN in them ---- */

static arm_vec fix_vector(struct arm_cpu *cpu, unsigned op, unsigned fmt, arm_vec b, arm_vec c)
{
    uint32_t status = cpu->fp_status, desc = arm_fp_desc(op, fmt, 0, 0);
    arm_vec r;

    for (unsigned i = 0; i < 2; i++) {
        if (fmt == FP_D) {
            r[i] = arm_fp_op(cpu, desc, b[i], c[i], 0);
        } else {
            r[i] = arm_fp_op(cpu, desc, (uint32_t)b[i], (uint32_t)c[i], 0) |
                   arm_fp_op(cpu, desc, b[i] >> 32, c[i] >> 32, 0) << 32;
        }
    }
    cpu->fp_status = status;
    return r;
}

#define FIX(name, op) \
    arm_vec arm_helper_fix_##name##32(struct arm_cpu *cpu, arm_vec b, arm_vec c) { return fix_vector(cpu, op, FP_S, b, c); } \
    arm_vec arm_helper_fix_##name##64(struct arm_cpu *cpu, arm_vec b, arm_vec c) { return fix_vector(cpu, op, FP_D, b, c); }
FIX(add, FOP_ADD)
FIX(sub, FOP_SUB)
FIX(mul, FOP_MUL)
FIX(div, FOP_DIV)
FIX(max, FOP_MAX)
FIX(min, FOP_MIN)
FIX(maxnm, FOP_MAXNM)
FIX(minnm, FOP_MINNM)
FIX(sqrt, FOP_SQRT)

/* Infinity times zero plus a quiet NaN is invalid on ARM, not on hosts: so the flags stay here. */
static arm_vec fix_fused(struct arm_cpu *cpu, unsigned op, unsigned fmt, arm_vec acc, arm_vec b, arm_vec c)
{
    uint32_t desc = arm_fp_desc(op, fmt, 0, 0);
    arm_vec r;

    for (unsigned i = 0; i < 2; i++) {
        if (fmt == FP_D) {
            r[i] = arm_fp_op(cpu, desc, b[i], c[i], acc[i]);
        } else {
            r[i] = arm_fp_op(cpu, desc, (uint32_t)b[i], (uint32_t)c[i], (uint32_t)acc[i]) |
                   arm_fp_op(cpu, desc, b[i] >> 32, c[i] >> 32, acc[i] >> 32) << 32;
        }
    }
    return r;
}

#define FIX_FUSED(name, op) \
    arm_vec arm_helper_fix_##name##32(struct arm_cpu *cpu, arm_vec acc, arm_vec b, arm_vec c) \
    { return fix_fused(cpu, op, FP_S, acc, b, c); } \
    arm_vec arm_helper_fix_##name##64(struct arm_cpu *cpu, arm_vec acc, arm_vec b, arm_vec c) \
    { return fix_fused(cpu, op, FP_D, acc, b, c); }
FIX_FUSED(fmla, FOP_MADD)
FIX_FUSED(fmls, FOP_MSUB)
