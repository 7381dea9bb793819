/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD of A32 and T32. A D register is a half of one of V0 to V15; operations are A64's (simd.h) on values whose
 * lower halves are the D registers. Floating point always has FPSCR's "standard" form, which hosts have not: results
 * flushed to zero, default NaNs, rounding to nearest; so it is soft float.
 */
#include <string.h>

#include "target/arm/a32.h"
#include "target/arm/simd.h"

/* ---- registers: numbers of D registers ---- */

static ir_ref get(struct arm_tr *t, bool q, unsigned n)
{
    ir_ref v = arm_v(t, n >> 1);

    return q ? v : ir_vfrom(t->ir, ir_vget(t->ir, IR_F64, 3, v, n & 1));
}

static void set(struct arm_tr *t, bool q, unsigned n, ir_ref v)
{
    if (!q) {
        v = ir_vset(t->ir, 3, arm_v(t, n >> 1), n & 1, ir_vget(t->ir, IR_F64, 3, v, 0));
    }
    arm_set_v(t, n >> 1, v);
}

/* Q registers have even numbers. */
static bool begin(struct arm_tr *t, bool q, unsigned a, unsigned b, unsigned c)
{
    if (q && ((a | b | c) & 1)) {
        arm_undef(t);
        return false;
    }
    return arm_fp_begin(t);
}

static ir_ref zero(struct arm_tr *t)
{
    return ir_vdup(t->ir, 3, ir_i64(t->ir, 0));
}

static ir_ref splat(struct arm_tr *t, unsigned size, uint64_t v)
{
    return ir_vdup(t->ir, size, ir_i64(t->ir, v));
}

static ir_ref call(struct arm_tr *t, unsigned op, unsigned size, bool q, unsigned imm, ir_ref a, ir_ref b)
{
    return arm_simd_call(t, arm_simd_desc(op, size, q, imm), a, b);
}

/* The same under the standard FPSCR. */
static ir_ref standard(struct arm_tr *t, unsigned op, unsigned size, bool q, unsigned imm, ir_ref a, ir_ref b)
{
    struct ir *ir = t->ir;
    const ir_ref args[] = {
        ir_i32(ir, arm_simd_desc(op, size, q, imm)), ir_vget(ir, IR_I64, 3, a, 0), ir_vget(ir, IR_I64, 3, a, 1),
        ir_vget(ir, IR_I64, 3, b, 0), ir_vget(ir, IR_I64, 3, b, 1),
    };
    ir_ref r = ir_call(ir, ARM_HELPER_a32_simd, 5, args);

    return arm_vjoin(t, ir_lo(ir, r), ir_hi(ir, r));
}

static uint32_t enter_standard(struct arm_cpu *cpu)
{
    uint32_t old = cpu->fp_control;

    cpu->fp_control = FPCR_DN | FPCR_FZ | (old & FPCR_AHP);
    return old;
}

/* VRECPS and VRSQRTS: 2 - a * b and half of 3 - a * b, where A32 rounds each operation. */
static uint32_t newton_step(struct arm_cpu *cpu, unsigned fop, uint32_t a, uint32_t b)
{
    bool zero_a = !(a & 0x7f800000), zero_b = !(b & 0x7f800000);
    bool inf_a = (a & 0x7fffffff) == 0x7f800000, inf_b = (b & 0x7fffffff) == 0x7f800000, root = fop == FOP_RSQRTS;
    uint64_t r;

    if ((zero_a && inf_b) || (inf_a && zero_b)) {
        if ((zero_a && (a & 0x7fffffff)) || (zero_b && (b & 0x7fffffff))) {
            cpu->fp_status |= FPSR_IDC;
        }
        return root ? 0x3fc00000 : 0x40000000;
    }
    r = arm_fp_op(cpu, arm_fp_desc(FOP_MUL, FP_S, 0, 0), a, b, 0);
    r = arm_fp_op(cpu, arm_fp_desc(FOP_SUB, FP_S, 0, 0), root ? 0x40400000 : 0x40000000, r, 0);
    return root ? arm_fp_op(cpu, arm_fp_desc(FOP_MUL, FP_S, 0, 0), r, 0x3f000000, 0) : r;
}

static unsigned __int128 newton(struct arm_cpu *cpu, uint32_t desc, const uint64_t a[2], const uint64_t b[2])
{
    unsigned fop = (desc & 255) - VO_FP;
    uint64_t r[2] = { 0 };

    for (unsigned i = 0; i < (desc >> 10 & 1 ? 4u : 2u); i++) {
        unsigned s = i % 2 * 32;

        r[i / 2] |= (uint64_t)newton_step(cpu, fop, a[i / 2] >> s, b[i / 2] >> s) << s;
    }
    return (unsigned __int128)r[1] << 64 | r[0];
}

unsigned __int128 arm_helper_a32_simd(struct arm_cpu *cpu, uint32_t desc, uint64_t alo, uint64_t ahi, uint64_t blo, uint64_t bhi)
{
    uint32_t old = enter_standard(cpu);
    unsigned op = desc & 255;
    unsigned __int128 r;

    if (op == VO_FP + FOP_RECPS || op == VO_FP + FOP_RSQRTS) {
        r = newton(cpu, desc, (uint64_t[]){ alo, ahi }, (uint64_t[]){ blo, bhi });
    } else {
        r = arm_helper_simd(cpu, desc, alo, ahi, blo, bhi);
    }

    cpu->fp_control = old;
    return r;
}

uint64_t arm_helper_a32_acc(struct arm_cpu *cpu, uint32_t desc, uint64_t acc, uint64_t a, uint64_t b)
{
    uint32_t old = enter_standard(cpu);
    uint64_t r = arm_helper_simd_acc(cpu, desc, acc, a, b);

    cpu->fp_control = old;
    return r;
}

uint64_t arm_helper_a32_fp(struct arm_cpu *cpu, uint32_t desc, uint64_t a)
{
    uint32_t old = enter_standard(cpu), op = desc & 255;
    uint64_t r;

    if (op == FOP_FROM_S || op == FOP_FROM_U) {
        cpu->fp_control = old & ~FPCR_RMODE;
    }
    r = arm_fp_op(cpu, desc, a, 0, 0);
    cpu->fp_control = old;
    return r;
}

/* ---- three registers ---- */

static void three(struct arm_tr *t, const struct a32_N3 *a, unsigned op)
{
    if (begin(t, a->q, a->vd, a->vn, a->vm)) {
        set(t, a->q, a->vd, call(t, op, a->size, a->q, 0, get(t, a->q, a->vn), get(t, a->q, a->vm)));
    }
}

