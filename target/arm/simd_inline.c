/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD, integers: instructions that are a few vector operations of the IR. What is not here is computed by
 * elements in simd_helpers.c, which is also what these are compared with (-accel tcg,opt-vectors=off).
 *
 * Rows of vops.def for lanes of 8, 16, 32 and 64 bits follow each other, so IR_V_add8 + size is the addition of size.
 */
#include "target/arm/simd.h"
#include "target/arm/translate.h"

#define V1(op, a, imm) ir_vop1(t->ir, IR_V_##op, a, imm)
#define V2(op, a, b) ir_vop2(t->ir, IR_V_##op, a, b, 0)
#define BY_SIZE(op, size, a, b) ir_vop2(t->ir, IR_V_##op + (size), a, b, 0)

static ir_ref splat(struct arm_tr *t, unsigned size, uint64_t v)
{
    return ir_vdup(t->ir, size, ir_i64(t->ir, v));
}

static ir_ref zero(struct arm_tr *t)
{
    return splat(t, 3, 0);
}

static ir_ref halves(struct arm_tr *t, uint64_t lo, uint64_t hi)
{
    return ir_vset(t->ir, 3, ir_vfrom(t->ir, ir_i64(t->ir, lo)), 1, ir_i64(t->ir, hi));
}

static uint64_t ones(unsigned bits)
{
    return UINT64_MAX >> (64 - bits);
}

static ir_ref lower_half(struct arm_tr *t, ir_ref v)
{
    return ir_vfrom(t->ir, ir_vget(t->ir, IR_F64, 3, v, 0));
}

/* ---- shifts by one amount ---- */

static ir_ref shl(struct arm_tr *t, unsigned size, unsigned n, ir_ref v)
{
    return size ? ir_vop1(t->ir, IR_V_shli16 + size - 1, v, n)
                : V2(and, V1(shli16, v, n), splat(t, 0, n < 8 ? 0xff << n & 0xff : 0));
}

static ir_ref shr(struct arm_tr *t, unsigned size, unsigned n, ir_ref v)
{
    return size ? ir_vop1(t->ir, IR_V_shri16 + size - 1, v, n) : V2(and, V1(shri16, v, n), splat(t, 0, n < 8 ? 0xff >> n : 0));
}

static ir_ref sar(struct arm_tr *t, unsigned size, unsigned n, ir_ref v)
{
    ir_ref sign;

    switch (size) {
    case 0:         /* unsigned, then the sign bit spread by a subtraction */
        n = n < 8 ? n : 7;
        sign = splat(t, 0, 0x80 >> n);
        return V2(sub8, V2(xor, shr(t, 0, n, v), sign), sign);
    case 3:
        sign = V2(cmpgt64, zero(t), v);
        return V2(xor, V1(shri64, V2(xor, v, sign), n), sign);
    default:
        return ir_vop1(t->ir, IR_V_sari16 + size - 1, v, n);
    }
}

static ir_ref shift_right(struct arm_tr *t, unsigned op, unsigned size, unsigned n, ir_ref v)
{
    ir_ref (*f)(struct arm_tr *, unsigned, unsigned, ir_ref) = op == VO_SSHR || op == VO_SRSHR ? sar : shr;
    ir_ref r = f(t, size, n, v);

    if (op == VO_SSHR || op == VO_USHR) {
        return r;
    }
    return BY_SIZE(add8, size, r, V2(and, f(t, size, n - 1, v), splat(t, size, 1)));     /* the last bit lost rounds */
}

/* Shifts by a vector that is one constant in all elements: n > 0 to the left. 0: it is not. */
static ir_ref shift_by_constant(struct arm_tr *t, unsigned op, unsigned size, ir_ref v, ir_ref by)
{
    const struct ir_insn *i = ir_is_const(by) ? NULL : &t->ir->insns[by];
    int n;

    if (!i || i->op != IR_OP_vdup || i->sub != size || !ir_is_const(i->a)) {
        return 0;
    }
    n = (int8_t)ir_const_value(t->ir, i->a);
    return n >= 0 ? shl(t, size, n, v) : op == VO_SSHL ? sar(t, size, -n, v) : shr(t, size, -n, v);
}

/* ---- two elements to one ---- */

