/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each integer operation computes: one row each, used by the builder's constant folding and by the interpreter.
 * In a row U and S are the unsigned and signed types of the operation's width W, D and UD those of twice the width.
 * A row `name` yields the functions eval_name_32 and eval_name_64.
 */
#ifndef TCG_EVAL_H
#define TCG_EVAL_H

#include "tcg/ir.h"

#define EVAL_INT2(X) \
    X(add, a + b) \
    X(sub, a - b) \
    X(and, a & b) \
    X(or, a | b) \
    X(xor, a ^ b) \
    X(andc, a & ~b) \
    X(orc, a | ~b) \
    X(eqv, ~(a ^ b)) \
    X(shl, a << (b & (W - 1))) \
    X(shr, a >> (b & (W - 1))) \
    X(sar, (S)a >> (b & (W - 1))) \
    X(rotl, a << (b & (W - 1)) | a >> (-b & (W - 1))) \
    X(rotr, a >> (b & (W - 1)) | a << (-b & (W - 1))) \
    X(mul, a * b) \
    X(mulhs, ((D)(S)a * (D)(S)b) >> W) \
    X(mulhu, ((UD)a * (UD)b) >> W) \
    X(mulhsu, ((D)(S)a * (D)(UD)b) >> W) \
    X(divs, b == 0 ? (U)-1 : b == (U)-1 ? -a : (U)((S)a / (S)b)) \
    X(divu, b == 0 ? (U)-1 : a / b) \
    X(rems, b == 0 ? a : b == (U)-1 ? 0 : (U)((S)a % (S)b)) \
    X(remu, b == 0 ? a : a % b) \
    X(mins, (S)a < (S)b ? a : b) \
    X(maxs, (S)a > (S)b ? a : b) \
    X(minu, a < b ? a : b) \
    X(maxu, a > b ? a : b) \
    X(clmul, eval_clmul(a, b)) \
    X(clmulh, W == 64 ? eval_clmul(a, b) >> 64 : eval_clmul(a, b) >> 32)

#define EVAL_INT1(X) \
    X(neg, -a) \
    X(not, ~a) \
    X(clz, a == 0 ? W : __builtin_clzll(a) - (64 - W)) \
    X(ctz, a == 0 ? W : __builtin_ctzll(a)) \
    X(popcnt, __builtin_popcountll(a)) \
    X(bswap, W == 64 ? __builtin_bswap64(a) : __builtin_bswap32((uint32_t)a)) \
    X(brev8, eval_brev8(a)) \
    X(orcb, eval_orcb(a)) \
    X(exts8, (S)(int8_t)a) \
    X(exts16, (S)(int16_t)a) \
    X(extu8, (uint8_t)a) \
    X(extu16, (uint16_t)a)

/* Carry-less product of 64-bit values, all 128 bits of it. */
static inline unsigned __int128 eval_clmul(uint64_t a, uint64_t b)
{
    unsigned __int128 r = 0;

    for (; b; b &= b - 1) {
        r ^= (unsigned __int128)a << __builtin_ctzll(b);
    }
    return r;
}

static inline uint64_t eval_brev8(uint64_t a)
{
    a = (a >> 1 & 0x5555555555555555u) | (a & 0x5555555555555555u) << 1;
    a = (a >> 2 & 0x3333333333333333u) | (a & 0x3333333333333333u) << 2;
    return (a >> 4 & 0x0f0f0f0f0f0f0f0fu) | (a & 0x0f0f0f0f0f0f0f0fu) << 4;
}

static inline uint64_t eval_orcb(uint64_t a)
{
    const uint64_t low7 = 0x7f7f7f7f7f7f7f7fu;
    uint64_t nonzero = (((a & low7) + low7) | a) & ~low7;   /* bit 7 of each byte that is not 0 */

    return (nonzero >> 7) * 0xff;
}

#define EVAL_FN(name, suffix, params, width, utype, stype, dtype, udtype, expr) \
    static inline utype eval_##name##suffix params \
    { \
        typedef utype U __attribute__((unused)); \
        typedef stype S __attribute__((unused)); \
        typedef dtype D __attribute__((unused)); \
        typedef udtype UD __attribute__((unused)); \
        enum { W = width }; \
        return (utype)(expr); \
    }
#define EVAL_FNS2(name, expr) \
    EVAL_FN(name, _32, (uint32_t a, uint32_t b), 32, uint32_t, int32_t, int64_t, uint64_t, expr) \
    EVAL_FN(name, _64, (uint64_t a, uint64_t b), 64, uint64_t, int64_t, __int128, unsigned __int128, expr)
#define EVAL_FNS1(name, expr) \
    EVAL_FN(name, _32, (uint32_t a), 32, uint32_t, int32_t, int64_t, uint64_t, expr) \
    EVAL_FN(name, _64, (uint64_t a), 64, uint64_t, int64_t, __int128, unsigned __int128, expr)
EVAL_INT2(EVAL_FNS2)
EVAL_INT1(EVAL_FNS1)
#undef EVAL_FNS1
#undef EVAL_FNS2
#undef EVAL_FN

/* a cond b. I32 operands (is32) stand zero-extended in a and b. */
static inline bool eval_cond(enum ir_cond cond, bool is32, uint64_t a, uint64_t b)
{
    int64_t sa = is32 ? (int32_t)a : (int64_t)a;
    int64_t sb = is32 ? (int32_t)b : (int64_t)b;

    switch (cond) {
    case IR_EQ: return a == b;
    case IR_NE: return a != b;
    case IR_LT: return sa < sb;
    case IR_GE: return sa >= sb;
    case IR_LE: return sa <= sb;
    case IR_GT: return sa > sb;
    case IR_LTU: return a < b;
    case IR_GEU: return a >= b;
    case IR_LEU: return a <= b;
    case IR_GTU: return a > b;
    case IR_TSTEQ: return (a & b) == 0;
    case IR_TSTNE: return (a & b) != 0;
    }
    return false;
}

#define EVAL_NAN32 0x7fc00000u              /* RISC-V's canonical NaNs */
#define EVAL_NAN64 0x7ff8000000000000u

static inline uint32_t eval_canon32(uint32_t a)
{
    return (a & 0x7fffffff) > 0x7f800000 ? EVAL_NAN32 : a;
}

static inline uint64_t eval_canon64(uint64_t a)
{
    return (a & INT64_MAX) > 0x7ff0000000000000u ? EVAL_NAN64 : a;
}

static inline uint64_t eval_box32(uint32_t a)
{
    return 0xffffffffull << 32 | a;
}

static inline uint64_t eval_unbox32(uint64_t a)
{
    return a >> 32 == 0xffffffff ? (uint32_t)a : EVAL_NAN32;
}

/* Sign of an F32 (is32) or F64: fcopysign's three forms. */
static inline uint64_t eval_copysign(bool is32, unsigned sub, uint64_t a, uint64_t b)
{
    uint64_t sign = is32 ? 1u << 31 : 1ull << 63;

    return sub == 2 ? a ^ (b & sign) : (a & ~sign) | ((sub == 1 ? ~b : b) & sign);
}

/* Pure operations of values of at most 64 bits, from constant operands. False: not one that can be evaluated here. */
bool eval_op1(enum ir_op op, enum ir_type from, uint64_t a, uint64_t *r);
bool eval_op2(enum ir_op op, enum ir_type type, uint64_t a, uint64_t b, uint64_t *r);

#endif
