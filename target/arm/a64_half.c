/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advanced SIMD on half precision (FEAT_FP16): soft float by elements. Scalar arithmetic is in a64_fp.c. */
#include "target/arm/simd.h"
#include "target/arm/translate.h"

static ir_ref zero(struct arm_tr *t)
{
    return ir_vdup(t->ir, 3, ir_i64(t->ir, 0));
}

/* Lanes of a vector; scalar: the lowest one, zeros above. */
static void elements(struct arm_tr *t, unsigned fop, bool q, unsigned rd, ir_ref a, ir_ref b)
{
    arm_set_v(t, rd, arm_simd_call(t, arm_simd_desc(VO_FP + fop, FP_H, q, 0), a, b));
}

static ir_ref half_of(struct arm_tr *t, ir_ref v)
{
    return ir_vget(t->ir, IR_I64, FP_H, v, 0);
}

static void scalar(struct arm_tr *t, unsigned fop, unsigned rd, ir_ref a, ir_ref b, ir_ref c)
{
    ir_ref x = half_of(t, a);

    if (fop == FOP_FROM_S) {
        x = ir_sar(t->ir, ir_shl(t->ir, x, ir_i64(t->ir, 48)), ir_i64(t->ir, 48));
    }
    const ir_ref args[] = { ir_i32(t->ir, arm_fp_desc(fop, FP_H, 16, 0)), x, half_of(t, b),
                            c ? half_of(t, c) : ir_i64(t->ir, 0) };

    arm_set_v(t, rd, ir_vfrom(t->ir, ir_call(t->ir, ARM_HELPER_fp, 4, args)));
}

/* ---- three registers ---- */

static void v3(struct arm_tr *t, const struct arm_VLOG *a, unsigned fop)
{
    if (arm_fp_begin(t)) {
        elements(t, fop, a->q, a->rd, arm_v(t, a->rn), arm_v(t, a->rm));
    }
}

static void s3(struct arm_tr *t, const struct arm_CR3 *a, unsigned fop)
{
    if (arm_fp_begin(t)) {
        scalar(t, fop, a->rd, arm_v(t, a->rn), arm_v(t, a->rm), 0);
    }
}

#define V3(name, op) void a64_##name##_vh(struct arm_tr *t, const struct arm_VLOG *a) { v3(t, a, FOP_##op); }
#define S3(name, op) void a64_##name##_sh(struct arm_tr *t, const struct arm_CR3 *a) { s3(t, a, FOP_##op); }
#define VS3(name, op) V3(name, op) S3(name, op)
V3(fadd, ADD) V3(fsub, SUB) V3(fmul, MUL) V3(fdiv, DIV) V3(fmax, MAX) V3(fmin, MIN) V3(fmaxnm, MAXNM) V3(fminnm, MINNM)
VS3(fmulx, MULX) VS3(fabd, ABD) VS3(frecps, RECPS) VS3(frsqrts, RSQRTS)
VS3(fcmeq, CMEQ) VS3(fcmge, CMGE) VS3(fcmgt, CMGT) VS3(facge, ACGE) VS3(facgt, ACGT)

static void fused(struct arm_tr *t, bool q, unsigned rd, ir_ref n, ir_ref m, unsigned op)
{
    arm_set_v(t, rd, arm_simd_acc(t, arm_simd_desc(op, FP_H, q, 0), q, arm_v(t, rd), n, m));
}

static void v3_fused(struct arm_tr *t, const struct arm_VLOG *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        fused(t, a->q, a->rd, arm_v(t, a->rn), arm_v(t, a->rm), op);
    }
}

void a64_fmla_vh(struct arm_tr *t, const struct arm_VLOG *a) { v3_fused(t, a, VO_FMLA); }
void a64_fmls_vh(struct arm_tr *t, const struct arm_VLOG *a) { v3_fused(t, a, VO_FMLS); }

/* ---- pairs, all elements ---- */

static void pairs(struct arm_tr *t, const struct arm_VLOG *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_call(t, arm_simd_desc(op, FP_H, a->q, 0), arm_v(t, a->rn), arm_v(t, a->rm)));
    }
}

/* The lowest two elements; the others must raise nothing. */
static void pair_scalar(struct arm_tr *t, const struct arm_CR2 *a, unsigned fop)
{
    if (arm_fp_begin(t)) {
        ir_ref n = arm_v(t, a->rn);

        scalar(t, fop, a->rd, n, ir_vfrom(t->ir, ir_vget(t->ir, IR_I64, FP_H, n, 1)), 0);
    }
}

#define PAIR(name, op) \
    void a64_##name##_vh(struct arm_tr *t, const struct arm_VLOG *a) { pairs(t, a, VO_F##op##P); } \
    void a64_##name##_ph(struct arm_tr *t, const struct arm_CR2 *a) { pair_scalar(t, a, FOP_##op); }
PAIR(faddp, ADD) PAIR(fmaxp, MAX) PAIR(fminp, MIN) PAIR(fmaxnmp, MAXNM) PAIR(fminnmp, MINNM)

static void across(struct arm_tr *t, const struct arm_VNOT *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_call(t, arm_simd_desc(op, FP_H, a->q, 0), arm_v(t, a->rn), arm_v(t, a->rn)));
    }
}

