/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The QARMA block cipher (pauth.h). Cell i of 16 is the nibble at bit 4 * i. */
#include "target/arm/pauth.h"

enum { ROUNDS = 4 };                    /* besides the short ones in the middle */

static uint64_t permuted(uint64_t v, const uint8_t from[16])
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 16; i++) {
        r |= (v >> 4 * from[i] & 15) << 4 * i;
    }
    return r;
}

static uint64_t substituted(uint64_t v, const uint8_t box[16])
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 64; i += 4) {
        r |= (uint64_t)box[v >> i & 15] << i;
    }
    return r;
}

static const uint8_t shuffle[16] = { 13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15 };
static const uint8_t unshuffle[16] = { 3, 6, 12, 9, 14, 11, 1, 4, 8, 13, 7, 2, 5, 0, 10, 15 };
static const uint8_t sigma[16] = { 11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10 };
static const uint8_t inverse_sigma[16] = { 5, 14, 13, 8, 10, 11, 1, 9, 2, 6, 15, 0, 4, 12, 7, 3 };

static unsigned rotated(unsigned cell, unsigned by)
{
    return (cell << by | cell >> (4 - by)) & 15;
}

/* Columns by the circulant matrix of rotations (0, 1, 2, 1): 0 stands for no contribution. It is its own inverse. */
static uint64_t mixed(uint64_t v)
{
    static const uint8_t by[4] = { 0, 1, 2, 1 };
    uint64_t r = 0;

    for (unsigned column = 0; column < 4; column++) {
        for (unsigned row = 0; row < 4; row++) {
            unsigned cell = 0;

            for (unsigned k = 1; k < 4; k++) {
                cell ^= rotated(v >> 4 * (4 * ((row + k) & 3) + column) & 15, by[k]);
            }
            r |= (uint64_t)cell << 4 * (4 * row + column);
        }
    }
    return r;
}

/* The tweak's update: cells moved, seven of them stepped by a shift register. */
static const uint8_t tweak_from[16] = { 4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9 };
#define TWEAK_STEPPED 0xd894u           /* bit i: the cell that goes to place i */

static uint64_t tweak_next(uint64_t v)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 16; i++) {
        unsigned c = v >> 4 * tweak_from[i] & 15;

        c = TWEAK_STEPPED >> i & 1 ? c >> 1 | ((c ^ c >> 1) & 1) << 3 : c;
        r |= (uint64_t)c << 4 * i;
    }
    return r;
}

static uint64_t tweak_previous(uint64_t v)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 16; i++) {
        unsigned c = v >> 4 * i & 15;

        c = TWEAK_STEPPED >> i & 1 ? (c << 1 & 15) | ((c ^ c >> 3) & 1) : c;
        r |= (uint64_t)c << 4 * tweak_from[i];
    }
    return r;
}

uint64_t arm_qarma5(uint64_t data, uint64_t tweak, uint64_t key_hi, uint64_t key_lo)
{
    static const uint64_t constants[ROUNDS + 1] = {
        0, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89, 0x452821e638d01377,
    };
    const uint64_t alpha = 0xc0ac29b7c97c50dd;
    uint64_t key_out = key_hi << 63 | key_hi >> 2 << 1 | ((key_hi >> 63 ^ key_hi >> 1) & 1), v = data ^ key_hi;

    for (unsigned i = 0; i <= ROUNDS; i++) {
        v ^= key_lo ^ tweak ^ constants[i];
        if (i) {
            v = mixed(permuted(v, shuffle));
        }
        v = substituted(v, sigma);
        tweak = tweak_next(tweak);
    }
    /* The middle: a round, the reflector, the round backwards. */
    v = substituted(mixed(permuted(v ^ key_out ^ tweak, shuffle)), sigma);
    v = mixed(permuted(v, shuffle)) ^ key_lo;
    v = substituted(permuted(v, unshuffle), inverse_sigma);
    v = permuted(mixed(v), unshuffle) ^ key_hi ^ tweak;
    for (unsigned i = 0; i <= ROUNDS; i++) {
        v = substituted(v, inverse_sigma);
        if (i < ROUNDS) {
            v = permuted(mixed(v), unshuffle);
        }
        tweak = tweak_previous(tweak);
        v ^= constants[ROUNDS - i] ^ key_lo ^ tweak ^ alpha;
    }
    return v ^ key_out;
}
