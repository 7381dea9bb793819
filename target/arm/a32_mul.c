/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiplication, division, saturation and the parallel ("media") arithmetic of A32 and T32. */
#include "target/arm/a32.h"

static void set(struct arm_tr *t, unsigned rd, ir_ref v)
{
    if (rd == 15) {
        arm_undef(t);
    } else {
        a32_set_r(t, rd, v);
    }
}

/* Q is sticky; cond is an I64 of 0 or 1. */
static void set_q(struct arm_tr *t, ir_ref cond)
{
    ir_put(t->ir, ARM_SLOT_Q, ir_or(t->ir, ir_get(t->ir, ARM_SLOT_Q), cond));
}

static ir_ref signed64(struct arm_tr *t, unsigned n)
{
    return ir_exts32(t->ir, a32_r(t, n));
}

/* A signed halfword of a register as I64. */
static ir_ref half(struct arm_tr *t, unsigned n, bool top)
{
    ir_ref v = a32_r(t, n);

    return ir_exts32(t->ir, top ? ir_sar(t->ir, v, ir_i32(t->ir, 16)) : ir_exts16(t->ir, v));
}

/* An I64 becomes a register; Q if it does not fit. */
static void set_sum(struct arm_tr *t, unsigned rd, ir_ref sum)
{
    struct ir *ir = t->ir;

    set_q(t, ir_setcond(ir, IR_NE, ir_exts32(ir, sum), sum));
    a32_set_r(t, rd, sum);
}

static bool no_pc(struct arm_tr *t, unsigned a, unsigned b)
{
    if (a == 15 || b == 15) {
        arm_undef(t);
        return false;
    }
    return true;
}

/* ---- products of words ---- */

void a32_mul(struct arm_tr *t, const struct a32_MUL2 *a)
{
    ir_ref r = ir_mul(t->ir, a32_r(t, a->rn), a32_r(t, a->rm));

    if (no_pc(t, a->rd, 0)) {
        if (a32_sets(t, a->s)) {
            a32_flags_nz(t, r);
        }
        a32_set_r(t, a->rd, r);
    }
}

void a32_mla(struct arm_tr *t, const struct a32_MUL *a)
{
    ir_ref r = ir_add(t->ir, ir_mul(t->ir, a32_r(t, a->rn), a32_r(t, a->rm)), a32_r(t, a->ra));

    if (no_pc(t, a->rd, 0)) {
        if (a->s) {
            a32_flags_nz(t, r);
        }
        a32_set_r(t, a->rd, r);
    }
}

void a32_mls(struct arm_tr *t, const struct a32_MLS *a)
{
    set(t, a->rd, ir_sub(t->ir, a32_r(t, a->ra), ir_mul(t->ir, a32_r(t, a->rn), a32_r(t, a->rm))));
}

static void set_pair(struct arm_tr *t, unsigned hi, unsigned lo, ir_ref v)
{
    a32_set_r(t, lo, v);
    a32_set_r(t, hi, ir_shr(t->ir, v, ir_i64(t->ir, 32)));
}

static ir_ref pair(struct arm_tr *t, unsigned hi, unsigned lo)
{
    return ir_or(t->ir, ir_shl(t->ir, a32_r64(t, hi), ir_i64(t->ir, 32)), a32_r64(t, lo));
}

static void mul_long(struct arm_tr *t, const struct a32_MULL *a, bool is_signed, bool add)
{
    struct ir *ir = t->ir;
    ir_ref v;

    if (!no_pc(t, a->hi, a->lo)) {
        return;
    }
    v = is_signed ? ir_mul(ir, signed64(t, a->rn), signed64(t, a->rm)) : ir_mul(ir, a32_r64(t, a->rn), a32_r64(t, a->rm));
    v = add ? ir_add(ir, v, pair(t, a->hi, a->lo)) : v;
    if (a->s) {
        ir_ref low = ir_setcond(ir, IR_NE, ir_trunc(ir, v), ir_i32(ir, 0));

        a32_flags_nz(t, ir_or(ir, ir_trunc(ir, ir_shr(ir, v, ir_i64(ir, 32))), ir_trunc(ir, low)));
    }
    set_pair(t, a->hi, a->lo, v);
}

void a32_umull(struct arm_tr *t, const struct a32_MULL *a) { mul_long(t, a, false, false); }
void a32_umlal(struct arm_tr *t, const struct a32_MULL *a) { mul_long(t, a, false, true); }
void a32_smull(struct arm_tr *t, const struct a32_MULL *a) { mul_long(t, a, true, false); }
void a32_smlal(struct arm_tr *t, const struct a32_MULL *a) { mul_long(t, a, true, true); }

