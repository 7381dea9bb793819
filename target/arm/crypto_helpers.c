/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-512 (FIPS 180-4), SM3 (GB/T 32905) and SM4 (GB/T 32907) as the A64 instructions cut them up (DDI 0487, chapter C7). */
#include <glib.h>
#include <string.h>

#include "target/arm/simd_ext.h"

static uint64_t ror64(uint64_t v, unsigned n)
{
    return v >> n | v << (64 - n);
}

static uint32_t rol(uint32_t v, unsigned n)
{
    return n ? v << n | v >> (32 - n) : v;
}

/* ---- SHA-512 ---- */

static uint64_t big_sigma0(uint64_t v)
{
    return ror64(v, 28) ^ ror64(v, 34) ^ ror64(v, 39);
}

static uint64_t big_sigma1(uint64_t v)
{
    return ror64(v, 14) ^ ror64(v, 18) ^ ror64(v, 41);
}

static uint64_t small_sigma0(uint64_t v)
{
    return ror64(v, 1) ^ ror64(v, 8) ^ v >> 7;
}

static uint64_t small_sigma1(uint64_t v)
{
    return ror64(v, 19) ^ ror64(v, 61) ^ v >> 6;
}

static void sha512(unsigned op, uint64_t *d, const uint64_t *n, const uint64_t *m)
{
    uint64_t hi, lo, t;

    switch (op) {
    case XO_SHA512H:
        hi = d[1] + ((m[1] & n[0]) ^ (~m[1] & n[1])) + big_sigma1(m[1]);
        t = hi + m[0];
        lo = d[0] + ((t & m[1]) ^ (~t & n[0])) + big_sigma1(t);
        break;
    case XO_SHA512H2:
        hi = d[1] + ((n[0] & m[1]) ^ (n[0] & m[0]) ^ (m[1] & m[0])) + big_sigma0(m[0]);
        lo = d[0] + ((hi & m[0]) ^ (hi & m[1]) ^ (m[1] & m[0])) + big_sigma0(hi);
        break;
    case XO_SHA512SU0:
        lo = d[0] + small_sigma0(d[1]);
        hi = d[1] + small_sigma0(n[0]);
        break;
    default:                                        /* XO_SHA512SU1 */
        lo = d[0] + small_sigma1(n[0]) + m[0];
        hi = d[1] + small_sigma1(n[1]) + m[1];
    }
    d[0] = lo;
    d[1] = hi;
}

/* ---- SM3 ---- */

static void sm3_tt(unsigned op, unsigned lane, uint32_t *d, const uint32_t *n, const uint32_t *m)
{
    bool first = op == XO_SM3TT1A || op == XO_SM3TT1B;
    uint32_t f, t;

    switch (op) {
    case XO_SM3TT1B:
        f = (d[3] & d[1]) | (d[3] & d[2]) | (d[1] & d[2]);
        break;
    case XO_SM3TT2B:
        f = (d[3] & d[2]) | (~d[3] & d[1]);
        break;
    default:
        f = d[1] ^ d[2] ^ d[3];
    }
    t = f + d[0] + (first ? n[3] ^ rol(d[3], 12) : n[3]) + m[lane];
    d[0] = d[1];
    d[1] = rol(d[2], first ? 9 : 19);
    d[2] = d[3];
    d[3] = first ? t : t ^ rol(t, 9) ^ rol(t, 17);
}

static void sm3_part1(uint32_t *d, const uint32_t *n, const uint32_t *m)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = d[i] ^ n[i] ^ rol(i < 3 ? m[i + 1] : d[0], 15);

        d[i] = t ^ rol(t, 15) ^ rol(t, 23);
    }
}

static void sm3_part2(uint32_t *d, const uint32_t *n, const uint32_t *m)
{
    uint32_t first = rol(n[0] ^ rol(m[0], 7), 15);

    for (unsigned i = 0; i < 4; i++) {
        d[i] ^= n[i] ^ rol(m[i], 7);
    }
    d[3] ^= first ^ rol(first, 15) ^ rol(first, 23);
}

/* ---- SM4 ---- */

static uint8_t sm4_mul(uint8_t a, uint8_t b)
{
    uint8_t r = 0;

    for (unsigned i = 0; i < 8; i++) {
        r ^= b >> i & 1 ? a : 0;
        a = (uint8_t)(a << 1) ^ (a >> 7 ? 0xf5 : 0);
    }
    return r;
}

/* Each bit of the result is the parity of eight bits of v: the rows are rotations of one byte. */
static uint8_t sm4_affine(uint8_t v)
{
    uint8_t r = 0, row = 0xa7;

    for (unsigned i = 0; i < 8; i++) {
        r |= (uint8_t)(__builtin_parity(v & row) << i);
        row = (uint8_t)(row << 1 | row >> 7);
    }
    return r ^ 0xd3;
}

/* An inversion in GF(2^8) between two affine maps. */
static const uint8_t *sm4_box(void)
{
    static uint8_t box[256];            /* constants; computed once */
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (unsigned i = 0; i < 256; i++) {
            uint8_t v = sm4_affine(i), inverse = 1;

            for (unsigned k = 0; k < 254; k++) {
                inverse = sm4_mul(inverse, v);
            }
            box[i] = sm4_affine(inverse);
        }
        g_once_init_leave(&ready, 1);
    }
    return box;
}

static uint32_t sm4_tau(uint32_t v)
{
    const uint8_t *box = sm4_box();

    return box[v & 255] | (uint32_t)box[v >> 8 & 255] << 8 | (uint32_t)box[v >> 16 & 255] << 16 | (uint32_t)box[v >> 24] << 24;
}

/* Four rounds on the block x with the words k: of a key (SM4E), or constants that make keys (SM4EKEY). */
static void sm4(bool key, uint32_t *x, const uint32_t *k)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = sm4_tau(x[3] ^ x[2] ^ x[1] ^ k[i]);

        t ^= key ? rol(t, 13) ^ rol(t, 23) : rol(t, 2) ^ rol(t, 10) ^ rol(t, 18) ^ rol(t, 24);
        t ^= x[0];
        memmove(x, x + 1, 3 * sizeof(*x));
        x[3] = t;
    }
}

/* ---- the entry ---- */

static void words(unsigned op, unsigned imm, uint32_t *d, const uint32_t *n, const uint32_t *m, const uint32_t *a)
{
    switch (op) {
    case XO_SM3SS1:
        d[3] = rol(rol(n[3], 12) + m[3] + a[3], 7);
        d[0] = d[1] = d[2] = 0;
        break;
    case XO_SM3PARTW1:
        sm3_part1(d, n, m);
        break;
    case XO_SM3PARTW2:
        sm3_part2(d, n, m);
        break;
    case XO_SM4E:
        sm4(false, d, n);
        break;
    case XO_SM4EKEY:
        memcpy(d, n, 16);
        sm4(true, d, m);
        break;
    default:
        sm3_tt(op, imm, d, n, m);
    }
}

void arm_crypto_op(unsigned op, unsigned imm, uint64_t *d, const uint64_t *n, const uint64_t *m, const uint64_t *a)
{
    uint32_t w[4][4];

    if (op <= XO_SHA512SU1) {
        sha512(op, d, n, m);
        return;
    }
    memcpy(w[0], d, 16);
    memcpy(w[1], n, 16);
    memcpy(w[2], m, 16);
    memcpy(w[3], a, 16);
    words(op, imm, w[0], w[1], w[2], w[3]);
    memcpy(d, w[0], 16);
}
