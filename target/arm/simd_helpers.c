/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advanced SIMD by elements: what has no vector operation of the IR, or is rare. */
#include <string.h>

#include "target/arm/simd.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

struct vec {
    uint64_t d[2];
};

static uint64_t get(const struct vec *v, unsigned size, unsigned i)
{
    uint64_t r = 0;

    memcpy(&r, (const uint8_t *)v->d + (i << size), 1u << size);
    return r;
}

static void put(struct vec *v, unsigned size, unsigned i, uint64_t x)
{
    memcpy((uint8_t *)v->d + (i << size), &x, 1u << size);
}

static int64_t sext(uint64_t v, unsigned bits)
{
    return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

static uint64_t mask_of(unsigned bits)
{
    return bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
}

static u128 result(const struct vec *v)
{
    return (u128)v->d[1] << 64 | v->d[0];
}

/* ---- saturation ---- */

static uint64_t sat_s(s128 v, unsigned bits, bool *qc)
{
    s128 max = ((s128)1 << (bits - 1)) - 1, min = -max - 1;

    if (v > max || v < min) {
        *qc = true;
        v = v > max ? max : min;
    }
    return (uint64_t)v;
}

static uint64_t sat_u(s128 v, unsigned bits, bool *qc)
{
    s128 max = ((s128)1 << bits) - 1;

    if (v > max || v < 0) {
        *qc = true;
        v = v > max ? max : 0;
    }
    return (uint64_t)v;
}

/* A shift by a signed amount, to the right if negative; rounded; saturated by the caller. Amounts beyond the width of 128
 * bits lose nothing that the caller could see. */
static s128 shift(s128 v, int amount, bool round)
{
    if (amount >= 0) {
        if (amount > 64) {
            amount = 64;
        }
        return (s128)((u128)v << amount);
    }
    amount = -amount;
    if (amount > 66) {
        return round ? 0 : v < 0 ? -1 : 0;
    }
    if (round) {
        v += (s128)1 << (amount - 1);
    }
    return v >> amount;
}

static uint64_t pmul(uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < bits; i++) {
        r ^= b >> i & 1 ? a << i : 0;
    }
    return r;
}

/* ---- one result from two elements ---- */

static uint64_t elem2(unsigned op, uint64_t a, uint64_t b, unsigned bits, unsigned imm, bool *qc)
{
    s128 x = sext(a, bits), y = sext(b, bits), u = a, v = b;
    int by = (int8_t)b;

    switch (op) {
    case VO_SHADD: return (x + y) >> 1;
    case VO_UHADD: return (u + v) >> 1;
    case VO_SRHADD: return (x + y + 1) >> 1;
    case VO_URHADD: return (u + v + 1) >> 1;
    case VO_SHSUB: return (x - y) >> 1;
    case VO_UHSUB: return (u - v) >> 1;
    case VO_SSHL: return shift(x, by, false);
    case VO_USHL: return shift(u, by, false);
    case VO_SRSHL: return shift(x, by, true);
    case VO_URSHL: return shift(u, by, true);
    case VO_SMAX: return x > y ? x : y;
    case VO_UMAX: return u > v ? u : v;
    case VO_SMIN: return x < y ? x : y;
    case VO_UMIN: return u < v ? u : v;
    case VO_SABD: return x > y ? x - y : y - x;
    case VO_UABD: return u > v ? u - v : v - u;
    case VO_ADD: return a + b;
    case VO_SUB: return a - b;
    case VO_MUL: return a * b;
    case VO_PMUL: return pmul(a, b, bits);
    case VO_CMGT: return x > y ? UINT64_MAX : 0;
    case VO_CMHI: return u > v ? UINT64_MAX : 0;
    case VO_CMGE: return x >= y ? UINT64_MAX : 0;
    case VO_CMHS: return u >= v ? UINT64_MAX : 0;
    case VO_CMTST: return a & b ? UINT64_MAX : 0;
    case VO_CMEQ: return a == b ? UINT64_MAX : 0;
    case VO_SQADD: return sat_s(x + y, bits, qc);
    case VO_UQADD: return sat_u(u + v, bits, qc);
    case VO_SQSUB: return sat_s(x - y, bits, qc);
    case VO_UQSUB: return sat_u(u - v, bits, qc);
    case VO_SUQADD: return sat_s(x + v, bits, qc);
    case VO_USQADD: return sat_u(u + y, bits, qc);
    case VO_SQSHL: return sat_s(by > 63 && x ? (x < 0 ? -((s128)1 << 100) : (s128)1 << 100) : shift(x, by, false), bits, qc);
    case VO_UQSHL: return sat_u(by > 63 && u ? (s128)1 << 100 : shift(u, by, false), bits, qc);
    case VO_SQRSHL: return sat_s(by > 63 && x ? (x < 0 ? -((s128)1 << 100) : (s128)1 << 100) : shift(x, by, true), bits, qc);
    case VO_UQRSHL: return sat_u(by > 63 && u ? (s128)1 << 100 : shift(u, by, true), bits, qc);
    case VO_SQSHLU: return sat_u(shift(x, by, false), bits, qc);
    case VO_SQDMULH: return sat_s(2 * x * y >> bits, bits, qc);
    case VO_SQRDMULH: return sat_s((2 * x * y + ((s128)1 << (bits - 1))) >> bits, bits, qc);
    case VO_SSHR: return shift(x, -(int)imm, false);
    case VO_USHR: return shift(u, -(int)imm, false);
    case VO_SRSHR: return shift(x, -(int)imm, true);
    default: return shift(u, -(int)imm, true);      /* VO_URSHR */
    }
}