/* Shifts by a register have the value in Vm. */
static void shift3(struct arm_tr *t, const struct a32_N3 *a, unsigned op)
{
    if (begin(t, a->q, a->vd, a->vn, a->vm)) {
        set(t, a->q, a->vd, call(t, op, a->size, a->q, 0, get(t, a->q, a->vm), get(t, a->q, a->vn)));
    }
}

static void acc3(struct arm_tr *t, const struct a32_N3 *a, unsigned op, unsigned acc)
{
    ir_ref r;

    if (begin(t, a->q, a->vd, a->vn, a->vm)) {
        r = call(t, op, a->size, a->q, 0, get(t, a->q, a->vn), get(t, a->q, a->vm));
        set(t, a->q, a->vd, call(t, acc, a->size, a->q, 0, get(t, a->q, a->vd), r));
    }
}

static void float3(struct arm_tr *t, const struct a32_NLOG *a, unsigned op)
{
    if (begin(t, a->q, a->vd, a->vn, a->vm)) {
        set(t, a->q, a->vd, standard(t, op, 2, a->q, 0, get(t, a->q, a->vn), get(t, a->q, a->vm)));
    }
}

static void one(struct arm_tr *t, const struct a32_N2 *a, unsigned op)
{
    if (begin(t, a->q, a->vd, a->vm, 0)) {
        ir_ref v = get(t, a->q, a->vm);

        set(t, a->q, a->vd, call(t, op, a->size, a->q, 0, v, v));
    }
}

static void float2(struct arm_tr *t, const struct a32_NQ2 *a, unsigned fop, bool with_zero)
{
    if (begin(t, a->q, a->vd, a->vm, 0)) {
        ir_ref v = get(t, a->q, a->vm);

        set(t, a->q, a->vd, standard(t, VO_FP + fop, 2, a->q, 0, v, with_zero ? zero(t) : v));
    }
}

static void wide3(struct arm_tr *t, const struct a32_NL3 *a, unsigned op, bool first_wide, int acc)
{
    ir_ref r;

    if ((a->vd & 1) || (first_wide && (a->vn & 1))) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    r = call(t, op, a->size, false, 0, get(t, first_wide, a->vn), get(t, false, a->vm));
    if (acc >= 0) {
        r = call(t, acc, a->size + 1, true, 0, get(t, true, a->vd), r);
    }
    set(t, true, a->vd, r);
}

static void narrow3(struct arm_tr *t, const struct a32_NL3 *a, unsigned op)
{
    if (begin(t, true, a->vn, a->vm, 0)) {
        set(t, false, a->vd, call(t, op, a->size, false, 0, get(t, true, a->vn), get(t, true, a->vm)));
    }
}

