/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scalar floating point. Single and double precision run on the host's FPU, whose sticky flags are FPSR's and whose
 * rounding mode is FPCR's; the NaN rule is added out of line (fixnan), or the default NaN is made of any (canon) under
 * FPCR.DN. Flushing to zero and half precision take soft float, as do the operations that hosts have not.
 */
#include "target/arm/fp.h"
#include "target/arm/translate.h"

/* Encoded type to enum FP_*. */
static bool fmt_of(struct arm_tr *t, unsigned type, unsigned *fmt)
{
    static const uint8_t fmts[4] = { FP_S, FP_D, 0, FP_H };

    if (type == 3 && !arm_has(t->cpu, ARM_EXT_FP16)) {
        arm_undef(t);
        return false;
    }
    *fmt = fmts[type];
    return arm_fp_begin(t);
}

static bool on_host(const struct arm_tr *t, unsigned fmt)
{
    return fmt != FP_H && !(t->key & ARM_KEY_FP_SOFT);
}

static enum ir_type type_of(unsigned fmt)
{
    return fmt == FP_D ? IR_F64 : IR_F32;
}

/* The scalar in a V register, as float or as bits (I64). */
static ir_ref get_f(struct arm_tr *t, unsigned fmt, unsigned n)
{
    return ir_vget(t->ir, type_of(fmt), fmt, arm_v(t, n), 0);
}

static ir_ref get_bits(struct arm_tr *t, unsigned fmt, unsigned n)
{
    return ir_vget(t->ir, IR_I64, fmt, arm_v(t, n), 0);
}

static void set_f(struct arm_tr *t, unsigned n, ir_ref v)
{
    arm_set_v(t, n, ir_vfrom(t->ir, v));
}

static ir_ref soft(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b, ir_ref c)
{
    ir_ref zero = ir_i64(t->ir, 0);
    const ir_ref args[] = { ir_i32(t->ir, desc), a, b ? b : zero, c ? c : zero };

    return ir_call(t->ir, ARM_HELPER_fp, 4, args);
}

/* The NaN that an operation on b and c delivers, if its result is one. */
static ir_ref fix(struct arm_tr *t, unsigned fmt, ir_ref r, ir_ref b, ir_ref c)
{
    if (t->key & ARM_KEY_FP_DN) {
        return ir_canon(t->ir, r);
    }
    return ir_fixnan(t->ir, r, b, c, false, fmt == FP_D ? ARM_HELPER_nan64 : ARM_HELPER_nan32);
}

/* ---- one operand ---- */

void a64_fmov_f(struct arm_tr *t, const struct arm_F1 *a)
{
    unsigned fmt;

    if (fmt_of(t, a->type, &fmt)) {
        set_f(t, a->rd, fmt == FP_H ? get_bits(t, fmt, a->rn) : get_f(t, fmt, a->rn));
    }
}

void a64_fabs_f(struct arm_tr *t, const struct arm_F1 *a)
{
    unsigned fmt;

    if (fmt_of(t, a->type, &fmt)) {
        set_f(t, a->rd, fmt == FP_H ? ir_and(t->ir, get_bits(t, fmt, a->rn), ir_i64(t->ir, 0x7fff))
                                    : ir_fabs(t->ir, get_f(t, fmt, a->rn)));
    }
}

void a64_fneg_f(struct arm_tr *t, const struct arm_F1 *a)
{
    unsigned fmt;

    if (fmt_of(t, a->type, &fmt)) {
        set_f(t, a->rd, fmt == FP_H ? ir_xor(t->ir, get_bits(t, fmt, a->rn), ir_i64(t->ir, 0x8000))
                                    : ir_fneg(t->ir, get_f(t, fmt, a->rn)));
    }
}

static void soft1(struct arm_tr *t, unsigned fmt, unsigned op, unsigned rn, unsigned rd)
{
    set_f(t, rd, soft(t, arm_fp_desc(op, fmt, 0, 0), get_bits(t, fmt, rn), 0, 0));
}