static uint64_t elem1(unsigned op, uint64_t a, unsigned bits, bool *qc)
{
    s128 x = sext(a, bits);
    uint64_t r = 0;

    switch (op) {
    case VO_ABS: return x < 0 ? -x : x;
    case VO_NEG: return -x;
    case VO_CLS: a = (uint64_t)(x < 0 ? ~x : x); return (a ? __builtin_clzll(a) : 64) - (64 - bits) - 1;
    case VO_CLZ: return a ? (unsigned)__builtin_clzll(a) - (64 - bits) : bits;
    case VO_CNT: return __builtin_popcountll(a);
    case VO_SQABS: return sat_s(x < 0 ? -x : x, bits, qc);
    case VO_SQNEG: return sat_s(-x, bits, qc);
    case VO_URECPE: return a >> 31 ? (uint64_t)arm_recip_estimate(a >> 23) << 23 : UINT32_MAX;
    case VO_URSQRTE: return a >> 30 ? (uint64_t)arm_rsqrt_estimate(a >> 23) << 23 : UINT32_MAX;
    default:
        for (unsigned i = 0; i < bits; i++) {
            r |= (a >> i & 1) << (bits - 1 - i);
        }
        return r;                                   /* VO_RBIT */
    }
}

/* ---- shapes ---- */

static unsigned count(unsigned size)
{
    return 16u >> size;
}

static u128 elementwise(unsigned op, unsigned size, unsigned imm, const struct vec *a, const struct vec *b, bool *qc)
{
    struct vec r;

    for (unsigned i = 0; i < count(size); i++) {
        uint64_t x = get(a, size, i);

        put(&r, size, i, op >= VO_ABS && op <= VO_URSQRTE ? elem1(op, x, 8u << size, qc)
                                                          : elem2(op, x, get(b, size, i), 8u << size, imm, qc));
    }
    return result(&r);
}

/* REV16, 32, 64: elements reversed inside containers. */
static u128 reverse(unsigned op, unsigned size, const struct vec *a)
{
    unsigned per = (op == VO_REV16 ? 2u : op == VO_REV32 ? 4u : 8u) >> size;
    struct vec r;

    for (unsigned i = 0; i < count(size); i++) {
        put(&r, size, i ^ (per - 1), get(a, size, i));
    }
    return result(&r);
}

/* Element i of a followed by b; without Q of their low halves. */
static uint64_t joined(const struct vec *a, const struct vec *b, unsigned size, bool q, unsigned i)
{
    unsigned n = count(size) >> !q;

    return i < n ? get(a, size, i) : get(b, size, i - n);
}

