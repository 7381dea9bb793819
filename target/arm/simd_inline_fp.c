/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD, floating point of single and double precision: instructions that are a few vector operations of the host.
 * Where a result is a NaN, a helper computes all of it anew by soft float (fixnan), so what is here need only deliver *some*
 * NaN. The host raises the flags; nothing here may compute what would raise others, so the upper halves of 64-bit forms
 * are cleared first. Flushing (FPCR.FZ) is soft float's (ARM_KEY_FP_SOFT).
 */
#include "target/arm/simd.h"
#include "target/arm/translate.h"

/* Lanes of 32 (ps) or 64 bits (pd): rows of vops.def in this order. */
#define F1(op, size, a, imm) ir_vop1(t->ir, IR_V_##op##ps + (size) - 2, a, imm)
#define F2(op, size, a, b) ir_vop2(t->ir, IR_V_##op##ps + (size) - 2, a, b, 0)
#define V2(op, a, b) ir_vop2(t->ir, IR_V_##op, a, b, 0)
#define FIX(op, size) ((size) == 3 ? ARM_HELPER_fix_##op##64 : ARM_HELPER_fix_##op##32)

/* Predicates of CMPPS (Intel SDM volume 2): only the quiet ones of AVX tell a < b without raising invalid for quiet NaNs. */
enum { EQ_QUIET = 0, LT = 1, LE = 2, UNORDERED = 3, ORDERED = 7, LT_QUIET = 0x11 };

static ir_ref splat(struct arm_tr *t, unsigned size, uint64_t v)
{
    return ir_vdup(t->ir, size, ir_i64(t->ir, v));
}

static ir_ref compare(struct arm_tr *t, unsigned size, unsigned predicate, ir_ref a, ir_ref b)
{
    return ir_vop2(t->ir, IR_V_cmpps + size - 2, a, b, predicate);
}

static ir_ref fix(struct arm_tr *t, unsigned size, ir_ref r, ir_ref a, ir_ref b, unsigned helper)
{
    return ir_fixnan(t->ir, r, a, b, size == 3, helper);
}

static ir_ref magnitude(struct arm_tr *t, unsigned size, ir_ref v)
{
    return V2(and, v, splat(t, size, size == 3 ? INT64_MAX : INT32_MAX));
}

static ir_ref lower_half(struct arm_tr *t, ir_ref v)
{
    return ir_vfrom(t->ir, ir_vget(t->ir, IR_F64, 3, v, 0));
}

static ir_ref add(struct arm_tr *t, unsigned size, ir_ref a, ir_ref b)
{
    return fix(t, size, F2(add, size, a, b), a, b, FIX(add, size));
}

/* The larger, or of zeros the positive one; the smaller, the negative one. */
static ir_ref min_max(struct arm_tr *t, unsigned fop, unsigned size, ir_ref a, ir_ref b)
{
    bool max = fop == FOP_MAX || fop == FOP_MAXNM;
    ir_ref choose = max ? compare(t, size, LT_QUIET, b, a) : compare(t, size, LT_QUIET, a, b);
    ir_ref equal = compare(t, size, EQ_QUIET, a, b), other, r;
    static const uint16_t fixes[2][4] = {
        { ARM_HELPER_fix_max32, ARM_HELPER_fix_min32, ARM_HELPER_fix_maxnm32, ARM_HELPER_fix_minnm32 },
        { ARM_HELPER_fix_max64, ARM_HELPER_fix_min64, ARM_HELPER_fix_maxnm64, ARM_HELPER_fix_minnm64 },
    };

    other = max ? V2(andc, b, V2(andc, equal, a)) : V2(or, b, V2(and, equal, a));
    r = V2(or, ir_vop3(t->ir, IR_V_blend8, choose, a, other), compare(t, size, UNORDERED, a, b));
    return fix(t, size, r, a, b, fixes[size == 3][fop - FOP_MAX]);
}

/* ---- conversions ---- */

/* Lane i of v through a scalar conversion; NaNs become 0. */
static ir_ref lane_to_int(struct arm_tr *t, enum ir_op op, unsigned size, enum ir_round round, ir_ref v, unsigned i)
{
    struct ir *ir = t->ir;
    bool wide = size == 3;
    ir_ref x = ir_vget(ir, wide ? IR_F64 : IR_F32, size, v, i), r = ir_fcvt(ir, op, wide ? IR_I64 : IR_I32, x, round);

    return ir_select(ir, IR_NE, ir_fcmp(ir, IR_FEQ, x, x), ir_i64(ir, 0), r, arm_const(t, wide, 0));
}

static ir_ref lane_from_int(struct arm_tr *t, enum ir_op op, unsigned size, ir_ref v, unsigned i)
{
    struct ir *ir = t->ir;

    return ir_fcvt(ir, op, size == 3 ? IR_F64 : IR_F32, ir_vget(ir, size == 3 ? IR_I64 : IR_I32, size, v, i), 0);
}