#define THREE(name, op) void a32_##name(struct arm_tr *t, const struct a32_N3 *a) { three(t, a, VO_##op); }
#define SHIFT3(name, op) void a32_##name(struct arm_tr *t, const struct a32_N3 *a) { shift3(t, a, VO_##op); }
#define ACC3(name, op, acc) void a32_##name(struct arm_tr *t, const struct a32_N3 *a) { acc3(t, a, VO_##op, acc); }
#define FLOAT3(name, op) void a32_##name(struct arm_tr *t, const struct a32_NLOG *a) { float3(t, a, op); }
#define ONE(name, op) void a32_##name(struct arm_tr *t, const struct a32_N2 *a) { one(t, a, VO_##op); }
#define FLOAT2(name, fop) void a32_##name(struct arm_tr *t, const struct a32_NQ2 *a) { float2(t, a, fop, false); }
#define FLOATZ(name, fop) void a32_##name(struct arm_tr *t, const struct a32_NQ2 *a) { float2(t, a, fop, true); }
#define LONG(name, op) void a32_##name(struct arm_tr *t, const struct a32_NL3 *a) { wide3(t, a, VO_##op, false, -1); }
#define WIDE(name, op) void a32_##name(struct arm_tr *t, const struct a32_NL3 *a) { wide3(t, a, VO_##op, true, -1); }
#define LONGACC(name, op, acc) void a32_##name(struct arm_tr *t, const struct a32_NL3 *a) { wide3(t, a, VO_##op, false, acc); }
#define NARROW3(name, op) void a32_##name(struct arm_tr *t, const struct a32_NL3 *a) { narrow3(t, a, VO_##op); }
THREE(vhadd_s, SHADD) THREE(vhadd_u, UHADD)
THREE(vqadd_s, SQADD) THREE(vqadd_u, UQADD)
THREE(vrhadd_s, SRHADD) THREE(vrhadd_u, URHADD)
THREE(vhsub_s, SHSUB) THREE(vhsub_u, UHSUB)
THREE(vqsub_s, SQSUB) THREE(vqsub_u, UQSUB)
THREE(vcgt_s, CMGT) THREE(vcgt_u, CMHI)
THREE(vcge_s, CMGE) THREE(vcge_u, CMHS)
SHIFT3(vshl_s, SSHL) SHIFT3(vshl_u, USHL)
SHIFT3(vqshl_s, SQSHL) SHIFT3(vqshl_u, UQSHL)
SHIFT3(vrshl_s, SRSHL) SHIFT3(vrshl_u, URSHL)
SHIFT3(vqrshl_s, SQRSHL) SHIFT3(vqrshl_u, UQRSHL)
THREE(vmax_s, SMAX) THREE(vmax_u, UMAX)
THREE(vmin_s, SMIN) THREE(vmin_u, UMIN)
THREE(vabd_s, SABD) THREE(vabd_u, UABD)
ACC3(vaba_s, SABD, VO_ADD) ACC3(vaba_u, UABD, VO_ADD)
THREE(vadd_i, ADD)
THREE(vsub_i, SUB)
THREE(vtst, CMTST)
THREE(vceq_i, CMEQ)
THREE(vmul_i, MUL)
THREE(vmul_p, PMUL)
THREE(vqdmulh, SQDMULH)
THREE(vqrdmulh, SQRDMULH)
ACC3(vmla_i, MUL, VO_ADD) ACC3(vmls_i, MUL, VO_SUB)
THREE(vpmax_s, SMAXP)
THREE(vpmax_u, UMAXP)
THREE(vpmin_s, SMINP)
THREE(vpmin_u, UMINP)
THREE(vpadd_i, ADDP)
FLOAT3(vadd_f, VO_FP + FOP_ADD)
FLOAT3(vsub_f, VO_FP + FOP_SUB)
FLOAT3(vabd_f, VO_FP + FOP_ABD)
FLOAT3(vmul_f, VO_FP + FOP_MUL)
FLOAT3(vceq_f, VO_FP + FOP_CMEQ)
FLOAT3(vcge_f, VO_FP + FOP_CMGE)
FLOAT3(vcgt_f, VO_FP + FOP_CMGT)
FLOAT3(vacge, VO_FP + FOP_ACGE)
FLOAT3(vacgt, VO_FP + FOP_ACGT)
FLOAT3(vmax_f, VO_FP + FOP_MAX)
FLOAT3(vmin_f, VO_FP + FOP_MIN)
FLOAT3(vrecps, VO_FP + FOP_RECPS)
FLOAT3(vrsqrts, VO_FP + FOP_RSQRTS)
FLOAT3(vmaxnm_f, VO_FP + FOP_MAXNM)
FLOAT3(vminnm_f, VO_FP + FOP_MINNM)
FLOAT3(vpadd_f, VO_FADDP)
FLOAT3(vpmax_f, VO_FMAXP)
FLOAT3(vpmin_f, VO_FMINP)
ONE(vrev64, REV64)
ONE(vrev32, REV32)
ONE(vrev16, REV16)
ONE(vpaddl_s, SADDLP)
ONE(vpaddl_u, UADDLP)
ONE(vcls, CLS)
ONE(vclz, CLZ)
ONE(vcnt, CNT)
ONE(vqabs, SQABS)
ONE(vqneg, SQNEG)
ONE(vabs_i, ABS)
ONE(vneg_i, NEG)
FLOATZ(vcgt_fz, FOP_CMGT)
FLOATZ(vcge_fz, FOP_CMGE)
FLOATZ(vceq_fz, FOP_CMEQ)
FLOATZ(vcle_fz, FOP_CMLE)
FLOATZ(vclt_fz, FOP_CMLT)
FLOAT2(vrintn_n, FOP_RINTN)
FLOAT2(vrintx_n, FOP_RINTX)
FLOAT2(vrinta_n, FOP_RINTA)
FLOAT2(vrintz_n, FOP_RINTZ)
FLOAT2(vrintm_n, FOP_RINTM)
FLOAT2(vrintp_n, FOP_RINTP)
FLOAT2(vcvta_ns, FOP_TO_SA)
FLOAT2(vcvta_nu, FOP_TO_UA)
FLOAT2(vcvtn_ns, FOP_TO_SN)
FLOAT2(vcvtn_nu, FOP_TO_UN)
FLOAT2(vcvtp_ns, FOP_TO_SP)
FLOAT2(vcvtp_nu, FOP_TO_UP)
FLOAT2(vcvtm_ns, FOP_TO_SM)
FLOAT2(vcvtm_nu, FOP_TO_UM)
FLOAT2(vcvt_fsi, FOP_FROM_S)
FLOAT2(vcvt_fui, FOP_FROM_U)
FLOAT2(vcvt_sif, FOP_TO_SZ)
FLOAT2(vcvt_uif, FOP_TO_UZ)
FLOAT2(vrecpe_f, FOP_RECPE)
FLOAT2(vrsqrte_f, FOP_RSQRTE)
LONG(vaddl_s, SADDL) LONG(vaddl_u, UADDL)
WIDE(vaddw_s, SADDW) WIDE(vaddw_u, UADDW)
LONG(vsubl_s, SSUBL) LONG(vsubl_u, USUBL)
WIDE(vsubw_s, SSUBW) WIDE(vsubw_u, USUBW)
LONG(vabdl_s, SABDL) LONG(vabdl_u, UABDL)
LONG(vmull_s, SMULL) LONG(vmull_u, UMULL)
NARROW3(vaddhn, ADDHN)
NARROW3(vraddhn, RADDHN)
NARROW3(vsubhn, SUBHN)
NARROW3(vrsubhn, RSUBHN)
LONGACC(vabal_s, SABDL, VO_ADD) LONGACC(vabal_u, UABDL, VO_ADD)
LONGACC(vmlal_s, SMULL, VO_ADD) LONGACC(vmlal_u, UMULL, VO_ADD)
LONGACC(vmlsl_s, SMULL, VO_SUB) LONGACC(vmlsl_u, UMULL, VO_SUB)
LONGACC(vqdmlal, SQDMULL, VO_SQADD)
LONGACC(vqdmlsl, SQDMULL, VO_SQSUB)
LONG(vqdmull, SQDMULL)
LONG(vmull_p, PMULL)

/* ---- logic ---- */

static void logic(struct arm_tr *t, const struct a32_NLOG *a, enum ir_vop op, bool invert)
{
    if (begin(t, a->q, a->vd, a->vn, a->vm)) {
        ir_ref m = get(t, a->q, a->vm);

        m = invert ? ir_vop2(t->ir, IR_V_xor, m, splat(t, 3, UINT64_MAX), 0) : m;
        set(t, a->q, a->vd, ir_vop2(t->ir, op, get(t, a->q, a->vn), m, 0));
    }
}

void a32_vand(struct arm_tr *t, const struct a32_NLOG *a) { logic(t, a, IR_V_and, false); }
void a32_vbic(struct arm_tr *t, const struct a32_NLOG *a) { logic(t, a, IR_V_and, true); }
void a32_vorr(struct arm_tr *t, const struct a32_NLOG *a) { logic(t, a, IR_V_or, false); }
void a32_vorn(struct arm_tr *t, const struct a32_NLOG *a) { logic(t, a, IR_V_or, true); }
void a32_veor(struct arm_tr *t, const struct a32_NLOG *a) { logic(t, a, IR_V_xor, false); }

/* y ^ ((x ^ y) & mask) */
static ir_ref mixed(struct arm_tr *t, ir_ref x, ir_ref y, ir_ref mask)
{
    return ir_vop2(t->ir, IR_V_xor, y, ir_vop2(t->ir, IR_V_and, ir_vop2(t->ir, IR_V_xor, x, y, 0), mask, 0), 0);
}

enum insert { BSL, BIT, BIF };

static void insert(struct arm_tr *t, const struct a32_NLOG *a, enum insert how)
{
    ir_ref d, n, m;

    if (!begin(t, a->q, a->vd, a->vn, a->vm)) {
        return;
    }
    d = get(t, a->q, a->vd);
    n = get(t, a->q, a->vn);
    m = get(t, a->q, a->vm);
    set(t, a->q, a->vd, how == BSL ? mixed(t, n, m, d) : how == BIT ? mixed(t, n, d, m) : mixed(t, d, n, m));
}