void a64_fsqrt_f(struct arm_tr *t, const struct arm_F1 *a)
{
    unsigned fmt;
    ir_ref v;

    if (!fmt_of(t, a->type, &fmt)) {
        return;
    }
    if (!on_host(t, fmt)) {
        soft1(t, fmt, FOP_SQRT, a->rn, a->rd);
        return;
    }
    v = get_f(t, fmt, a->rn);
    set_f(t, a->rd, fix(t, fmt, ir_fsqrt(t->ir, v), v, v));
}

/* imm: as vops.def's roundsd; -1: the host has no such mode. */
static void round_integral(struct arm_tr *t, const struct arm_F1 *a, unsigned op, int imm)
{
    struct ir *ir = t->ir;
    unsigned fmt;
    ir_ref v, r;

    if (!fmt_of(t, a->type, &fmt)) {
        return;
    }
    if (imm < 0 || !on_host(t, fmt)) {
        soft1(t, fmt, op, a->rn, a->rd);
        return;
    }
    v = get_f(t, fmt, a->rn);
    r = ir_vop2(ir, fmt == FP_D ? IR_V_roundsd : IR_V_roundss, arm_v(t, a->rn), arm_v(t, a->rn), imm);
    set_f(t, a->rd, fix(t, fmt, ir_vget(ir, type_of(fmt), fmt, r, 0), v, v));
}

void a64_frintn_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINTN, 8); }
void a64_frintp_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINTP, 10); }
void a64_frintm_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINTM, 9); }
void a64_frintz_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINTZ, 11); }
void a64_frinta_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINTA, -1); }
void a64_frintx_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINTX, 4); }
void a64_frinti_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINTI, 12); }
void a64_frint32z_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINT32Z, -1); }
void a64_frint32x_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINT32X, -1); }
void a64_frint64z_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINT64Z, -1); }
void a64_frint64x_f(struct arm_tr *t, const struct arm_F1 *a) { round_integral(t, a, FOP_RINT64X, -1); }

/* A NaN of the other precision: sign and what fits of the payload stay. Of no meaning if bits are no NaN's. */
static ir_ref nan_converted(struct arm_tr *t, unsigned from, ir_ref bits)
{
    struct ir *ir = t->ir;
    ir_ref sign, rest;

    if (from == FP_D) {
        sign = ir_shl(ir, ir_shr(ir, bits, ir_i64(ir, 63)), ir_i64(ir, 31));
        rest = ir_or(ir, ir_and(ir, ir_shr(ir, bits, ir_i64(ir, 29)), ir_i64(ir, 0x3fffff)), ir_i64(ir, 0x7fc00000));
        return ir_bitsf(ir, ir_trunc(ir, ir_or(ir, sign, rest)));
    }
    sign = ir_shl(ir, ir_shr(ir, bits, ir_i64(ir, 31)), ir_i64(ir, 63));
    rest = ir_or(ir, ir_shl(ir, ir_and(ir, bits, ir_i64(ir, 0x3fffff)), ir_i64(ir, 29)), ir_i64(ir, 0x7ff8ull << 48));
    return ir_bitsf(ir, ir_or(ir, sign, rest));
}

void a64_fcvt(struct arm_tr *t, const struct arm_FCVT *a)
{
    static const uint8_t fmts[4] = { FP_S, FP_D, 0, FP_H };
    unsigned from = fmts[a->type], to = fmts[a->to];
    struct ir *ir = t->ir;
    ir_ref v, nan;

    if (from == to) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    if (to == FP_H || !on_host(t, from)) {
        set_f(t, a->rd, soft(t, arm_fp_desc(FOP_CVT, to, from, 0), get_bits(t, from, a->rn), 0, 0));
        return;
    }
    v = ir_fcvt(ir, IR_OP_fcvt_ff, type_of(to), get_f(t, from, a->rn), 0);
    if (!(t->key & ARM_KEY_FP_DN)) {
        nan = nan_converted(t, from, get_bits(t, from, a->rn));
        v = ir_fixnan(ir, v, nan, nan, false, to == FP_D ? ARM_HELPER_nan64 : ARM_HELPER_nan32);
    }
    set_f(t, a->rd, t->key & ARM_KEY_FP_DN ? ir_canon(ir, v) : v);
}