static ir_ref flip_signs(struct arm_tr *t, unsigned size, ir_ref v)
{
    return V2(xor, v, splat(t, size, 1ull << ((8u << size) - 1)));
}

/* Halves of sums (rounded or not) and of differences. */
static ir_ref halving(struct arm_tr *t, unsigned op, unsigned size, ir_ref a, ir_ref b)
{
    bool is_signed = op == VO_SHADD || op == VO_SRHADD || op == VO_SHSUB, flip = is_signed && size < 2 && op != VO_SHSUB;
    ir_ref r, differ;

    if (size == 2) {
        differ = V2(xor, a, b);
        differ = is_signed ? V1(sari32, differ, 1) : V1(shri32, differ, 1);
        switch (op) {
        case VO_SHADD: case VO_UHADD: return V2(add32, V2(and, a, b), differ);
        case VO_SRHADD: case VO_URHADD: return V2(sub32, V2(or, a, b), differ);
        default: return 0;
        }
    }
    if (is_signed) {        /* averages of unsigned numbers are what hosts have */
        a = flip_signs(t, size, a);
        b = flip_signs(t, size, b);
    }
    r = BY_SIZE(avgu8, size, a, b);
    switch (op) {
    case VO_SHADD: case VO_UHADD:
        r = BY_SIZE(sub8, size, r, V2(and, V2(xor, a, b), splat(t, size, 1)));
        break;
    case VO_SHSUB: case VO_UHSUB:
        r = BY_SIZE(sub8, size, a, r);
        break;
    default:
        break;
    }
    return flip ? flip_signs(t, size, r) : r;
}

static ir_ref difference(struct arm_tr *t, bool is_signed, unsigned size, ir_ref a, ir_ref b)
{
    if (is_signed) {
        return BY_SIZE(sub8, size, BY_SIZE(maxs8, size, a, b), BY_SIZE(mins8, size, a, b));
    }
    if (size == 2) {
        return V2(sub32, V2(maxu32, a, b), V2(minu32, a, b));
    }
    return V2(or, BY_SIZE(subus8, size, a, b), BY_SIZE(subus8, size, b, a));
}

static ir_ref mul8(struct arm_tr *t, ir_ref a, ir_ref b)
{
    ir_ref odd = V1(shli16, V2(mul16, V1(shri16, a, 8), V1(shri16, b, 8)), 8);

    return V2(or, V2(and, V2(mul16, a, b), splat(t, 1, 0xff)), odd);
}

static ir_ref compare_unsigned64(struct arm_tr *t, unsigned op, ir_ref a, ir_ref b)
{
    a = flip_signs(t, 3, a);
    b = flip_signs(t, 3, b);
    return op == VO_CMHI ? V2(cmpgt64, a, b) : V2(xor, V2(cmpgt64, b, a), splat(t, 3, UINT64_MAX));
}

/* ---- even and odd elements ---- */

static ir_ref evens(struct arm_tr *t, unsigned size, ir_ref v)
{
    return V2(and, v, splat(t, size + 1, ones(8u << size)));
}

static ir_ref odds(struct arm_tr *t, unsigned size, ir_ref v)
{
    return ir_vop1(t->ir, IR_V_shri16 + size, v, 8u << size);
}

ir_ref arm_simd_unzip(struct arm_tr *t, bool odd, unsigned size, ir_ref a, ir_ref b)
{
    switch (size) {
    case 0: case 1:
        a = odd ? odds(t, size, a) : evens(t, size, a);
        b = odd ? odds(t, size, b) : evens(t, size, b);
        return BY_SIZE(packus16, size, a, b);
    case 2:
        return ir_vop2(t->ir, IR_V_shufps, a, b, odd ? 0xdd : 0x88);
    default:
        return odd ? V2(ziph64, a, b) : V2(zip64, a, b);
    }
}

static ir_ref transpose(struct arm_tr *t, bool odd, unsigned size, ir_ref a, ir_ref b)
{
    if (size == 3) {
        return odd ? V2(ziph64, a, b) : V2(zip64, a, b);
    }
    if (odd) {
        a = odds(t, size, a);
    } else {
        b = shl(t, size + 1, 8u << size, b);
    }
    switch (size) {
    case 0: return odd ? V2(or, a, V2(and, b, splat(t, 1, 0xff00))) : V2(or, V2(and, a, splat(t, 1, 0xff)), b);
    case 1: return ir_vop2(t->ir, IR_V_blendi16, a, b, 0xaa);
    default: return ir_vop2(t->ir, IR_V_blendi32, a, b, 0xa);
    }
}