static u128 pairwise(unsigned op, unsigned size, bool q, const struct vec *a, const struct vec *b)
{
    static const uint8_t of[] = { VO_ADD, VO_SMAX, VO_UMAX, VO_SMIN, VO_UMIN };
    struct vec r = { { 0, 0 } };
    bool qc;

    for (unsigned i = 0; i < count(size) >> !q; i++) {
        put(&r, size, i, elem2(of[op - VO_ADDP], joined(a, b, size, q, 2 * i), joined(a, b, size, q, 2 * i + 1), 8u << size,
                               0, &qc));
    }
    return result(&r);
}

static u128 add_long_pairs(bool is_signed, unsigned size, const struct vec *a)
{
    unsigned bits = 8u << size;
    struct vec r;

    for (unsigned i = 0; i < count(size) / 2; i++) {
        uint64_t x = get(a, size, 2 * i), y = get(a, size, 2 * i + 1);

        put(&r, size + 1, i, is_signed ? (uint64_t)(sext(x, bits) + sext(y, bits)) : x + y);
    }
    return result(&r);
}

static u128 lengthen(unsigned op, unsigned size, bool q, const struct vec *a, const struct vec *b, bool *qc)
{
    unsigned n = count(size) / 2, bits = 8u << size;
    struct vec r;

    for (unsigned i = 0; i < n; i++) {
        bool wide = op >= VO_SADDW;
        uint64_t u = wide ? get(a, size + 1, i) : get(a, size, i + (q ? n : 0)), v = get(b, size, i + (q ? n : 0)), z;
        s128 x = wide ? (s128)sext(u, 2 * bits) : sext(u, bits), y = sext(v, bits);

        switch (op) {
        case VO_SADDL: case VO_SADDW: z = x + y; break;
        case VO_UADDL: case VO_UADDW: z = u + v; break;
        case VO_SSUBL: case VO_SSUBW: z = x - y; break;
        case VO_USUBL: case VO_USUBW: z = u - v; break;
        case VO_SABDL: z = x > y ? x - y : y - x; break;
        case VO_UABDL: z = u > v ? u - v : v - u; break;
        case VO_SMULL: z = x * y; break;
        case VO_UMULL: z = u * v; break;
        case VO_SQDMULL: z = sat_s(2 * x * y, 2 * bits, qc); break;
        default: z = pmul(u, v, bits); break;       /* VO_PMULL */
        }
        put(&r, size + 1, i, z);
    }
    return result(&r);
}

static u128 narrow(unsigned op, unsigned size, unsigned imm, const struct vec *a, const struct vec *b, bool *qc)
{
    unsigned n = count(size) / 2, bits = 8u << size;
    struct vec r = { { 0, 0 } };

    for (unsigned i = 0; i < n; i++) {
        uint64_t u = get(a, size + 1, i), v = get(b, size + 1, i), z, half = 1ull << (bits - 1);
        s128 x = sext(u, 2 * bits);

        switch (op) {
        case VO_ADDHN: z = (u + v) >> bits; break;
        case VO_RADDHN: z = (u + v + half) >> bits; break;
        case VO_SUBHN: z = (u - v) >> bits; break;
        case VO_RSUBHN: z = (u - v + half) >> bits; break;
        case VO_XTN: z = u; break;
        case VO_SQXTN: z = sat_s(x, bits, qc); break;
        case VO_UQXTN: z = sat_u(u, bits, qc); break;
        case VO_SQXTUN: z = sat_u(x, bits, qc); break;
        case VO_SHRN: z = u >> imm; break;
        case VO_RSHRN: z = shift(u, -(int)imm, true); break;
        case VO_SQSHRN: z = sat_s(shift(x, -(int)imm, false), bits, qc); break;
        case VO_SQRSHRN: z = sat_s(shift(x, -(int)imm, true), bits, qc); break;
        case VO_UQSHRN: z = sat_u(shift(u, -(int)imm, false), bits, qc); break;
        case VO_UQRSHRN: z = sat_u(shift(u, -(int)imm, true), bits, qc); break;
        case VO_SQSHRUN: z = sat_u(shift(x, -(int)imm, false), bits, qc); break;
        default: z = sat_u(shift(x, -(int)imm, true), bits, qc); break;     /* VO_SQRSHRUN */
        }
        put(&r, size, i, z);
    }
    return result(&r);
}

