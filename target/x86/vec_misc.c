/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSE and AVX: scalars and flags, text strings, MXCSR, masked moves, gathers, half precision, SHA. */
#include "target/x86/table.h"
#include "target/x86/vec_impl.h"

/* Operand i as a scalar */
static ir_ref scalar(struct x86_tr *t, unsigned i, bool wide)
{
    return ir_vget(t->ir, wide ? IR_F64 : IR_F32, wide ? 3 : 2, vec_rm(t, i, 0), 0);
}

/* ---- integers ---- */

/* CVTSI2SS and CVTSI2SD: F3 and F2 */
void emit_FROM_INT(struct x86_tr *t)
{
    bool wide = t->in.row->prefix == 4;
    ir_ref n = t->v[t->in.row->nops - 1], f;

    if (!vec_begin(t)) {
        return;
    }
    vec_fp_begin(t);
    f = ir_fcvt(t->ir, IR_OP_fcvt_sf, wide ? IR_F64 : IR_F32, n, IR_RDYN);
    vec_fp_end(t);
    vec_put(t, t->in.reg, ir_vset(t->ir, wide ? 3 : 2, vec_first(t, 0), 0, f), 0);
}

/* CVTTSS2SI and CVTTSD2SI (2C) truncate, CVTSS2SI and CVTSD2SI (2D) round as MXCSR says. */
void emit_TO_INT(struct x86_tr *t)
{
    ir_ref f, n;

    if (!vec_begin(t)) {
        return;
    }
    f = scalar(t, 1, t->in.row->prefix == 4);
    vec_fp_begin(t);
    n = ir_fcvt(t->ir, IR_OP_fcvt_fx, xt_type(t->size), f, t->in.opcode == 0x2c ? IR_RTZ : IR_RDYN);
    vec_fp_end(t);
    xt_result(t, n);
}

/* UCOMISS, UCOMISD (2E), COMISS, COMISD (2F): unordered sets ZF, PF and CF; less CF; equal ZF. */
void emit_COMPARE(struct x86_tr *t)
{
    bool wide = t->in.row->ops[1].size == X86_SIZE_SD;
    enum ir_fcond le = t->in.opcode == 0x2f ? IR_FLE : IR_FLEQ;
    struct ir *ir = t->ir;
    ir_ref a, b, a_le, b_le, one = ir_i64(ir, 1), cf, zf, pf;

    if (!vec_begin(t)) {
        return;
    }
    b = scalar(t, 1, wide);
    a = ir_vget(ir, wide ? IR_F64 : IR_F32, wide ? 3 : 2, vec_reg(t, t->in.reg, 0), 0);
    vec_fp_begin(t);
    a_le = ir_fcmp(ir, le, a, b);
    b_le = ir_fcmp(ir, le, b, a);
    vec_fp_end(t);
    cf = ir_xor(ir, b_le, one);
    zf = ir_xor(ir, ir_xor(ir, a_le, b_le), one);
    pf = ir_xor(ir, ir_or(ir, a_le, b_le), one);
    zf = ir_shl(ir, zf, ir_i64(ir, 6));
    xt_cc_set_all(t, ir_or(ir, ir_or(ir, cf, zf), ir_shl(ir, pf, ir_i64(ir, 2))));
}

/* ---- tests ---- */

static void set_zf_cf(struct x86_tr *t, ir_ref zf, ir_ref cf)
{
    xt_cc_set_all(t, ir_or(t->ir, ir_shl(t->ir, zf, ir_i64(t->ir, 6)), cf));
}

void emit_PTEST(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref b[2], zf = ir_i64(ir, 1), cf = ir_i64(ir, 1);

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 1, b);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        zf = ir_and(ir, zf, ir_vtest(ir, false, vec_reg(t, t->in.reg, h), b[h]));
        cf = ir_and(ir, cf, ir_vtest(ir, true, vec_reg(t, t->in.reg, h), b[h]));
    }
    set_zf_cf(t, zf, cf);
}

