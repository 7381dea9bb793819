/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD, integers. What has a vector operation in the IR is translated to it; the rest goes to a helper by the halves
 * of the registers. 64-bit forms compute all 128 bits and clear the upper half.
 */
#include "target/arm/simd.h"
#include "target/arm/translate.h"

/* ---- calls ---- */

static ir_ref pack128(struct arm_tr *t, ir_ref r)
{
    return arm_vjoin(t, ir_lo(t->ir, r), ir_hi(t->ir, r));
}

static ir_ref lo_of(struct arm_tr *t, ir_ref v)
{
    return ir_vget(t->ir, IR_I64, 3, v, 0);
}

static ir_ref hi_of(struct arm_tr *t, ir_ref v)
{
    return ir_vget(t->ir, IR_I64, 3, v, 1);
}

static bool sets_qc(unsigned op)
{
    return (op >= VO_SQADD && op <= VO_SQSHLU) || op == VO_SQABS || op == VO_SQNEG || op == VO_SQDMULL ||
           (op >= VO_SQXTN && op <= VO_SQXTUN) || (op >= VO_SQSHRN && op <= VO_SQRSHRUN) || op >= VO_FADDP;
}

ir_ref arm_simd_call(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b)
{
    bool effect = sets_qc(desc & 255);
    ir_ref r = arm_simd_inline(t, desc, a, b);

    if (r) {
        return r;
    }
    const ir_ref args[] = { ir_i32(t->ir, desc), lo_of(t, a), hi_of(t, a), lo_of(t, b), hi_of(t, b) };

    return pack128(t, ir_call(t->ir, effect ? ARM_HELPER_simd : ARM_HELPER_simd_pure, 5, args));
}

ir_ref arm_simd_acc(struct arm_tr *t, uint32_t desc, bool q, ir_ref acc, ir_ref a, ir_ref b)
{
    ir_ref d = ir_i32(t->ir, desc), lo, hi = arm_simd_inline_acc(t, desc, q, acc, a, b);

    if (hi) {
        return hi;
    }
    const ir_ref low[] = { d, lo_of(t, acc), lo_of(t, a), lo_of(t, b) };

    lo = ir_call(t->ir, ARM_HELPER_simd_acc, 4, low);
    if (!q) {
        return ir_vfrom(t->ir, lo);
    }
    const ir_ref high[] = { d, hi_of(t, acc), hi_of(t, a), hi_of(t, b) };

    hi = ir_call(t->ir, ARM_HELPER_simd_acc, 4, high);
    return arm_vjoin(t, lo, hi);
}

/* ---- two operands ---- */

#define LANES(name) { IR_V_##name##8, IR_V_##name##16, IR_V_##name##32, IR_V_##name##64 }
#define NARROW(name) { IR_V_##name##8, IR_V_##name##16, IR_V_##name##32, -1 }

/* The vector operation that does all of it, or -1. */
static int direct(unsigned op, unsigned size)
{
    static const int16_t add[4] = LANES(add), sub[4] = LANES(sub), eq[4] = LANES(cmpeq), gt[4] = LANES(cmpgt);
    static const int16_t smax[4] = NARROW(maxs), smin[4] = NARROW(mins), umax[4] = NARROW(maxu), umin[4] = NARROW(minu);
    static const int16_t mul[4] = { -1, IR_V_mul16, IR_V_mul32, -1 }, avg[4] = { IR_V_avgu8, IR_V_avgu16, -1, -1 };

    switch (op) {
    case VO_ADD: return add[size];
    case VO_SUB: return sub[size];
    case VO_CMEQ: return eq[size];
    case VO_CMGT: return gt[size];
    case VO_SMAX: return smax[size];
    case VO_SMIN: return smin[size];
    case VO_UMAX: return umax[size];
    case VO_UMIN: return umin[size];
    case VO_MUL: return mul[size];
    case VO_URHADD: return avg[size];
    default: return -1;
    }
}

static ir_ref invert(struct arm_tr *t, ir_ref v)
{
    return ir_vop2(t->ir, IR_V_xor, v, ir_vdup(t->ir, 3, ir_i64(t->ir, -1)), 0);
}

static ir_ref two(struct arm_tr *t, unsigned op, unsigned size, bool q, ir_ref a, ir_ref b)
{
    int vop = direct(op, size);

    if (vop >= 0) {
        return ir_vop2(t->ir, vop, a, b, 0);
    }
    switch (op) {
    case VO_CMGE:
        return invert(t, ir_vop2(t->ir, direct(VO_CMGT, size), b, a, 0));
    case VO_CMTST:
        return invert(t, ir_vop2(t->ir, direct(VO_CMEQ, size), ir_vop2(t->ir, IR_V_and, a, b, 0),
                                 ir_vdup(t->ir, 3, ir_i64(t->ir, 0)), 0));
    case VO_CMHS:
        if (size < 3) {
            return ir_vop2(t->ir, direct(VO_CMEQ, size), ir_vop2(t->ir, direct(VO_UMAX, size), a, b, 0), a, 0);
        }
        break;
    case VO_CMHI:
        if (size < 3) {
            return invert(t, ir_vop2(t->ir, direct(VO_CMEQ, size), ir_vop2(t->ir, direct(VO_UMAX, size), a, b, 0), b, 0));
        }
        break;
    case VO_ZIP1:
        if (q) {
            static const int16_t zip[4] = LANES(zip);

            return ir_vop2(t->ir, zip[size], a, b, 0);
        }
        break;
    case VO_ZIP2:
        if (q) {
            static const int16_t zip[4] = LANES(ziph);

            return ir_vop2(t->ir, zip[size], a, b, 0);
        }
        break;
    default:
        break;
    }
    if (!q && sets_qc(op)) {        /* what stands in the upper halves must not saturate */
        a = ir_vfrom(t->ir, lo_of(t, a));
        b = ir_vfrom(t->ir, lo_of(t, b));
    }
    return arm_simd_call(t, arm_simd_desc(op, size, q, 0), a, b);
}

static ir_ref zero_vec(struct arm_tr *t)
{
    return ir_vdup(t->ir, 3, ir_i64(t->ir, 0));
}

/* No 64-bit elements in 64-bit vectors, unless it is a scalar. */
static bool begin(struct arm_tr *t, bool q, unsigned size)
{
    if (size == 3 && !q) {
        arm_undef(t);
        return false;
    }
    return arm_fp_begin(t);
}

