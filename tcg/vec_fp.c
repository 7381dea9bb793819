/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating-point vector operations by soft float, with SSE's NaNs, flushing and unrepresentable integers. */
#include "tcg/mxcsr.h"
#include "tcg/vec_eval.h"

/* One operation's context, and lanes of 32 or 64 bits. */
struct fpv {
    struct fp_ctx ctx;
    const struct fp_format *f;
    bool wide;
};

static uint64_t lane(const struct fpv *v, const union vec *a, unsigned i)
{
    return v->wide ? a->d[i] : a->w[i];
}

static void set_lane(const struct fpv *v, union vec *a, unsigned i, uint64_t bits)
{
    if (v->wide) {
        a->d[i] = bits;
    } else {
        a->w[i] = bits;
    }
}

/* ---- operations on one lane ---- */

enum arith { ADD, SUB, MUL, DIV, MIN_, MAX_, SQRT };

/* MINPS and MAXPS: the second operand unless the first is smaller (larger), for NaNs and equal zeros too */
static uint64_t min_max(struct fpv *v, bool max, uint64_t a, uint64_t b)
{
    enum fp_relation r = fp_compare_signaling(v->f, a, b, &v->ctx);
    uint64_t chosen = r == (max ? FP_GREATER : FP_LESS) ? a : b;
    bool tiny = fp_classify(v->f, chosen) & (FP_CLASS_POS_SUBNORMAL | FP_CLASS_NEG_SUBNORMAL);

    return tiny && v->ctx.daz ? chosen & (v->wide ? 1ull << 63 : 1ull << 31) : chosen;
}

static uint64_t arith(struct fpv *v, enum arith op, uint64_t a, uint64_t b)
{
    switch (op) {
    case ADD: return fp_add(v->f, a, b, &v->ctx);
    case SUB: return fp_sub(v->f, a, b, &v->ctx);
    case MUL: return fp_mul(v->f, a, b, &v->ctx);
    case DIV: return fp_div(v->f, a, b, &v->ctx);
    case SQRT: return fp_sqrt(v->f, b, &v->ctx);
    default: return min_max(v, op == MAX_, a, b);
    }
}

/* CMPPS's predicates (SDM volume 2, table of comparison predicates): for which relations each is true */
static uint64_t compare(struct fpv *v, unsigned predicate, uint64_t a, uint64_t b)
{
    enum { LT = 1 << FP_LESS, EQ = 1 << FP_EQUAL, GT = 1 << FP_GREATER, UN = 1 << FP_UNORDERED };
    static const uint8_t holds[16] = {
        EQ, LT, LT | EQ, UN, LT | GT | UN, EQ | GT | UN, GT | UN, LT | EQ | GT,
        EQ | UN, LT | UN, LT | EQ | UN, 0, LT | GT, GT | EQ, GT, LT | EQ | GT | UN,
    };
    bool signalling = (0x6666 >> (predicate & 15) & 1) ^ (predicate >> 4 & 1);
    enum fp_relation r = (signalling ? fp_compare_signaling : fp_compare_quiet)(v->f, a, b, &v->ctx);

    return holds[predicate & 15] >> r & 1 ? UINT64_MAX : 0;
}

static uint64_t round_lane(struct fpv *v, unsigned imm, uint64_t a)
{
    uint8_t keep = v->ctx.rounding;

    if (!(imm & 4)) {
        v->ctx.rounding = mxcsr_rounding(imm);
    }
    a = fp_round_to_integral(v->f, a, !(imm & 8), &v->ctx);
    v->ctx.rounding = keep;
    return a;
}

/* ---- whole vectors ---- */

struct shape {
    bool wide, scalar;
};

/* The order ps, pd, ss, sd of the rows */
static struct shape shape_of(unsigned offset)
{
    return (struct shape){ .wide = offset & 1, .scalar = offset & 2 };
}

static unsigned lanes(struct shape s)
{
    return s.scalar ? 1 : s.wide ? 2 : 4;
}

static union vec each(struct fpv *v, struct shape s, enum arith op, union vec a, union vec b)
{
    union vec r = a;

    for (unsigned i = 0; i < lanes(s); i++) {
        set_lane(v, &r, i, arith(v, op, lane(v, &a, i), lane(v, &b, i)));
    }
    return r;
}

static union vec compare_all(struct fpv *v, struct shape s, unsigned predicate, union vec a, union vec b)
{
    union vec r = a;