/* VTESTPS, VTESTPD: the same of the lanes' top bits */
static void test_tops(struct x86_tr *t, unsigned log2_bytes)
{
    struct ir *ir = t->ir;
    ir_ref zero = ir_i64(ir, 0), b[2], and = zero, andc = zero;

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 1, b);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        ir_ref a = ir_vmask(ir, log2_bytes, vec_reg(t, t->in.reg, h)), m = ir_vmask(ir, log2_bytes, b[h]);

        and = ir_or(ir, and, ir_and(ir, a, m));
        andc = ir_or(ir, andc, ir_andc(ir, m, a));
    }
    set_zf_cf(t, ir_setcond(ir, IR_EQ, and, zero), ir_setcond(ir, IR_EQ, andc, zero));
}

void emit_VTESTPS(struct x86_tr *t)
{
    test_tops(t, 2);
}

void emit_VTESTPD(struct x86_tr *t)
{
    test_tops(t, 3);
}

/* ---- text strings: PCMPESTRM, PCMPESTRI, PCMPISTRM, PCMPISTRI are opcodes 60 to 63 ---- */

void emit_STRINGS(struct x86_tr *t)
{
    bool implicit = t->in.opcode & 2, index = t->in.opcode & 1, wide = t->in.w;
    struct ir *ir = t->ir;
    ir_ref b, r, what = ir_i32(ir, vec_imm(t) | implicit << 8 | wide << 9);

    if (!vec_begin(t)) {
        return;
    }
    b = t->in.mem ? vec_load(t, 16, 0, false) : vec_reg(t, t->in.rm, 0);
    r = xt_call(t, X86_HELPER_compare_strings, 5, vec_reg(t, t->in.reg, 0), b, what, xt_r64(t, X86_RAX), xt_r64(t, X86_RDX));
    if (index) {
        xt_set_reg(t, X86_RCX, 4, ir_trunc(ir, ir_and(ir, ir_shr(ir, r, ir_i64(ir, 16)), ir_i64(ir, 31))));
    } else {
        vec_put(t, 0, xt_call(t, X86_HELPER_string_mask, 2, r, what), 0);
    }
    xt_cc_set_all(t, ir_shr(ir, r, ir_i64(ir, 32)));
}

/* ---- MXCSR ---- */

void emit_LDMXCSR(struct x86_tr *t)
{
    if (vec_begin(t)) {
        xt_call(t, X86_HELPER_ldmxcsr, 1, xt_load(t, t->addr, t->disp, 4));
        xt_next(t);                    /* unmasked exceptions are part of the key */
    }
}

void emit_STMXCSR(struct x86_tr *t)
{
    if (vec_begin(t)) {
        xt_result(t, xt_call(t, X86_HELPER_stmxcsr, 0));
    }
}

/* ---- by the lanes' masks, in memory ---- */

static bool qword_lanes(const struct x86_tr *t)
{
    switch (t->in.opcode) {
    case 0x2d: case 0x2f: return true;      /* VMASKMOVPD */
    case 0x2c: case 0x2e: return false;
    default: return t->in.w;
    }
}

static ir_ref lane_address(struct x86_tr *t, unsigned half)
{
    return ir_add(t->ir, t->addr, ir_i64(t->ir, t->disp + 16 * half));
}

void emit_MASKED_LOAD(struct x86_tr *t)
{
    ir_ref r[2] = { 0 }, wide = ir_i32(t->ir, qword_lanes(t));

    if (!vec_begin(t)) {
        return;
    }
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = xt_call(t, X86_HELPER_masked_load, 3, lane_address(t, h), vec_reg(t, t->in.vvvv, h), wide);
    }
    vec_put_both(t, t->in.reg, r);
}

void emit_MASKED_STORE(struct x86_tr *t)
{
    ir_ref wide = ir_i32(t->ir, qword_lanes(t));

    if (!vec_begin(t)) {
        return;
    }
    for (unsigned h = 0; h < vec_halves(t); h++) {
        xt_call(t, X86_HELPER_masked_store, 4, lane_address(t, h), vec_reg(t, t->in.vvvv, h), vec_reg(t, t->in.reg, h), wide);
    }
}

