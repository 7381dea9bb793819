/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer vector operations, lane by lane. Little-endian hosts: the lowest lane comes first in memory. */
#include "tcg/eval.h"
#include "tcg/vec_eval.h"

#include <math.h>
#include <string.h>

#ifdef __x86_64__
#include <xmmintrin.h>
#endif

static int64_t clamp(int64_t v, int64_t min, int64_t max)
{
    return v < min ? min : v > max ? max : v;
}

/* One lane operation on two operands: `x` and `y` are its lanes, of the C type that the field has. */
#define LANES(field, n, expr) \
    for (unsigned i = 0; i < (n); i++) { \
        __typeof__(r.field[0]) x = a.field[i], y = b.field[i]; \
        (void)y; \
        r.field[i] = (expr); \
    } \
    break

#define S8(v) clamp(v, INT8_MIN, INT8_MAX)
#define S16(v) clamp(v, INT16_MIN, INT16_MAX)
#define U8(v) clamp(v, 0, UINT8_MAX)
#define U16(v) clamp(v, 0, UINT16_MAX)

static union vec arithmetic(enum ir_vop vop, union vec a, union vec b)
{
    union vec r = { .d = { 0 } };

    switch (vop) {
    case IR_V_and: LANES(d, 2, x & y);
    case IR_V_or: LANES(d, 2, x | y);
    case IR_V_xor: LANES(d, 2, x ^ y);
    case IR_V_andc: LANES(d, 2, x & ~y);
    case IR_V_add8: LANES(b, 16, x + y);
    case IR_V_add16: LANES(h, 8, x + y);
    case IR_V_add32: LANES(w, 4, x + y);
    case IR_V_add64: LANES(d, 2, x + y);
    case IR_V_sub8: LANES(b, 16, x - y);
    case IR_V_sub16: LANES(h, 8, x - y);
    case IR_V_sub32: LANES(w, 4, x - y);
    case IR_V_sub64: LANES(d, 2, x - y);
    case IR_V_adds8: LANES(sb, 16, S8(x + y));
    case IR_V_adds16: LANES(sh, 8, S16(x + y));
    case IR_V_addus8: LANES(b, 16, U8(x + y));
    case IR_V_addus16: LANES(h, 8, U16(x + y));
    case IR_V_subs8: LANES(sb, 16, S8(x - y));
    case IR_V_subs16: LANES(sh, 8, S16(x - y));
    case IR_V_subus8: LANES(b, 16, U8(x - y));
    case IR_V_subus16: LANES(h, 8, U16(x - y));
    case IR_V_mul16: LANES(h, 8, (uint32_t)x * y);
    case IR_V_mul32: LANES(w, 4, x * y);
    case IR_V_mulhs16: LANES(sh, 8, x * y >> 16);
    case IR_V_mulhu16: LANES(h, 8, (uint32_t)x * y >> 16);
    case IR_V_mulhr16: LANES(sh, 8, (x * y + 0x4000) >> 15);
    case IR_V_cmpeq8: LANES(b, 16, x == y ? -1 : 0);
    case IR_V_cmpeq16: LANES(h, 8, x == y ? -1 : 0);
    case IR_V_cmpeq32: LANES(w, 4, x == y ? -1 : 0);
    case IR_V_cmpeq64: LANES(d, 2, x == y ? -1 : 0);
    case IR_V_cmpgt8: LANES(sb, 16, x > y ? -1 : 0);
    case IR_V_cmpgt16: LANES(sh, 8, x > y ? -1 : 0);
    case IR_V_cmpgt32: LANES(sw, 4, x > y ? -1 : 0);
    case IR_V_cmpgt64: LANES(sd, 2, x > y ? -1 : 0);
    case IR_V_mins8: LANES(sb, 16, x < y ? x : y);
    case IR_V_mins16: LANES(sh, 8, x < y ? x : y);
    case IR_V_mins32: LANES(sw, 4, x < y ? x : y);
    case IR_V_maxs8: LANES(sb, 16, x > y ? x : y);
    case IR_V_maxs16: LANES(sh, 8, x > y ? x : y);
    case IR_V_maxs32: LANES(sw, 4, x > y ? x : y);
    case IR_V_minu8: LANES(b, 16, x < y ? x : y);
    case IR_V_minu16: LANES(h, 8, x < y ? x : y);
    case IR_V_minu32: LANES(w, 4, x < y ? x : y);
    case IR_V_maxu8: LANES(b, 16, x > y ? x : y);
    case IR_V_maxu16: LANES(h, 8, x > y ? x : y);
    case IR_V_maxu32: LANES(w, 4, x > y ? x : y);
    case IR_V_avgu8: LANES(b, 16, (x + y + 1) >> 1);
    case IR_V_avgu16: LANES(h, 8, (x + y + 1) >> 1);
    case IR_V_sign8: LANES(sb, 16, y < 0 ? -x : y == 0 ? 0 : x);
    case IR_V_sign16: LANES(sh, 8, y < 0 ? -x : y == 0 ? 0 : x);
    case IR_V_sign32: LANES(sw, 4, y < 0 ? (int32_t)-(uint32_t)x : y == 0 ? 0 : x);
    case IR_V_abs8: LANES(sb, 16, x < 0 ? -x : x);
    case IR_V_abs16: LANES(sh, 8, x < 0 ? -x : x);
    case IR_V_abs32: LANES(sw, 4, x < 0 ? (int32_t)-(uint32_t)x : x);
    default: g_assert_not_reached();
    }
    return r;
}