/* ---- two and three operands ---- */

static void two(struct arm_tr *t, const struct arm_F2 *a, unsigned op, enum ir_op host)
{
    unsigned fmt;
    ir_ref x, y, r;

    if (!fmt_of(t, a->type, &fmt)) {
        return;
    }
    if (!host || !on_host(t, fmt)) {
        set_f(t, a->rd, soft(t, arm_fp_desc(op, fmt, 0, 0), get_bits(t, fmt, a->rn), get_bits(t, fmt, a->rm), 0));
        return;
    }
    x = get_f(t, fmt, a->rn);
    y = get_f(t, fmt, a->rm);
    r = fix(t, fmt, ir_emit2(t->ir, host, type_of(fmt), x, y), x, y);
    set_f(t, a->rd, op == FOP_NMUL ? ir_fneg(t->ir, r) : r);
}

void a64_fadd_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_ADD, IR_OP_fadd); }
void a64_fsub_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_SUB, IR_OP_fsub); }
void a64_fmul_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_MUL, IR_OP_fmul); }
void a64_fdiv_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_DIV, IR_OP_fdiv); }
void a64_fnmul_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_NMUL, IR_OP_fmul); }
void a64_fmax_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_MAX, 0); }
void a64_fmin_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_MIN, 0); }
void a64_fmaxnm_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_MAXNM, 0); }
void a64_fminnm_f(struct arm_tr *t, const struct arm_F2 *a) { two(t, a, FOP_MINNM, 0); }

/* Which of three NaN operands wins, the helper of fixnan can't be told: two operands travel in one vector. */
static void three(struct arm_tr *t, const struct arm_F3 *a, unsigned op, unsigned negate)
{
    struct ir *ir = t->ir;
    unsigned fmt;
    ir_ref x, y, z, r, packed, addend;

    if (!fmt_of(t, a->type, &fmt)) {
        return;
    }
    if (!on_host(t, fmt)) {
        set_f(t, a->rd, soft(t, arm_fp_desc(op, fmt, 0, 0), get_bits(t, fmt, a->rn), get_bits(t, fmt, a->rm),
                             get_bits(t, fmt, a->ra)));
        return;
    }
    x = get_f(t, fmt, a->rn);
    y = get_f(t, fmt, a->rm);
    z = get_f(t, fmt, a->ra);
    r = ir_fma(ir, x, y, z, negate);
    if (t->key & ARM_KEY_FP_DN) {
        set_f(t, a->rd, ir_canon(ir, r));
        return;
    }
    packed = ir_vop2(ir, fmt == FP_D ? IR_V_zip64 : IR_V_zip32, arm_v(t, a->rn), arm_v(t, a->rm), 0);
    addend = arm_v(t, a->ra);
    r = ir_fixnan(ir, ir_vfrom(ir, r), packed, addend, fmt == FP_D,
                  fmt == FP_D ? ARM_HELPER_nan64_fmadd + (op - FOP_MADD) : ARM_HELPER_nan32_fmadd + (op - FOP_MADD));
    arm_set_v(t, a->rd, r);
}

void a64_fmadd_f(struct arm_tr *t, const struct arm_F3 *a) { three(t, a, FOP_MADD, 0); }
void a64_fmsub_f(struct arm_tr *t, const struct arm_F3 *a) { three(t, a, FOP_MSUB, IR_FMA_NEG_PRODUCT); }
void a64_fnmadd_f(struct arm_tr *t, const struct arm_F3 *a) { three(t, a, FOP_NMADD, IR_FMA_NEG_PRODUCT | IR_FMA_NEG_ADDEND); }
void a64_fnmsub_f(struct arm_tr *t, const struct arm_F3 *a) { three(t, a, FOP_NMSUB, IR_FMA_NEG_ADDEND); }