static u128 permute(unsigned op, unsigned size, bool q, const struct vec *a, const struct vec *b)
{
    unsigned n = count(size) >> !q, part = (op - VO_UZP1) & 1;
    struct vec r = { { 0, 0 } };

    for (unsigned i = 0; i < n; i++) {
        uint64_t z;

        if (op <= VO_UZP2) {
            z = joined(a, b, size, q, 2 * i + part);
        } else if (op <= VO_TRN2) {
            z = get(i & 1 ? b : a, size, (i & ~1u) + part);
        } else {
            z = get(i & 1 ? b : a, size, i / 2 + (part ? n / 2 : 0));
        }
        put(&r, size, i, z);
    }
    return result(&r);
}

static u128 across(unsigned op, unsigned size, bool q, const struct vec *a)
{
    static const uint8_t of[] = { VO_ADD, VO_ADD, VO_ADD, VO_SMAX, VO_UMAX, VO_SMIN, VO_UMIN };
    unsigned bits = 8u << size, wide = op == VO_SADDLV || op == VO_UADDLV;
    uint64_t acc = 0;
    bool qc;

    for (unsigned i = 0; i < count(size) >> !q; i++) {
        uint64_t x = get(a, size, i);

        x = op == VO_SADDLV ? (uint64_t)sext(x, bits) : x;
        acc = i ? elem2(of[op - VO_ADDV], acc, x, wide ? 64 : bits, 0, &qc) & (wide ? UINT64_MAX : mask_of(bits)) : x;
    }
    return acc & mask_of(wide ? 2 * bits : bits);
}

/* ---- cryptography (FIPS 197, FIPS 180-4) ---- */

static uint8_t gf_mul(uint8_t a, uint8_t b)
{
    uint8_t r = 0;

    for (unsigned i = 0; i < 8; i++) {
        r ^= b >> i & 1 ? a : 0;
        a = a << 1 ^ (a >> 7 ? 0x1b : 0);
    }
    return r;
}

static uint8_t gf_inverse(uint8_t a)
{
    uint8_t r = 1;

    for (unsigned i = 0; i < 254; i++) {
        r = gf_mul(r, a);
    }
    return a ? r : 0;
}

static uint8_t rol8(uint8_t v, unsigned n)
{
    return v << n | v >> (8 - n);
}

struct sboxes {
    uint8_t forward[256], inverse[256];
};

static const struct sboxes *sboxes(void)
{
    static struct sboxes box;           /* constants; computed once */
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (unsigned i = 0; i < 256; i++) {
            uint8_t v = gf_inverse(i);

            v = v ^ rol8(v, 1) ^ rol8(v, 2) ^ rol8(v, 3) ^ rol8(v, 4) ^ 0x63;
            box.forward[i] = v;
            box.inverse[v] = i;
        }
        g_once_init_leave(&ready, 1);
    }
    return &box;
}

/* AESE, AESD: add the key, shift rows, substitute. */
static u128 aes_round(bool decrypt, const struct vec *a, const struct vec *b)
{
    const struct sboxes *box = sboxes();
    struct vec x = { { a->d[0] ^ b->d[0], a->d[1] ^ b->d[1] } }, r;

    for (unsigned i = 0; i < 16; i++) {
        unsigned from = decrypt ? (i + 16 - 4 * (i % 4)) % 16 : (i + 4 * (i % 4)) % 16;

        put(&r, 0, i, (decrypt ? box->inverse : box->forward)[get(&x, 0, from)]);
    }
    return result(&r);
}

static u128 aes_mix(bool inverse, const struct vec *a)
{
    static const uint8_t m[2][4] = { { 2, 3, 1, 1 }, { 14, 11, 13, 9 } };
    struct vec r;

    for (unsigned i = 0; i < 16; i++) {
        uint8_t v = 0;

        for (unsigned k = 0; k < 4; k++) {
            v ^= gf_mul(get(a, 0, (i & ~3u) + ((i + k) & 3)), m[inverse][k]);
        }
        put(&r, 0, i, v);
    }
    return result(&r);
}