    for (unsigned i = 0; i < lanes(s); i++) {
        set_lane(v, &r, i, compare(v, predicate, lane(v, &a, i), lane(v, &b, i)));
    }
    return r;
}

static union vec round_all(struct fpv *v, struct shape s, unsigned imm, union vec a, union vec b)
{
    for (unsigned i = 0; i < lanes(s); i++) {
        set_lane(v, &a, i, round_lane(v, imm, lane(v, &b, i)));
    }
    return a;
}

static union vec fma_all(struct fpv *v, struct shape s, unsigned even, unsigned odd, union vec a, union vec b, union vec c)
{
    union vec r = c;

    for (unsigned i = 0; i < lanes(s); i++) {
        set_lane(v, &r, i, fp_fma(v->f, lane(v, &a, i), lane(v, &b, i), lane(v, &c, i), i & 1 ? odd : even, &v->ctx));
    }
    return r;
}

static union vec horizontal(struct fpv *v, enum arith op, union vec a, union vec b)
{
    unsigned n = v->wide ? 2 : 4;
    union vec r;

    for (unsigned i = 0; i < n; i++) {
        const union vec *from = i < n / 2 ? &a : &b;
        unsigned k = 2 * i % n;

        set_lane(v, &r, i, arith(v, op, lane(v, from, k), lane(v, from, k + 1)));
    }
    return r;
}

static union vec add_sub(struct fpv *v, union vec a, union vec b)
{
    union vec r;

    for (unsigned i = 0; i < (v->wide ? 2 : 4); i++) {
        set_lane(v, &r, i, arith(v, i & 1 ? ADD : SUB, lane(v, &a, i), lane(v, &b, i)));
    }
    return r;
}

/* DPPS, DPPD: products, then sums of pairs, then the sum of the sums */
static union vec dot(struct fpv *v, unsigned imm, union vec a, union vec b)
{
    unsigned n = v->wide ? 2 : 4;
    uint64_t t[4] = { 0 };
    union vec r;

    for (unsigned i = 0; i < n; i++) {
        t[i] = imm >> (4 + i) & 1 ? arith(v, MUL, lane(v, &a, i), lane(v, &b, i)) : 0;
    }
    t[0] = arith(v, ADD, t[0], t[1]);
    if (n == 4) {
        t[2] = arith(v, ADD, t[2], t[3]);
        t[0] = arith(v, ADD, t[0], t[2]);
    }
    for (unsigned i = 0; i < n; i++) {
        set_lane(v, &r, i, imm >> i & 1 ? t[0] : 0);
    }
    return r;
}

/* ---- conversions ---- */

static union vec to_ints(struct fpv *v, bool truncate, union vec a)
{
    union vec r = { .d = { 0 } };

    v->ctx.rounding = truncate ? FP_RTZ : v->ctx.rounding;
    for (unsigned i = 0; i < (v->wide ? 2 : 4); i++) {
        r.w[i] = fp_to_int(v->f, lane(v, &a, i), 32, &v->ctx);
    }
    return r;
}

static union vec convert(struct fpv *v, enum ir_vop vop, union vec a, union vec b)
{
    union vec r = { .d = { 0 } };

    switch (vop) {
    case IR_V_cvt_s_ps: case IR_V_cvt_s_pd:
        for (unsigned i = 0; i < (v->wide ? 2 : 4); i++) {
            set_lane(v, &r, i, fp_from_int64(v->f, a.sw[i], &v->ctx));
        }
        break;
    case IR_V_cvt_ps_s: case IR_V_cvt_pd_s: return to_ints(v, false, a);
    case IR_V_cvtt_ps_s: case IR_V_cvtt_pd_s: return to_ints(v, true, a);
    case IR_V_cvt_ps_pd:
        for (unsigned i = 0; i < 2; i++) {
            r.d[i] = fp_convert(&fp_f32, &fp_f64, a.w[i], &v->ctx);
        }
        break;
    case IR_V_cvt_pd_ps:
        for (unsigned i = 0; i < 2; i++) {
            r.w[i] = fp_convert(&fp_f64, &fp_f32, a.d[i], &v->ctx);
        }
        break;
    case IR_V_cvt_ss_sd:
        r = a;
        r.d[0] = fp_convert(&fp_f32, &fp_f64, b.w[0], &v->ctx);
        break;
    case IR_V_cvt_sd_ss:
        r = a;
        r.w[0] = fp_convert(&fp_f64, &fp_f32, b.d[0], &v->ctx);
        break;
    default: g_assert_not_reached();
    }
    return r;
}