static ir_ref permute(struct arm_tr *t, unsigned op, unsigned size, bool q, ir_ref a, ir_ref b)
{
    ir_ref r;

    switch (op) {
    case VO_ZIP1: case VO_ZIP2:
        if (q) {
            return op == VO_ZIP1 ? BY_SIZE(zip8, size, a, b) : BY_SIZE(ziph8, size, a, b);
        }
        r = BY_SIZE(zip8, size, a, b);
        return op == VO_ZIP1 ? r : V1(shrb, r, 8);
    case VO_UZP1: case VO_UZP2:
        if (!q) {
            a = b = V2(zip64, a, b);
        }
        return arm_simd_unzip(t, op == VO_UZP2, size, a, b);
    default:
        return transpose(t, op == VO_TRN2, size, a, b);
    }
}

static ir_ref min_max(struct arm_tr *t, unsigned op, unsigned size, ir_ref a, ir_ref b)
{
    switch (op) {
    case VO_SMAXP: case VO_SMAXV: return BY_SIZE(maxs8, size, a, b);
    case VO_UMAXP: case VO_UMAXV: return BY_SIZE(maxu8, size, a, b);
    case VO_SMINP: case VO_SMINV: return BY_SIZE(mins8, size, a, b);
    case VO_UMINP: case VO_UMINV: return BY_SIZE(minu8, size, a, b);
    default: return BY_SIZE(add8, size, a, b);              /* VO_ADDV */
    }
}

static ir_ref pairwise(struct arm_tr *t, unsigned op, unsigned size, bool q, ir_ref a, ir_ref b)
{
    if (!q) {
        a = b = V2(zip64, a, b);
    }
    if (op != VO_ADDP) {
        return min_max(t, op, size, arm_simd_unzip(t, false, size, a, b), arm_simd_unzip(t, true, size, a, b));
    }
    switch (size) {
    case 0:
        a = V2(and, V2(maddus8, a, splat(t, 0, 1)), splat(t, 1, 0xff));
        b = V2(and, V2(maddus8, b, splat(t, 0, 1)), splat(t, 1, 0xff));
        return V2(packus16, a, b);
    case 3:
        return V2(add64, V2(zip64, a, b), V2(ziph64, a, b));
    default:
        return BY_SIZE(hadd16, size - 1, a, b);
    }
}

/* Sums of neighbours, twice as wide. */
static ir_ref pair_sums(struct arm_tr *t, bool is_signed, unsigned size, ir_ref v)
{
    switch (size) {
    case 0: return is_signed ? V2(maddus8, splat(t, 0, 1), v) : V2(maddus8, v, splat(t, 0, 1));
    case 1: return is_signed ? V2(madd16, v, splat(t, 1, 1)) : V2(add32, evens(t, 1, v), odds(t, 1, v));
    default:
        if (is_signed) {
            return V2(add64, V2(mules32, v, splat(t, 2, 1)), V2(mules32, V1(shri64, v, 32), splat(t, 2, 1)));
        }
        return V2(add64, evens(t, 2, v), odds(t, 2, v));
    }
}

/* ---- wider, narrower ---- */

static ir_ref extend(struct arm_tr *t, bool is_signed, unsigned size, bool q, ir_ref v)
{
    static const int16_t sx[3] = { IR_V_sx8_16, IR_V_sx16_32, IR_V_sx32_64 };
    static const int16_t zx[3] = { IR_V_zx8_16, IR_V_zx16_32, IR_V_zx32_64 };

    if (q && !is_signed) {
        return BY_SIZE(ziph8, size, v, zero(t));
    }
    return ir_vop1(t->ir, (is_signed ? sx : zx)[size], q ? V1(shrb, v, 8) : v, 0);
}