static void v3(struct arm_tr *t, const struct arm_V3 *a, unsigned op)
{
    if (begin(t, a->q, a->size)) {
        arm_set_vq(t, a->q, a->rd, two(t, op, a->size, a->q, arm_v(t, a->rn), arm_v(t, a->rm)));
    }
}

/* rd +- op(rn, rm); sub: VO_ADD, VO_SUB or a saturating one, on elements of size. */
static void v3_acc(struct arm_tr *t, const struct arm_V3 *a, unsigned op, unsigned acc)
{
    ir_ref r;

    if (begin(t, a->q, a->size)) {
        r = two(t, op, a->size, a->q, arm_v(t, a->rn), arm_v(t, a->rm));
        arm_set_vq(t, a->q, a->rd, two(t, acc, a->size, a->q, arm_v(t, a->rd), r));
    }
}

/* The lowest element alone, zeros above. */
static ir_ref scalar(struct arm_tr *t, unsigned size, ir_ref v)
{
    return ir_vfrom(t->ir, ir_vget(t->ir, size == 3 ? IR_F64 : size == 2 ? IR_F32 : IR_I64, size, v, 0));
}

/* Operands of scalar forms: what stands above must not saturate. */
static ir_ref get_scalar(struct arm_tr *t, unsigned size, unsigned n)
{
    return scalar(t, size, arm_v(t, n));
}

static void s3(struct arm_tr *t, const struct arm_S3 *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, scalar(t, a->size, two(t, op, a->size, true, get_scalar(t, a->size, a->rn),
                                                   get_scalar(t, a->size, a->rm))));
    }
}

#define V3(name, op) void a64_##name##_v(struct arm_tr *t, const struct arm_V3 *a) { v3(t, a, VO_##op); }
#define S3(name, op) void a64_##name##_s(struct arm_tr *t, const struct arm_S3 *a) { s3(t, a, VO_##op); }
#define VS3(name, op) V3(name, op) S3(name, op)
#define ACC(name, op, acc) void a64_##name##_v(struct arm_tr *t, const struct arm_V3 *a) { v3_acc(t, a, VO_##op, VO_##acc); }
V3(shadd, SHADD) V3(uhadd, UHADD) V3(srhadd, SRHADD) V3(urhadd, URHADD) V3(shsub, SHSUB) V3(uhsub, UHSUB)
VS3(sqadd, SQADD) VS3(uqadd, UQADD) VS3(sqsub, SQSUB) VS3(uqsub, UQSUB)
VS3(cmgt, CMGT) VS3(cmhi, CMHI) VS3(cmge, CMGE) VS3(cmhs, CMHS) VS3(cmtst, CMTST) VS3(cmeq, CMEQ)
VS3(sshl, SSHL) VS3(ushl, USHL) VS3(srshl, SRSHL) VS3(urshl, URSHL)
VS3(sqshl, SQSHL) VS3(uqshl, UQSHL) VS3(sqrshl, SQRSHL) VS3(uqrshl, UQRSHL)
V3(smax, SMAX) V3(umax, UMAX) V3(smin, SMIN) V3(umin, UMIN) V3(sabd, SABD) V3(uabd, UABD)
VS3(add, ADD) VS3(sub, SUB) V3(mul, MUL) V3(pmul, PMUL)
V3(smaxp, SMAXP) V3(umaxp, UMAXP) V3(sminp, SMINP) V3(uminp, UMINP) V3(addp, ADDP)
VS3(sqdmulh, SQDMULH) VS3(sqrdmulh, SQRDMULH)
ACC(saba, SABD, ADD) ACC(uaba, UABD, ADD) ACC(mla, MUL, ADD) ACC(mls, MUL, SUB)

static void rounding_acc(struct arm_tr *t, bool is_scalar, bool q, unsigned size, unsigned rd, ir_ref a, ir_ref b, unsigned op)
{
    ir_ref r;

    if (arm_fp_begin(t)) {
        r = arm_simd_acc(t, arm_simd_desc(op, size, q, 0), q, is_scalar ? get_scalar(t, size, rd) : arm_v(t, rd), a, b);
        arm_set_v(t, rd, is_scalar ? scalar(t, size, r) : r);
    }
}

#define RDM(name, op) \
    void a64_##name##_v(struct arm_tr *t, const struct arm_V3 *a) \
    { rounding_acc(t, false, a->q, a->size, a->rd, arm_v(t, a->rn), arm_v(t, a->rm), VO_##op); } \
    void a64_##name##_s(struct arm_tr *t, const struct arm_S3 *a) \
    { rounding_acc(t, true, false, a->size, a->rd, get_scalar(t, a->size, a->rn), get_scalar(t, a->size, a->rm), VO_##op); }
RDM(sqrdmlah, SQRDMLAH) RDM(sqrdmlsh, SQRDMLSH)

static void dot(struct arm_tr *t, const struct arm_VLOG *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_acc(t, arm_simd_desc(op, 2, a->q, 0), a->q, arm_v(t, a->rd), arm_v(t, a->rn),
                                         arm_v(t, a->rm)));
    }
}

void a64_sdot_v(struct arm_tr *t, const struct arm_VLOG *a) { dot(t, a, VO_SDOT); }
void a64_udot_v(struct arm_tr *t, const struct arm_VLOG *a) { dot(t, a, VO_UDOT); }

/* ---- logic ---- */

enum logic { AND, BIC, ORR, ORN, EOR, BSL, BIT, BIF };

static void logic(struct arm_tr *t, const struct arm_VLOG *a, enum logic op)
{
    struct ir *ir = t->ir;
    ir_ref n, m, r;

    if (!arm_fp_begin(t)) {
        return;
    }
    n = arm_v(t, a->rn);
    m = arm_v(t, a->rm);
    switch (op) {
    case AND: r = ir_vop2(ir, IR_V_and, n, m, 0); break;
    case BIC: r = ir_vop2(ir, IR_V_andc, n, m, 0); break;
    case ORR: r = a->rn == a->rm ? n : ir_vop2(ir, IR_V_or, n, m, 0); break;
    case ORN: r = ir_vop2(ir, IR_V_or, n, invert(t, m), 0); break;
    case EOR: r = a->rn == a->rm ? zero_vec(t) : ir_vop2(ir, IR_V_xor, n, m, 0); break;
    case BSL: r = ir_vop3(ir, IR_V_bsl, arm_v(t, a->rd), n, m); break;
    case BIT: r = ir_vop3(ir, IR_V_bsl, m, n, arm_v(t, a->rd)); break;
    default: r = ir_vop3(ir, IR_V_bsl, m, arm_v(t, a->rd), n); break;
    }
    arm_set_vq(t, a->q, a->rd, r);
}

void a64_and_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, AND); }
void a64_bic_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, BIC); }
void a64_orr_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, ORR); }
void a64_orn_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, ORN); }
void a64_eor_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, EOR); }
void a64_bsl_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, BSL); }
void a64_bit_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, BIT); }
void a64_bif_v(struct arm_tr *t, const struct arm_VLOG *a) { logic(t, a, BIF); }