void a32_vbsl(struct arm_tr *t, const struct a32_NLOG *a) { insert(t, a, BSL); }
void a32_vbit(struct arm_tr *t, const struct a32_NLOG *a) { insert(t, a, BIT); }
void a32_vbif(struct arm_tr *t, const struct a32_NLOG *a) { insert(t, a, BIF); }

static void with_mask(struct arm_tr *t, const struct a32_NQ2 *a, enum ir_vop op, unsigned size, uint64_t mask)
{
    if (begin(t, a->q, a->vd, a->vm, 0)) {
        set(t, a->q, a->vd, ir_vop2(t->ir, op, get(t, a->q, a->vm), splat(t, size, mask), 0));
    }
}

void a32_vmvn(struct arm_tr *t, const struct a32_NQ2 *a) { with_mask(t, a, IR_V_xor, 3, UINT64_MAX); }
void a32_vabs_f(struct arm_tr *t, const struct a32_NQ2 *a) { with_mask(t, a, IR_V_and, 2, 0x7fffffff); }
void a32_vneg_f(struct arm_tr *t, const struct a32_NQ2 *a) { with_mask(t, a, IR_V_xor, 2, 0x80000000); }

/* ---- two registers ---- */

static void estimate(struct arm_tr *t, const struct a32_NQ2 *a, unsigned op)
{
    if (begin(t, a->q, a->vd, a->vm, 0)) {
        ir_ref v = get(t, a->q, a->vm);

        set(t, a->q, a->vd, call(t, op, 2, a->q, 0, v, v));
    }
}

void a32_vrecpe_u(struct arm_tr *t, const struct a32_NQ2 *a) { estimate(t, a, VO_URECPE); }
void a32_vrsqrte_u(struct arm_tr *t, const struct a32_NQ2 *a) { estimate(t, a, VO_URSQRTE); }

static void add_pairs(struct arm_tr *t, const struct a32_N2 *a, unsigned op)
{
    if (begin(t, a->q, a->vd, a->vm, 0)) {
        ir_ref v = get(t, a->q, a->vm);

        v = call(t, op, a->size, a->q, 0, v, v);
        set(t, a->q, a->vd, call(t, VO_ADD, a->size + 1, a->q, 0, get(t, a->q, a->vd), v));
    }
}

void a32_vpadal_s(struct arm_tr *t, const struct a32_N2 *a) { add_pairs(t, a, VO_SADDLP); }
void a32_vpadal_u(struct arm_tr *t, const struct a32_N2 *a) { add_pairs(t, a, VO_UADDLP); }

static void compare_zero(struct arm_tr *t, const struct a32_N2 *a, unsigned op, bool swapped)
{
    if (begin(t, a->q, a->vd, a->vm, 0)) {
        ir_ref v = get(t, a->q, a->vm), z = zero(t);

        set(t, a->q, a->vd, call(t, op, a->size, a->q, 0, swapped ? z : v, swapped ? v : z));
    }
}

void a32_vcgt_z(struct arm_tr *t, const struct a32_N2 *a) { compare_zero(t, a, VO_CMGT, false); }
void a32_vcge_z(struct arm_tr *t, const struct a32_N2 *a) { compare_zero(t, a, VO_CMGE, false); }
void a32_vceq_z(struct arm_tr *t, const struct a32_N2 *a) { compare_zero(t, a, VO_CMEQ, false); }
void a32_vcle_z(struct arm_tr *t, const struct a32_N2 *a) { compare_zero(t, a, VO_CMGE, true); }
void a32_vclt_z(struct arm_tr *t, const struct a32_N2 *a) { compare_zero(t, a, VO_CMGT, true); }

/* Both registers are written. */
static void both(struct arm_tr *t, const struct a32_N2 *a, unsigned first, unsigned second, bool words)
{
    ir_ref d, m, r;

    if (!words && a->size == 2 && !a->q) {
        arm_undef(t);
        return;
    }
    if (begin(t, a->q, a->vd, a->vm, 0)) {
        d = get(t, a->q, a->vd);
        m = get(t, a->q, a->vm);
        r = call(t, first, a->size, a->q, 0, d, m);
        m = call(t, second, a->size, a->q, 0, d, m);
        set(t, a->q, a->vd, r);
        set(t, a->q, a->vm, m);
    }
}

void a32_vtrn(struct arm_tr *t, const struct a32_N2 *a) { both(t, a, VO_TRN1, VO_TRN2, true); }
void a32_vuzp(struct arm_tr *t, const struct a32_N2 *a) { both(t, a, VO_UZP1, VO_UZP2, false); }
void a32_vzip(struct arm_tr *t, const struct a32_N2 *a) { both(t, a, VO_ZIP1, VO_ZIP2, false); }

void a32_vswp(struct arm_tr *t, const struct a32_NQ2 *a)
{
    ir_ref d, m;

    if (begin(t, a->q, a->vd, a->vm, 0)) {
        d = get(t, a->q, a->vd);
        m = get(t, a->q, a->vm);
        set(t, a->q, a->vd, m);
        set(t, a->q, a->vm, d);
    }
}

static void narrow(struct arm_tr *t, const struct a32_NS2 *a, unsigned op)
{
    if (begin(t, true, a->vm, 0, 0)) {
        set(t, false, a->vd, call(t, op, a->size, false, 0, get(t, true, a->vm), zero(t)));
    }
}

void a32_vmovn(struct arm_tr *t, const struct a32_NS2 *a) { narrow(t, a, VO_XTN); }
void a32_vqmovun(struct arm_tr *t, const struct a32_NS2 *a) { narrow(t, a, VO_SQXTUN); }
void a32_vqmovn_s(struct arm_tr *t, const struct a32_NS2 *a) { narrow(t, a, VO_SQXTN); }
void a32_vqmovn_u(struct arm_tr *t, const struct a32_NS2 *a) { narrow(t, a, VO_UQXTN); }

/* Between half and single precision, four elements. */
static ir_ref cvt(struct arm_tr *t, unsigned to, unsigned from, ir_ref v, unsigned lane)
{
    return a32_call2(t, ARM_HELPER_a32_fp, arm_fp_desc(FOP_CVT, to, from, 0), ir_vget(t->ir, IR_I64, from, v, lane));
}

