/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD, floating point. Arithmetic on whole vectors is the host's with the NaN rule added out of line; what a host
 * does not do the same way is soft float by elements.
 */
#include "target/arm/simd.h"
#include "target/arm/translate.h"

static bool begin(struct arm_tr *t, bool q, bool sz)
{
    if (sz && !q) {
        arm_undef(t);
        return false;
    }
    return arm_fp_begin(t);
}

static ir_ref soft(struct arm_tr *t, unsigned fop, unsigned size, bool q, unsigned imm, ir_ref a, ir_ref b)
{
    return arm_simd_call(t, arm_simd_desc(VO_FP + fop, size, q, imm), a, b);
}

static ir_ref scalar(struct arm_tr *t, unsigned size, ir_ref v)
{
    return ir_vfrom(t->ir, ir_vget(t->ir, size == 3 ? IR_F64 : size == 2 ? IR_F32 : IR_I64, size, v, 0));
}

/* One element, as what goes into a V register. */
static ir_ref soft_scalar(struct arm_tr *t, unsigned fop, unsigned size, unsigned fbits, ir_ref a, ir_ref b)
{
    struct ir *ir = t->ir;
    ir_ref r = arm_fp_inline_scalar(t, fop, size, fbits, a, b), x;

    if (r) {
        return r;
    }
    x = ir_vget(ir, IR_I64, size, a, 0);
    if (fop == FOP_FROM_S && size < 3) {
        ir_ref by = ir_i64(ir, 64 - (8u << size));

        x = ir_sar(ir, ir_shl(ir, x, by), by);
    }
    const ir_ref args[] = { ir_i32(ir, arm_fp_desc(fop, size, 8u << size, fbits)), x, ir_vget(ir, IR_I64, size, b, 0),
                            ir_i64(ir, 0) };

    return ir_vfrom(ir, ir_call(ir, ARM_HELPER_fp, 4, args));
}

/* ---- three registers ---- */

static void v3(struct arm_tr *t, const struct arm_VF3 *a, unsigned op)
{
    if (begin(t, a->q, a->sz)) {
        arm_set_v(t, a->rd, soft(t, op, 2 + a->sz, a->q, 0, arm_v(t, a->rn), arm_v(t, a->rm)));
    }
}

static void s3(struct arm_tr *t, const struct arm_SF3 *a, unsigned op)
{
    unsigned size = 2 + a->sz;

    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, soft_scalar(t, op, size, 0, arm_v(t, a->rn), arm_v(t, a->rm)));
    }
}

#define V3(name, op) void a64_##name##_v(struct arm_tr *t, const struct arm_VF3 *a) { v3(t, a, FOP_##op); }
#define S3(name, op) void a64_##name##_s(struct arm_tr *t, const struct arm_SF3 *a) { s3(t, a, FOP_##op); }
#define VS3(name, op) V3(name, op) S3(name, op)
V3(fmaxnm, MAXNM) V3(fminnm, MINNM) V3(fmax, MAX) V3(fmin, MIN)
VS3(fmulx, MULX) VS3(fcmeq, CMEQ) VS3(frecps, RECPS) VS3(frsqrts, RSQRTS) VS3(fabd, ABD) VS3(fcmge, CMGE) VS3(fcmgt, CMGT)
VS3(facge, ACGE) VS3(facgt, ACGT)

/* The host's operation on all lanes. */
static ir_ref host(struct arm_tr *t, unsigned op, bool sz, ir_ref a, ir_ref b)
{
    static const struct {
        int16_t vop, fix;
    } rows[2][FOP_DIV + 1] = {
        { [FOP_ADD] = { IR_V_addps, ARM_HELPER_fix_add32 }, [FOP_SUB] = { IR_V_subps, ARM_HELPER_fix_sub32 },
          [FOP_MUL] = { IR_V_mulps, ARM_HELPER_fix_mul32 }, [FOP_DIV] = { IR_V_divps, ARM_HELPER_fix_div32 } },
        { [FOP_ADD] = { IR_V_addpd, ARM_HELPER_fix_add64 }, [FOP_SUB] = { IR_V_subpd, ARM_HELPER_fix_sub64 },
          [FOP_MUL] = { IR_V_mulpd, ARM_HELPER_fix_mul64 }, [FOP_DIV] = { IR_V_divpd, ARM_HELPER_fix_div64 } },
    };

    return ir_fixnan(t->ir, ir_vop2(t->ir, rows[sz][op].vop, a, b, 0), a, b, sz, rows[sz][op].fix);
}