/* ---- one operand ---- */

static ir_ref one(struct arm_tr *t, unsigned op, unsigned size, bool q, ir_ref v)
{
    if (!q && (op == VO_SQABS || op == VO_SQNEG)) {
        v = ir_vfrom(t->ir, lo_of(t, v));
    }
    return arm_simd_call(t, arm_simd_desc(op, size, q, 0), v, v);
}

static void v2(struct arm_tr *t, const struct arm_V2 *a, unsigned op)
{
    ir_ref v;

    if (begin(t, a->q, a->size)) {
        v = arm_v(t, a->rn);
        arm_set_vq(t, a->q, a->rd, op == VO_NEG ? two(t, VO_SUB, a->size, a->q, zero_vec(t), v) : one(t, op, a->size, a->q, v));
    }
}

static void s2(struct arm_tr *t, const struct arm_S2 *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, scalar(t, a->size, one(t, op, a->size, true, get_scalar(t, a->size, a->rn))));
    }
}

#define V2(name, op) void a64_##name##_v(struct arm_tr *t, const struct arm_V2 *a) { v2(t, a, VO_##op); }
#define S2(name, op) void a64_##name##_s(struct arm_tr *t, const struct arm_S2 *a) { s2(t, a, VO_##op); }
V2(rev64, REV64) V2(rev32, REV32) V2(rev16, REV16) V2(cls, CLS) V2(clz, CLZ) V2(cnt, CNT)
V2(sqabs, SQABS) S2(sqabs, SQABS) V2(sqneg, SQNEG) S2(sqneg, SQNEG) V2(abs, ABS) S2(abs, ABS) V2(neg, NEG) S2(neg, NEG)

/* SUQADD and USQADD add to the destination. */
static void v2_acc(struct arm_tr *t, bool is_scalar, bool q, unsigned size, unsigned rn, unsigned rd, unsigned op)
{
    ir_ref r;

    if (is_scalar ? arm_fp_begin(t) : begin(t, q, size)) {
        r = two(t, op, size, q, is_scalar ? get_scalar(t, size, rd) : arm_v(t, rd),
                is_scalar ? get_scalar(t, size, rn) : arm_v(t, rn));
        if (is_scalar) {
            arm_set_v(t, rd, scalar(t, size, r));
        } else {
            arm_set_vq(t, q, rd, r);
        }
    }
}

void a64_suqadd_v(struct arm_tr *t, const struct arm_V2 *a) { v2_acc(t, false, a->q, a->size, a->rn, a->rd, VO_SUQADD); }
void a64_usqadd_v(struct arm_tr *t, const struct arm_V2 *a) { v2_acc(t, false, a->q, a->size, a->rn, a->rd, VO_USQADD); }
void a64_suqadd_s(struct arm_tr *t, const struct arm_S2 *a) { v2_acc(t, true, true, a->size, a->rn, a->rd, VO_SUQADD); }
void a64_usqadd_s(struct arm_tr *t, const struct arm_S2 *a) { v2_acc(t, true, true, a->size, a->rn, a->rd, VO_USQADD); }

static void add_long_pairs(struct arm_tr *t, const struct arm_V2 *a, unsigned op, bool acc)
{
    ir_ref r;

    if (begin(t, a->q, a->size)) {
        r = one(t, op, a->size, a->q, arm_v(t, a->rn));
        arm_set_vq(t, a->q, a->rd, acc ? two(t, VO_ADD, a->size + 1, a->q, arm_v(t, a->rd), r) : r);
    }
}

void a64_saddlp_v(struct arm_tr *t, const struct arm_V2 *a) { add_long_pairs(t, a, VO_SADDLP, false); }
void a64_uaddlp_v(struct arm_tr *t, const struct arm_V2 *a) { add_long_pairs(t, a, VO_UADDLP, false); }
void a64_sadalp_v(struct arm_tr *t, const struct arm_V2 *a) { add_long_pairs(t, a, VO_SADDLP, true); }
void a64_uadalp_v(struct arm_tr *t, const struct arm_V2 *a) { add_long_pairs(t, a, VO_UADDLP, true); }

void a64_not_v(struct arm_tr *t, const struct arm_VNOT *a)
{
    if (arm_fp_begin(t)) {
        arm_set_vq(t, a->q, a->rd, invert(t, arm_v(t, a->rn)));
    }
}

static void one_plain(struct arm_tr *t, const struct arm_VNOT *a, unsigned op, unsigned size)
{
    if (arm_fp_begin(t)) {
        arm_set_vq(t, a->q, a->rd, one(t, op, size, a->q, arm_v(t, a->rn)));
    }
}

void a64_rbit_v(struct arm_tr *t, const struct arm_VNOT *a) { one_plain(t, a, VO_RBIT, 0); }
void a64_urecpe_v(struct arm_tr *t, const struct arm_VNOT *a) { one_plain(t, a, VO_URECPE, 2); }
void a64_ursqrte_v(struct arm_tr *t, const struct arm_VNOT *a) { one_plain(t, a, VO_URSQRTE, 2); }

/* Comparisons with zero: swap: zero is the first operand. */
static ir_ref with_zero(struct arm_tr *t, unsigned op, bool swap, unsigned size, ir_ref v)
{
    return swap ? two(t, op, size, true, zero_vec(t), v) : two(t, op, size, true, v, zero_vec(t));
}