static ir_ref mul_long(struct arm_tr *t, bool is_signed, unsigned size, bool q, ir_ref a, ir_ref b)
{
    ir_ref lo, hi;

    switch (size) {
    case 0:
        return V2(mul16, extend(t, is_signed, 0, q, a), extend(t, is_signed, 0, q, b));
    case 1:
        lo = V2(mul16, a, b);
        hi = is_signed ? V2(mulhs16, a, b) : V2(mulhu16, a, b);
        return q ? V2(ziph16, lo, hi) : V2(zip16, lo, hi);
    default:
        a = V1(shuf32, a, q ? 0xfa : 0x50);     /* the factors into the even lanes */
        b = V1(shuf32, b, q ? 0xfa : 0x50);
        return is_signed ? V2(mules32, a, b) : V2(muleu32, a, b);
    }
}

static ir_ref lengthen(struct arm_tr *t, unsigned op, unsigned size, bool q, ir_ref a, ir_ref b)
{
    switch (op) {
    case VO_SADDL: return BY_SIZE(add16, size, extend(t, true, size, q, a), extend(t, true, size, q, b));
    case VO_UADDL: return BY_SIZE(add16, size, extend(t, false, size, q, a), extend(t, false, size, q, b));
    case VO_SSUBL: return BY_SIZE(sub16, size, extend(t, true, size, q, a), extend(t, true, size, q, b));
    case VO_USUBL: return BY_SIZE(sub16, size, extend(t, false, size, q, a), extend(t, false, size, q, b));
    case VO_SABDL: return extend(t, false, size, q, difference(t, true, size, a, b));
    case VO_UABDL: return extend(t, false, size, q, difference(t, false, size, a, b));
    case VO_SMULL: return mul_long(t, true, size, q, a, b);
    case VO_UMULL: return mul_long(t, false, size, q, a, b);
    case VO_SADDW: return BY_SIZE(add16, size, a, extend(t, true, size, q, b));
    case VO_UADDW: return BY_SIZE(add16, size, a, extend(t, false, size, q, b));
    case VO_SSUBW: return BY_SIZE(sub16, size, a, extend(t, true, size, q, b));
    default: return BY_SIZE(sub16, size, a, extend(t, false, size, q, b));     /* VO_USUBW */
    }
}

/* The low (high) halves of elements twice as wide as size, in the lower half of the result. */
static ir_ref narrow(struct arm_tr *t, bool high, unsigned size, ir_ref v)
{
    if (size == 2) {
        return V1(shuf32, v, high ? 0xdd : 0x88);
    }
    v = high ? odds(t, size, v) : evens(t, size, v);
    return BY_SIZE(packus16, size, v, v);
}

static ir_ref narrowing(struct arm_tr *t, unsigned op, unsigned size, unsigned imm, ir_ref a, ir_ref b)
{
    unsigned half = 8u << size;

    switch (op) {
    case VO_ADDHN: case VO_RADDHN: a = BY_SIZE(add16, size, a, b); break;
    case VO_SUBHN: case VO_RSUBHN: a = BY_SIZE(sub16, size, a, b); break;
    case VO_XTN: return narrow(t, false, size, a);
    default: half = imm; break;                             /* VO_SHRN, VO_RSHRN */
    }
    if (op == VO_RADDHN || op == VO_RSUBHN || op == VO_RSHRN) {
        a = BY_SIZE(add16, size, a, splat(t, size + 1, 1ull << (half - 1)));
    }
    return half == 8u << size ? narrow(t, true, size, a) : narrow(t, false, size, shr(t, size + 1, half, a));
}

/* ---- across all elements ---- */

static ir_ref element0(struct arm_tr *t, unsigned size, ir_ref v)
{
    return ir_vfrom(t->ir, ir_vget(t->ir, IR_I64, size, v, 0));
}

static ir_ref across(struct arm_tr *t, unsigned op, unsigned size, bool q, ir_ref v)
{
    unsigned to = op == VO_SADDLV || op == VO_UADDLV ? size + 1 : size;

    if (size == 0 && (op == VO_ADDV || op == VO_UADDLV)) {
        v = V2(sad8, q ? v : lower_half(t, v), zero(t));
        return element0(t, to, q ? V2(add64, v, V1(shrb, v, 8)) : v);
    }
    if (to > size) {
        v = pair_sums(t, op == VO_SADDLV, size, v);
        op = VO_ADDV;
    }
    for (unsigned by = q ? 8 : 4; by >= 1u << to; by /= 2) {
        v = min_max(t, op, to, v, V1(shrb, v, by));
    }
    return element0(t, to, v);
}