void a32_vcvt_hn(struct arm_tr *t, const struct a32_ND2 *a)
{
    ir_ref r, v;

    if (begin(t, true, a->vm, 0, 0)) {
        v = get(t, true, a->vm);
        r = zero(t);
        for (unsigned i = 0; i < 4; i++) {
            r = ir_vset(t->ir, 1, r, i, cvt(t, FP_H, FP_S, v, i));
        }
        set(t, false, a->vd, r);
    }
}

void a32_vcvt_nh(struct arm_tr *t, const struct a32_ND2 *a)
{
    ir_ref r, v;

    if (begin(t, true, a->vd, 0, 0)) {
        v = get(t, false, a->vm);
        r = zero(t);
        for (unsigned i = 0; i < 4; i++) {
            r = ir_vset(t->ir, 2, r, i, cvt(t, FP_S, FP_H, v, i));
        }
        set(t, true, a->vd, r);
    }
}

/* ---- moves ---- */

void a32_vmov_n(struct arm_tr *t, const struct a32_NIMM *a)
{
    bool merges = (a->cmode & 1) && a->cmode < 12;
    uint64_t v = arm_simd_expand_imm(a->cmode, a->op, a->uimm);
    ir_ref r;

    if (a->cmode == 15 && a->op) {
        arm_undef(t);
        return;
    }
    if (begin(t, a->q, a->vd, 0, 0)) {
        r = splat(t, 3, a->op && a->cmode < 14 ? ~v : v);
        set(t, a->q, a->vd, merges ? ir_vop2(t->ir, a->op ? IR_V_and : IR_V_or, get(t, a->q, a->vd), r, 0) : r);
    }
}

void a32_vdup_lane(struct arm_tr *t, const struct a32_NDUP *a)
{
    unsigned size = a->lane & 1 ? 0 : a->lane & 2 ? 1 : 2;
    ir_ref v;

    if (!(a->lane & 7)) {
        arm_undef(t);
    } else if (begin(t, a->q, a->vd, 0, 0)) {
        v = ir_vget(t->ir, IR_I32, size, get(t, false, a->vm), a->lane >> (size + 1));
        set(t, a->q, a->vd, ir_vdup(t->ir, size, v));
    }
}

/* Bytes from pos on of the words in w, which are I64. */
static ir_ref straddling(struct arm_tr *t, const ir_ref *w, unsigned pos)
{
    struct ir *ir = t->ir;
    unsigned bits = pos % 8 * 8;

    w += pos / 8;
    return bits ? ir_or(ir, ir_shr(ir, w[0], ir_i64(ir, bits)), ir_shl(ir, w[1], ir_i64(ir, 64 - bits))) : w[0];
}

void a32_vext(struct arm_tr *t, const struct a32_NEXT *a)
{
    struct ir *ir = t->ir;
    ir_ref w[5];

    if (!a->q && a->pos > 7) {
        arm_undef(t);
        return;
    }
    if (!begin(t, a->q, a->vd, a->vn, a->vm)) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        w[a->q ? i : 0] = ir_vget(ir, IR_I64, 3, get(t, a->q, a->vn), a->q ? i : 0);
        w[a->q ? 2 + i : 1] = ir_vget(ir, IR_I64, 3, get(t, a->q, a->vm), a->q ? i : 0);
    }
    w[4] = 0;
    if (a->q) {
        set(t, true, a->vd, arm_vjoin(t, straddling(t, w, a->pos), straddling(t, w, a->pos + 8)));
    } else {
        set(t, false, a->vd, ir_vfrom(ir, straddling(t, w, a->pos)));
    }
}

void a32_vtbl(struct arm_tr *t, const struct a32_NTBL *a)
{
    struct ir *ir = t->ir;

    if (a->vn + a->len > 31) {
        arm_undef(t);
    } else if (arm_fp_begin(t)) {
        const ir_ref args[] = {
            ir_i32(ir, a->vn | a->len << 5 | a->op << 7), ir_vget(ir, IR_I64, 3, get(t, false, a->vm), 0),
            ir_vget(ir, IR_I64, 3, get(t, false, a->vd), 0),
        };

        set(t, false, a->vd, ir_vfrom(ir, ir_call(ir, ARM_HELPER_a32_tbl, 3, args)));
    }
}

static uint8_t *d_bytes(struct arm_cpu *cpu, unsigned d)
{
    return (uint8_t *)&cpu->v[d >> 1 & 15][d & 1];
}

uint64_t arm_helper_a32_tbl(struct arm_cpu *cpu, uint32_t desc, uint64_t index, uint64_t old)
{
    unsigned bytes = ((desc >> 5 & 3) + 1) * 8;
    uint64_t r = 0;

    for (unsigned i = 0; i < 64; i += 8) {
        unsigned n = index >> i & 0xff;
        uint64_t b = n < bytes ? d_bytes(cpu, (desc & 31) + n / 8)[n % 8] : desc >> 7 & 1 ? old >> i & 0xff : 0;

        r |= b << i;
    }
    return r;
}

/* ---- shifts by a constant: sh says the size by its highest bit ---- */

static unsigned size_of(unsigned sh)
{
    return 31 - __builtin_clz(sh >> 3);
}

static unsigned right_of(unsigned sh)
{
    return (16u << size_of(sh)) - sh;
}

static unsigned left_of(unsigned sh)
{
    return sh - (8u << size_of(sh));
}

static void shift_right(struct arm_tr *t, const struct a32_NSH *a, unsigned op, bool accumulate)
{
    unsigned size;
    ir_ref v;

    if (!begin(t, a->q, a->vd, a->vm, 0)) {
        return;
    }
    size = size_of(a->sh);
    v = get(t, a->q, a->vm);
    v = call(t, op, size, a->q, right_of(a->sh), v, v);
    set(t, a->q, a->vd, accumulate ? call(t, VO_ADD, size, a->q, 0, get(t, a->q, a->vd), v) : v);
}

#define SHIFT_RIGHT(name, op, acc) \
    void a32_##name(struct arm_tr *t, const struct a32_NSH *a) { shift_right(t, a, VO_##op, acc); }
SHIFT_RIGHT(vshr_s, SSHR, false) SHIFT_RIGHT(vshr_u, USHR, false) SHIFT_RIGHT(vsra_s, SSHR, true)
SHIFT_RIGHT(vsra_u, USHR, true) SHIFT_RIGHT(vrshr_s, SRSHR, false) SHIFT_RIGHT(vrshr_u, URSHR, false)
SHIFT_RIGHT(vrsra_s, SRSHR, true) SHIFT_RIGHT(vrsra_u, URSHR, true)