#define CMZ(name, op, swap) \
    void a64_##name##_z(struct arm_tr *t, const struct arm_V2 *a) \
    { if (begin(t, a->q, a->size)) { arm_set_vq(t, a->q, a->rd, with_zero(t, VO_##op, swap, a->size, arm_v(t, a->rn))); } } \
    void a64_##name##_zs(struct arm_tr *t, const struct arm_S2 *a) \
    { if (arm_fp_begin(t)) { arm_set_v(t, a->rd, scalar(t, 3, with_zero(t, VO_##op, swap, 3, arm_v(t, a->rn)))); } }
CMZ(cmgt, CMGT, false) CMZ(cmge, CMGE, false) CMZ(cmeq, CMEQ, false) CMZ(cmle, CMGE, true) CMZ(cmlt, CMGT, true)

/* ---- narrowing: the result goes to the lower half, or with Q to the upper one, the lower staying ---- */

static void put_narrow(struct arm_tr *t, bool q, unsigned rd, ir_ref r)
{
    ir_ref lo = lo_of(t, r);

    arm_set_v(t, rd, q ? ir_vset(t->ir, 3, arm_v(t, rd), 1, lo) : ir_vfrom(t->ir, lo));
}

static void narrow(struct arm_tr *t, const struct arm_V2 *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        put_narrow(t, a->q, a->rd, one(t, op, a->size, false, arm_v(t, a->rn)));
    }
}

/* The other elements of a scalar's operand must not saturate. */
static void narrow_scalar(struct arm_tr *t, const struct arm_S2 *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, scalar(t, a->size, one(t, op, a->size, false, get_scalar(t, a->size + 1, a->rn))));
    }
}

#define XTN(name, op) \
    void a64_##name##_v(struct arm_tr *t, const struct arm_V2 *a) { if (a->size == 3) { arm_undef(t); } else { narrow(t, a, VO_##op); } }
#define XTNS(name, op) void a64_##name##_s(struct arm_tr *t, const struct arm_S2 *a) { narrow_scalar(t, a, VO_##op); }
XTN(xtn, XTN) XTN(sqxtn, SQXTN) XTN(uqxtn, UQXTN) XTN(sqxtun, SQXTUN)
XTNS(sqxtn, SQXTN) XTNS(uqxtn, UQXTN) XTNS(sqxtun, SQXTUN)

static void narrow3(struct arm_tr *t, const struct arm_V3 *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        put_narrow(t, a->q, a->rd, arm_simd_call(t, arm_simd_desc(op, a->size, false, 0), arm_v(t, a->rn), arm_v(t, a->rm)));
    }
}

void a64_addhn_v(struct arm_tr *t, const struct arm_V3 *a) { narrow3(t, a, VO_ADDHN); }
void a64_raddhn_v(struct arm_tr *t, const struct arm_V3 *a) { narrow3(t, a, VO_RADDHN); }
void a64_subhn_v(struct arm_tr *t, const struct arm_V3 *a) { narrow3(t, a, VO_SUBHN); }
void a64_rsubhn_v(struct arm_tr *t, const struct arm_V3 *a) { narrow3(t, a, VO_RSUBHN); }

/* ---- lengthening ---- */

enum { NONE = -1 };

static void lengthen(struct arm_tr *t, bool q, unsigned size, unsigned rd, ir_ref n, ir_ref m, unsigned op, int acc)
{
    ir_ref r = arm_simd_call(t, arm_simd_desc(op, size, q, 0), n, m);

    arm_set_v(t, rd, acc == NONE ? r : two(t, acc, size + 1, true, arm_v(t, rd), r));
}

#define LONG(name, op, acc) \
    void a64_##name##_v(struct arm_tr *t, const struct arm_V3 *a) \
    { if (arm_fp_begin(t)) { lengthen(t, a->q, a->size, a->rd, arm_v(t, a->rn), arm_v(t, a->rm), VO_##op, acc); } }
LONG(saddl, SADDL, NONE) LONG(uaddl, UADDL, NONE) LONG(saddw, SADDW, NONE) LONG(uaddw, UADDW, NONE)
LONG(ssubl, SSUBL, NONE) LONG(usubl, USUBL, NONE) LONG(ssubw, SSUBW, NONE) LONG(usubw, USUBW, NONE)
LONG(sabal, SABDL, VO_ADD) LONG(uabal, UABDL, VO_ADD) LONG(sabdl, SABDL, NONE) LONG(uabdl, UABDL, NONE)
LONG(smlal, SMULL, VO_ADD) LONG(umlal, UMULL, VO_ADD) LONG(smlsl, SMULL, VO_SUB) LONG(umlsl, UMULL, VO_SUB)
LONG(smull, SMULL, NONE) LONG(umull, UMULL, NONE)
LONG(sqdmlal, SQDMULL, VO_SQADD) LONG(sqdmlsl, SQDMULL, VO_SQSUB) LONG(sqdmull, SQDMULL, NONE)

static void long_scalar(struct arm_tr *t, unsigned size, unsigned rd, ir_ref n, ir_ref m, int acc)
{
    ir_ref r = arm_simd_call(t, arm_simd_desc(VO_SQDMULL, size, false, 0), n, m);

    if (acc != NONE) {
        r = two(t, acc, size + 1, true, get_scalar(t, size + 1, rd), r);
    }
    arm_set_v(t, rd, scalar(t, size + 1, r));
}

#define LONGS(name, acc) \
    void a64_##name##_s(struct arm_tr *t, const struct arm_S3 *a) \
    { if (arm_fp_begin(t)) { long_scalar(t, a->size, a->rd, get_scalar(t, a->size, a->rn), get_scalar(t, a->size, a->rm), acc); } }
LONGS(sqdmlal, VO_SQADD) LONGS(sqdmlsl, VO_SQSUB) LONGS(sqdmull, NONE)

static void pmull(struct arm_tr *t, const struct arm_VLOG *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_call(t, arm_simd_desc(op, 0, a->q, 0), arm_v(t, a->rn), arm_v(t, a->rm)));
    }
}

void a64_pmull_v(struct arm_tr *t, const struct arm_VLOG *a) { pmull(t, a, VO_PMULL); }
void a64_pmull_q(struct arm_tr *t, const struct arm_VLOG *a) { pmull(t, a, VO_PMULL64); }

void a64_shll_v(struct arm_tr *t, const struct arm_V2 *a)
{
    static const int16_t shl[3] = { IR_V_shli16, IR_V_shli32, IR_V_shli64 };
    ir_ref r;

    if (arm_fp_begin(t)) {
        r = arm_simd_call(t, arm_simd_desc(VO_UADDL, a->size, a->q, 0), arm_v(t, a->rn), zero_vec(t));
        arm_set_v(t, a->rd, ir_vop1(t->ir, shl[a->size], r, 8 << a->size));
    }
}

/* ---- across ---- */

static void across(struct arm_tr *t, const struct arm_V2 *a, unsigned op)
{
    if (a->size == 2 && !a->q) {
        arm_undef(t);
    } else if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, one(t, op, a->size, a->q, arm_v(t, a->rn)));
    }
}

#define ACROSS(name, op) void a64_##name(struct arm_tr *t, const struct arm_V2 *a) { across(t, a, VO_##op); }
ACROSS(saddlv, SADDLV) ACROSS(uaddlv, UADDLV) ACROSS(smaxv, SMAXV) ACROSS(umaxv, UMAXV) ACROSS(sminv, SMINV)
ACROSS(uminv, UMINV) ACROSS(addv, ADDV)

void a64_addp_p(struct arm_tr *t, const struct arm_CR2 *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, ir_vfrom(t->ir, ir_add(t->ir, arm_vlo(t, a->rn), arm_vhi(t, a->rn))));
    }
}

/* ---- copies ---- */

/* imm5: the lowest one says the size, what is above it the index. False: reserved. */
static bool lane_of(struct arm_tr *t, unsigned imm5, unsigned size_max, unsigned *size, unsigned *lane)
{
    if (!(imm5 & 15) || (unsigned)__builtin_ctz(imm5) > size_max) {
        arm_undef(t);
        return false;
    }
    *size = __builtin_ctz(imm5);
    *lane = imm5 >> (*size + 1);
    return true;
}

void a64_dup_e(struct arm_tr *t, const struct arm_VDUPE *a)
{
    unsigned size, lane;

    if (lane_of(t, a->idx, a->q ? 3 : 2, &size, &lane) && arm_fp_begin(t)) {
        arm_set_vq(t, a->q, a->rd, ir_vdup(t->ir, size, ir_vget(t->ir, IR_I64, size, arm_v(t, a->rn), lane)));
    }
}

void a64_dup_s(struct arm_tr *t, const struct arm_VDUPS *a)
{
    unsigned size, lane;

    if (lane_of(t, a->idx, 3, &size, &lane) && arm_fp_begin(t)) {
        arm_set_v(t, a->rd, ir_vfrom(t->ir, ir_vget(t->ir, IR_I64, size, arm_v(t, a->rn), lane)));
    }
}

void a64_dup_r(struct arm_tr *t, const struct arm_VDUPE *a)
{
    unsigned size, lane;

    if (lane_of(t, a->idx, a->q ? 3 : 2, &size, &lane) && arm_fp_begin(t)) {
        arm_set_vq(t, a->q, a->rd, ir_vdup(t->ir, size, arm_x(t, a->rn)));
    }
}

void a64_umov(struct arm_tr *t, const struct arm_VDUPE *a)
{
    unsigned size, lane;

    if (!lane_of(t, a->idx, 3, &size, &lane)) {
        return;
    }
    if (a->q != (size == 3)) {
        arm_undef(t);
    } else if (arm_fp_begin(t)) {
        arm_set_x(t, a->rd, ir_vget(t->ir, IR_I64, size, arm_v(t, a->rn), lane));
    }
}

void a64_smov(struct arm_tr *t, const struct arm_VDUPE *a)
{
    unsigned size, lane;
    ir_ref v;

    if (!lane_of(t, a->idx, a->q ? 2 : 1, &size, &lane) || !arm_fp_begin(t)) {
        return;
    }
    v = ir_vget(t->ir, IR_I64, size, arm_v(t, a->rn), lane);
    v = size == 0 ? ir_exts8(t->ir, v) : size == 1 ? ir_exts16(t->ir, v) : ir_exts32(t->ir, v);
    arm_set_r(t, a->q, a->rd, a->q ? v : ir_trunc(t->ir, v));
}

void a64_ins_r(struct arm_tr *t, const struct arm_VDUPS *a)
{
    unsigned size, lane;

    if (lane_of(t, a->idx, 3, &size, &lane) && arm_fp_begin(t)) {
        arm_set_v(t, a->rd, ir_vset(t->ir, size, arm_v(t, a->rd), lane, arm_x(t, a->rn)));
    }
}

void a64_ins_e(struct arm_tr *t, const struct arm_VINSE *a)
{
    unsigned size, lane;

    if (lane_of(t, a->idx, 3, &size, &lane) && arm_fp_begin(t)) {
        arm_set_v(t, a->rd, ir_vset(t->ir, size, arm_v(t, a->rd), lane,
                                    ir_vget(t->ir, IR_I64, size, arm_v(t, a->rn), a->jdx >> size)));
    }
}

/* ---- moving elements ---- */

#define PERMUTE(name, op) void a64_##name(struct arm_tr *t, const struct arm_V3 *a) { v3(t, a, VO_##op); }
PERMUTE(uzp1, UZP1) PERMUTE(uzp2, UZP2) PERMUTE(trn1, TRN1) PERMUTE(trn2, TRN2) PERMUTE(zip1, ZIP1) PERMUTE(zip2, ZIP2)

void a64_ext_v(struct arm_tr *t, const struct arm_VEXT *a)
{
    struct ir *ir = t->ir;
    ir_ref n, m;

    if (!a->q && a->pos >= 8) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    n = arm_v(t, a->rn);
    m = arm_v(t, a->rm);
    if (!a->q) {
        n = ir_vop2(ir, IR_V_zip64, n, m, 0);     /* both low halves in one: the bytes wanted are its pos .. pos + 7 */
        m = n;
    }
    arm_set_vq(t, a->q, a->rd, ir_vop2(ir, IR_V_ext8, m, n, a->pos));
}

static void table(struct arm_tr *t, const struct arm_VTBL *a, bool keep)
{
    struct ir *ir = t->ir;
    ir_ref index, r, args[3], limit, out;

    if (!arm_fp_begin(t)) {
        return;
    }
    index = arm_v(t, a->rm);
    r = arm_simd_inline_tbl(t, a->rn, a->len + 1, index);
    if (!r) {
        args[0] = ir_i32(ir, a->rn | a->len << 5 | a->q << 7);
        args[1] = lo_of(t, index);
        args[2] = hi_of(t, index);
        r = pack128(t, ir_call(ir, ARM_HELPER_tbl, 3, args));
    }
    if (keep) {                                     /* where the index is too large the destination stays */
        limit = ir_vdup(ir, 0, ir_i64(ir, (a->len + 1) * 16 - 1));
        out = two(t, VO_CMHI, 0, true, index, limit);
        r = ir_vop3(ir, IR_V_bsl, out, arm_v(t, a->rd), r);
    }
    arm_set_vq(t, a->q, a->rd, r);
}

void a64_tbl(struct arm_tr *t, const struct arm_VTBL *a) { table(t, a, false); }
void a64_tbx(struct arm_tr *t, const struct arm_VTBL *a) { table(t, a, true); }

/* ---- immediates (DDI 0487, "AdvSIMDExpandImm") ---- */

static uint64_t rep32(uint64_t v)
{
    return v | v << 32;
}

uint64_t arm_simd_expand_imm(unsigned cmode, bool op, uint64_t imm8)
{
    uint64_t v = 0;

    switch (cmode >> 1) {
    case 0: case 1: case 2: case 3:
        return rep32(imm8 << (cmode >> 1) * 8);
    case 4: case 5:
        v = imm8 << (cmode >> 1 & 1) * 8;
        return rep32(v | v << 16);
    case 6:
        return rep32(cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff);
    default:
        break;
    }
    if (!(cmode & 1) && !op) {
        return imm8 * 0x0101010101010101ull;
    }
    if (!(cmode & 1)) {
        for (unsigned i = 0; i < 8; i++) {
            v |= imm8 >> i & 1 ? 0xffull << i * 8 : 0;
        }
        return v;
    }
    if (!op) {
        return rep32((imm8 >> 7) << 31 | (imm8 >> 6 & 1 ? 0x1full << 25 : 1ull << 30) | (imm8 & 63) << 19);
    }
    return (imm8 >> 7) << 63 | (imm8 >> 6 & 1 ? 0xffull << 54 : 1ull << 62) | (imm8 & 63) << 48;
}

void a64_movi(struct arm_tr *t, const struct arm_VMOVI *a)
{
    struct ir *ir = t->ir;
    bool merges = (a->cmode & 1) && a->cmode < 12;  /* ORR, BIC */
    uint64_t v = arm_simd_expand_imm(a->cmode, a->op, a->abc << 5 | a->defgh);
    ir_ref imm;

    if (a->otwo || (a->cmode == 15 && a->op && !a->q)) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    if (a->op && a->cmode < 14) {
        v = ~v;                                     /* MVNI, BIC */
    }
    imm = ir_vdup(ir, 3, ir_i64(ir, v));
    if (merges) {
        imm = ir_vop2(ir, a->op ? IR_V_and : IR_V_or, arm_v(t, a->rd), imm, 0);
    }
    arm_set_vq(t, a->q, a->rd, imm);
}

/* ---- shifts by immediates ---- */

/* immh names the size, immh:immb the amount: right shifts count down from twice the width. */
static unsigned size_of(unsigned top)
{
    return 31 - __builtin_clz(top);
}

static unsigned right_amount(unsigned top, unsigned bot)
{
    return (16u << size_of(top)) - (top << 3 | bot);
}

static unsigned left_amount(unsigned top, unsigned bot)
{
    return (top << 3 | bot) - (8u << size_of(top));
}

static ir_ref shift_right(struct arm_tr *t, unsigned op, unsigned size, unsigned amount, ir_ref v)
{
    static const int16_t shr[4] = { -1, IR_V_shri16, IR_V_shri32, IR_V_shri64 };
    static const int16_t sar[4] = { -1, IR_V_sari16, IR_V_sari32, -1 };
    int vop = op == VO_USHR ? shr[size] : op == VO_SSHR ? sar[size] : -1;

    return vop >= 0 ? ir_vop1(t->ir, vop, v, amount) : arm_simd_call(t, arm_simd_desc(op, size, true, amount), v, v);
}

static ir_ref shift_left(struct arm_tr *t, unsigned size, unsigned amount, ir_ref v)
{
    static const int16_t shl[4] = { -1, IR_V_shli16, IR_V_shli32, IR_V_shli64 };

    return size ? ir_vop1(t->ir, shl[size], v, amount)
                : arm_simd_call(t, arm_simd_desc(VO_SSHL, 0, true, 0), v, ir_vdup(t->ir, 0, ir_i64(t->ir, amount)));
}

enum shift { PLAIN, ACCUMULATE, INSERT_LEFT, INSERT_RIGHT, LEFT, LEFT_BY_VECTOR };

static ir_ref shift_imm(struct arm_tr *t, enum shift kind, unsigned op, bool q, unsigned top, unsigned bot, ir_ref d, ir_ref n)
{
    struct ir *ir = t->ir;
    unsigned size = size_of(top), bits = 8u << size, right = right_amount(top, bot), left = left_amount(top, bot);
    uint64_t mask;
    ir_ref r;

    switch (kind) {
    case PLAIN:
        return shift_right(t, op, size, right, n);
    case ACCUMULATE:
        return two(t, VO_ADD, size, true, d, shift_right(t, op, size, right, n));
    case LEFT:
        return shift_left(t, size, left, n);
    case LEFT_BY_VECTOR:
        return arm_simd_call(t, arm_simd_desc(op, size, true, 0), q ? n : ir_vfrom(ir, lo_of(t, n)),
                             ir_vdup(ir, size, ir_i64(ir, left)));
    case INSERT_LEFT:
        mask = left ? UINT64_MAX >> (64 - left) : 0;
        r = shift_left(t, size, left, n);
        break;
    default:
        mask = right == bits ? UINT64_MAX >> (64 - bits) : (UINT64_MAX >> (64 - bits)) & ~(UINT64_MAX >> (64 - bits) >> right);
        r = right == bits ? zero_vec(t) : shift_right(t, VO_USHR, size, right, n);
    }
    return ir_vop3(ir, IR_V_bsl, ir_vdup(ir, size, ir_i64(ir, mask)), d, r);
}

static void vsh(struct arm_tr *t, const struct arm_VSH *a, enum shift kind, unsigned op)
{
    if (begin(t, a->q, size_of(a->top))) {
        arm_set_vq(t, a->q, a->rd, shift_imm(t, kind, op, a->q, a->top, a->bot, arm_v(t, a->rd), arm_v(t, a->rn)));
    }
}

/* only_d: 64-bit elements alone. */
static void ssh(struct arm_tr *t, const struct arm_SSH *a, enum shift kind, unsigned op, bool only_d)
{
    unsigned size = size_of(a->top);

    if (only_d && size != 3) {
        arm_undef(t);
    } else if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, scalar(t, size, shift_imm(t, kind, op, true, a->top, a->bot, get_scalar(t, size, a->rd),
                                                      get_scalar(t, size, a->rn))));
    }
}