/* ---- one operand ---- */

static ir_ref reverse(struct arm_tr *t, unsigned op, unsigned size, ir_ref v)
{
    static const uint64_t bytes[] = { 0x0607040502030001, 0x0405060700010203, 0x0001020304050607 };
    uint64_t lo = bytes[op - VO_REV16];

    switch (size) {
    case 0:
        return V2(shuf8, v, halves(t, lo, lo + 0x0808080808080808));
    case 1:
        lo = op == VO_REV64 ? 0x1b : 0xb1;
        return V1(shufhi16, V1(shuflo16, v, lo), lo);
    default:
        return V1(shuf32, v, 0xb1);
    }
}

/* Each byte by two tables for its lower and its upper half. */
static ir_ref by_nibbles(struct arm_tr *t, ir_ref v, ir_ref lower, ir_ref upper)
{
    ir_ref mask = splat(t, 0, 15);

    return V2(add8, V2(shuf8, lower, V2(and, v, mask)), V2(shuf8, upper, V2(and, V1(shri16, v, 4), mask)));
}

static ir_ref count_ones(struct arm_tr *t, ir_ref v)
{
    ir_ref table = halves(t, 0x0302020102010100, 0x0403030203020201);

    return by_nibbles(t, v, table, table);
}

static ir_ref reverse_bits(struct arm_tr *t, ir_ref v)
{
    return by_nibbles(t, v, halves(t, 0xe060a020c0408000, 0xf070b030d0509010), halves(t, 0x0e060a020c040800, 0x0f070b030d050901));
}

/* ---- cryptography: ARM adds the round key first and has MixColumns apart, hosts the other way round ---- */

/* AESMC (AESIMC) behind AESE (AESD) is one round of the host's. Round keys are zero in all that this file emits. */
static ir_ref aes_mix(struct arm_tr *t, bool inverse, ir_ref v)
{
    const struct ir_insn *i = ir_is_const(v) ? NULL : &t->ir->insns[v];
    unsigned last = inverse ? IR_V_aesdeclast : IR_V_aesenclast;

    if (i && i->op == IR_OP_v2 && i->sub == last) {
        return ir_vop2(t->ir, inverse ? IR_V_aesdec : IR_V_aesenc, i->a, i->b, 0);
    }
    return inverse ? V1(aesimc, v, 0) : V2(aesenc, V2(aesdeclast, v, zero(t)), zero(t));
}

/* ---- dispatch ---- */

/* Without Q the upper half of the result is of no meaning. */
static ir_ref emit(struct arm_tr *t, unsigned op, unsigned size, bool q, unsigned imm, ir_ref a, ir_ref b)
{
    switch (op) {
    case VO_SHADD: case VO_UHADD: case VO_SRHADD: case VO_URHADD: case VO_SHSUB: case VO_UHSUB:
        return size < 3 ? halving(t, op, size, a, b) : 0;
    case VO_SSHL: case VO_USHL:
        return shift_by_constant(t, op, size, a, b);
    case VO_SABD: case VO_UABD:
        return size < 3 ? difference(t, op == VO_SABD, size, a, b) : 0;
    case VO_MUL:
        return size == 0 ? mul8(t, a, b) : 0;
    case VO_CMHI: case VO_CMHS:
        return size == 3 ? compare_unsigned64(t, op, a, b) : 0;
    case VO_ABS:
        return size < 3 ? ir_vop1(t->ir, IR_V_abs8 + size, a, 0) : 0;
    case VO_CNT:
        return count_ones(t, a);
    case VO_RBIT:
        return reverse_bits(t, a);
    case VO_REV16: case VO_REV32: case VO_REV64:
        return reverse(t, op, size, a);
    case VO_ADDP: case VO_SMAXP: case VO_UMAXP: case VO_SMINP: case VO_UMINP:
        return size < 3 || op == VO_ADDP ? pairwise(t, op, size, q, a, b) : 0;
    case VO_SADDLP: case VO_UADDLP:
        return pair_sums(t, op == VO_SADDLP, size, a);
    case VO_SADDL: case VO_UADDL: case VO_SSUBL: case VO_USUBL: case VO_SABDL: case VO_UABDL: case VO_SMULL: case VO_UMULL:
    case VO_SADDW: case VO_UADDW: case VO_SSUBW: case VO_USUBW:
        return lengthen(t, op, size, q, a, b);
    case VO_ADDHN: case VO_RADDHN: case VO_SUBHN: case VO_RSUBHN: case VO_XTN: case VO_SHRN: case VO_RSHRN:
        return narrowing(t, op, size, imm, a, b);
    case VO_SSHR: case VO_USHR: case VO_SRSHR: case VO_URSHR:
        return shift_right(t, op, size, imm, a);
    case VO_UZP1: case VO_UZP2: case VO_TRN1: case VO_TRN2: case VO_ZIP1: case VO_ZIP2:
        return permute(t, op, size, q, a, b);
    case VO_ADDV: case VO_SADDLV: case VO_UADDLV: case VO_SMAXV: case VO_UMAXV: case VO_SMINV: case VO_UMINV:
        return across(t, op, size, q, a);
    case VO_AESE: case VO_AESD:
        a = V2(xor, a, b);
        return op == VO_AESE ? V2(aesenclast, a, zero(t)) : V2(aesdeclast, a, zero(t));
    case VO_AESMC: case VO_AESIMC:
        return aes_mix(t, op == VO_AESIMC, a);
    case VO_PMULL64:
        return ir_vop2(t->ir, IR_V_clmul, a, b, q ? 0x11 : 0);
    default:
        return 0;
    }
}