/* 2^-fbits: what an integer is multiplied by, exactly, behind the conversion that rounds. */
static ir_ref fraction(struct arm_tr *t, unsigned size, unsigned fbits)
{
    return splat(t, size, size == 3 ? (uint64_t)(1023 - fbits) << 52 : (uint64_t)(127 - fbits) << 23);
}

static ir_ref from_int(struct arm_tr *t, bool is_signed, unsigned size, unsigned fbits, ir_ref v)
{
    enum ir_op op = is_signed ? IR_OP_fcvt_sf : IR_OP_fcvt_uf;
    ir_ref r, high;

    if (size == 3) {
        r = ir_vset(t->ir, 3, ir_vfrom(t->ir, lane_from_int(t, op, 3, v, 0)), 1, lane_from_int(t, op, 3, v, 1));
    } else if (is_signed) {
        r = ir_vop1(t->ir, IR_V_cvt_s_ps, v, 0);
    } else {                /* both halves are exact, their sum is rounded once */
        high = ir_vop1(t->ir, IR_V_cvt_s_ps, ir_vop1(t->ir, IR_V_shri32, v, 16), 0);
        r = ir_vop1(t->ir, IR_V_cvt_s_ps, V2(and, v, splat(t, 2, 0xffff)), 0);
        r = V2(addps, V2(mulps, high, splat(t, 2, 0x47800000)), r);
    }
    return fbits ? F2(mul, size, r, fraction(t, size, fbits)) : r;
}

/* To signed integers. round: as vops.def's roundps; 3: to zero, which the conversion itself does. */
static ir_ref to_int(struct arm_tr *t, unsigned size, unsigned round, ir_ref v)
{
    static const uint8_t scalar[] = { IR_RNE, IR_RDN, IR_RUP, IR_RTZ };
    ir_ref r, limit;

    if (size == 3) {
        r = ir_vfrom(t->ir, lane_to_int(t, IR_OP_fcvt_fs, 3, scalar[round], v, 0));
        return ir_vset(t->ir, 3, r, 1, lane_to_int(t, IR_OP_fcvt_fs, 3, scalar[round], v, 1));
    }
    v = round == 3 ? v : ir_vop1(t->ir, IR_V_roundps, v, round);
    limit = splat(t, 2, 0x4f000000);      /* 2^31 */
    r = ir_vop1(t->ir, IR_V_cvtt_ps_s, v, 0);
    r = V2(xor, r, compare(t, 2, LE, limit, v));            /* 0x80000000 is what does not fit: the largest instead */
    return V2(and, r, compare(t, 2, ORDERED, v, v));
}

/* ---- elements ---- */

static ir_ref each(struct arm_tr *t, unsigned fop, unsigned size, bool q, unsigned imm, ir_ref a, ir_ref b)
{
    bool default_nan = t->key & ARM_KEY_FP_DN;

    if (!q) {
        a = lower_half(t, a);
        b = lower_half(t, b);
    }
    switch (fop) {
    case FOP_MAX: case FOP_MIN: case FOP_MAXNM: case FOP_MINNM:
        return min_max(t, fop, size, a, b);
    case FOP_ABD:
        return magnitude(t, size, fix(t, size, F2(sub, size, a, b), a, b, FIX(sub, size)));
    case FOP_MUL:
        return fix(t, size, F2(mul, size, a, b), a, b, FIX(mul, size));
    case FOP_SQRT:
        return fix(t, size, F1(sqrt, size, a, 0), a, a, FIX(sqrt, size));
    case FOP_CMEQ: return compare(t, size, EQ_QUIET, a, b);
    case FOP_CMGE: return compare(t, size, LE, b, a);
    case FOP_CMGT: return compare(t, size, LT, b, a);
    case FOP_CMLE: return compare(t, size, LE, a, b);
    case FOP_CMLT: return compare(t, size, LT, a, b);
    case FOP_ACGE: return compare(t, size, LE, magnitude(t, size, b), magnitude(t, size, a));
    case FOP_ACGT: return compare(t, size, LT, magnitude(t, size, b), magnitude(t, size, a));
    /* NaNs come out of these as on ARM, quiet. 8: no inexact flag; 4: the current mode. */
    case FOP_RINTN: return default_nan ? 0 : F1(round, size, a, 8);
    case FOP_RINTM: return default_nan ? 0 : F1(round, size, a, 9);
    case FOP_RINTP: return default_nan ? 0 : F1(round, size, a, 10);
    case FOP_RINTZ: return default_nan ? 0 : F1(round, size, a, 11);
    case FOP_RINTX: return default_nan ? 0 : F1(round, size, a, 4);
    case FOP_RINTI: return default_nan ? 0 : F1(round, size, a, 12);
    case FOP_TO_SN: return imm ? 0 : to_int(t, size, 0, a);
    case FOP_TO_SM: return imm ? 0 : to_int(t, size, 1, a);
    case FOP_TO_SP: return imm ? 0 : to_int(t, size, 2, a);
    case FOP_TO_SZ: return imm ? 0 : to_int(t, size, 3, a);
    case FOP_FROM_S: case FOP_FROM_U: return from_int(t, fop == FOP_FROM_S, size, imm, a);
    default: return 0;
    }
}