static bool on_host(const struct arm_tr *t)
{
    return !(t->key & ARM_KEY_FP_SOFT);
}

/* 64-bit forms: what stands in the upper half must raise nothing, so it is replaced by ones, which none of these minds. */
static ir_ref quiet_upper(struct arm_tr *t, bool q, ir_ref v)
{
    return q ? v : ir_vset(t->ir, 3, v, 1, ir_i64(t->ir, 0x3f8000003f800000));
}

static void arith(struct arm_tr *t, const struct arm_VF3 *a, unsigned op)
{
    if (!on_host(t)) {
        v3(t, a, op);
    } else if (begin(t, a->q, a->sz)) {
        arm_set_vq(t, a->q, a->rd, host(t, op, a->sz, quiet_upper(t, a->q, arm_v(t, a->rn)),
                                        quiet_upper(t, a->q, arm_v(t, a->rm))));
    }
}

void a64_fadd_v(struct arm_tr *t, const struct arm_VF3 *a) { arith(t, a, FOP_ADD); }
void a64_fsub_v(struct arm_tr *t, const struct arm_VF3 *a) { arith(t, a, FOP_SUB); }
void a64_fmul_v(struct arm_tr *t, const struct arm_VF3 *a) { arith(t, a, FOP_MUL); }
void a64_fdiv_v(struct arm_tr *t, const struct arm_VF3 *a) { arith(t, a, FOP_DIV); }

static void fused(struct arm_tr *t, bool q, bool sz, unsigned rd, ir_ref n, ir_ref m, unsigned op)
{
    arm_set_v(t, rd, arm_simd_acc(t, arm_simd_desc(op, 2 + sz, q, 0), q, arm_v(t, rd), n, m));
}

static void v3_fused(struct arm_tr *t, const struct arm_VF3 *a, unsigned op)
{
    if (begin(t, a->q, a->sz)) {
        fused(t, a->q, a->sz, a->rd, arm_v(t, a->rn), arm_v(t, a->rm), op);
    }
}

void a64_fmla_v(struct arm_tr *t, const struct arm_VF3 *a) { v3_fused(t, a, VO_FMLA); }
void a64_fmls_v(struct arm_tr *t, const struct arm_VF3 *a) { v3_fused(t, a, VO_FMLS); }

static void pairwise(struct arm_tr *t, const struct arm_VF3 *a, unsigned op)
{
    if (begin(t, a->q, a->sz)) {
        arm_set_v(t, a->rd, arm_simd_call(t, arm_simd_desc(op, 2 + a->sz, a->q, 0), arm_v(t, a->rn), arm_v(t, a->rm)));
    }
}

static void pair_scalar(struct arm_tr *t, const struct arm_SF2 *a, unsigned op)
{
    unsigned size = 2 + a->sz;

    if (arm_fp_begin(t)) {
        ir_ref n = arm_v(t, a->rn);

        /* Of two 64-bit elements the pair is the whole register; the other pair must raise nothing. */
        n = a->sz ? n : ir_vfrom(t->ir, ir_vget(t->ir, IR_I64, 3, n, 0));
        arm_set_v(t, a->rd, scalar(t, size, arm_simd_call(t, arm_simd_desc(op, size, a->sz, 0), n,
                                                          ir_vdup(t->ir, 3, ir_i64(t->ir, 0)))));
    }
}

#define PAIR(name, op) \
    void a64_##name##_v(struct arm_tr *t, const struct arm_VF3 *a) { pairwise(t, a, VO_##op); } \
    void a64_##name##_p(struct arm_tr *t, const struct arm_SF2 *a) { pair_scalar(t, a, VO_##op); }