static void shift_left(struct arm_tr *t, const struct a32_NSH *a, unsigned op)
{
    unsigned size = size_of(a->sh);

    if (begin(t, a->q, a->vd, a->vm, 0)) {
        set(t, a->q, a->vd, call(t, op, size, a->q, 0, get(t, a->q, a->vm), splat(t, size, left_of(a->sh))));
    }
}

void a32_vshl_n(struct arm_tr *t, const struct a32_NSH *a) { shift_left(t, a, VO_USHL); }
void a32_vqshlu(struct arm_tr *t, const struct a32_NSH *a) { shift_left(t, a, VO_SQSHLU); }
void a32_vqshl_ns(struct arm_tr *t, const struct a32_NSH *a) { shift_left(t, a, VO_SQSHL); }
void a32_vqshl_nu(struct arm_tr *t, const struct a32_NSH *a) { shift_left(t, a, VO_UQSHL); }

/* VSRI and VSLI: the bits that the shift leaves empty stay. */
static void shift_insert(struct arm_tr *t, const struct a32_NSH *a, bool left)
{
    unsigned size = size_of(a->sh), bits = 8u << size, n = left ? left_of(a->sh) : right_of(a->sh);
    uint64_t ones = bits == 64 ? UINT64_MAX : (1ull << bits) - 1, mask;
    ir_ref v;

    if (!begin(t, a->q, a->vd, a->vm, 0)) {
        return;
    }
    mask = left ? ones << n & ones : n == bits ? 0 : ones >> n;
    v = get(t, a->q, a->vm);
    v = left ? call(t, VO_USHL, size, a->q, 0, v, splat(t, size, n)) : call(t, VO_USHR, size, a->q, n, v, v);
    set(t, a->q, a->vd, mixed(t, v, get(t, a->q, a->vd), splat(t, size, mask)));
}

void a32_vsri(struct arm_tr *t, const struct a32_NSH *a) { shift_insert(t, a, false); }
void a32_vsli(struct arm_tr *t, const struct a32_NSH *a) { shift_insert(t, a, true); }

static void shift_narrow(struct arm_tr *t, const struct a32_NSN *a, unsigned op)
{
    if (begin(t, true, a->vm, 0, 0)) {
        set(t, false, a->vd, call(t, op, size_of(a->sh), false, right_of(a->sh), get(t, true, a->vm), zero(t)));
    }
}

#define SHIFT_NARROW(name, op) \
    void a32_##name(struct arm_tr *t, const struct a32_NSN *a) { shift_narrow(t, a, VO_##op); }
SHIFT_NARROW(vshrn, SHRN) SHIFT_NARROW(vrshrn, RSHRN) SHIFT_NARROW(vqshrun, SQSHRUN) SHIFT_NARROW(vqrshrun, SQRSHRUN)
SHIFT_NARROW(vqshrn_s, SQSHRN) SHIFT_NARROW(vqrshrn_s, SQRSHRN) SHIFT_NARROW(vqshrn_u, UQSHRN)
SHIFT_NARROW(vqrshrn_u, UQRSHRN)

static void shift_long(struct arm_tr *t, unsigned vd, unsigned vm, unsigned size, unsigned n, bool is_signed)
{
    ir_ref v;

    if (begin(t, true, vd, 0, 0)) {
        v = call(t, is_signed ? VO_SADDL : VO_UADDL, size, false, 0, get(t, false, vm), zero(t));
        set(t, true, vd, n ? call(t, VO_USHL, size + 1, true, 0, v, splat(t, size + 1, n)) : v);
    }
}

void a32_vshll_s(struct arm_tr *t, const struct a32_NSN *a) { shift_long(t, a->vd, a->vm, size_of(a->sh), left_of(a->sh), true); }
void a32_vshll_u(struct arm_tr *t, const struct a32_NSN *a) { shift_long(t, a->vd, a->vm, size_of(a->sh), left_of(a->sh), false); }
void a32_vshll_max(struct arm_tr *t, const struct a32_NS2 *a) { shift_long(t, a->vd, a->vm, a->size, 8u << a->size, false); }

/* Fixed point of 32 bits: sh is 64 less the fraction bits. */
static void fixed(struct arm_tr *t, const struct a32_NFIX *a, unsigned fop)
{
    if (a->sh < 32) {
        arm_undef(t);
    } else if (begin(t, a->q, a->vd, a->vm, 0)) {
        ir_ref v = get(t, a->q, a->vm);

        set(t, a->q, a->vd, standard(t, VO_FP + fop, 2, a->q, 64 - a->sh, v, v));
    }
}

void a32_vcvt_ffix(struct arm_tr *t, const struct a32_NFIX *a) { fixed(t, a, a->u ? FOP_FROM_U : FOP_FROM_S); }
void a32_vcvt_fixf(struct arm_tr *t, const struct a32_NFIX *a) { fixed(t, a, a->u ? FOP_TO_UZ : FOP_TO_SZ); }

/* ---- floating-point accumulation ---- */

static void multiply_add(struct arm_tr *t, bool q, unsigned vd, ir_ref n, ir_ref m, bool minus)
{
    ir_ref r = standard(t, VO_FP + FOP_MUL, 2, q, 0, n, m);

    set(t, q, vd, standard(t, VO_FP + (minus ? FOP_SUB : FOP_ADD), 2, q, 0, get(t, q, vd), r));
}

static void float_acc(struct arm_tr *t, const struct a32_NLOG *a, bool minus)
{
    if (begin(t, a->q, a->vd, a->vn, a->vm)) {
        multiply_add(t, a->q, a->vd, get(t, a->q, a->vn), get(t, a->q, a->vm), minus);
    }
}

void a32_vmla_f(struct arm_tr *t, const struct a32_NLOG *a) { float_acc(t, a, false); }
void a32_vmls_f(struct arm_tr *t, const struct a32_NLOG *a) { float_acc(t, a, true); }

static void fused(struct arm_tr *t, const struct a32_NLOG *a, unsigned op)
{
    struct ir *ir = t->ir;

    if (!begin(t, a->q, a->vd, a->vn, a->vm)) {
        return;
    }
    for (unsigned i = 0; i <= a->q; i++) {
        const ir_ref args[] = {
            ir_i32(ir, arm_simd_desc(op, 2, false, 0)), ir_vget(ir, IR_I64, 3, get(t, false, a->vd + i), 0),
            ir_vget(ir, IR_I64, 3, get(t, false, a->vn + i), 0), ir_vget(ir, IR_I64, 3, get(t, false, a->vm + i), 0),
        };

        set(t, false, a->vd + i, ir_vfrom(ir, ir_call(ir, ARM_HELPER_a32_acc, 4, args)));
    }
}