void a32_umaal(struct arm_tr *t, const struct a32_MAAL *a)
{
    ir_ref v = ir_mul(t->ir, a32_r64(t, a->rn), a32_r64(t, a->rm));

    if (no_pc(t, a->hi, a->lo)) {
        set_pair(t, a->hi, a->lo, ir_add(t->ir, ir_add(t->ir, v, a32_r64(t, a->hi)), a32_r64(t, a->lo)));
    }
}

/* The high half of a product, added to or subtracted from Ra, which is nothing if 15; X: rounded. */
static void mul_high(struct arm_tr *t, const struct a32_R4 *a, bool minus)
{
    struct ir *ir = t->ir;
    ir_ref v = ir_mul(ir, signed64(t, a->rn), signed64(t, a->rm)), acc;

    acc = a->ra == 15 ? ir_i64(ir, 0) : ir_shl(ir, a32_r64(t, a->ra), ir_i64(ir, 32));
    v = minus ? ir_sub(ir, acc, v) : ir_add(ir, acc, v);
    if (a->x) {
        v = ir_add(ir, v, ir_i64(ir, 0x80000000));
    }
    set(t, a->rd, ir_shr(ir, v, ir_i64(ir, 32)));
}

void a32_smmla(struct arm_tr *t, const struct a32_R4 *a) { mul_high(t, a, false); }
void a32_smmls(struct arm_tr *t, const struct a32_R4 *a) { mul_high(t, a, true); }

/* ---- products of halfwords ---- */

void a32_smulxy(struct arm_tr *t, const struct a32_SMUL *a)
{
    set(t, a->rd, ir_mul(t->ir, half(t, a->rn, a->n), half(t, a->rm, a->m)));
}

void a32_smlaxy(struct arm_tr *t, const struct a32_SMLA *a)
{
    if (no_pc(t, a->rd, 0)) {
        ir_ref v = ir_mul(t->ir, half(t, a->rn, a->n), half(t, a->rm, a->m));

        set_sum(t, a->rd, ir_add(t->ir, v, signed64(t, a->ra)));
    }
}

static ir_ref word_by_half(struct arm_tr *t, unsigned rn, unsigned rm, bool top)
{
    return ir_sar(t->ir, ir_mul(t->ir, signed64(t, rn), half(t, rm, top)), ir_i64(t->ir, 16));
}

void a32_smulwy(struct arm_tr *t, const struct a32_MULW *a)
{
    set(t, a->rd, word_by_half(t, a->rn, a->rm, a->m));
}

void a32_smlawy(struct arm_tr *t, const struct a32_SMLW *a)
{
    if (no_pc(t, a->rd, 0)) {
        set_sum(t, a->rd, ir_add(t->ir, word_by_half(t, a->rn, a->rm, a->m), signed64(t, a->ra)));
    }
}

void a32_smlalxy(struct arm_tr *t, const struct a32_SMLL *a)
{
    ir_ref v = ir_mul(t->ir, half(t, a->rn, a->n), half(t, a->rm, a->m));

    if (no_pc(t, a->hi, a->lo)) {
        set_pair(t, a->hi, a->lo, ir_add(t->ir, v, pair(t, a->hi, a->lo)));
    }
}

/* Two products, added or subtracted; X: the second operand's halfwords change places. */
static ir_ref dual(struct arm_tr *t, unsigned rn, unsigned rm, bool x, bool minus)
{
    ir_ref low = ir_mul(t->ir, half(t, rn, false), half(t, rm, x)), high = ir_mul(t->ir, half(t, rn, true), half(t, rm, !x));

    return minus ? ir_sub(t->ir, low, high) : ir_add(t->ir, low, high);
}

static void mul_dual(struct arm_tr *t, const struct a32_R4 *a, bool minus)
{
    if (no_pc(t, a->rd, 0)) {
        ir_ref v = dual(t, a->rn, a->rm, a->x, minus);

        set_sum(t, a->rd, a->ra == 15 ? v : ir_add(t->ir, v, signed64(t, a->ra)));
    }
}

void a32_smlad(struct arm_tr *t, const struct a32_R4 *a) { mul_dual(t, a, false); }
void a32_smlsd(struct arm_tr *t, const struct a32_R4 *a) { mul_dual(t, a, true); }