/* ---- comparisons ---- */

static enum arm_cc compare_op(unsigned fmt)
{
    return fmt == FP_D ? ARM_CC_FCMP64 : ARM_CC_FCMP32;
}

/* Conditions compare anew, quietly; this is for the exceptions. */
static void raise_by_compare(struct arm_tr *t, ir_ref x, ir_ref y, bool signalling)
{
    ir_fcmp(t->ir, signalling ? IR_FLT : IR_FLTQ, x, y);
}

static void compare(struct arm_tr *t, unsigned type, unsigned rn, int rm, bool signalling)
{
    unsigned fmt;
    ir_ref x, y;

    if (!fmt_of(t, type, &fmt)) {
        return;
    }
    if (!on_host(t, fmt)) {
        arm_flags_set(t, ARM_CC_NZCV, soft(t, arm_fp_desc(FOP_NZCV, fmt, signalling, 0), get_bits(t, fmt, rn),
                                           rm < 0 ? 0 : get_bits(t, fmt, rm), 0), 0);
        return;
    }
    x = get_f(t, fmt, rn);
    y = rm < 0 ? ir_const(t->ir, type_of(fmt), 0) : get_f(t, fmt, rm);
    raise_by_compare(t, x, y, signalling);
    arm_flags_set(t, compare_op(fmt), x, y);
}

void a64_fcmp(struct arm_tr *t, const struct arm_FCMP *a) { compare(t, a->type, a->rn, a->rm, false); }
void a64_fcmpe(struct arm_tr *t, const struct arm_FCMP *a) { compare(t, a->type, a->rn, a->rm, true); }
void a64_fcmp_zero(struct arm_tr *t, const struct arm_FCMPZ *a) { compare(t, a->type, a->rn, -1, false); }
void a64_fcmpe_zero(struct arm_tr *t, const struct arm_FCMPZ *a) { compare(t, a->type, a->rn, -1, true); }

/* The comparison raises its exceptions only if it takes place: its operands are zeros otherwise. */
void a64_fccmp(struct arm_tr *t, const struct arm_FCCMP *a)
{
    struct ir *ir = t->ir;
    ir_ref zero = ir_i64(ir, 0), x, y, packed;
    struct arm_test c;
    unsigned fmt;

    if (!fmt_of(t, a->type, &fmt)) {
        return;
    }
    c = arm_flags_test(t, a->cond);
    if (on_host(t, fmt)) {
        zero = ir_const(ir, type_of(fmt), 0);
        x = ir_select(ir, c.cond, c.a, c.b, get_f(t, fmt, a->rn), zero);
        y = ir_select(ir, c.cond, c.a, c.b, get_f(t, fmt, a->rm), zero);
        raise_by_compare(t, x, y, a->e);
        arm_flags_set_if(t, a->cond, compare_op(fmt), x, y, a->nzcv);
        return;
    }
    x = ir_select(ir, c.cond, c.a, c.b, get_bits(t, fmt, a->rn), zero);
    y = ir_select(ir, c.cond, c.a, c.b, get_bits(t, fmt, a->rm), zero);
    packed = soft(t, arm_fp_desc(FOP_NZCV, fmt, a->e, 0), x, y, 0);
    packed = ir_select(ir, c.cond, c.a, c.b, packed, ir_i64(ir, (uint64_t)a->nzcv << 28));
    arm_flags_set(t, ARM_CC_NZCV, packed, 0);
}