/* Without Q: is the upper half a result, or does nobody look at it? */
static bool whole(unsigned op)
{
    return (op >= VO_SADDL && op <= VO_RSHRN) || (op >= VO_ADDV && op <= VO_UMINV) || (op >= VO_AESE && op <= VO_PMULL64) ||
           (op >= VO_FCVTN && op <= VO_FCVTXN);
}

ir_ref arm_simd_inline(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b)
{
    unsigned op = desc & 255, size = desc >> 8 & 3, q = desc >> 10 & 1;
    ir_ref r;

    if (t->tb->by_helpers) {
        return 0;
    }
    r = op >= VO_FADDP ? arm_simd_inline_fp(t, desc, a, b) : emit(t, op, size, q, desc >> 16, a, b);
    return !r || q || whole(op) ? r : lower_half(t, r);
}

/* Sums of four products of bytes added to 32 bits. */
static ir_ref dot(struct arm_tr *t, bool is_signed, ir_ref acc, ir_ref a, ir_ref b)
{
    ir_ref even, odd;

    if (is_signed) {
        even = V2(madd16, V1(sari16, V1(shli16, a, 8), 8), V1(sari16, V1(shli16, b, 8), 8));
        odd = V2(madd16, V1(sari16, a, 8), V1(sari16, b, 8));
    } else {
        even = V2(madd16, evens(t, 0, a), evens(t, 0, b));
        odd = V2(madd16, odds(t, 0, a), odds(t, 0, b));
    }
    return V2(add32, acc, V2(add32, even, odd));
}

ir_ref arm_simd_inline_acc(struct arm_tr *t, uint32_t desc, bool q, ir_ref acc, ir_ref a, ir_ref b)
{
    unsigned op = desc & 255;
    ir_ref r = 0;

    if (t->tb->by_helpers) {
        return 0;
    }
    if (op == VO_SDOT || op == VO_UDOT) {
        r = dot(t, op == VO_SDOT, acc, a, b);
    } else if (op == VO_FMLA || op == VO_FMLS) {
        r = arm_simd_inline_fused(t, desc, q, acc, a, b);
    }
    return !r || q ? r : lower_half(t, r);
}

ir_ref arm_simd_inline_tbl(struct arm_tr *t, unsigned rn, unsigned registers, ir_ref index)
{
    ir_ref r = 0, part, at = index;

    if (t->tb->by_helpers) {
        return 0;
    }
    for (unsigned i = 0; i < registers; i++) {
        if (i) {
            at = V2(sub8, index, splat(t, 0, 16 * i));
        }
        /* Indices from 16 on get their top bit, for which a shuffle gives 0. */
        part = V2(shuf8, arm_v(t, (rn + i) & 31), V2(addus8, at, splat(t, 0, 0x70)));
        r = r ? V2(or, r, part) : part;
    }
    return r;
}
