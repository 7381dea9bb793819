/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands for the tests of fpu/: corner values of any format up to 64 bits, and random ones near the corners. */
#ifndef TESTS_UNIT_FPU_OPERANDS_H
#define TESTS_UNIT_FPU_OPERANDS_H

#include "fpu/softfloat.h"

#include <glib.h>

#define CORNERS 40

static inline uint64_t operand_random64(GRand *r)
{
    return (uint64_t)g_rand_int(r) << 32 | g_rand_int(r);
}

/* Corner n of the format: n < CORNERS / 2 positive, the rest the same ones negative. */
static inline uint64_t operand_corner(const struct fp_format *f, unsigned n)
{
    uint64_t one = (uint64_t)1 << f->frac_bits, frac = one - 1, quiet = one >> 1;
    uint64_t inf = ((uint64_t)1 << f->exp_bits) - 1, bias = inf >> 1;
    const uint64_t values[CORNERS / 2] = {
        0, 1, 2, frac, quiet, one, one + 1, 2 * one - 1, 2 * one, bias << f->frac_bits, (bias << f->frac_bits) + 1,
        (bias << f->frac_bits) - 1, (bias - 1) << f->frac_bits, (bias + 1) << f->frac_bits,
        ((bias << f->frac_bits)) + quiet, (inf << f->frac_bits) - 1, (inf - 1) << f->frac_bits,
        inf << f->frac_bits, (inf << f->frac_bits) | quiet | 5, (inf << f->frac_bits) | 1,
    };

    return values[n % (CORNERS / 2)] | (uint64_t)(n >= CORNERS / 2) << (f->exp_bits + f->frac_bits);
}

/* Mostly numbers of a similar size, so that cancellation and ties occur; sparse fractions; some corners. */
static inline uint64_t operand_random(const struct fp_format *f, GRand *r)
{
    uint64_t bits = operand_random64(r), kind = operand_random64(r);
    uint64_t exp_mask = (((uint64_t)1 << f->exp_bits) - 1) << f->frac_bits, bias = exp_mask >> (f->frac_bits + 1);
    unsigned width = 1 + f->exp_bits + f->frac_bits;

    if (kind % 16 == 0) {
        return operand_corner(f, kind / 16 % CORNERS);
    }
    if (kind & 1) {
        bits &= ~(uint64_t)0 << (kind >> 8) % (f->frac_bits + 1);
    }
    if (kind & 2) {
        bits = (bits & ~exp_mask) | (bias - 4 + (kind >> 16) % 9) << f->frac_bits;
    }
    if ((kind & 12) == 12) {
        bits &= ~exp_mask | (uint64_t)3 << f->frac_bits;
    }
    return width < 64 ? bits & (((uint64_t)1 << width) - 1) : bits;
}

#endif