void a64_fcsel(struct arm_tr *t, const struct arm_FSEL *a)
{
    struct arm_test c;
    unsigned fmt;

    if (fmt_of(t, a->type, &fmt)) {
        c = arm_flags_test(t, a->cond);
        if (fmt == FP_H) {
            set_f(t, a->rd, ir_select(t->ir, c.cond, c.a, c.b, get_bits(t, fmt, a->rn), get_bits(t, fmt, a->rm)));
        } else {
            set_f(t, a->rd, ir_select(t->ir, c.cond, c.a, c.b, get_f(t, fmt, a->rn), get_f(t, fmt, a->rm)));
        }
    }
}

/* DDI 0487, "VFPExpandImm". */
static uint64_t expand_imm(unsigned fmt, unsigned imm8)
{
    uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1, rest = imm8 & 63;

    if (fmt == FP_D) {
        return sign << 63 | (b ? 0xffull << 54 : 1ull << 62) | rest << 48;
    }
    if (fmt == FP_H) {
        return sign << 15 | (b ? 3ull << 12 : 1ull << 14) | rest << 6;
    }
    return sign << 31 | (b ? 0x1full << 25 : 1ull << 30) | rest << 19;
}

void a64_fmov_imm(struct arm_tr *t, const struct arm_FIMM *a)
{
    unsigned fmt;

    if (fmt_of(t, a->type, &fmt)) {
        set_f(t, a->rd, ir_i64(t->ir, expand_imm(fmt, a->uimm)));
    }
}

/* ---- integers ---- */

static void to_int(struct arm_tr *t, const struct arm_FI *a, unsigned op, enum ir_op host, enum ir_round round)
{
    struct ir *ir = t->ir;
    unsigned fmt;
    ir_ref v, r;

    if (!fmt_of(t, a->type, &fmt)) {
        return;
    }
    if (!on_host(t, fmt)) {
        arm_set_x(t, a->rd, soft(t, arm_fp_desc(op, fmt, a->sf ? 64 : 32, 0), get_bits(t, fmt, a->rn), 0, 0));
        return;
    }
    v = get_f(t, fmt, a->rn);
    r = ir_fcvt(ir, host, a->sf ? IR_I64 : IR_I32, v, round);
    r = ir_select(ir, IR_NE, ir_fcmp(ir, IR_FEQ, v, v), ir_i64(ir, 0), r, arm_const(t, a->sf, 0));     /* NaN: 0 */
    arm_set_r(t, a->sf, a->rd, r);
}

#define TO_INT(name, op, round) \
    void a64_##name##s_i(struct arm_tr *t, const struct arm_FI *a) { to_int(t, a, FOP_TO_S##op, IR_OP_fcvt_fs, round); } \
    void a64_##name##u_i(struct arm_tr *t, const struct arm_FI *a) { to_int(t, a, FOP_TO_U##op, IR_OP_fcvt_fu, round); }
TO_INT(fcvtn, N, IR_RNE)
TO_INT(fcvtp, P, IR_RUP)
TO_INT(fcvtm, M, IR_RDN)
TO_INT(fcvtz, Z, IR_RTZ)
TO_INT(fcvta, A, IR_RMM)

static void from_int(struct arm_tr *t, const struct arm_FI *a, unsigned op, enum ir_op host)
{
    unsigned fmt;
    ir_ref v;

    if (!fmt_of(t, a->type, &fmt)) {
        return;
    }
    if (on_host(t, fmt)) {
        set_f(t, a->rd, ir_fcvt(t->ir, host, type_of(fmt), arm_r(t, a->sf, a->rn), 0));
        return;
    }
    v = arm_x(t, a->rn);
    v = a->sf ? v : op == FOP_FROM_S ? ir_exts32(t->ir, v) : ir_extu32(t->ir, v);
    set_f(t, a->rd, soft(t, arm_fp_desc(op, fmt, 0, 0), v, 0, 0));
}