PAIR(faddp, FADDP) PAIR(fmaxp, FMAXP) PAIR(fminp, FMINP) PAIR(fmaxnmp, FMAXNMP) PAIR(fminnmp, FMINNMP)

static void across(struct arm_tr *t, const struct arm_CR2 *a, unsigned op)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_call(t, arm_simd_desc(op, 2, true, 0), arm_v(t, a->rn), arm_v(t, a->rn)));
    }
}

void a64_fmaxv(struct arm_tr *t, const struct arm_CR2 *a) { across(t, a, VO_FMAXV); }
void a64_fminv(struct arm_tr *t, const struct arm_CR2 *a) { across(t, a, VO_FMINV); }
void a64_fmaxnmv(struct arm_tr *t, const struct arm_CR2 *a) { across(t, a, VO_FMAXNMV); }
void a64_fminnmv(struct arm_tr *t, const struct arm_CR2 *a) { across(t, a, VO_FMINNMV); }

/* ---- two registers ---- */

static void v2(struct arm_tr *t, const struct arm_VF2 *a, unsigned op, ir_ref other)
{
    if (begin(t, a->q, a->sz)) {
        arm_set_v(t, a->rd, soft(t, op, 2 + a->sz, a->q, 0, arm_v(t, a->rn), other ? other : arm_v(t, a->rn)));
    }
}

static void s2(struct arm_tr *t, const struct arm_SF2 *a, unsigned op, bool zero)
{
    unsigned size = 2 + a->sz;

    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, soft_scalar(t, op, size, 0, arm_v(t, a->rn),
                                        zero ? ir_vdup(t->ir, 3, ir_i64(t->ir, 0)) : arm_v(t, a->rn)));
    }
}

#define V2(name, op) void a64_##name##_v(struct arm_tr *t, const struct arm_VF2 *a) { v2(t, a, FOP_##op, 0); }
#define S2(name, op) void a64_##name##_s(struct arm_tr *t, const struct arm_SF2 *a) { s2(t, a, FOP_##op, false); }
#define VS2(name, op) V2(name, op) S2(name, op)
#define CMZ(name, op) \
    void a64_##name##_z(struct arm_tr *t, const struct arm_VF2 *a) { v2(t, a, FOP_##op, ir_vdup(t->ir, 3, ir_i64(t->ir, 0))); } \
    void a64_##name##_zs(struct arm_tr *t, const struct arm_SF2 *a) { s2(t, a, FOP_##op, true); }
CMZ(fcmgt, CMGT) CMZ(fcmge, CMGE) CMZ(fcmeq, CMEQ) CMZ(fcmle, CMLE) CMZ(fcmlt, CMLT)
V2(frintn, RINTN) V2(frinta, RINTA) V2(frintp, RINTP) V2(frintm, RINTM) V2(frintx, RINTX) V2(frintz, RINTZ)
V2(frinti, RINTI) V2(frint32z, RINT32Z) V2(frint32x, RINT32X) V2(frint64z, RINT64Z) V2(frint64x, RINT64X)
VS2(fcvtns, TO_SN) VS2(fcvtnu, TO_UN) VS2(fcvtps, TO_SP) VS2(fcvtpu, TO_UP) VS2(fcvtms, TO_SM) VS2(fcvtmu, TO_UM)
VS2(fcvtzs, TO_SZ) VS2(fcvtzu, TO_UZ) VS2(fcvtas, TO_SA) VS2(fcvtau, TO_UA) VS2(scvtf, FROM_S) VS2(ucvtf, FROM_U)
VS2(frecpe, RECPE) VS2(frsqrte, RSQRTE) V2(fsqrt, SQRT)
S2(frecpx, RECPX)

/* FABS and FNEG touch the sign alone. */
static void sign(struct arm_tr *t, const struct arm_VF2 *a, enum ir_vop vop, uint64_t mask32, uint64_t mask64)
{
    if (begin(t, a->q, a->sz)) {
        arm_set_vq(t, a->q, a->rd, ir_vop2(t->ir, vop, arm_v(t, a->rn),
                                           ir_vdup(t->ir, 3, ir_i64(t->ir, a->sz ? mask64 : mask32)), 0));
    }
}