void a32_vfma_n(struct arm_tr *t, const struct a32_NLOG *a) { fused(t, a, VO_FMLA); }
void a32_vfms_n(struct arm_tr *t, const struct a32_NLOG *a) { fused(t, a, VO_FMLS); }

/* ---- by a scalar ---- */

/* The scalar in all elements: a halfword of D0 to D7, a word of D0 to D15. */
static ir_ref scalar(struct arm_tr *t, unsigned size, unsigned vm)
{
    ir_ref d = get(t, false, size == 1 ? vm & 7 : vm & 15);

    return ir_vdup(t->ir, size, ir_vget(t->ir, IR_I32, size, d, size == 1 ? vm >> 3 : vm >> 4));
}

static void by_scalar(struct arm_tr *t, const struct a32_NSC *a, unsigned op, int acc)
{
    ir_ref r;

    if (begin(t, a->q, a->vd, a->vn, 0)) {
        r = call(t, op, a->size, a->q, 0, get(t, a->q, a->vn), scalar(t, a->size, a->vm));
        set(t, a->q, a->vd, acc >= 0 ? call(t, acc, a->size, a->q, 0, get(t, a->q, a->vd), r) : r);
    }
}

void a32_vmla_e(struct arm_tr *t, const struct a32_NSC *a) { by_scalar(t, a, VO_MUL, VO_ADD); }
void a32_vmls_e(struct arm_tr *t, const struct a32_NSC *a) { by_scalar(t, a, VO_MUL, VO_SUB); }
void a32_vmul_e(struct arm_tr *t, const struct a32_NSC *a) { by_scalar(t, a, VO_MUL, -1); }
void a32_vqdmulh_e(struct arm_tr *t, const struct a32_NSC *a) { by_scalar(t, a, VO_SQDMULH, -1); }
void a32_vqrdmulh_e(struct arm_tr *t, const struct a32_NSC *a) { by_scalar(t, a, VO_SQRDMULH, -1); }

void a32_vmul_fe(struct arm_tr *t, const struct a32_NSC *a)
{
    if (begin(t, a->q, a->vd, a->vn, 0)) {
        set(t, a->q, a->vd, standard(t, VO_FP + FOP_MUL, 2, a->q, 0, get(t, a->q, a->vn), scalar(t, 2, a->vm)));
    }
}

static void float_by_scalar(struct arm_tr *t, const struct a32_NSC *a, bool minus)
{
    if (begin(t, a->q, a->vd, a->vn, 0)) {
        multiply_add(t, a->q, a->vd, get(t, a->q, a->vn), scalar(t, 2, a->vm), minus);
    }
}

void a32_vmla_fe(struct arm_tr *t, const struct a32_NSC *a) { float_by_scalar(t, a, false); }
void a32_vmls_fe(struct arm_tr *t, const struct a32_NSC *a) { float_by_scalar(t, a, true); }

static void long_by_scalar(struct arm_tr *t, unsigned size, unsigned vd, unsigned vn, unsigned vm, unsigned op, int acc)
{
    ir_ref r;

    if (begin(t, true, vd, 0, 0)) {
        r = call(t, op, size, false, 0, get(t, false, vn), scalar(t, size, vm));
        set(t, true, vd, acc >= 0 ? call(t, acc, size + 1, true, 0, get(t, true, vd), r) : r);
    }
}

#define LONG_SCALAR(name, acc) \
    void a32_##name(struct arm_tr *t, const struct a32_NL *a) \
    { \
        long_by_scalar(t, a->size, a->vd, a->vn, a->vm, a->u ? VO_UMULL : VO_SMULL, acc); \
    }
LONG_SCALAR(vmlal_e, VO_ADD) LONG_SCALAR(vmlsl_e, VO_SUB) LONG_SCALAR(vmull_e, -1)
#define QD_SCALAR(name, acc) \
    void a32_##name(struct arm_tr *t, const struct a32_NL3 *a) \
    { \
        long_by_scalar(t, a->size, a->vd, a->vn, a->vm, VO_SQDMULL, acc); \
    }
QD_SCALAR(vqdmlal_e, VO_SQADD) QD_SCALAR(vqdmlsl_e, VO_SQSUB) QD_SCALAR(vqdmull_e, -1)

/* ---- loads and stores ---- */

/* What becomes of the base register: Rm of 15 nothing, of 13 the bytes accessed, else Rm is added. */
static void write_back(struct arm_tr *t, unsigned rn, unsigned rm, ir_ref base, unsigned bytes)
{
    if (rm != 15) {
        ir_ref step = rm == 13 ? ir_i32(t->ir, bytes) : a32_r(t, rm);

        a32_set_r(t, rn, ir_add(t->ir, ir_trunc(t->ir, base), step));
    }
}

/* Registers of VLD1 by `type`, else groups of the structures. */
struct layout {
    uint8_t structs, groups, step;      /* step: between a structure's registers */
};

static bool layout_of(unsigned type, struct layout *l)
{
    static const struct layout all[11] = {
        [0] = { 4, 1, 1 }, [1] = { 4, 1, 2 }, [2] = { 1, 4, 1 }, [3] = { 2, 2, 2 }, [4] = { 3, 1, 1 }, [5] = { 3, 1, 2 },
        [6] = { 1, 3, 1 }, [7] = { 1, 1, 1 }, [8] = { 2, 1, 1 }, [9] = { 2, 1, 2 }, [10] = { 1, 2, 1 },
    };

    if (type > 10) {
        return false;
    }
    *l = all[type];
    return true;
}

/* Alignments that the encodings have: of 16 bytes for an even number of registers, of 32 for four. They are not checked. */
static bool align_ok(const struct layout *l, unsigned align)
{
    unsigned n = l->structs * l->groups;

    return align < 2 || n == 4 || (n == 2 && align == 2);
}

static void whole_registers(struct arm_tr *t, const struct a32_VLDM1 *a, unsigned n, ir_ref base)
{
    struct ir *ir = t->ir;
    ir_ref v[4];

    for (unsigned i = 0; i < n; i++) {
        if (a->l) {
            v[i] = ir_ld(ir, IR_F64, base, 8 * i, t->mem | IR_MEM_64);
        } else {
            ir_st(ir, base, 8 * i, ir_vget(ir, IR_F64, 3, get(t, false, a->vd + i), 0), t->mem | IR_MEM_64);
        }
    }
    for (unsigned i = 0; a->l && i < n; i++) {
        set(t, false, a->vd + i, ir_vfrom(ir, v[i]));
    }
}