#define SHIFT(name, kind, op) \
    void a64_##name##_v(struct arm_tr *t, const struct arm_VSH *a) { vsh(t, a, kind, VO_##op); } \
    void a64_##name##_s(struct arm_tr *t, const struct arm_SSH *a) { ssh(t, a, kind, VO_##op, true); }
SHIFT(sshr, PLAIN, SSHR) SHIFT(ushr, PLAIN, USHR) SHIFT(srshr, PLAIN, SRSHR) SHIFT(urshr, PLAIN, URSHR)
SHIFT(ssra, ACCUMULATE, SSHR) SHIFT(usra, ACCUMULATE, USHR) SHIFT(srsra, ACCUMULATE, SRSHR) SHIFT(ursra, ACCUMULATE, URSHR)
SHIFT(sri, INSERT_RIGHT, USHR) SHIFT(sli, INSERT_LEFT, SSHL) SHIFT(shl, LEFT, SSHL)
void a64_sqshlu_v(struct arm_tr *t, const struct arm_VSH *a) { vsh(t, a, LEFT_BY_VECTOR, VO_SQSHLU); }
void a64_sqshlu_s(struct arm_tr *t, const struct arm_SSH *a) { ssh(t, a, LEFT_BY_VECTOR, VO_SQSHLU, false); }
void a64_sqshl_vi(struct arm_tr *t, const struct arm_VSH *a) { vsh(t, a, LEFT_BY_VECTOR, VO_SQSHL); }
void a64_sqshl_si(struct arm_tr *t, const struct arm_SSH *a) { ssh(t, a, LEFT_BY_VECTOR, VO_SQSHL, false); }
void a64_uqshl_vi(struct arm_tr *t, const struct arm_VSH *a) { vsh(t, a, LEFT_BY_VECTOR, VO_UQSHL); }
void a64_uqshl_si(struct arm_tr *t, const struct arm_SSH *a) { ssh(t, a, LEFT_BY_VECTOR, VO_UQSHL, false); }