static uint32_t rol(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

/* SHA1H, SHA1SU1 and SHA256SU0: a = rd (or rn for SHA1H), b = rn. */
static u128 sha_update(unsigned op, const struct vec *a, const struct vec *b)
{
    struct vec r = { { 0, 0 } };
    uint32_t t[4];

    if (op == VO_SHA1H) {
        return rol(get(a, 2, 0), 30);
    }
    for (unsigned i = 0; i < 4; i++) {
        if (op == VO_SHA1SU1) {
            t[i] = rol(get(a, 2, i) ^ (i < 3 ? get(b, 2, i + 1) : 0), 1);
        } else {
            uint32_t w = i < 3 ? get(a, 2, i + 1) : get(b, 2, 0);

            t[i] = get(a, 2, i) + (rol(w, 25) ^ rol(w, 14) ^ w >> 3);
        }
    }
    if (op == VO_SHA1SU1) {
        t[3] ^= rol(t[0], 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        put(&r, 2, i, t[i]);
    }
    return result(&r);
}

/* Those of three registers: rd by number, as they are rare. */
static void load(const struct arm_cpu *cpu, unsigned n, uint32_t *w)
{
    memcpy(w, cpu->v[n], 16);
}

static void sha1_rounds(unsigned op, uint32_t *x, uint32_t y, const uint32_t *w)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t f = op == 0 ? (x[1] & x[2]) | (~x[1] & x[3]) : op == 1 ? x[1] ^ x[2] ^ x[3]
                                                              : (x[1] & x[2]) | (x[1] & x[3]) | (x[2] & x[3]);
        uint32_t z = y + rol(x[0], 5) + f + w[i];

        y = x[3];
        x[3] = x[2];
        x[2] = rol(x[1], 30);
        x[1] = x[0];
        x[0] = z;
    }
}

static void sha256_rounds(uint32_t *x, uint32_t *y, const uint32_t *w)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t ch = (y[0] & y[1]) ^ (~y[0] & y[2]), maj = (x[0] & x[1]) ^ (x[0] & x[2]) ^ (x[1] & x[2]);
        uint32_t t = y[3] + (rol(y[0], 26) ^ rol(y[0], 21) ^ rol(y[0], 7)) + ch + w[i], x3 = x[3];

        y[3] = y[2];
        y[2] = y[1];
        y[1] = y[0];
        y[0] = x3 + t;
        x[3] = x[2];
        x[2] = x[1];
        x[1] = x[0];
        x[0] = t + (rol(x[1], 30) ^ rol(x[1], 19) ^ rol(x[1], 10)) + maj;
    }
}

void arm_helper_sha(struct arm_cpu *cpu, uint32_t op, uint32_t rd, uint32_t rn, uint32_t rm)
{
    uint32_t d[4], n[4], m[4], d2, d3;

    load(cpu, rd, d);
    load(cpu, rn, n);
    load(cpu, rm, m);
    switch (op) {
    case 0: case 1: case 2:                         /* SHA1C, P, M */
        sha1_rounds(op, d, n[0], m);
        break;
    case 3:                                         /* SHA1SU0 */
        d2 = d[2];
        d3 = d[3];
        d[0] ^= d2 ^ m[0];
        d[1] ^= d3 ^ m[1];
        d[2] ^= n[0] ^ m[2];
        d[3] ^= n[1] ^ m[3];
        break;
    case 4:                                         /* SHA256H */
        sha256_rounds(d, n, m);
        break;
    case 5:                                         /* SHA256H2 */
        sha256_rounds(n, d, m);
        break;
    default:                                        /* SHA256SU1 */
        for (unsigned i = 0; i < 4; i++) {
            uint32_t t = i < 2 ? m[i + 2] : d[i - 2];

            d[i] += (rol(t, 15) ^ rol(t, 13) ^ t >> 10) + (i < 3 ? n[i + 1] : m[0]);
        }
    }
    memcpy(cpu->v[rd], d, 16);
}

static u128 pmull64(uint64_t a, uint64_t b)
{
    u128 r = 0;

    for (unsigned i = 0; i < 64; i++) {
        r ^= b >> i & 1 ? (u128)a << i : 0;
    }
    return r;
}

