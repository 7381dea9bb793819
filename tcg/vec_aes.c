/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AES rounds (FIPS 197; Intel SDM volume 2, AESENC and its kin). A state is four columns of four bytes, column by column.
 * The substitution is computed, not looked up: this is the reference, and what hosts without AES instructions run.
 */
#include "tcg/vec_eval.h"

/* Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (4.2) */
static uint8_t product(uint8_t a, uint8_t b)
{
    uint8_t r = 0;

    for (; b; b >>= 1, a = a << 1 ^ (a & 0x80 ? 0x1b : 0)) {
        r ^= b & 1 ? a : 0;
    }
    return r;
}

/* a to the power 254: the multiplicative inverse, 0 for 0 */
static uint8_t inverse(uint8_t a)
{
    uint8_t r = 1;

    for (unsigned i = 0; i < 7; i++) {
        a = product(a, a);
        r = product(r, a);
    }
    return r;
}

static uint8_t rotate(uint8_t v, unsigned n)
{
    return v << n | v >> (8 - n);
}

static uint8_t substitute(uint8_t v)
{
    v = inverse(v);
    return v ^ rotate(v, 1) ^ rotate(v, 2) ^ rotate(v, 3) ^ rotate(v, 4) ^ 0x63;
}

static uint8_t substitute_back(uint8_t v)
{
    return inverse(rotate(v, 1) ^ rotate(v, 3) ^ rotate(v, 6) ^ 0x05);
}

/* SubBytes and ShiftRows, or their inverses */
static union vec sub_and_shift(union vec s, bool back)
{
    union vec r;

    for (unsigned column = 0; column < 4; column++) {
        for (unsigned row = 0; row < 4; row++) {
            unsigned from = (back ? column - row : column + row) & 3;
            uint8_t v = s.b[4 * from + row];

            r.b[4 * column + row] = back ? substitute_back(v) : substitute(v);
        }
    }
    return r;
}

/* MixColumns by the polynomial with these coefficients */
static union vec mix(union vec s, const uint8_t by[4])
{
    union vec r = { .d = { 0 } };

    for (unsigned i = 0; i < 16; i++) {
        for (unsigned k = 0; k < 4; k++) {
            r.b[i] ^= product(s.b[(i & ~3u) + ((i + k) & 3)], by[k]);
        }
    }
    return r;
}

static uint32_t substitute_word(uint32_t w)
{
    uint32_t r = 0;

    for (unsigned i = 0; i < 32; i += 8) {
        r |= (uint32_t)substitute(w >> i) << i;
    }
    return r;
}

union vec vec_eval_aes(enum ir_vop vop, unsigned imm, union vec a, union vec b)
{
    static const uint8_t forward[4] = { 2, 3, 1, 1 }, backward[4] = { 14, 11, 13, 9 };
    union vec r;

    switch (vop) {
    case IR_V_aesimc:
        return mix(a, backward);
    case IR_V_aeskey:
        for (unsigned i = 0; i < 4; i += 2) {
            r.w[i] = substitute_word(a.w[i + 1]);
            r.w[i + 1] = (r.w[i] >> 8 | r.w[i] << 24) ^ imm;
        }
        return r;
    case IR_V_aesenc: r = mix(sub_and_shift(a, false), forward); break;
    case IR_V_aesenclast: r = sub_and_shift(a, false); break;
    case IR_V_aesdec: r = mix(sub_and_shift(a, true), backward); break;
    default: r = sub_and_shift(a, true);
    }
    r.d[0] ^= b.d[0];
    r.d[1] ^= b.d[1];
    return r;
}