static void dual_long(struct arm_tr *t, const struct a32_RLL *a, bool minus)
{
    if (no_pc(t, a->hi, a->lo)) {
        set_pair(t, a->hi, a->lo, ir_add(t->ir, dual(t, a->rn, a->rm, a->x, minus), pair(t, a->hi, a->lo)));
    }
}

void a32_smlald(struct arm_tr *t, const struct a32_RLL *a) { dual_long(t, a, false); }
void a32_smlsld(struct arm_tr *t, const struct a32_RLL *a) { dual_long(t, a, true); }

/* ---- division: by zero gives zero ---- */

static void divide(struct arm_tr *t, const struct a32_R3 *a, bool is_signed)
{
    struct ir *ir = t->ir;
    ir_ref n = a32_r(t, a->rn), m = a32_r(t, a->rm), zero = ir_i32(ir, 0), q;

    q = is_signed ? ir_divs(ir, n, m) : ir_divu(ir, n, m);
    set(t, a->rd, ir_select(ir, IR_EQ, m, zero, zero, q));
}

void a32_sdiv(struct arm_tr *t, const struct a32_R3 *a) { divide(t, a, true); }
void a32_udiv(struct arm_tr *t, const struct a32_R3 *a) { divide(t, a, false); }

/* ---- saturation ---- */

/* Between min and max; Q if it was not. */
static ir_ref saturated(struct arm_tr *t, ir_ref v, int64_t min, int64_t max)
{
    struct ir *ir = t->ir;
    ir_ref r = ir_mins(ir, ir_maxs(ir, v, ir_i64(ir, min)), ir_i64(ir, max));

    set_q(t, ir_setcond(ir, IR_NE, r, v));
    return r;
}

static void saturating(struct arm_tr *t, const struct a32_R3 *a, bool doubled, bool minus)
{
    struct ir *ir = t->ir;
    ir_ref n, m;

    if (!no_pc(t, a->rd, 0)) {
        return;
    }
    m = signed64(t, a->rm);
    n = signed64(t, a->rn);
    n = doubled ? saturated(t, ir_add(ir, n, n), INT32_MIN, INT32_MAX) : n;
    a32_set_r(t, a->rd, saturated(t, minus ? ir_sub(ir, m, n) : ir_add(ir, m, n), INT32_MIN, INT32_MAX));
}

void a32_qadd(struct arm_tr *t, const struct a32_R3 *a) { saturating(t, a, false, false); }
void a32_qsub(struct arm_tr *t, const struct a32_R3 *a) { saturating(t, a, false, true); }
void a32_qdadd(struct arm_tr *t, const struct a32_R3 *a) { saturating(t, a, true, false); }
void a32_qdsub(struct arm_tr *t, const struct a32_R3 *a) { saturating(t, a, true, true); }

static ir_ref sat_operand(struct arm_tr *t, const struct a32_SAT *a)
{
    ir_ref v = a32_r(t, a->rn);

    if (a->asr) {
        v = ir_sar(t->ir, v, ir_i32(t->ir, a->sh ? a->sh : 31));
    } else {
        v = ir_shl(t->ir, v, ir_i32(t->ir, a->sh));
    }
    return ir_exts32(t->ir, v);
}

void a32_ssat(struct arm_tr *t, const struct a32_SAT *a)
{
    if (no_pc(t, a->rd, 0)) {
        a32_set_r(t, a->rd, saturated(t, sat_operand(t, a), -(1ll << a->sat), (1ll << a->sat) - 1));
    }
}

void a32_usat(struct arm_tr *t, const struct a32_SAT *a)
{
    if (no_pc(t, a->rd, 0)) {
        a32_set_r(t, a->rd, saturated(t, sat_operand(t, a), 0, (1ll << a->sat) - 1));
    }
}

static void sat16(struct arm_tr *t, const struct a32_SAT6 *a, int64_t min, int64_t max)
{
    struct ir *ir = t->ir;
    ir_ref low, high;

    if (no_pc(t, a->rd, 0)) {
        low = saturated(t, half(t, a->rn, false), min, max);
        high = saturated(t, half(t, a->rn, true), min, max);
        a32_set_r(t, a->rd, ir_or(ir, ir_extu16(ir, low), ir_shl(ir, high, ir_i64(ir, 16))));
    }
}

void a32_ssat16(struct arm_tr *t, const struct a32_SAT6 *a) { sat16(t, a, -(1ll << a->sat), (1ll << a->sat) - 1); }
void a32_usat16(struct arm_tr *t, const struct a32_SAT6 *a) { sat16(t, a, 0, (1ll << a->sat) - 1); }

/* ---- parallel addition and subtraction ---- */