/* ---- the entries ---- */

static u128 integer(uint32_t desc, const struct vec *a, const struct vec *b, bool *qc)
{
    unsigned op = desc & 255, size = desc >> 8 & 3, q = desc >> 10 & 1, imm = desc >> 16;

    if (op == VO_REV16 || op == VO_REV32 || op == VO_REV64) {
        return reverse(op, size, a);
    }
    if (op <= VO_URSQRTE || (op >= VO_SSHR && op <= VO_URSHR)) {
        return elementwise(op, size, imm, a, b, qc);
    }
    if (op <= VO_UMINP) {
        return pairwise(op, size, q, a, b);
    }
    if (op <= VO_UADDLP) {
        return add_long_pairs(op == VO_SADDLP, size, a);
    }
    if (op <= VO_USUBW) {
        return lengthen(op, size, q, a, b, qc);
    }
    if (op <= VO_SQRSHRUN) {
        return narrow(op, size, imm, a, b, qc);
    }
    if (op <= VO_ZIP2) {
        return permute(op, size, q, a, b);
    }
    if (op <= VO_UMINV) {
        return across(op, size, q, a);
    }
    switch (op) {
    case VO_AESE: case VO_AESD:
        return aes_round(op == VO_AESD, a, b);
    case VO_AESMC: case VO_AESIMC:
        return aes_mix(op == VO_AESIMC, a);
    case VO_PMULL64:
        return pmull64(a->d[q], b->d[q]);
    default:
        return sha_update(op, a, b);
    }
}

unsigned __int128 arm_helper_simd_pure(uint32_t desc, uint64_t alo, uint64_t ahi, uint64_t blo, uint64_t bhi)
{
    struct vec a = { { alo, ahi } }, b = { { blo, bhi } };
    bool qc = false;

    return integer(desc, &a, &b, &qc);
}

static uint64_t fop(struct arm_cpu *cpu, unsigned op, unsigned size, unsigned width, unsigned fbits, uint64_t a, uint64_t b)
{
    return arm_fp_op(cpu, arm_fp_desc(op, size, width, fbits), a, b, 0);
}

static u128 fp_pairwise(struct arm_cpu *cpu, unsigned op, unsigned size, bool q, const struct vec *a, const struct vec *b)
{
    static const uint8_t of[] = { FOP_ADD, FOP_MAX, FOP_MIN, FOP_MAXNM, FOP_MINNM };
    struct vec r = { { 0, 0 } };

    for (unsigned i = 0; i < count(size) >> !q; i++) {
        put(&r, size, i, fop(cpu, of[op - VO_FADDP], size, 0, 0, joined(a, b, size, q, 2 * i),
                             joined(a, b, size, q, 2 * i + 1)));
    }
    return result(&r);
}

/* FMAXV and the like reduce by halves (DDI 0487, "Reduce"). */
static u128 fp_across(struct arm_cpu *cpu, unsigned op, unsigned size, bool q, const struct vec *a)
{
    static const uint8_t of[] = { FOP_MAX, FOP_MIN, FOP_MAXNM, FOP_MINNM };
    struct vec v = *a;

    for (unsigned n = count(size) >> !q; n > 1; n /= 2) {
        for (unsigned i = 0; i < n / 2; i++) {
            put(&v, size, i, fop(cpu, of[op - VO_FMAXV], size, 0, 0, get(&v, size, 2 * i), get(&v, size, 2 * i + 1)));
        }
    }
    return get(&v, size, 0);
}

/* size: of the narrow elements. */
static u128 fp_convert_vec(struct arm_cpu *cpu, unsigned op, unsigned size, bool q, const struct vec *a)
{
    unsigned n = 8u >> size;
    struct vec r = { { 0, 0 } };

    for (unsigned i = 0; i < n; i++) {
        if (op == VO_FCVTL) {
            put(&r, size + 1, i, fop(cpu, FOP_CVT, size + 1, size, 0, get(a, size, i + (q ? n : 0)), 0));
        } else if (op == VO_FCVTN) {
            put(&r, size, i, fop(cpu, FOP_CVT, size, size + 1, 0, get(a, size + 1, i), 0));
        } else {
            put(&r, size, i, fop(cpu, FOP_CVTX, FP_D, 0, 0, get(a, size + 1, i), 0));
        }
    }
    return result(&r);
}

