/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/random.h"

uint64_t random_int(GRand *rand)
{
    static const uint64_t corners[] = {
        0, 1, 2, -1ull, -2ull, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, INT64_MAX, 1ull << 63, 0xffffffff80000000,
        0xffffffff7fffffff, 0x8000000000000001, 0x5555555555555555, 31, 32, 63, 64, 0xff, 0x8000, 0xffff, 0x80, 0x7f,
        0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x8000800080008000, 0x7fff7fff7fff7fff,
    };
    uint64_t v = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        return corners[g_rand_int_range(rand, 0, G_N_ELEMENTS(corners))];
    case 1:
        return v >> g_rand_int_range(rand, 0, 64);
    case 2:
        return (uint64_t)((int64_t)v >> g_rand_int_range(rand, 0, 64));
    default:
        return v;
    }
}

uint64_t random_float(GRand *rand, unsigned exp, unsigned man)
{
    uint64_t sign = (uint64_t)g_rand_boolean(rand) << (exp + man), e_max = (1u << exp) - 1, e = e_max / 2;
    uint64_t m = ((uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand)) & ((1ull << man) - 1);

    switch (g_rand_int_range(rand, 0, 12)) {
    case 0:
        return sign;
    case 1:
        return sign | e_max << man;
    case 2:
        return sign | e_max << man | 1ull << (man - 1) | (g_rand_boolean(rand) ? m : 0);    /* quiet NaN */
    case 3:
        return sign | e_max << man | (m & ((1ull << (man - 1)) - 1)) | 1;                   /* signalling NaN */
    case 4:
        return sign | m >> g_rand_int_range(rand, 0, man);                                  /* subnormal */
    case 5:
        return sign | (e_max - 1) << man | m;
    case 6:
        return sign | (uint64_t)g_rand_int_range(rand, 1, 4) << man | m;
    case 7:
        return sign | e << man | (m & ~(uint64_t)0 << (man - 3));                           /* halves, quarters */
    case 8:
        return sign | (uint64_t)g_rand_int_range(rand, 0, e_max) << man | m;
    default:
        return sign | (e + (uint64_t)g_rand_int_range(rand, 0, 12) - 6) << man | m;
    }
}