/* `kind` of table row padd: bits 5 to 3 and 2 to 0. */
enum { P_S = 1, P_Q, P_SH, P_U = 5, P_UQ, P_UH };
enum { P_ADD16, P_ASX, P_SAX, P_SUB16, P_ADD8, P_SUB8 = 7 };

void a32_padd(struct arm_tr *t, const struct a32_PLUS *a)
{
    unsigned how = a->kind >> 3, what = a->kind & 7;
    ir_ref args[] = { ir_i32(t->ir, a->kind), a32_r64(t, a->rn), a32_r64(t, a->rm) }, v;

    if (how == 0 || how == 4 || what == 5 || what == 6 || a->rd == 15) {
        arm_undef(t);
        return;
    }
    v = ir_call(t->ir, ARM_HELPER_a32_parallel, 3, args);
    if (how == P_S || how == P_U) {
        ir_put(t->ir, ARM_SLOT_GE, ir_shr(t->ir, v, ir_i64(t->ir, 32)));
    }
    a32_set_r(t, a->rd, v);
}

static int32_t clamp(int32_t v, int32_t min, int32_t max)
{
    return v < min ? min : v > max ? max : v;
}

/* One sum of elements of so many bits; *ge: the manual's GE bit. */
static uint32_t element(unsigned how, bool minus, uint32_t a, uint32_t b, unsigned bits, bool *ge)
{
    uint32_t ones = (1u << bits) - 1;
    int32_t top = 1 << (bits - 1);
    bool is_signed = how < P_U;
    int32_t x = is_signed ? (int32_t)((a ^ top) - top) : (int32_t)a, y = is_signed ? (int32_t)((b ^ top) - top) : (int32_t)b;
    int32_t r = minus ? x - y : x + y;

    *ge = is_signed || minus ? r >= 0 : r > (int32_t)ones;
    if (how == P_Q) {
        r = clamp(r, -top, top - 1);
    } else if (how == P_UQ) {
        r = clamp(r, 0, ones);
    } else if (how == P_SH || how == P_UH) {
        r >>= 1;
    }
    return (uint32_t)r & ones;
}

uint64_t arm_helper_a32_parallel(uint32_t kind, uint64_t a, uint64_t b)
{
    unsigned how = kind >> 3, what = kind & 7, bits = what >= P_ADD8 ? 8 : 16, n = 32 / bits;
    uint64_t r = 0;

    for (unsigned i = 0; i < n; i++) {
        bool cross = what == P_ASX || what == P_SAX, ge;
        bool minus = what == P_SUB16 || what == P_SUB8 || (what == P_ASX && i == 0) || (what == P_SAX && i == 1);
        uint32_t x = a >> (i * bits) & ((1u << bits) - 1), y = b >> ((cross ? 1 - i : i) * bits) & ((1u << bits) - 1);

        r |= (uint64_t)element(how, minus, x, y, bits, &ge) << (i * bits);
        r |= ge ? (bits == 8 ? 1ull : 3ull) << (32 + i * (bits / 8)) : 0;
    }
    return r;
}

void a32_sel(struct arm_tr *t, const struct a32_R3 *a)
{
    const ir_ref args[] = { ir_get(t->ir, ARM_SLOT_GE), a32_r64(t, a->rn), a32_r64(t, a->rm) };

    set(t, a->rd, ir_call(t->ir, ARM_HELPER_a32_sel, 3, args));
}

uint64_t arm_helper_a32_sel(uint64_t ge, uint64_t a, uint64_t b)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < 4; i++) {
        mask |= ge >> i & 1 ? 0xffu << (8 * i) : 0;
    }
    return (a & mask) | (b & ~(uint64_t)mask & UINT32_MAX);
}

static ir_ref differences(struct arm_tr *t, unsigned rn, unsigned rm)
{
    const ir_ref args[] = { a32_r64(t, rn), a32_r64(t, rm) };

    return ir_call(t->ir, ARM_HELPER_a32_usad8, 2, args);
}

void a32_usad8(struct arm_tr *t, const struct a32_R3 *a)
{
    set(t, a->rd, differences(t, a->rn, a->rm));
}

void a32_usada8(struct arm_tr *t, const struct a32_MLS *a)
{
    set(t, a->rd, ir_add(t->ir, differences(t, a->rn, a->rm), a32_r64(t, a->ra)));
}

uint64_t arm_helper_a32_usad8(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < 32; i += 8) {
        int32_t d = (int32_t)(a >> i & 0xff) - (int32_t)(b >> i & 0xff);

        sum += ABS(d);
    }
    return sum;
}