static u128 floating(struct arm_cpu *cpu, uint32_t desc, const struct vec *a, const struct vec *b)
{
    unsigned op = desc & 255, size = desc >> 8 & 3, q = desc >> 10 & 1, imm = desc >> 16;
    struct vec r = { { 0, 0 } };

    if (op <= VO_FMINNMP) {
        return fp_pairwise(cpu, op, size, q, a, b);
    }
    if (op <= VO_FMINNMV) {
        return fp_across(cpu, op, size, q, a);
    }
    if (op <= VO_FCVTXN) {
        return fp_convert_vec(cpu, op, size, q, a);
    }
    op -= VO_FP;
    for (unsigned i = 0; i < count(size) >> !q; i++) {
        uint64_t x = get(a, size, i);

        if (op == FOP_FROM_S) {
            x = sext(x, 8u << size);
        }
        put(&r, size, i, fop(cpu, op, size, 8u << size, imm, x, get(b, size, i)));
    }
    return result(&r);
}

unsigned __int128 arm_helper_simd(struct arm_cpu *cpu, uint32_t desc, uint64_t alo, uint64_t ahi, uint64_t blo, uint64_t bhi)
{
    struct vec a = { { alo, ahi } }, b = { { blo, bhi } };
    bool qc = false;
    u128 r;

    if ((desc & 255) >= VO_FADDP) {
        return floating(cpu, desc, &a, &b);
    }
    r = integer(desc, &a, &b, &qc);
    cpu->fp_status |= qc ? FPSR_QC : 0;
    return r;
}

uint64_t arm_helper_simd_acc(struct arm_cpu *cpu, uint32_t desc, uint64_t acc, uint64_t a, uint64_t b)
{
    unsigned op = desc & 255, size = desc >> 8 & 3, bits = 8u << size;
    struct vec c = { { acc, 0 } }, x = { { a, 0 } }, y = { { b, 0 } };
    bool qc = false;

    for (unsigned i = 0; i < 8u >> size; i++) {
        uint64_t u = get(&x, size, i), v = get(&y, size, i), z = get(&c, size, i);
        s128 p;

        switch (op) {
        case VO_SQRDMLAH: case VO_SQRDMLSH:
            p = 2 * (s128)sext(u, bits) * sext(v, bits);
            p = sext(z, bits) * ((s128)1 << bits) + (op == VO_SQRDMLAH ? p : -p) + ((s128)1 << (bits - 1));
            z = sat_s(p >> bits, bits, &qc);
            break;
        case VO_SDOT: case VO_UDOT:
            for (unsigned k = 0; k < 4; k++) {
                uint8_t m = u >> k * 8, n = v >> k * 8;

                z += op == VO_SDOT ? (uint64_t)((int8_t)m * (int8_t)n) : (uint64_t)m * n;
            }
            break;
        default:
            z = arm_fp_op(cpu, arm_fp_desc(op == VO_FMLA ? FOP_MADD : FOP_MSUB, size, 0, 0), u, v, z);
        }
        put(&c, size, i, z);
    }
    cpu->fp_status |= qc ? FPSR_QC : 0;
    return c.d[0];
}

/* Bytes of consecutive registers by index; 0 beyond them. For TBX the caller merges: bytes out of range stand out by the
 * mask in simd.c. */
unsigned __int128 arm_helper_tbl(struct arm_cpu *cpu, uint32_t desc, uint64_t lo, uint64_t hi)
{
    unsigned rn = desc & 31, bytes = ((desc >> 5 & 3) + 1) * 16;
    struct vec index = { { lo, hi } }, r = { { 0, 0 } };

    for (unsigned i = 0; i < 16; i++) {
        unsigned k = get(&index, 0, i);

        if (k < bytes) {
            put(&r, 0, i, ((const uint8_t *)cpu->v[(rn + k / 16) & 31])[k % 16]);
        }
    }
    return result(&r);
}
