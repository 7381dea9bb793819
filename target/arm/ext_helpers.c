/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matrix multiplication, dot products, brain floating point, half-precision products and complex numbers: instructions
 * that work on several elements at a time, by register numbers (DDI 0487, chapter C7 and "Floating-point" of chapter J1).
 */
#include <string.h>

#include "target/arm/fp.h"
#include "target/arm/simd_ext.h"

union reg {
    uint64_t d[2];
    uint32_t s[4];
    uint16_t h[8];
    uint8_t b[16];
};

struct regs {
    union reg d, n, m;
    int index;                      /* element of m, or -1 */
    unsigned size, imm;
    bool q;
};

/* ---- integers ---- */

static int64_t byte_of(uint8_t v, bool is_signed)
{
    return is_signed ? (int8_t)v : v;
}

/* A 2 by 8 matrix times the transpose of another. */
static void matrix(struct regs *r, bool n_signed, bool m_signed)
{
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < 8; k++) {
            r->d.s[i] += (uint32_t)(byte_of(r->n.b[(i & 2) * 4 + k], n_signed) * byte_of(r->m.b[(i & 1) * 8 + k], m_signed));
        }
    }
}

static void dot(struct regs *r, bool n_signed)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned j = r->index < 0 ? i : (unsigned)r->index;

        for (unsigned k = 0; k < 4; k++) {
            r->d.s[i] += (uint32_t)(byte_of(r->n.b[4 * i + k], n_signed) * byte_of(r->m.b[4 * j + k], !n_signed));
        }
    }
}

/* ---- brain floating point ---- */

static uint32_t f32_op(struct arm_cpu *cpu, enum arm_fp_op op, uint32_t a, uint32_t b, uint32_t c)
{
    return arm_fp_op(cpu, arm_fp_desc(op, FP_S, 0, 0), a, b, c);
}

static uint32_t widened(uint16_t v)
{
    return (uint32_t)v << 16;
}

/* "BFAdd" and "BFMul" (FPCR.EBF is 0): rounding to odd, subnormals flushed both ways, the default NaN, no exceptions. */
static uint32_t bf_op(fp_bits (*op)(const struct fp_format *, fp_bits, fp_bits, struct fp_ctx *), uint32_t a, uint32_t b)
{
    struct fp_ctx x = { .rounding = FP_RTZ, .tininess_before = true, .daz = true, .ftz = true, .ftz_flags = FP_UF };
    uint32_t r = op(&fp_f32, a, b, &x);

    if (x.flags & FP_OF) {
        return r + 1;                               /* the largest number's successor is infinity */
    }
    return x.flags & FP_NX ? r | 1 : r;
}

/* sum + n[0] * m[0] + n[1] * m[1] */
static uint32_t bf_dot(uint32_t sum, const uint16_t *n, const uint16_t *m)
{
    uint32_t a = bf_op(fp_mul, widened(n[0]), widened(m[0])), b = bf_op(fp_mul, widened(n[1]), widened(m[1]));

    return bf_op(fp_add, sum, bf_op(fp_add, a, b));
}

static void bf_dots(struct regs *r)
{
    for (unsigned i = 0; i < (r->q ? 4 : 2); i++) {
        unsigned j = r->index < 0 ? i : (unsigned)r->index;

        r->d.s[i] = bf_dot(r->d.s[i], r->n.h + 2 * i, r->m.h + 2 * j);
    }
}

static void bf_matrix(struct regs *r)
{
    for (unsigned i = 0; i < 4; i++) {
        const uint16_t *n = r->n.h + (i & 2) * 2, *m = r->m.h + (i & 1) * 4;

        r->d.s[i] = bf_dot(bf_dot(r->d.s[i], n, m), n + 2, m + 2);
    }
}

/* Q selects the odd elements ("top"). */
static void bf_multiply_add(struct arm_cpu *cpu, struct regs *r)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned k = 2 * i + r->q, j = r->index < 0 ? k : (unsigned)r->index;

        r->d.s[i] = f32_op(cpu, FOP_MADD, widened(r->n.h[k]), widened(r->m.h[j]), r->d.s[i]);
    }
}

static void bf_narrow(struct arm_cpu *cpu, struct regs *r)
{
    for (unsigned i = 0; i < 4; i++) {
        r->d.h[4 * r->q + i] = f32_op(cpu, FOP_CVTBF, r->n.s[i], 0, 0);
    }
}

/* ---- half-precision products ---- */

/* The value in single precision, exactly; a NaN keeps its kind. Flushed under FPCR.FZ16 without a trace in FPSR. */
static uint32_t widen_half(const struct arm_cpu *cpu, uint16_t v)
{
    struct fp_ctx x = { 0 };
    uint32_t sign = (uint32_t)(v & 0x8000) << 16;

    if ((v & 0x7c00) == 0x7c00) {
        return sign | 0x7f800000 | (uint32_t)(v & 0x3ff) << 13;
    }
    if (!(v & 0x7c00) && (cpu->fp_control & FPCR_FZ16)) {
        return sign;
    }
    return fp_convert(&fp_f16, &fp_f32, v, &x);
}