void a64_fabs_v(struct arm_tr *t, const struct arm_VF2 *a) { sign(t, a, IR_V_and, 0x7fffffff7fffffff, INT64_MAX); }
void a64_fneg_v(struct arm_tr *t, const struct arm_VF2 *a) { sign(t, a, IR_V_xor, 0x8000000080000000, 1ull << 63); }

/* ---- precision ---- */

static void put_narrow(struct arm_tr *t, bool q, unsigned rd, ir_ref r)
{
    ir_ref lo = ir_vget(t->ir, IR_I64, 3, r, 0);

    arm_set_v(t, rd, q ? ir_vset(t->ir, 3, arm_v(t, rd), 1, lo) : ir_vfrom(t->ir, lo));
}

void a64_fcvtn_v(struct arm_tr *t, const struct arm_VF2 *a)
{
    if (arm_fp_begin(t)) {
        put_narrow(t, a->q, a->rd, arm_simd_call(t, arm_simd_desc(VO_FCVTN, 1 + a->sz, false, 0), arm_v(t, a->rn),
                                                 arm_v(t, a->rn)));
    }
}

void a64_fcvtl_v(struct arm_tr *t, const struct arm_VF2 *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, arm_simd_call(t, arm_simd_desc(VO_FCVTL, 1 + a->sz, a->q, 0), arm_v(t, a->rn), arm_v(t, a->rn)));
    }
}

void a64_fcvtxn_v(struct arm_tr *t, const struct arm_VNOT *a)
{
    if (arm_fp_begin(t)) {
        put_narrow(t, a->q, a->rd, arm_simd_call(t, arm_simd_desc(VO_FCVTXN, 2, false, 0), arm_v(t, a->rn), arm_v(t, a->rn)));
    }
}

void a64_fcvtxn_s(struct arm_tr *t, const struct arm_CR2 *a)
{
    if (arm_fp_begin(t)) {
        ir_ref n = scalar(t, 3, arm_v(t, a->rn));

        arm_set_v(t, a->rd, scalar(t, 2, arm_simd_call(t, arm_simd_desc(VO_FCVTXN, 2, false, 0), n, n)));
    }
}

/* ---- fixed point: immh:immb is twice the width less the fraction bits ---- */

static bool fixed_size(struct arm_tr *t, unsigned top, unsigned bot, unsigned *size, unsigned *fbits)
{
    *size = 31 - __builtin_clz(top);
    *fbits = (16u << *size) - (top << 3 | bot);
    if (*size < (arm_has(t->cpu, ARM_EXT_FP16) ? 1u : 2u)) {
        arm_undef(t);
        return false;
    }
    return true;
}

static void vfix(struct arm_tr *t, const struct arm_VSH *a, unsigned op)
{
    unsigned size, fbits;

    if (fixed_size(t, a->top, a->bot, &size, &fbits) && begin(t, a->q, size == 3)) {
        arm_set_v(t, a->rd, soft(t, op, size, a->q, fbits, arm_v(t, a->rn), arm_v(t, a->rn)));
    }
}

static void sfix(struct arm_tr *t, const struct arm_SSH *a, unsigned op)
{
    unsigned size, fbits;

    if (fixed_size(t, a->top, a->bot, &size, &fbits) && arm_fp_begin(t)) {
        arm_set_v(t, a->rd, soft_scalar(t, op, size, fbits, arm_v(t, a->rn), arm_v(t, a->rn)));
    }
}

#define FIXED(name, op) \
    void a64_##name##_vx(struct arm_tr *t, const struct arm_VSH *a) { vfix(t, a, FOP_##op); } \
    void a64_##name##_sx(struct arm_tr *t, const struct arm_SSH *a) { sfix(t, a, FOP_##op); }
FIXED(scvtf, FROM_S) FIXED(ucvtf, FROM_U) FIXED(fcvtzs, TO_SZ) FIXED(fcvtzu, TO_UZ)

/* ---- by element ---- */