static union vec shift(enum ir_vop vop, union vec a, uint64_t n)
{
    union vec r = { .d = { 0 } }, b = { .d = { 0 } };

    switch (vop) {
    case IR_V_shl16: case IR_V_shli16: LANES(h, 8, n < 16 ? x << n : 0);
    case IR_V_shl32: case IR_V_shli32: LANES(w, 4, n < 32 ? x << n : 0);
    case IR_V_shl64: case IR_V_shli64: LANES(d, 2, n < 64 ? x << n : 0);
    case IR_V_shr16: case IR_V_shri16: LANES(h, 8, n < 16 ? x >> n : 0);
    case IR_V_shr32: case IR_V_shri32: LANES(w, 4, n < 32 ? x >> n : 0);
    case IR_V_shr64: case IR_V_shri64: LANES(d, 2, n < 64 ? x >> n : 0);
    case IR_V_sar16: case IR_V_sari16: LANES(sh, 8, x >> (n < 16 ? n : 15));
    case IR_V_sar32: case IR_V_sari32: LANES(sw, 4, x >> (n < 32 ? n : 31));
    default: g_assert_not_reached();
    }
    return r;
}

/* ---- widening, narrowing, horizontal ---- */

static union vec widen(enum ir_vop vop, union vec a)
{
    union vec r = { .d = { 0 } };

#define WIDEN(to, from, n) for (unsigned i = 0; i < (n); i++) { r.to[i] = a.from[i]; } break
    switch (vop) {
    case IR_V_sx8_16: WIDEN(sh, sb, 8);
    case IR_V_sx8_32: WIDEN(sw, sb, 4);
    case IR_V_sx8_64: WIDEN(sd, sb, 2);
    case IR_V_sx16_32: WIDEN(sw, sh, 4);
    case IR_V_sx16_64: WIDEN(sd, sh, 2);
    case IR_V_sx32_64: WIDEN(sd, sw, 2);
    case IR_V_zx8_16: WIDEN(h, b, 8);
    case IR_V_zx8_32: WIDEN(w, b, 4);
    case IR_V_zx8_64: WIDEN(d, b, 2);
    case IR_V_zx16_32: WIDEN(w, h, 4);
    case IR_V_zx16_64: WIDEN(d, h, 2);
    case IR_V_zx32_64: WIDEN(d, w, 2);
    default: g_assert_not_reached();
    }
#undef WIDEN
    return r;
}

/* Lane i of a and b joined, a first */
#define JOINED(field, n, i) ((i) < (n) ? a.field[i] : b.field[(i) - (n)])