static void shift_narrow(struct arm_tr *t, const struct arm_VSH *a, unsigned op)
{
    unsigned size = size_of(a->top);

    if (size == 3) {
        arm_undef(t);
    } else if (arm_fp_begin(t)) {
        ir_ref n = arm_v(t, a->rn);

        put_narrow(t, a->q, a->rd, arm_simd_call(t, arm_simd_desc(op, size, false, right_amount(a->top, a->bot)), n, n));
    }
}

static void shift_narrow_s(struct arm_tr *t, const struct arm_SSH *a, unsigned op)
{
    unsigned size = size_of(a->top);

    if (size == 3) {
        arm_undef(t);
    } else if (arm_fp_begin(t)) {
        ir_ref n = get_scalar(t, size + 1, a->rn);

        arm_set_v(t, a->rd, scalar(t, size, arm_simd_call(t, arm_simd_desc(op, size, false, right_amount(a->top, a->bot)),
                                                          n, n)));
    }
}

#define SHRN(name, op) void a64_##name##_v(struct arm_tr *t, const struct arm_VSH *a) { shift_narrow(t, a, VO_##op); }
#define SHRNS(name, op) SHRN(name, op) void a64_##name##_s(struct arm_tr *t, const struct arm_SSH *a) { shift_narrow_s(t, a, VO_##op); }
SHRN(shrn, SHRN) SHRN(rshrn, RSHRN) SHRNS(sqshrn, SQSHRN) SHRNS(sqrshrn, SQRSHRN) SHRNS(uqshrn, UQSHRN)
SHRNS(uqrshrn, UQRSHRN) SHRNS(sqshrun, SQSHRUN) SHRNS(sqrshrun, SQRSHRUN)