/* To DS:(E/R)DI, bytes whose mask has its top bit set */
void emit_MASKMOVDQU(struct x86_tr *t)
{
    const struct x86_insn *in = &t->in;
    int64_t disp = 0;
    ir_ref ea, a;

    if (!vec_begin(t)) {
        return;
    }
    ea = in->asize == 8 ? xt_r64(t, X86_RDI) : xt_to64(t, xt_reg(t, X86_RDI, in->asize));
    a = xt_linear(t, in->seg >= 0 ? in->seg : X86_DS, ea, &disp, 16, true);
    xt_call(t, X86_HELPER_masked_bytes, 3, ir_add(t->ir, a, ir_i64(t->ir, disp)), vec_reg(t, in->rm, 0), vec_reg(t, in->reg, 0));
}

/* The helper does the instruction on the CPU struct: it can be interrupted by a fault after any lane. */
void emit_GATHER(struct x86_tr *t)
{
    struct x86_insn *in = &t->in;
    unsigned index = in->index < 0 ? 4 : in->index, what;   /* number 4 is a register here */
    int64_t disp = in->disp;
    ir_ref base;

    if (!vec_begin(t)) {
        return;
    }
    if ((in->modrm & 7) != 4 || index == in->reg || index == in->vvvv || in->reg == in->vvvv) {
        xt_raise_now(t, X86_UD);
        return;
    }
    base = in->base >= 0 ? xt_r64(t, in->base) : ir_i64(t->ir, 0);
    what = in->reg | in->vvvv << 4 | index << 8 | in->scale << 12 | (in->opcode & 1) << 14 | in->w << 15 | in->l << 16 |
           (in->asize == 4) << 17 | xt_mem_seg(in) << 18;
    xt_call(t, X86_HELPER_gather, 3, ir_i32(t->ir, what), base, ir_i64(t->ir, disp));
}

/* ---- half precision ---- */

static ir_ref int_half(struct x86_tr *t, ir_ref v, unsigned half)
{
    return ir_vget(t->ir, IR_I64, 3, v, half);
}

void emit_VCVTPH2PS(struct x86_tr *t)
{
    ir_ref b, r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    b = t->in.mem ? vec_load(t, vec_halves(t) * 8, 0, false) : vec_reg(t, t->in.rm, 0);
    vec_fp_begin(t);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = xt_call(t, X86_HELPER_from_half, 1, int_half(t, b, h));
    }
    vec_fp_end(t);
    vec_put_both(t, t->in.reg, r);
}

void emit_VCVTPS2PH(struct x86_tr *t)
{
    ir_ref r[2], v;

    if (!vec_begin(t)) {
        return;
    }
    vec_fp_begin(t);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = xt_call(t, X86_HELPER_to_half, 2, vec_reg(t, t->in.reg, h), ir_i32(t->ir, vec_imm(t)));
    }
    vec_fp_end(t);
    if (vec_halves(t) == 1 && t->in.mem) {
        ir_st(t->ir, t->addr, t->disp, r[0], IR_MEM_64 | t->mem);
        return;
    }
    v = ir_vfrom(t->ir, r[0]);
    v = vec_halves(t) == 2 ? ir_vset(t->ir, 3, v, 1, r[1]) : v;
    if (t->in.mem) {
        vec_store(t, v, 0, false);
    } else {
        vec_put(t, t->in.rm, v, 0);
    }
}

/* ---- SHA (SDM vol. 1, "Intel SHA Extensions") ---- */

static void sha(struct x86_tr *t, enum x86_sha which)
{
    unsigned imm = which == X86_SHA1RNDS4 ? vec_imm(t) & 3 : 0;
    ir_ref b;

    if (!vec_begin(t)) {
        return;
    }
    b = vec_rm(t, 1, 0);
    vec_put(t, t->in.reg, xt_call(t, X86_HELPER_sha, 4, ir_i32(t->ir, which | imm << 8), vec_reg(t, t->in.reg, 0), b,
                                   vec_reg(t, 0, 0)), 0);
}

#define SHA(name) void emit_##name(struct x86_tr *t) { sha(t, X86_##name); }
SHA(SHA1NEXTE) SHA(SHA1MSG1) SHA(SHA1MSG2) SHA(SHA1RNDS4) SHA(SHA256RNDS2) SHA(SHA256MSG1) SHA(SHA256MSG2)