/* ---- dispatch ---- */

static struct fpv begin(uint32_t mxcsr)
{
    return (struct fpv){ .ctx = {
        .rounding = mxcsr_rounding(mxcsr >> MXCSR_RC_SHIFT), .nan_rule = FP_NAN_FIRST, .int_rule = FP_INT_INDEFINITE,
        .default_nan_negative = true, .daz = mxcsr & MXCSR_DAZ, .ftz = mxcsr & MXCSR_FTZ, .ftz_flags = FP_UF | FP_NX,
    } };
}

/* The rows of one name in a group of consecutive ones. */
#define GROUP4(name) IR_V_##name##ps: case IR_V_##name##pd: case IR_V_##name##ss: case IR_V_##name##sd
#define GROUP2(name) IR_V_##name##ps: case IR_V_##name##pd
#define OFFSET(name) (vop - IR_V_##name##ps)

static struct shape use_shape(struct fpv *v, struct shape s)
{
    v->wide = s.wide;
    v->f = s.wide ? &fp_f64 : &fp_f32;
    return s;
}

static union vec groups(struct fpv *v, enum ir_vop vop, unsigned imm, union vec a, union vec b, union vec c)
{
#define SHAPE(name) use_shape(v, shape_of(OFFSET(name)))
    switch (vop) {
    case GROUP4(add): return each(v, SHAPE(add), ADD, a, b);
    case GROUP4(sub): return each(v, SHAPE(sub), SUB, a, b);
    case GROUP4(mul): return each(v, SHAPE(mul), MUL, a, b);
    case GROUP4(div): return each(v, SHAPE(div), DIV, a, b);
    case GROUP4(min): return each(v, SHAPE(min), MIN_, a, b);
    case GROUP4(max): return each(v, SHAPE(max), MAX_, a, b);
    case GROUP4(cmp): return compare_all(v, SHAPE(cmp), imm, a, b);
    case GROUP2(sqrt): return each(v, SHAPE(sqrt), SQRT, a, a);
    case IR_V_sqrtss: case IR_V_sqrtsd: return each(v, SHAPE(sqrt), SQRT, a, b);
    case GROUP2(round): return round_all(v, SHAPE(round), imm, a, a);
    case IR_V_roundss: case IR_V_roundsd: return round_all(v, SHAPE(round), imm, a, b);
    case GROUP4(fmadd): return fma_all(v, SHAPE(fmadd), 0, 0, a, b, c);
    case GROUP4(fmsub): return fma_all(v, SHAPE(fmsub), FP_NEG_ADDEND, FP_NEG_ADDEND, a, b, c);
    case GROUP4(fnmadd): return fma_all(v, SHAPE(fnmadd), FP_NEG_PRODUCT, FP_NEG_PRODUCT, a, b, c);
    case GROUP4(fnmsub):
        return fma_all(v, SHAPE(fnmsub), FP_NEG_PRODUCT | FP_NEG_ADDEND, FP_NEG_PRODUCT | FP_NEG_ADDEND, a, b, c);
    case GROUP2(fmaddsub): return fma_all(v, SHAPE(fmaddsub), FP_NEG_ADDEND, 0, a, b, c);
    case GROUP2(fmsubadd): return fma_all(v, SHAPE(fmsubadd), 0, FP_NEG_ADDEND, a, b, c);
    case GROUP2(hadd): SHAPE(hadd); return horizontal(v, ADD, a, b);
    case GROUP2(hsub): SHAPE(hsub); return horizontal(v, SUB, a, b);
    case GROUP2(addsub): SHAPE(addsub); return add_sub(v, a, b);
    case GROUP2(dp): SHAPE(dp); return dot(v, imm, a, b);
    case IR_V_cvt_s_pd: case IR_V_cvt_pd_s: case IR_V_cvtt_pd_s:
        use_shape(v, shape_of(1));
        return convert(v, vop, a, b);
    default:
        use_shape(v, shape_of(0));
        return convert(v, vop, a, b);
    }
}

union vec vec_eval_fp(enum ir_vop vop, unsigned imm, union vec a, union vec b, union vec c, uint32_t *mxcsr)
{
    struct fpv v = begin(*mxcsr);
    union vec r = groups(&v, vop, imm, a, b, c);

    *mxcsr |= mxcsr_from_fp(v.ctx.flags);
    return r;
}
