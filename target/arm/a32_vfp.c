/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point of A32 and T32 (VFPv4 and Armv8's additions). S and D registers are parts of V0 to V15, and writing one
 * leaves the others. Single and double precision run on the host's FPU as in a64_fp.c; what a host does not do the same
 * way is soft float. Short vectors are not there: FPSCR.LEN and STRIDE read as zero.
 */
#include "target/arm/a32.h"
#include "target/arm/aarch32.h"
#include "target/arm/fp.h"

/* ---- registers ---- */

static enum ir_type type_of(unsigned fmt)
{
    return fmt == FP_D ? IR_F64 : IR_F32;
}

static ir_ref get_f(struct arm_tr *t, unsigned fmt, unsigned n)
{
    return fmt == FP_D ? ir_vget(t->ir, IR_F64, 3, arm_v(t, n >> 1), n & 1) : ir_vget(t->ir, IR_F32, 2, arm_v(t, n >> 2), n & 3);
}

static ir_ref get_bits(struct arm_tr *t, unsigned fmt, unsigned n)
{
    return fmt == FP_D ? ir_vget(t->ir, IR_I64, 3, arm_v(t, n >> 1), n & 1) : ir_vget(t->ir, IR_I64, 2, arm_v(t, n >> 2), n & 3);
}

/* v: of the format, or bits. */
static void set_f(struct arm_tr *t, unsigned fmt, unsigned n, ir_ref v)
{
    unsigned per = fmt == FP_D ? 1 : 2;

    arm_set_v(t, n >> per, ir_vset(t->ir, fmt, arm_v(t, n >> per), n & ((1u << per) - 1), v));
}

static bool on_host(const struct arm_tr *t)
{
    return !(t->key & ARM_KEY_FP_SOFT);
}

/* ---- arithmetic on values: floats of the format ---- */

static ir_ref bits_of(struct arm_tr *t, ir_ref v)
{
    ir_ref b = ir_fbits(t->ir, v);

    return ir_type_of(t->ir, b) == IR_I32 ? ir_extu32(t->ir, b) : b;
}

static ir_ref soft_bits(struct arm_tr *t, uint32_t desc, ir_ref a, ir_ref b, ir_ref c)
{
    ir_ref zero = ir_i64(t->ir, 0);
    const ir_ref args[] = { ir_i32(t->ir, desc), a, b ? b : zero, c ? c : zero };

    return ir_call(t->ir, ARM_HELPER_fp, 4, args);
}

static ir_ref as_float(struct arm_tr *t, unsigned fmt, ir_ref bits)
{
    return ir_bitsf(t->ir, fmt == FP_D ? bits : ir_trunc(t->ir, bits));
}

static ir_ref two(struct arm_tr *t, unsigned fmt, unsigned op, enum ir_op host, ir_ref x, ir_ref y)
{
    ir_ref r;

    if (!on_host(t)) {
        return as_float(t, fmt, soft_bits(t, arm_fp_desc(op, fmt, 0, 0), bits_of(t, x), bits_of(t, y), 0));
    }
    r = ir_emit2(t->ir, host, type_of(fmt), x, y);
    if (t->key & ARM_KEY_FP_DN) {
        return ir_canon(t->ir, r);
    }
    return ir_fixnan(t->ir, r, x, y, false, fmt == FP_D ? ARM_HELPER_nan64 : ARM_HELPER_nan32);
}

enum vfp { MLA, MLS, NMLS, NMLA, MUL, NMUL, ADD, SUB, DIV };

static void arith(struct arm_tr *t, const struct a32_VF3 *a, unsigned fmt, enum vfp op)
{
    struct ir *ir = t->ir;
    ir_ref x, y, d, r;

    if (!arm_fp_begin(t)) {
        return;
    }
    x = get_f(t, fmt, a->vn);
    y = get_f(t, fmt, a->vm);
    switch (op) {
    case ADD:
        r = two(t, fmt, FOP_ADD, IR_OP_fadd, x, y);
        break;
    case SUB:
        r = two(t, fmt, FOP_SUB, IR_OP_fsub, x, y);
        break;
    case DIV:
        r = two(t, fmt, FOP_DIV, IR_OP_fdiv, x, y);
        break;
    default:
        r = two(t, fmt, FOP_MUL, IR_OP_fmul, x, y);
        break;
    }
    if (op == MLS || op == NMLA || op == NMUL) {
        r = ir_fneg(ir, r);
    }
    if (op <= NMLA) {
        d = get_f(t, fmt, a->vd);
        r = two(t, fmt, FOP_ADD, IR_OP_fadd, op == NMLS || op == NMLA ? ir_fneg(ir, d) : d, r);
    }
    set_f(t, fmt, a->vd, r);
}

#define ARITH(name, op) \
    void a32_##name##_s(struct arm_tr *t, const struct a32_VF3 *a) { arith(t, a, FP_S, op); } \
    void a32_##name##_d(struct arm_tr *t, const struct a32_VF3 *a) { arith(t, a, FP_D, op); }
ARITH(vmla, MLA) ARITH(vmls, MLS) ARITH(vnmls, NMLS) ARITH(vnmla, NMLA) ARITH(vmul, MUL) ARITH(vnmul, NMUL)
ARITH(vadd, ADD) ARITH(vsub, SUB) ARITH(vdiv, DIV)

/* By soft float: Vd = op(Vn, Vm, Vd). */
static void soft3(struct arm_tr *t, const struct a32_VF3 *a, unsigned fmt, unsigned op)
{
    if (arm_fp_begin(t)) {
        set_f(t, fmt, a->vd, soft_bits(t, arm_fp_desc(op, fmt, 0, 0), get_bits(t, fmt, a->vn), get_bits(t, fmt, a->vm),
                                       get_bits(t, fmt, a->vd)));
    }
}

#define SOFT3(name, op) \
    void a32_##name##_s(struct arm_tr *t, const struct a32_VF3 *a) { soft3(t, a, FP_S, op); } \
    void a32_##name##_d(struct arm_tr *t, const struct a32_VF3 *a) { soft3(t, a, FP_D, op); }
SOFT3(vfma, FOP_MADD) SOFT3(vfms, FOP_MSUB) SOFT3(vfnma, FOP_NMADD) SOFT3(vfnms, FOP_NMSUB)
SOFT3(vmaxnm, FOP_MAXNM) SOFT3(vminnm, FOP_MINNM)

static void soft2(struct arm_tr *t, const struct a32_VF2 *a, unsigned fmt, unsigned op)
{
    if (arm_fp_begin(t)) {
        set_f(t, fmt, a->vd, soft_bits(t, arm_fp_desc(op, fmt, 0, 0), get_bits(t, fmt, a->vm), 0, 0));
    }
}

#define SOFT2(name, op) \
    void a32_##name##_s(struct arm_tr *t, const struct a32_VF2 *a) { soft2(t, a, FP_S, op); } \
    void a32_##name##_d(struct arm_tr *t, const struct a32_VF2 *a) { soft2(t, a, FP_D, op); }
SOFT2(vrintr, FOP_RINTI) SOFT2(vrintz, FOP_RINTZ) SOFT2(vrintx, FOP_RINTX) SOFT2(vrinta, FOP_RINTA)
SOFT2(vrintn, FOP_RINTN) SOFT2(vrintp, FOP_RINTP) SOFT2(vrintm, FOP_RINTM)

static void one(struct arm_tr *t, const struct a32_VF2 *a, unsigned fmt, enum ir_op op)
{
    struct ir *ir = t->ir;
    ir_ref v;

    if (!arm_fp_begin(t)) {
        return;
    }
    v = get_f(t, fmt, a->vm);
    set_f(t, fmt, a->vd, op == IR_OP_fabs ? ir_fabs(ir, v) : op == IR_OP_fneg ? ir_fneg(ir, v) : v);
}

#define ONE(name, op) \
    void a32_##name##_s(struct arm_tr *t, const struct a32_VF2 *a) { one(t, a, FP_S, op); } \
    void a32_##name##_d(struct arm_tr *t, const struct a32_VF2 *a) { one(t, a, FP_D, op); }
ONE(vmovr, IR_OP_mov) ONE(vabs, IR_OP_fabs) ONE(vneg, IR_OP_fneg)

static void root(struct arm_tr *t, const struct a32_VF2 *a, unsigned fmt)
{
    ir_ref v, r;

    if (!on_host(t)) {
        soft2(t, a, fmt, FOP_SQRT);
    } else if (arm_fp_begin(t)) {
        v = get_f(t, fmt, a->vm);
        r = ir_fsqrt(t->ir, v);
        r = t->key & ARM_KEY_FP_DN ? ir_canon(t->ir, r)
                                   : ir_fixnan(t->ir, r, v, v, false, fmt == FP_D ? ARM_HELPER_nan64 : ARM_HELPER_nan32);
        set_f(t, fmt, a->vd, r);
    }
}

void a32_vsqrt_s(struct arm_tr *t, const struct a32_VF2 *a) { root(t, a, FP_S); }
void a32_vsqrt_d(struct arm_tr *t, const struct a32_VF2 *a) { root(t, a, FP_D); }

/* DDI 0487, "VFPExpandImm". */
static void move_imm(struct arm_tr *t, const struct a32_VFI *a, unsigned fmt)
{
    uint64_t sign = a->uimm >> 7, b = a->uimm >> 6 & 1, rest = a->uimm & 63;

    if (arm_fp_begin(t)) {
        set_f(t, fmt, a->vd, ir_i64(t->ir, fmt == FP_D ? sign << 63 | (b ? 0xffull << 54 : 1ull << 62) | rest << 48
                                                       : sign << 31 | (b ? 0x1full << 25 : 1ull << 30) | rest << 19));
    }
}

void a32_vmovi_s(struct arm_tr *t, const struct a32_VFI *a) { move_imm(t, a, FP_S); }
void a32_vmovi_d(struct arm_tr *t, const struct a32_VFI *a) { move_imm(t, a, FP_D); }

/* ---- comparisons: flags of FPSCR ---- */

static void compare(struct arm_tr *t, unsigned fmt, unsigned vd, int vm, bool signalling)
{
    struct ir *ir = t->ir;
    enum arm_cc op = fmt == FP_D ? ARM_CC_FCMP64 : ARM_CC_FCMP32;
    ir_ref x, y, r;

    if (!arm_fp_begin(t)) {
        return;
    }
    if (!on_host(t)) {
        r = soft_bits(t, arm_fp_desc(FOP_NZCV, fmt, signalling, 0), get_bits(t, fmt, vd), vm < 0 ? 0 : get_bits(t, fmt, vm), 0);
        ir_put(ir, ARM_SLOT_FP_OP, ir_i64(ir, ARM_CC_NZCV));
        ir_put(ir, ARM_SLOT_FP_A, r);
        t->a32.fcmp_op = 0;
        return;
    }
    x = get_f(t, fmt, vd);
    y = vm < 0 ? ir_const(ir, type_of(fmt), 0) : get_f(t, fmt, vm);
    ir_fcmp(ir, signalling ? IR_FLT : IR_FLTQ, x, y);       /* for the exceptions: conditions compare anew, quietly */
    ir_put(ir, ARM_SLOT_FP_OP, ir_i64(ir, op));
    ir_put(ir, ARM_SLOT_FP_A, bits_of(t, x));
    ir_put(ir, ARM_SLOT_FP_B, bits_of(t, y));
    t->a32.fcmp_op = op;
    t->a32.fcmp_a = x;
    t->a32.fcmp_b = y;
}

/* FPSCR's flags become those of PSTATE. */
static void flags_from_fpscr(struct arm_tr *t)
{
    struct ir *ir = t->ir;

    if (t->a32.fcmp_op) {
        a32_flags_addsub(t, t->a32.fcmp_op, t->a32.fcmp_a, t->a32.fcmp_b);
        return;
    }
    a32_flags_forget(t);
    t->a32.flag_writes++;
    ir_put(ir, ARM_SLOT_CC_OP, ir_get(ir, ARM_SLOT_FP_OP));
    ir_put(ir, ARM_SLOT_CC_A, ir_get(ir, ARM_SLOT_FP_A));
    ir_put(ir, ARM_SLOT_CC_B, ir_get(ir, ARM_SLOT_FP_B));
}

#define COMPARE(sfx, fmt) \
    void a32_vcmp_##sfx(struct arm_tr *t, const struct a32_VF2 *a) { compare(t, fmt, a->vd, a->vm, false); } \
    void a32_vcmpe_##sfx(struct arm_tr *t, const struct a32_VF2 *a) { compare(t, fmt, a->vd, a->vm, true); } \
    void a32_vcmpz_##sfx(struct arm_tr *t, const struct a32_VF1 *a) { compare(t, fmt, a->vd, -1, false); } \
    void a32_vcmpez_##sfx(struct arm_tr *t, const struct a32_VF1 *a) { compare(t, fmt, a->vd, -1, true); }
COMPARE(s, FP_S) COMPARE(d, FP_D)

/* cc: EQ, VS, GE, GT. */
static void choose(struct arm_tr *t, const struct a32_VFS *a, unsigned fmt)
{
    static const uint8_t conds[4] = { 0, 6, 10, 12 };
    struct arm_test c;

    if (arm_fp_begin(t)) {
        c = a32_flags_test(t, conds[a->cc]);
        set_f(t, fmt, a->vd, ir_select(t->ir, c.cond, c.a, c.b, get_f(t, fmt, a->vn), get_f(t, fmt, a->vm)));
    }
}

void a32_vsel_s(struct arm_tr *t, const struct a32_VFS *a) { choose(t, a, FP_S); }
void a32_vsel_d(struct arm_tr *t, const struct a32_VFS *a) { choose(t, a, FP_D); }

/* ---- conversions ---- */

static void convert(struct arm_tr *t, unsigned to, unsigned vd, unsigned from, unsigned vm)
{
    if (arm_fp_begin(t)) {
        set_f(t, to, vd, soft_bits(t, arm_fp_desc(FOP_CVT, to, from, 0), get_bits(t, from, vm), 0, 0));
    }
}

void a32_vcvt_ds(struct arm_tr *t, const struct a32_VF2 *a) { convert(t, FP_D, a->vd, FP_S, a->vm); }
void a32_vcvt_sd(struct arm_tr *t, const struct a32_VF2 *a) { convert(t, FP_S, a->vd, FP_D, a->vm); }

static void from_half(struct arm_tr *t, const struct a32_VFH *a, unsigned fmt)
{
    ir_ref h;

    if (arm_fp_begin(t)) {
        h = ir_vget(t->ir, IR_I64, 1, arm_v(t, a->vm >> 2), (a->vm & 3) * 2 + a->top);
        set_f(t, fmt, a->vd, soft_bits(t, arm_fp_desc(FOP_CVT, fmt, FP_H, 0), h, 0, 0));
    }
}

static void to_half(struct arm_tr *t, const struct a32_VFH *a, unsigned fmt)
{
    ir_ref h;

    if (arm_fp_begin(t)) {
        h = soft_bits(t, arm_fp_desc(FOP_CVT, FP_H, fmt, 0), get_bits(t, fmt, a->vm), 0, 0);
        arm_set_v(t, a->vd >> 2, ir_vset(t->ir, 1, arm_v(t, a->vd >> 2), (a->vd & 3) * 2 + a->top, h));
    }
}

void a32_vcvt_sh(struct arm_tr *t, const struct a32_VFH *a) { from_half(t, a, FP_S); }
void a32_vcvt_dh(struct arm_tr *t, const struct a32_VFH *a) { from_half(t, a, FP_D); }
void a32_vcvt_hs(struct arm_tr *t, const struct a32_VFH *a) { to_half(t, a, FP_S); }
void a32_vcvt_hd(struct arm_tr *t, const struct a32_VFH *a) { to_half(t, a, FP_D); }

static void from_int(struct arm_tr *t, const struct a32_VCI *a, unsigned fmt)
{
    struct ir *ir = t->ir;
    ir_ref v;

    if (!arm_fp_begin(t)) {
        return;
    }
    v = ir_vget(ir, IR_I32, 2, arm_v(t, a->vm >> 2), a->vm & 3);
    if (on_host(t)) {
        set_f(t, fmt, a->vd, ir_fcvt(ir, a->sign ? IR_OP_fcvt_sf : IR_OP_fcvt_uf, type_of(fmt), v, 0));
        return;
    }
    v = a->sign ? ir_exts32(ir, v) : ir_extu32(ir, v);
    set_f(t, fmt, a->vd, soft_bits(t, arm_fp_desc(a->sign ? FOP_FROM_S : FOP_FROM_U, fmt, 0, 0), v, 0, 0));
}

void a32_vcvt_si(struct arm_tr *t, const struct a32_VCI *a) { from_int(t, a, FP_S); }
void a32_vcvt_di(struct arm_tr *t, const struct a32_VCI *a) { from_int(t, a, FP_D); }

/* op: FOP_TO_S*; the unsigned ones stand in the same order. */
static void to_int(struct arm_tr *t, unsigned vd, unsigned vm, unsigned fmt, bool sign, unsigned op, enum ir_round round)
{
    struct ir *ir = t->ir;
    ir_ref v, r;

    if (!arm_fp_begin(t)) {
        return;
    }
    if (!on_host(t)) {
        r = soft_bits(t, arm_fp_desc(sign ? op : op + (FOP_TO_UN - FOP_TO_SN), fmt, 32, 0), get_bits(t, fmt, vm), 0, 0);
    } else {
        v = get_f(t, fmt, vm);
        r = ir_fcvt(ir, sign ? IR_OP_fcvt_fs : IR_OP_fcvt_fu, IR_I32, v, round);
        r = ir_select(ir, IR_NE, ir_fcmp(ir, IR_FEQ, v, v), ir_i64(ir, 0), r, ir_i32(ir, 0));      /* NaN: 0 */
    }
    set_f(t, FP_S, vd, r);
}

/* VCVTR rounds as FPSCR says. */
static void to_int_round(struct arm_tr *t, const struct a32_VFC *a, unsigned fmt)
{
    to_int(t, a->vd, a->vm, fmt, a->sign, a->zero ? FOP_TO_SZ : FOP_TO_SR, a->zero ? IR_RTZ : IR_RDYN);
}

void a32_vcvt_is(struct arm_tr *t, const struct a32_VFC *a) { to_int_round(t, a, FP_S); }
void a32_vcvt_id(struct arm_tr *t, const struct a32_VFC *a) { to_int_round(t, a, FP_D); }

#define TO_INT(name, op, round) \
    void a32_##name##_s(struct arm_tr *t, const struct a32_VCI *a) { to_int(t, a->vd, a->vm, FP_S, a->sign, op, round); } \
    void a32_##name##_d(struct arm_tr *t, const struct a32_VCI *a) { to_int(t, a->vd, a->vm, FP_D, a->sign, op, round); }
TO_INT(vcvta, FOP_TO_SA, IR_RMM) TO_INT(vcvtn, FOP_TO_SN, IR_RNE) TO_INT(vcvtp, FOP_TO_SP, IR_RUP)
TO_INT(vcvtm, FOP_TO_SM, IR_RDN)

/* Fixed point of 16 or 32 bits with so many fraction bits; -1: UNDEFINED. */
static int fraction(struct arm_tr *t, const struct a32_VFX *a)
{
    int bits = (a->size ? 32 : 16) - (a->frac << 1 | a->lsb);

    if (bits < 0) {
        arm_undef(t);
    }
    return bits;
}

static void fixed_from(struct arm_tr *t, const struct a32_VFX *a, unsigned fmt)
{
    struct ir *ir = t->ir;
    int bits = fraction(t, a);
    ir_ref v;

    if (bits < 0 || !arm_fp_begin(t)) {
        return;
    }
    v = get_bits(t, fmt, a->vd);
    if (a->size) {
        v = a->u ? ir_extu32(ir, v) : ir_exts32(ir, v);
    } else {
        v = a->u ? ir_extu16(ir, v) : ir_exts16(ir, v);
    }
    set_f(t, fmt, a->vd, a32_call2(t, ARM_HELPER_a32_fp, arm_fp_desc(a->u ? FOP_FROM_U : FOP_FROM_S, fmt, 0, bits), v));
}

/* The result is extended to the register's width. */
static void fixed_to(struct arm_tr *t, const struct a32_VFX *a, unsigned fmt)
{
    struct ir *ir = t->ir;
    int bits = fraction(t, a);
    ir_ref v;

    if (bits < 0 || !arm_fp_begin(t)) {
        return;
    }
    v = soft_bits(t, arm_fp_desc(a->u ? FOP_TO_UZ : FOP_TO_SZ, fmt, a->size ? 32 : 16, bits), get_bits(t, fmt, a->vd), 0, 0);
    if (!a->u) {
        v = a->size ? ir_exts32(ir, v) : ir_exts16(ir, v);
    }
    set_f(t, fmt, a->vd, v);
}

void a32_vfix_fs(struct arm_tr *t, const struct a32_VFX *a) { fixed_from(t, a, FP_S); }
void a32_vfix_fd(struct arm_tr *t, const struct a32_VFX *a) { fixed_from(t, a, FP_D); }
void a32_vfix_ts(struct arm_tr *t, const struct a32_VFX *a) { fixed_to(t, a, FP_S); }
void a32_vfix_td(struct arm_tr *t, const struct a32_VFX *a) { fixed_to(t, a, FP_D); }

/* ---- loads and stores ---- */

static void load(struct arm_tr *t, unsigned fmt, unsigned n, ir_ref base, int64_t disp)
{
    set_f(t, fmt, n, ir_ld(t->ir, t->mem & IR_MEM_BE ? IR_I64 : type_of(fmt), base, disp, t->mem | fmt));
}

static void store(struct arm_tr *t, unsigned fmt, unsigned n, ir_ref base, int64_t disp)
{
    ir_st(t->ir, base, disp, t->mem & IR_MEM_BE ? get_bits(t, fmt, n) : get_f(t, fmt, n), t->mem | fmt);
}

static void one_access(struct arm_tr *t, const struct a32_VLS *a, unsigned fmt, bool is_load)
{
    int64_t disp = (a->u ? 4 : -4) * (int64_t)a->uimm;

    if (!arm_fp_begin(t)) {
        return;
    }
    if (is_load) {
        load(t, fmt, a->vd, a32_base(t, a->rn), disp);
    } else {
        store(t, fmt, a->vd, a32_base(t, a->rn), disp);
    }
}

void a32_vldr_s(struct arm_tr *t, const struct a32_VLS *a) { one_access(t, a, FP_S, true); }
void a32_vldr_d(struct arm_tr *t, const struct a32_VLS *a) { one_access(t, a, FP_D, true); }
void a32_vstr_s(struct arm_tr *t, const struct a32_VLS *a) { one_access(t, a, FP_S, false); }
void a32_vstr_d(struct arm_tr *t, const struct a32_VLS *a) { one_access(t, a, FP_D, false); }

/* count: words. An odd one with doubles is FLDMX, whose last word is nothing. */
static void multiple(struct arm_tr *t, unsigned fmt, bool down, bool w, bool is_load, unsigned rn, unsigned vd, unsigned count)
{
    struct ir *ir = t->ir;
    unsigned n = fmt == FP_D ? count / 2 : count;
    int64_t at = down ? -4 * (int64_t)count : 0;
    ir_ref base, v[32];

    if (!n || vd + n > 32 || (rn == 15 && (w || t->a32.thumb)) || (fmt == FP_D && n > 16)) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    base = a32_base(t, rn);
    for (unsigned i = 0; i < n; i++, at += 1 << fmt) {
        if (is_load) {
            v[i] = ir_ld(ir, t->mem & IR_MEM_BE ? IR_I64 : type_of(fmt), base, at, t->mem | fmt);
        } else {
            store(t, fmt, vd + i, base, at);
        }
    }
    for (unsigned i = 0; is_load && i < n; i++) {
        set_f(t, fmt, vd + i, v[i]);
    }
    if (w) {
        ir_ref step = ir_i32(ir, down ? -4 * (int)count : 4 * (int)count);

        a32_set_r(t, rn, ir_add(ir, ir_trunc(ir, base), step));
    }
}

void a32_vlm_s(struct arm_tr *t, const struct a32_VLMI *a) { multiple(t, FP_S, false, a->w, a->l, a->rn, a->vd, a->count); }
void a32_vlm_d(struct arm_tr *t, const struct a32_VLMI *a) { multiple(t, FP_D, false, a->w, a->l, a->rn, a->vd, a->count); }
void a32_vlmdb_s(struct arm_tr *t, const struct a32_VLMD *a) { multiple(t, FP_S, true, true, a->l, a->rn, a->vd, a->count); }
void a32_vlmdb_d(struct arm_tr *t, const struct a32_VLMD *a) { multiple(t, FP_D, true, true, a->l, a->rn, a->vd, a->count); }

/* ---- moves between register files ---- */

static bool core_ok(struct arm_tr *t, unsigned rt, unsigned rt2)
{
    if (rt == 15 || rt2 == 15) {
        arm_undef(t);
        return false;
    }
    return arm_fp_begin(t);
}

void a32_vmov_to(struct arm_tr *t, const struct a32_VMSG *a)
{
    if (core_ok(t, a->rt, 0)) {
        a32_set_r(t, a->rt, get_bits(t, FP_S, a->vn));
    }
}

void a32_vmov_from(struct arm_tr *t, const struct a32_VMSG *a)
{
    if (core_ok(t, a->rt, 0)) {
        set_f(t, FP_S, a->vn, a32_r(t, a->rt));
    }
}

void a32_vmov_to2d(struct arm_tr *t, const struct a32_VM2 *a)
{
    if (core_ok(t, a->rt, a->rt2)) {
        ir_ref v = get_bits(t, FP_D, a->vm);

        a32_set_r(t, a->rt, v);
        a32_set_r(t, a->rt2, ir_shr(t->ir, v, ir_i64(t->ir, 32)));
    }
}

void a32_vmov_from2d(struct arm_tr *t, const struct a32_VM2 *a)
{
    if (core_ok(t, a->rt, a->rt2)) {
        set_f(t, FP_D, a->vm, ir_or(t->ir, a32_r64(t, a->rt), ir_shl(t->ir, a32_r64(t, a->rt2), ir_i64(t->ir, 32))));
    }
}

void a32_vmov_to2s(struct arm_tr *t, const struct a32_VM2 *a)
{
    if (a->vm == 31) {
        arm_undef(t);
    } else if (core_ok(t, a->rt, a->rt2)) {
        a32_set_r(t, a->rt, get_bits(t, FP_S, a->vm));
        a32_set_r(t, a->rt2, get_bits(t, FP_S, a->vm + 1));
    }
}

void a32_vmov_from2s(struct arm_tr *t, const struct a32_VM2 *a)
{
    if (a->vm == 31) {
        arm_undef(t);
    } else if (core_ok(t, a->rt, a->rt2)) {
        set_f(t, FP_S, a->vm, a32_r(t, a->rt));
        set_f(t, FP_S, a->vm + 1, a32_r(t, a->rt2));
    }
}

/* opc1 and opc2 give size (log2 of the bytes) and number of an element. */
static int lane_size(unsigned op1, unsigned op2, unsigned *lane)
{
    if (op1 & 2) {
        *lane = (op1 & 1) << 2 | op2;
        return 0;
    }
    if (op2 & 1) {
        *lane = (op1 & 1) << 1 | op2 >> 1;
        return 1;
    }
    *lane = op1 & 1;
    return op2 ? -1 : 2;
}

void a32_vmov_tolane(struct arm_tr *t, const struct a32_VLANW *a)
{
    unsigned lane, v = a->vn >> 1;
    int size = lane_size(a->op1, a->op2, &lane);

    if (size < 0) {
        arm_undef(t);
    } else if (core_ok(t, a->rt, 0)) {
        arm_set_v(t, v, ir_vset(t->ir, size, arm_v(t, v), (a->vn & 1) * (8 >> size) + lane, a32_r(t, a->rt)));
    }
}

void a32_vmov_lane(struct arm_tr *t, const struct a32_VLANE *a)
{
    unsigned lane;
    int size = lane_size(a->op1, a->op2, &lane);
    ir_ref v;

    if (size < 0 || (size == 2 && a->u)) {
        arm_undef(t);
    } else if (core_ok(t, a->rt, 0)) {
        v = ir_vget(t->ir, IR_I32, size, arm_v(t, a->vn >> 1), (a->vn & 1) * (8 >> size) + lane);
        v = a->u || size == 2 ? v : size ? ir_exts16(t->ir, v) : ir_exts8(t->ir, v);
        a32_set_r(t, a->rt, v);
    }
}

void a32_vdup_core(struct arm_tr *t, const struct a32_VDUPC *a)
{
    static const int8_t sizes[4] = { 2, 1, 0, -1 };
    int size = sizes[a->be];
    ir_ref v;

    if (size < 0 || (a->q && (a->vd & 1))) {
        arm_undef(t);
    } else if (core_ok(t, a->rt, 0)) {
        v = ir_vdup(t->ir, size, a32_r(t, a->rt));
        if (a->q) {
            arm_set_v(t, a->vd >> 1, v);
        } else {
            set_f(t, FP_D, a->vd, ir_vget(t->ir, IR_F64, 3, v, 0));
        }
    }
}

/* ---- system registers ---- */

enum { FPSID = 0, FPSCR = 1, MVFR2 = 5, MVFR1 = 6, MVFR0 = 7, FPEXC = 8, FPINST = 9, FPINST2 = 10 };

/* FPEXC and the identification registers are there at EL1 even while FPEXC.EN is clear. */
static bool system_ok(struct arm_tr *t, unsigned reg)
{
    if (reg == FPSCR) {
        return arm_fp_begin(t);
    }
    if (!t->el) {
        arm_undef(t);
        return false;
    }
    return true;
}

void a32_vmrs(struct arm_tr *t, const struct a32_VSYS *a)
{
    if (!system_ok(t, a->reg)) {
        return;
    }
    if (a->reg == FPSCR && a->rt == 15) {
        flags_from_fpscr(t);
    } else if (a->rt == 15) {
        arm_undef(t);
    } else {
        a32_set_r(t, a->rt, arm_call_imm(t, ARM_HELPER_a32_vmrs, a->reg));
    }
}

void a32_vmsr(struct arm_tr *t, const struct a32_VSYS *a)
{
    if (a->rt == 15) {
        arm_undef(t);
    } else if (system_ok(t, a->reg)) {
        a32_call2(t, ARM_HELPER_a32_vmsr, a->reg, a32_r64(t, a->rt));
        a32_flags_forget(t);
        a32_resume(t);
    }
}

uint64_t arm_helper_a32_vmrs(struct arm_cpu *cpu, uint32_t reg)
{
    switch (reg) {
    case FPSID:
        return 0x41023075;          /* VFPv3 or later, of Arm */
    case FPSCR:
        return arm_helper_nzcv(cpu->fpcc_op, cpu->fpcc_a, cpu->fpcc_b) | arm_fpcr_read(cpu) | arm_fpsr_read(cpu);
    case MVFR0: case MVFR1: case MVFR2:
        return cpu->id32[ARM_ID32_MVFR + (MVFR0 - reg)];
    case FPEXC:
        return cpu->fpexc;
    case FPINST: case FPINST2:
        return 0;
    default:
        arm_raise_undef(cpu);
    }
}

void arm_helper_a32_vmsr(struct arm_cpu *cpu, uint32_t reg, uint64_t v)
{
    switch (reg) {
    case FPSCR:
        cpu->fpcc_op = ARM_CC_NZCV;
        cpu->fpcc_a = v & 0xf0000000;
        arm_fpsr_write(cpu, v);
        arm_fpcr_write(cpu, v);
        break;
    case FPEXC:
        cpu->fpexc = v & A32_FPEXC_EN;
        arm_update_key(cpu);
        break;
    case FPSID: case FPINST: case FPINST2:
        break;
    default:
        arm_raise_undef(cpu);
    }
}