static bool element(struct arm_tr *t, bool sz, unsigned l, unsigned m, unsigned rm, unsigned h, ir_ref *v)
{
    unsigned size = 2 + sz;

    if (sz && l) {
        arm_undef(t);
        return false;
    }
    if (!arm_fp_begin(t)) {
        return false;
    }
    *v = ir_vdup(t->ir, size, ir_vget(t->ir, IR_I64, size, arm_v(t, m << 4 | rm), sz ? h : h << 1 | l));
    return true;
}

static bool elem_ok(struct arm_tr *t, const struct arm_VFELEM *a)
{
    if (a->sz && !a->q) {
        arm_undef(t);
        return false;
    }
    return true;
}

static void elem_mul(struct arm_tr *t, const struct arm_VFELEM *a, unsigned op)
{
    ir_ref m;

    if (elem_ok(t, a) && element(t, a->sz, a->l, a->m, a->rm, a->h, &m)) {
        if (op == FOP_MUL && on_host(t)) {
            arm_set_vq(t, a->q, a->rd, host(t, FOP_MUL, a->sz,
                                            quiet_upper(t, a->q, arm_v(t, a->rn)), quiet_upper(t, a->q, m)));
        } else {
            arm_set_v(t, a->rd, soft(t, op, 2 + a->sz, a->q, 0, arm_v(t, a->rn), m));
        }
    }
}

static void elem_mul_s(struct arm_tr *t, const struct arm_SFELEM *a, unsigned op)
{
    unsigned size = 2 + a->sz;
    ir_ref m;

    if (element(t, a->sz, a->l, a->m, a->rm, a->h, &m)) {
        arm_set_v(t, a->rd, soft_scalar(t, op, size, 0, arm_v(t, a->rn), m));
    }
}

void a64_fmul_e(struct arm_tr *t, const struct arm_VFELEM *a) { elem_mul(t, a, FOP_MUL); }
void a64_fmulx_e(struct arm_tr *t, const struct arm_VFELEM *a) { elem_mul(t, a, FOP_MULX); }
void a64_fmul_es(struct arm_tr *t, const struct arm_SFELEM *a) { elem_mul_s(t, a, FOP_MUL); }
void a64_fmulx_es(struct arm_tr *t, const struct arm_SFELEM *a) { elem_mul_s(t, a, FOP_MULX); }

static void elem_fused(struct arm_tr *t, const struct arm_VFELEM *a, unsigned op)
{
    ir_ref m;

    if (elem_ok(t, a) && element(t, a->sz, a->l, a->m, a->rm, a->h, &m)) {
        fused(t, a->q, a->sz, a->rd, arm_v(t, a->rn), m, op);
    }
}

static void elem_fused_s(struct arm_tr *t, const struct arm_SFELEM *a, unsigned op)
{
    unsigned size = 2 + a->sz;
    ir_ref m;

    if (element(t, a->sz, a->l, a->m, a->rm, a->h, &m)) {
        const ir_ref args[] = { ir_i32(t->ir, arm_fp_desc(op == VO_FMLA ? FOP_MADD : FOP_MSUB, size, 0, 0)),
                                ir_vget(t->ir, IR_I64, size, arm_v(t, a->rn), 0), ir_vget(t->ir, IR_I64, size, m, 0),
                                ir_vget(t->ir, IR_I64, size, arm_v(t, a->rd), 0) };

        arm_set_v(t, a->rd, ir_vfrom(t->ir, ir_call(t->ir, ARM_HELPER_fp, 4, args)));
    }
}

void a64_fmla_e(struct arm_tr *t, const struct arm_VFELEM *a) { elem_fused(t, a, VO_FMLA); }
void a64_fmls_e(struct arm_tr *t, const struct arm_VFELEM *a) { elem_fused(t, a, VO_FMLS); }
void a64_fmla_es(struct arm_tr *t, const struct arm_SFELEM *a) { elem_fused_s(t, a, VO_FMLA); }
void a64_fmls_es(struct arm_tr *t, const struct arm_SFELEM *a) { elem_fused_s(t, a, VO_FMLS); }