/* a and b's elements (of their lower halves without Q), even and odd ones, combined. */
static ir_ref pairwise(struct arm_tr *t, unsigned op, unsigned size, bool q, ir_ref a, ir_ref b)
{
    static const uint8_t of[] = { FOP_ADD, FOP_MAX, FOP_MIN, FOP_MAXNM, FOP_MINNM };
    unsigned fop = of[op - VO_FADDP];
    ir_ref even, odd;

    if (!q) {
        a = b = V2(zip64, a, b);
    }
    even = size == 3 ? V2(zip64, a, b) : ir_vop2(t->ir, IR_V_shufps, a, b, 0x88);
    odd = size == 3 ? V2(ziph64, a, b) : ir_vop2(t->ir, IR_V_shufps, a, b, 0xdd);
    return fop == FOP_ADD ? add(t, size, even, odd) : min_max(t, fop, size, even, odd);
}

ir_ref arm_simd_inline_fp(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b)
{
    unsigned op = desc & 255, size = desc >> 8 & 3, q = desc >> 10 & 1;

    if (t->key & ARM_KEY_FP_SOFT || size < 2) {
        return 0;
    }
    switch (op) {
    case VO_FADDP: case VO_FMAXP: case VO_FMINP: case VO_FMAXNMP: case VO_FMINNMP:
        return pairwise(t, op, size, q, a, b);
    case VO_FCVTN:      /* size is the narrow one's: 2 */
        return t->key & ARM_KEY_FP_DN ? 0 : ir_vop1(t->ir, IR_V_cvt_pd_ps, a, 0);
    case VO_FCVTL:
        if (t->key & ARM_KEY_FP_DN) {
            return 0;
        }
        return ir_vop1(t->ir, IR_V_cvt_ps_pd, q ? ir_vop1(t->ir, IR_V_shrb, a, 8) : a, 0);
    default:
        return op >= VO_FP ? each(t, op - VO_FP, size, q, desc >> 16, a, b) : 0;
    }
}

ir_ref arm_simd_inline_fused(struct arm_tr *t, uint32_t desc, bool q, ir_ref acc, ir_ref a, ir_ref b)
{
    static const uint16_t fixes[2][2] = { { ARM_HELPER_fix_fmla32, ARM_HELPER_fix_fmla64 },
                                          { ARM_HELPER_fix_fmls32, ARM_HELPER_fix_fmls64 } };
    bool subtract = (desc & 255) == VO_FMLS;
    unsigned size = desc >> 8 & 3;
    ir_ref r;

    if (t->key & ARM_KEY_FP_SOFT || size < 2) {
        return 0;
    }
    if (!q) {
        acc = lower_half(t, acc);
        a = lower_half(t, a);
        b = lower_half(t, b);
    }
    r = ir_vop3(t->ir, (subtract ? IR_V_fnmaddps : IR_V_fmaddps) + size - 2, a, b, acc);
    return ir_fixnan3(t->ir, r, acc, a, b, size == 3, fixes[subtract][size == 3]);
}

/* ---- one element ---- */

static ir_ref scalar(struct arm_tr *t, unsigned size, ir_ref v)
{
    return ir_vfrom(t->ir, ir_vget(t->ir, size == 3 ? IR_F64 : IR_F32, size, v, 0));
}

ir_ref arm_fp_inline_scalar(struct arm_tr *t, unsigned fop, unsigned size, unsigned fbits, ir_ref a, ir_ref b)
{
    unsigned round = 3;
    ir_ref r;

    if (t->tb->by_helpers || t->key & ARM_KEY_FP_SOFT || size < 2) {
        return 0;
    }
    switch (fop) {
    case FOP_FROM_S: case FOP_FROM_U:
        r = ir_vfrom(t->ir, lane_from_int(t, fop == FOP_FROM_S ? IR_OP_fcvt_sf : IR_OP_fcvt_uf, size, a, 0));
        return fbits ? F2(mul, size, r, fraction(t, size, fbits)) : r;
    case FOP_TO_SN: case FOP_TO_UN: round = IR_RNE; break;
    case FOP_TO_SM: case FOP_TO_UM: round = IR_RDN; break;
    case FOP_TO_SP: case FOP_TO_UP: round = IR_RUP; break;
    case FOP_TO_SZ: case FOP_TO_UZ: round = IR_RTZ; break;
    case FOP_TO_SA: case FOP_TO_UA: round = IR_RMM; break;
    case FOP_ABD: case FOP_MUL: case FOP_CMEQ: case FOP_CMGE: case FOP_CMGT: case FOP_CMLE: case FOP_CMLT: case FOP_ACGE:
    case FOP_ACGT:
        r = each(t, fop, size, true, 0, scalar(t, size, a), scalar(t, size, b));
        return scalar(t, size, r);
    default:
        return 0;
    }
    return fbits ? 0 : ir_vfrom(t->ir, lane_to_int(t, fop >= FOP_TO_UN ? IR_OP_fcvt_fu : IR_OP_fcvt_fs, size, round, a, 0));
}