static union vec across(enum ir_vop vop, union vec a, union vec b)
{
    union vec r = { .d = { 0 } };

#define EACH(n, statement) for (unsigned i = 0; i < (n); i++) { statement; } break
    switch (vop) {
    case IR_V_muleu32: EACH(2, r.d[i] = (uint64_t)a.w[2 * i] * b.w[2 * i]);
    case IR_V_mules32: EACH(2, r.sd[i] = (int64_t)a.sw[2 * i] * b.sw[2 * i]);
    case IR_V_madd16: EACH(4, r.w[i] = (uint32_t)(a.sh[2 * i] * b.sh[2 * i]) + (a.sh[2 * i + 1] * b.sh[2 * i + 1]));
    case IR_V_maddus8: EACH(8, r.sh[i] = S16(a.b[2 * i] * b.sb[2 * i] + a.b[2 * i + 1] * b.sb[2 * i + 1]));
    case IR_V_sad8: EACH(16, r.d[i / 8] += (unsigned)ABS(a.b[i] - b.b[i]));
    case IR_V_packs16: EACH(16, r.sb[i] = S8(JOINED(sh, 8, i)));
    case IR_V_packs32: EACH(8, r.sh[i] = S16(JOINED(sw, 4, i)));
    case IR_V_packus16: EACH(16, r.b[i] = U8(JOINED(sh, 8, i)));
    case IR_V_packus32: EACH(8, r.h[i] = U16(JOINED(sw, 4, i)));
    case IR_V_hadd16: EACH(8, r.h[i] = JOINED(h, 8, 2 * i) + JOINED(h, 8, 2 * i + 1));
    case IR_V_hadd32: EACH(4, r.w[i] = JOINED(w, 4, 2 * i) + JOINED(w, 4, 2 * i + 1));
    case IR_V_hsub16: EACH(8, r.h[i] = JOINED(h, 8, 2 * i) - JOINED(h, 8, 2 * i + 1));
    case IR_V_hsub32: EACH(4, r.w[i] = JOINED(w, 4, 2 * i) - JOINED(w, 4, 2 * i + 1));
    case IR_V_hadds16: EACH(8, r.sh[i] = S16(JOINED(sh, 8, 2 * i) + JOINED(sh, 8, 2 * i + 1)));
    case IR_V_hsubs16: EACH(8, r.sh[i] = S16(JOINED(sh, 8, 2 * i) - JOINED(sh, 8, 2 * i + 1)));
    case IR_V_zip8: EACH(16, r.b[i] = i & 1 ? b.b[i / 2] : a.b[i / 2]);
    case IR_V_zip16: EACH(8, r.h[i] = i & 1 ? b.h[i / 2] : a.h[i / 2]);
    case IR_V_zip32: EACH(4, r.w[i] = i & 1 ? b.w[i / 2] : a.w[i / 2]);
    case IR_V_zip64: EACH(2, r.d[i] = i & 1 ? b.d[0] : a.d[0]);
    case IR_V_ziph8: EACH(16, r.b[i] = i & 1 ? b.b[8 + i / 2] : a.b[8 + i / 2]);
    case IR_V_ziph16: EACH(8, r.h[i] = i & 1 ? b.h[4 + i / 2] : a.h[4 + i / 2]);
    case IR_V_ziph32: EACH(4, r.w[i] = i & 1 ? b.w[2 + i / 2] : a.w[2 + i / 2]);
    case IR_V_ziph64: EACH(2, r.d[i] = i & 1 ? b.d[1] : a.d[1]);
    case IR_V_shuf8: EACH(16, r.b[i] = b.b[i] & 0x80 ? 0 : a.b[b.b[i] & 15]);
    default: g_assert_not_reached();
    }
    return r;
}

/* ---- moving lanes by an immediate ---- */

static union vec insert_ps(union vec a, union vec b, unsigned imm)
{
    a.w[imm >> 4 & 3] = b.w[imm >> 6 & 3];
    for (unsigned i = 0; i < 4; i++) {
        a.w[i] = imm >> i & 1 ? 0 : a.w[i];
    }
    return a;
}

static union vec sums_of_differences(union vec a, union vec b, unsigned imm)
{
    union vec r = { .d = { 0 } };
    unsigned at = imm & 4 ? 4 : 0, block = 4 * (imm & 3);

    for (unsigned i = 0; i < 32; i++) {
        r.h[i / 4] += (unsigned)ABS(a.b[at + i / 4 + i % 4] - b.b[block + i % 4]);
    }
    return r;
}

static union vec smallest(union vec a)
{
    union vec r = { .d = { 0 } };

    for (unsigned i = 1; i < 8; i++) {
        r.h[1] = a.h[i] < a.h[r.h[1]] ? i : r.h[1];
    }
    r.h[0] = a.h[r.h[1]];
    return r;
}

/* Bytes at .. at + 15 of b, then a, then zeros. */
static union vec extract(union vec a, union vec b, unsigned at)
{
    uint8_t all[48] = { 0 };
    union vec r = { .d = { 0 } };

    memcpy(all, &b, 16);
    memcpy(all + 16, &a, 16);
    if (at < 32) {
        memcpy(&r, all + at, 16);
    }
    return r;
}

static union vec by_immediate(enum ir_vop vop, union vec a, union vec b, unsigned imm)
{
    union vec r = a, zero = { .d = { 0 } };
    unsigned __int128 product;