void a32_vldn(struct arm_tr *t, const struct a32_VLDM1 *a)
{
    struct layout l;
    ir_ref base;

    if (!layout_of(a->type, &l) || !align_ok(&l, a->align) || a->rn == 15 || (a->size == 3 && l.structs > 1) ||
        a->vd + (l.structs - 1) * l.step + l.groups > 32) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    base = a32_r64(t, a->rn);
    if (l.structs == 1 && !(t->mem & (IR_MEM_BE | IR_MEM_ALIGN))) {
        whole_registers(t, a, l.groups, base);
    } else {
        uint32_t desc = a->vd | a->size << 5 | l.structs << 7 | l.step << 10 | l.groups << 12 |
                        (t->mem & IR_MEM_BE ? 1 << 15 : 0) | IR_MEM_IDX(t->mem) << 16;

        a32_call2(t, a->l ? ARM_HELPER_a32_ld_structs : ARM_HELPER_a32_st_structs, desc, base);
    }
    write_back(t, a->rn, a->rm, base, 8 * l.structs * l.groups);
}

struct structs {
    unsigned d, size, n, step, groups, idx;
    bool be;
};

static struct structs unpack(uint32_t desc)
{
    return (struct structs){ desc & 31, desc >> 5 & 3, desc >> 7 & 7, desc >> 10 & 3, desc >> 12 & 7, desc >> 16 & 15,
                             desc >> 15 & 1 };
}

static uint64_t in_order(const struct structs *s, uint64_t v)
{
    return s->be ? GUINT64_SWAP_LE_BE(v) >> (64 - (8u << s->size)) : v;
}

/* Everything is read before a register changes. */
void arm_helper_a32_ld_structs(struct arm_cpu *cpu, uint32_t desc, uint64_t addr)
{
    struct structs s = unpack(desc);
    unsigned per = 8 >> s.size, k = 0;
    uint64_t v[64];

    for (unsigned i = 0; i < s.groups * per * s.n; i++) {
        v[i] = in_order(&s, cpu_ld(&cpu->cpu, (uint32_t)(addr + ((uint64_t)i << s.size)), 1u << s.size, s.idx));
    }
    for (unsigned g = 0; g < s.groups; g++) {
        for (unsigned e = 0; e < per; e++) {
            for (unsigned i = 0; i < s.n; i++) {
                memcpy(d_bytes(cpu, s.d + g + i * s.step) + (e << s.size), &v[k++], 1u << s.size);
            }
        }
    }
}

void arm_helper_a32_st_structs(struct arm_cpu *cpu, uint32_t desc, uint64_t addr)
{
    struct structs s = unpack(desc);
    unsigned per = 8 >> s.size, k = 0;

    for (unsigned g = 0; g < s.groups; g++) {
        for (unsigned e = 0; e < per; e++) {
            for (unsigned i = 0; i < s.n; i++, k++) {
                uint64_t v = 0;

                memcpy(&v, d_bytes(cpu, s.d + g + i * s.step) + (e << s.size), 1u << s.size);
                cpu_st(&cpu->cpu, (uint32_t)(addr + ((uint64_t)k << s.size)), in_order(&s, v), 1u << s.size, s.idx);
            }
        }
    }
}

/* DDI 0487, VLD1 to VLD4 (single element to one lane): index_align's other values are UNDEFINED. */
static bool lane_ok(unsigned n, unsigned size, unsigned ia)
{
    switch (n) {
    case 1:
        return size == 0 ? !(ia & 1) : size == 1 ? !(ia & 2) : !(ia & 4) && ((ia & 3) == 0 || (ia & 3) == 3);
    case 2:
        return size < 2 || !(ia & 2);
    case 3:
        return size < 2 ? !(ia & 1) : !(ia & 3);
    default:
        return size < 2 || (ia & 3) != 3;
    }
}

/* One element of up to four registers. */
void a32_vld_lane(struct arm_tr *t, const struct a32_VLD1L *a)
{
    struct ir *ir = t->ir;
    unsigned index = a->ia >> (a->size + 1), step = a->size && (a->ia >> a->size & 1) ? 2 : 1, n = a->n + 1u, per = 8 >> a->size;
    ir_ref base, v[4];

    step = n == 1 ? 1 : step;
    if (!lane_ok(n, a->size, a->ia) || a->rn == 15 || a->vd + (n - 1) * step > 31) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    base = a32_r64(t, a->rn);
    for (unsigned i = 0; i < n; i++) {
        unsigned d = a->vd + i * step;

        if (a->l) {
            v[i] = ir_ld(ir, IR_I32, base, i << a->size, t->mem | a->size);
        } else {
            ir_st(ir, base, i << a->size, ir_vget(ir, IR_I32, a->size, arm_v(t, d >> 1), (d & 1) * per + index),
                  t->mem | a->size);
        }
    }
    for (unsigned i = 0; a->l && i < n; i++) {
        unsigned d = a->vd + i * step;

        arm_set_v(t, d >> 1, ir_vset(ir, a->size, arm_v(t, d >> 1), (d & 1) * per + index, v[i]));
    }
    write_back(t, a->rn, a->rm, base, n << a->size);
}

/* One element to all lanes. */
void a32_vld_all(struct arm_tr *t, const struct a32_VLDA *a)
{
    struct ir *ir = t->ir;
    unsigned n = a->n + 1u, size = a->size == 3 ? 2 : a->size, step = n > 1 && a->t ? 2 : 1;
    unsigned copies = n == 1 && a->t ? 2 : 1;
    ir_ref base, v[4];

    if (a->rn == 15 || (a->size == 3 && (n != 4 || !a->a)) || (a->a && (n == 3 || (n == 1 && !a->size))) || a->vd + (n - 1) * step + copies > 32) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    base = a32_r64(t, a->rn);
    for (unsigned i = 0; i < n; i++) {
        v[i] = ir_ld(ir, IR_I32, base, i << size, t->mem | size);
    }
    for (unsigned i = 0; i < n; i++) {
        ir_ref all = ir_vdup(ir, size, v[i]);

        for (unsigned c = 0; c < copies; c++) {
            set(t, false, a->vd + i * step + c, all);
        }
    }
    write_back(t, a->rn, a->rm, base, n << size);
}