static void shift_long(struct arm_tr *t, const struct arm_VSH *a, bool is_signed)
{
    static const int16_t sx[3] = { IR_V_sx8_16, IR_V_sx16_32, IR_V_sx32_64 };
    static const int16_t zx[3] = { IR_V_zx8_16, IR_V_zx16_32, IR_V_zx32_64 };
    unsigned size = size_of(a->top), left = left_amount(a->top, a->bot);
    ir_ref v;

    if (size == 3) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    v = arm_v(t, a->rn);
    if (a->q) {
        v = ir_vop1(t->ir, IR_V_shrb, v, 8);
    }
    v = ir_vop1(t->ir, (is_signed ? sx : zx)[size], v, 0);
    arm_set_v(t, a->rd, left ? shift_left(t, size + 1, left, v) : v);
}

void a64_sshll_v(struct arm_tr *t, const struct arm_VSH *a) { shift_long(t, a, true); }
void a64_ushll_v(struct arm_tr *t, const struct arm_VSH *a) { shift_long(t, a, false); }

/* ---- by element ---- */

/* The element that every other is combined with, in all lanes: 16-bit ones come from V0 to V15. */
static ir_ref element(struct arm_tr *t, unsigned size, unsigned l, unsigned m, unsigned rm, unsigned h)
{
    unsigned lane = size == 1 ? h << 2 | l << 1 | m : h << 1 | l, reg = size == 1 ? rm : m << 4 | rm;

    return ir_vdup(t->ir, size, ir_vget(t->ir, IR_I64, size, arm_v(t, reg), lane));
}

static void by_element(struct arm_tr *t, const struct arm_VELEM *a, unsigned op, int acc)
{
    ir_ref r;

    if (arm_fp_begin(t)) {
        r = two(t, op, a->size, a->q, arm_v(t, a->rn), element(t, a->size, a->l, a->m, a->rm, a->h));
        r = acc == NONE ? r : two(t, acc, a->size, a->q, arm_v(t, a->rd), r);
        arm_set_vq(t, a->q, a->rd, r);
    }
}