static void half_products(struct arm_cpu *cpu, struct regs *r, bool subtract, bool upper)
{
    unsigned n = r->q ? 4 : 2, from = upper ? n : 0;

    for (unsigned i = 0; i < n; i++) {
        uint16_t a = r->n.h[from + i] ^ (subtract ? 0x8000 : 0), b = r->m.h[r->index < 0 ? from + i : (unsigned)r->index];

        r->d.s[i] = f32_op(cpu, FOP_MADD, widen_half(cpu, a), widen_half(cpu, b), r->d.s[i]);
    }
}

/* ---- complex numbers: the real part in the even element ---- */

static uint64_t get(const union reg *v, unsigned size, unsigned i)
{
    return size == 1 ? v->h[i] : size == 2 ? v->s[i] : v->d[i];
}

static void put(union reg *v, unsigned size, unsigned i, uint64_t x)
{
    if (size == 1) {
        v->h[i] = x;
    } else if (size == 2) {
        v->s[i] = x;
    } else {
        v->d[i] = x;
    }
}

static unsigned elements(const struct regs *r)
{
    return (r->q ? 16u : 8u) >> r->size;
}

/* n plus m turned by 90 (imm 0) or 270 degrees. */
static void complex_add(struct arm_cpu *cpu, struct regs *r)
{
    uint32_t desc = arm_fp_desc(FOP_ADD, r->size, 0, 0);
    uint64_t sign = 1ull << ((8u << r->size) - 1);

    for (unsigned i = 0; i < elements(r); i += 2) {
        uint64_t re = get(&r->m, r->size, i + 1) ^ (r->imm ? 0 : sign), im = get(&r->m, r->size, i) ^ (r->imm ? sign : 0);

        re = arm_fp_op(cpu, desc, get(&r->n, r->size, i), re, 0);
        put(&r->d, r->size, i + 1, arm_fp_op(cpu, desc, get(&r->n, r->size, i + 1), im, 0));
        put(&r->d, r->size, i, re);
    }
}

/* Half of a product of complex numbers, m turned by imm times 90 degrees. */
static void complex_multiply_add(struct arm_cpu *cpu, struct regs *r)
{
    uint32_t desc = arm_fp_desc(FOP_MADD, r->size, 0, 0);
    uint64_t sign = 1ull << ((8u << r->size) - 1);
    unsigned flip = r->imm & 1;

    for (unsigned i = 0; i < elements(r); i += 2) {
        unsigned j = r->index < 0 ? i : 2 * (unsigned)r->index;
        uint64_t n = get(&r->n, r->size, i + flip);
        uint64_t re = get(&r->m, r->size, j + flip) ^ (r->imm == 1 || r->imm == 2 ? sign : 0);
        uint64_t im = get(&r->m, r->size, j + !flip) ^ (r->imm >= 2 ? sign : 0);

        put(&r->d, r->size, i, arm_fp_op(cpu, desc, n, re, get(&r->d, r->size, i)));
        put(&r->d, r->size, i + 1, arm_fp_op(cpu, desc, n, im, get(&r->d, r->size, i + 1)));
    }
}

/* ---- the entry ---- */

static void compute(struct arm_cpu *cpu, unsigned op, struct regs *r)
{
    switch (op) {
    case XO_SMMLA: case XO_UMMLA:
        matrix(r, op == XO_SMMLA, op == XO_SMMLA);
        break;
    case XO_USMMLA:
        matrix(r, false, true);
        break;
    case XO_USDOT: case XO_SUDOT:
        dot(r, op == XO_SUDOT);
        break;
    case XO_BFCVT:
        r->d = (union reg){ .d = { (uint16_t)f32_op(cpu, FOP_CVTBF, r->n.s[0], 0, 0), 0 } };
        break;
    case XO_BFCVTN:
        bf_narrow(cpu, r);
        break;
    case XO_BFDOT:
        bf_dots(r);
        break;
    case XO_BFMMLA:
        bf_matrix(r);
        break;
    case XO_BFMLAL:
        bf_multiply_add(cpu, r);
        break;
    case XO_FMLAL: case XO_FMLSL: case XO_FMLAL2: case XO_FMLSL2:
        half_products(cpu, r, op == XO_FMLSL || op == XO_FMLSL2, op >= XO_FMLAL2);
        break;
    case XO_FCADD:
        complex_add(cpu, r);
        break;
    default:
        complex_multiply_add(cpu, r);
    }
}

void arm_helper_ext(struct arm_cpu *cpu, uint32_t desc, uint32_t regs)
{
    unsigned op = desc & 255, rd = regs & 31;
    struct regs r = { .size = desc >> 8 & 3, .q = desc >> 10 & 1, .imm = desc >> 16,
                      .index = regs >> 24 & 1 ? (int)(regs >> 20 & 15) : -1 };

    memcpy(r.d.d, cpu->v[rd], 16);
    memcpy(r.n.d, cpu->v[regs >> 5 & 31], 16);
    memcpy(r.m.d, cpu->v[regs >> 10 & 31], 16);
    if (op <= XO_SM4EKEY) {
        arm_crypto_op(op, r.imm, r.d.d, r.n.d, r.m.d, cpu->v[regs >> 15 & 31]);
    } else {
        compute(cpu, op, &r);
    }
    if (!r.q && op != XO_BFMLAL) {
        r.d.d[1] = 0;
    }
    memcpy(cpu->v[rd], r.d.d, 16);
}