void a64_scvtf_i(struct arm_tr *t, const struct arm_FI *a) { from_int(t, a, FOP_FROM_S, IR_OP_fcvt_sf); }
void a64_ucvtf_i(struct arm_tr *t, const struct arm_FI *a) { from_int(t, a, FOP_FROM_U, IR_OP_fcvt_uf); }

static bool fixed_ok(struct arm_tr *t, const struct arm_FIX *a, unsigned *fmt)
{
    if (!a->sf && a->scale < 32) {
        arm_undef(t);
        return false;
    }
    return fmt_of(t, a->type, fmt);
}

static void fixed_from(struct arm_tr *t, const struct arm_FIX *a, unsigned op)
{
    unsigned fmt;
    ir_ref v;

    if (fixed_ok(t, a, &fmt)) {
        v = arm_x(t, a->rn);
        v = a->sf ? v : op == FOP_FROM_S ? ir_exts32(t->ir, v) : ir_extu32(t->ir, v);
        set_f(t, a->rd, soft(t, arm_fp_desc(op, fmt, 0, 64 - a->scale), v, 0, 0));
    }
}

static void fixed_to(struct arm_tr *t, const struct arm_FIX *a, unsigned op)
{
    unsigned fmt;

    if (fixed_ok(t, a, &fmt)) {
        arm_set_x(t, a->rd, soft(t, arm_fp_desc(op, fmt, a->sf ? 64 : 32, 64 - a->scale), get_bits(t, fmt, a->rn), 0, 0));
    }
}

void a64_scvtf_x(struct arm_tr *t, const struct arm_FIX *a) { fixed_from(t, a, FOP_FROM_S); }
void a64_ucvtf_x(struct arm_tr *t, const struct arm_FIX *a) { fixed_from(t, a, FOP_FROM_U); }
void a64_fcvtzs_x(struct arm_tr *t, const struct arm_FIX *a) { fixed_to(t, a, FOP_TO_SZ); }
void a64_fcvtzu_x(struct arm_tr *t, const struct arm_FIX *a) { fixed_to(t, a, FOP_TO_UZ); }

void a64_fmov_to(struct arm_tr *t, const struct arm_FI *a)
{
    unsigned fmt;

    if (a->type != 3 && a->sf != (a->type == 1)) {
        arm_undef(t);
    } else if (fmt_of(t, a->type, &fmt)) {
        arm_set_x(t, a->rd, get_bits(t, fmt, a->rn));
    }
}

void a64_fmov_from(struct arm_tr *t, const struct arm_FI *a)
{
    unsigned fmt;

    if (a->type != 3 && a->sf != (a->type == 1)) {
        arm_undef(t);
    } else if (fmt_of(t, a->type, &fmt)) {
        uint64_t mask = fmt == FP_D ? UINT64_MAX : fmt == FP_S ? UINT32_MAX : 0xffff;

        set_f(t, a->rd, ir_and(t->ir, arm_x(t, a->rn), ir_i64(t->ir, mask)));
    }
}

void a64_fmov_top(struct arm_tr *t, const struct arm_FMOVX *a)
{
    if (arm_fp_begin(t)) {
        arm_set_x(t, a->rd, arm_vhi(t, a->rn));
    }
}

void a64_fmov_fromp(struct arm_tr *t, const struct arm_FMOVX *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, ir_vset(t->ir, 3, arm_v(t, a->rd), 1, arm_x(t, a->rn)));
    }
}

void a64_fjcvtzs(struct arm_tr *t, const struct arm_FMOVX *a)
{
    ir_ref r;

    if (arm_fp_begin(t)) {
        r = soft(t, arm_fp_desc(FOP_JCVT, FP_D, 0, 0), arm_vlo(t, a->rn), 0, 0);
        arm_flags_set(t, ARM_CC_NZCV, ir_shl(t->ir, ir_shr(t->ir, r, ir_i64(t->ir, 32)), ir_i64(t->ir, 30)), 0);
        arm_set_w(t, a->rd, r);
    }
}