#define ELEM(name, op, acc) void a64_##name##_e(struct arm_tr *t, const struct arm_VELEM *a) { by_element(t, a, VO_##op, acc); }
ELEM(mla, MUL, VO_ADD) ELEM(mls, MUL, VO_SUB) ELEM(mul, MUL, NONE) ELEM(sqdmulh, SQDMULH, NONE) ELEM(sqrdmulh, SQRDMULH, NONE)

#define ELEML(name, op, acc) \
    void a64_##name##_e(struct arm_tr *t, const struct arm_VELEM *a) \
    { if (arm_fp_begin(t)) { lengthen(t, a->q, a->size, a->rd, arm_v(t, a->rn), element(t, a->size, a->l, a->m, a->rm, a->h), VO_##op, acc); } }
ELEML(smlal, SMULL, VO_ADD) ELEML(umlal, UMULL, VO_ADD) ELEML(smlsl, SMULL, VO_SUB) ELEML(umlsl, UMULL, VO_SUB)
ELEML(smull, SMULL, NONE) ELEML(umull, UMULL, NONE)
ELEML(sqdmlal, SQDMULL, VO_SQADD) ELEML(sqdmlsl, SQDMULL, VO_SQSUB) ELEML(sqdmull, SQDMULL, NONE)

static ir_ref scalar_element(struct arm_tr *t, const struct arm_SELEM *a)
{
    return scalar(t, a->size, element(t, a->size, a->l, a->m, a->rm, a->h));
}

#define ELEMS(name, op) \
    void a64_##name##_es(struct arm_tr *t, const struct arm_SELEM *a) \
    { if (arm_fp_begin(t)) { arm_set_v(t, a->rd, scalar(t, a->size, two(t, VO_##op, a->size, true, get_scalar(t, a->size, a->rn), scalar_element(t, a)))); } }
ELEMS(sqdmulh, SQDMULH) ELEMS(sqrdmulh, SQRDMULH)

#define ELEMSL(name, acc) \
    void a64_##name##_es(struct arm_tr *t, const struct arm_SELEM *a) \
    { if (arm_fp_begin(t)) { long_scalar(t, a->size, a->rd, get_scalar(t, a->size, a->rn), scalar_element(t, a), acc); } }
ELEMSL(sqdmlal, VO_SQADD) ELEMSL(sqdmlsl, VO_SQSUB) ELEMSL(sqdmull, NONE)

#define ELEMR(name, op) \
    void a64_##name##_e(struct arm_tr *t, const struct arm_VELEM *a) \
    { if (arm_fp_begin(t)) { rounding_acc(t, false, a->q, a->size, a->rd, arm_v(t, a->rn), element(t, a->size, a->l, a->m, a->rm, a->h), VO_##op); } } \
    void a64_##name##_es(struct arm_tr *t, const struct arm_SELEM *a) \
    { if (arm_fp_begin(t)) { rounding_acc(t, true, false, a->size, a->rd, get_scalar(t, a->size, a->rn), scalar_element(t, a), VO_##op); } }
ELEMR(sqrdmlah, SQRDMLAH) ELEMR(sqrdmlsh, SQRDMLSH)

static void dot_element(struct arm_tr *t, const struct arm_VDOTE *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_acc(t, arm_simd_desc(op, 2, a->q, 0), a->q, arm_v(t, a->rd), arm_v(t, a->rn),
                                         element(t, 2, a->l, a->m, a->rm, a->h)));
    }
}

void a64_sdot_e(struct arm_tr *t, const struct arm_VDOTE *a) { dot_element(t, a, VO_SDOT); }
void a64_udot_e(struct arm_tr *t, const struct arm_VDOTE *a) { dot_element(t, a, VO_UDOT); }

/* ---- cryptography ---- */

static void crypto2(struct arm_tr *t, const struct arm_CR2 *a, unsigned op, bool with_rd)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_call(t, arm_simd_desc(op, 0, true, 0), arm_v(t, with_rd ? a->rd : a->rn),
                                          arm_v(t, a->rn)));
    }
}

void a64_aese(struct arm_tr *t, const struct arm_CR2 *a) { crypto2(t, a, VO_AESE, true); }
void a64_aesd(struct arm_tr *t, const struct arm_CR2 *a) { crypto2(t, a, VO_AESD, true); }
void a64_aesmc(struct arm_tr *t, const struct arm_CR2 *a) { crypto2(t, a, VO_AESMC, false); }
void a64_aesimc(struct arm_tr *t, const struct arm_CR2 *a) { crypto2(t, a, VO_AESIMC, false); }
void a64_sha1h(struct arm_tr *t, const struct arm_CR2 *a) { crypto2(t, a, VO_SHA1H, false); }
void a64_sha1su1(struct arm_tr *t, const struct arm_CR2 *a) { crypto2(t, a, VO_SHA1SU1, true); }
void a64_sha256su0(struct arm_tr *t, const struct arm_CR2 *a) { crypto2(t, a, VO_SHA256SU0, true); }

static void sha(struct arm_tr *t, const struct arm_CR3 *a, unsigned op)
{
    const ir_ref args[] = { ir_i32(t->ir, op), ir_i32(t->ir, a->rd), ir_i32(t->ir, a->rn), ir_i32(t->ir, a->rm) };

    if (arm_fp_begin(t)) {
        ir_call(t->ir, ARM_HELPER_sha, 4, args);
    }
}

void a64_sha1c(struct arm_tr *t, const struct arm_CR3 *a) { sha(t, a, 0); }
void a64_sha1p(struct arm_tr *t, const struct arm_CR3 *a) { sha(t, a, 1); }
void a64_sha1m(struct arm_tr *t, const struct arm_CR3 *a) { sha(t, a, 2); }
void a64_sha1su0(struct arm_tr *t, const struct arm_CR3 *a) { sha(t, a, 3); }
void a64_sha256h(struct arm_tr *t, const struct arm_CR3 *a) { sha(t, a, 4); }
void a64_sha256h2(struct arm_tr *t, const struct arm_CR3 *a) { sha(t, a, 5); }
void a64_sha256su1(struct arm_tr *t, const struct arm_CR3 *a) { sha(t, a, 6); }