    switch (vop) {
    case IR_V_shuf32: EACH(4, r.w[i] = a.w[imm >> 2 * i & 3]);
    case IR_V_shuflo16: EACH(4, r.h[i] = a.h[imm >> 2 * i & 3]);
    case IR_V_shufhi16: EACH(4, r.h[4 + i] = a.h[4 + (imm >> 2 * i & 3)]);
    case IR_V_shufps: EACH(4, r.w[i] = i < 2 ? a.w[imm >> 2 * i & 3] : b.w[imm >> 2 * i & 3]);
    case IR_V_shufpd: EACH(2, r.d[i] = i ? b.d[imm >> 1 & 1] : a.d[imm & 1]);
    case IR_V_blendi16: EACH(8, r.h[i] = imm >> i & 1 ? b.h[i] : a.h[i]);
    case IR_V_blendi32: EACH(4, r.w[i] = imm >> i & 1 ? b.w[i] : a.w[i]);
    case IR_V_blendi64: EACH(2, r.d[i] = imm >> i & 1 ? b.d[i] : a.d[i]);
    case IR_V_shlb: return imm < 16 ? extract(a, zero, 16 - imm) : zero;
    case IR_V_shrb: return imm < 16 ? extract(zero, a, imm) : zero;
    case IR_V_ext8: return extract(a, b, imm);
    case IR_V_insps: return insert_ps(a, b, imm);
    case IR_V_mpsad8: return sums_of_differences(a, b, imm);
    case IR_V_clmul:
        product = eval_clmul(a.d[imm & 1], b.d[imm >> 4 & 1]);
        r.d[0] = product;
        r.d[1] = product >> 64;
        break;
    default: g_assert_not_reached();
    }
    return r;
}

/* ---- approximations ---- */

/* The host's own instruction where it has one, so that the results are those of translated code. */
static union vec approximations(union vec a, bool root)
{
    float f[4];

    memcpy(f, &a, sizeof(f));
#ifdef __x86_64__
    __m128 v = _mm_loadu_ps(f);
    _mm_storeu_ps(f, root ? _mm_rsqrt_ps(v) : _mm_rcp_ps(v));
#else
    for (unsigned i = 0; i < 4; i++) {
        f[i] = 1 / (root ? sqrtf(f[i]) : f[i]);
    }
#endif
    memcpy(&a, f, sizeof(f));
    return a;
}

union vec vec_eval(enum ir_vop vop, unsigned imm, union vec a, union vec b, union vec c, uint32_t *mxcsr)
{
    union vec r = a, few;

    if (ir_vops[vop].op >= IR_OP_vf1) {
        return vec_eval_fp(vop, imm, a, b, c, mxcsr);
    }
    switch (vop) {
    case IR_V_bsl: EACH(2, r.d[i] = (a.d[i] & b.d[i]) | (~a.d[i] & c.d[i]));
    case IR_V_blend8: EACH(16, r.b[i] = a.b[i] & 0x80 ? b.b[i] : c.b[i]);
    case IR_V_shl16: case IR_V_shl32: case IR_V_shl64: case IR_V_shr16: case IR_V_shr32: case IR_V_shr64:
    case IR_V_sar16: case IR_V_sar32:
        return shift(vop, a, b.d[0]);
    case IR_V_shli16: case IR_V_shli32: case IR_V_shli64: case IR_V_shri16: case IR_V_shri32: case IR_V_shri64:
    case IR_V_sari16: case IR_V_sari32:
        return shift(vop, a, imm);
    case IR_V_sx8_16: case IR_V_sx8_32: case IR_V_sx8_64: case IR_V_sx16_32: case IR_V_sx16_64: case IR_V_sx32_64:
    case IR_V_zx8_16: case IR_V_zx8_32: case IR_V_zx8_64: case IR_V_zx16_32: case IR_V_zx16_64: case IR_V_zx32_64:
        return widen(vop, a);
    case IR_V_minpos16:
        return smallest(a);
    case IR_V_aesenc: case IR_V_aesenclast: case IR_V_aesdec: case IR_V_aesdeclast: case IR_V_aesimc: case IR_V_aeskey:
        return vec_eval_aes(vop, imm, a, b);
    case IR_V_rcpps: case IR_V_rsqrtps:
        return approximations(a, vop == IR_V_rsqrtps);
    case IR_V_rcpss: case IR_V_rsqrtss:
        few = approximations(b, vop == IR_V_rsqrtss);
        r.w[0] = few.w[0];
        break;
    default:
        return ir_vops[vop].imm ? by_immediate(vop, a, b, imm) :
               vop >= IR_V_muleu32 ? across(vop, a, b) : arithmetic(vop, a, b);
    }
    return r;
}