void a64_fmaxv_h(struct arm_tr *t, const struct arm_VNOT *a) { across(t, a, VO_FMAXV); }
void a64_fminv_h(struct arm_tr *t, const struct arm_VNOT *a) { across(t, a, VO_FMINV); }
void a64_fmaxnmv_h(struct arm_tr *t, const struct arm_VNOT *a) { across(t, a, VO_FMAXNMV); }
void a64_fminnmv_h(struct arm_tr *t, const struct arm_VNOT *a) { across(t, a, VO_FMINNMV); }

/* ---- two registers ---- */

static void v2(struct arm_tr *t, const struct arm_VNOT *a, unsigned fop)
{
    if (arm_fp_begin(t)) {
        elements(t, fop, a->q, a->rd, arm_v(t, a->rn), zero(t));
    }
}

static void s2(struct arm_tr *t, const struct arm_CR2 *a, unsigned fop)
{
    if (arm_fp_begin(t)) {
        scalar(t, fop, a->rd, arm_v(t, a->rn), zero(t), 0);
    }
}

#define V2(name, suffix, op) void a64_##name##suffix(struct arm_tr *t, const struct arm_VNOT *a) { v2(t, a, FOP_##op); }
#define S2(name, suffix, op) void a64_##name##suffix(struct arm_tr *t, const struct arm_CR2 *a) { s2(t, a, FOP_##op); }
#define VS2(name, op) V2(name, _vh, op) S2(name, _sh, op)
#define CMZ(name, op) V2(name, _zh, op) S2(name, _zsh, op)
CMZ(fcmgt, CMGT) CMZ(fcmge, CMGE) CMZ(fcmeq, CMEQ) CMZ(fcmle, CMLE) CMZ(fcmlt, CMLT)
V2(frintn, _vh, RINTN) V2(frinta, _vh, RINTA) V2(frintp, _vh, RINTP) V2(frintm, _vh, RINTM) V2(frintx, _vh, RINTX)
V2(frintz, _vh, RINTZ) V2(frinti, _vh, RINTI)
VS2(fcvtns, TO_SN) VS2(fcvtnu, TO_UN) VS2(fcvtps, TO_SP) VS2(fcvtpu, TO_UP) VS2(fcvtms, TO_SM) VS2(fcvtmu, TO_UM)
VS2(fcvtzs, TO_SZ) VS2(fcvtzu, TO_UZ) VS2(fcvtas, TO_SA) VS2(fcvtau, TO_UA) VS2(scvtf, FROM_S) VS2(ucvtf, FROM_U)
VS2(frecpe, RECPE) VS2(frsqrte, RSQRTE) V2(fsqrt, _vh, SQRT) S2(frecpx, _sh, RECPX)

/* FABS and FNEG touch the sign alone. */
static void sign(struct arm_tr *t, const struct arm_VNOT *a, enum ir_vop vop, uint64_t mask)
{
    if (arm_fp_begin(t)) {
        arm_set_vq(t, a->q, a->rd, ir_vop2(t->ir, vop, arm_v(t, a->rn), ir_vdup(t->ir, 3, ir_i64(t->ir, mask)), 0));
    }
}

void a64_fabs_vh(struct arm_tr *t, const struct arm_VNOT *a) { sign(t, a, IR_V_and, 0x7fff7fff7fff7fff); }
void a64_fneg_vh(struct arm_tr *t, const struct arm_VNOT *a) { sign(t, a, IR_V_xor, 0x8000800080008000); }

/* ---- by element ---- */

static ir_ref element(struct arm_tr *t, unsigned rm, unsigned h, unsigned l, unsigned m)
{
    return ir_vdup(t->ir, FP_H, ir_vget(t->ir, IR_I64, FP_H, arm_v(t, rm), h << 2 | l << 1 | m));
}

#define MUL_E(name, op) \
    void a64_##name##_eh(struct arm_tr *t, const struct arm_VHALFE *a) \
    { if (arm_fp_begin(t)) { elements(t, op, a->q, a->rd, arm_v(t, a->rn), element(t, a->rm, a->h, a->l, a->m)); } } \
    void a64_##name##_esh(struct arm_tr *t, const struct arm_SHELEM *a) \
    { if (arm_fp_begin(t)) { scalar(t, op, a->rd, arm_v(t, a->rn), element(t, a->rm, a->h, a->l, a->m), 0); } }
#define FUSED_E(name, op, fop) \
    void a64_##name##_eh(struct arm_tr *t, const struct arm_VHALFE *a) \
    { if (arm_fp_begin(t)) { fused(t, a->q, a->rd, arm_v(t, a->rn), element(t, a->rm, a->h, a->l, a->m), op); } } \
    void a64_##name##_esh(struct arm_tr *t, const struct arm_SHELEM *a) \
    { if (arm_fp_begin(t)) { scalar(t, fop, a->rd, arm_v(t, a->rn), element(t, a->rm, a->h, a->l, a->m), arm_v(t, a->rd)); } }
MUL_E(fmul, FOP_MUL) MUL_E(fmulx, FOP_MULX)
FUSED_E(fmla, VO_FMLA, FOP_MADD) FUSED_E(fmls, VO_FMLS, FOP_MSUB)
