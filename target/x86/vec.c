/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSE and AVX: operands, and the instructions that do one of the IR's vector operations on each 128 bits. */
#include "target/x86/table.h"
#include "target/x86/vec_impl.h"

/* ---- may it run, exceptions ---- */

/* X86_KEY_AVX without X86_KEY_SSE: SSE is there, and some floating-point exception is unmasked. */
static bool unmasked(const struct x86_tr *t)
{
    return (t->key & (X86_KEY_SSE | X86_KEY_AVX)) == X86_KEY_AVX;
}

bool vec_begin(struct x86_tr *t)
{
    bool vex = t->in.vex;

    if (unmasked(t)) {
        if (vex) {
            xt_call(t, X86_HELPER_need_avx, 0);
        }
        return true;
    }
    if (t->key & X86_KEY_SSE && (!vex || t->key & X86_KEY_AVX)) {
        return true;
    }
    xt_call(t, X86_HELPER_fpu_unavailable, 1, ir_i32(t->ir, vex ? 2 : 1));
    xt_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
    return false;
}

void vec_fp_begin(struct x86_tr *t)
{
    if (unmasked(t)) {
        xt_call(t, X86_HELPER_xm_begin, 0);
    }
}

void vec_fp_end(struct x86_tr *t)
{
    if (unmasked(t)) {
        xt_call(t, X86_HELPER_xm_end, 0);
    }
}

/* ---- operands ---- */

ir_ref vec_load(struct x86_tr *t, unsigned bytes, unsigned half, bool aligned)
{
    struct ir *ir = t->ir;
    ir_ref a = t->addr;
    int64_t disp = t->disp + 16 * half;

    switch (bytes) {
    case 1: case 2:
        return ir_vfrom(ir, ir_ld(ir, IR_I32, a, disp, (bytes == 1 ? IR_MEM_8 : IR_MEM_16) | t->mem));
    case 4:
        return ir_vfrom(ir, ir_ld(ir, IR_F32, a, disp, IR_MEM_32 | t->mem));
    case 8:
        return ir_vfrom(ir, ir_ld(ir, IR_F64, a, disp, IR_MEM_64 | t->mem));
    }
    return ir_ld(ir, IR_V128, a, disp, IR_MEM_128 | (t->mem & ~IR_MEM_ALIGN) | (aligned ? IR_MEM_ALIGN : 0));
}

void vec_demand_32(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref a = ir_add(ir, t->addr, ir_i64(ir, t->disp));

    t->addr = ir_or(ir, a, ir_and(ir, ir_shr(ir, a, ir_i64(ir, 1)), ir_i64(ir, 8)));
    t->disp = 0;
}

ir_ref vec_rm(struct x86_tr *t, unsigned i, unsigned half)
{
    unsigned bytes = x86_operand_bytes(&t->in, t->in.row->ops[i]);

    return t->in.mem ? vec_load(t, MIN(bytes, 16), half, !t->in.vex) : vec_reg(t, t->in.rm, half);
}

void vec_rm_both(struct x86_tr *t, unsigned i, ir_ref v[2])
{
    for (unsigned h = 0; h < vec_halves(t); h++) {
        v[h] = vec_rm(t, i, h);
    }
}

void vec_store(struct x86_tr *t, ir_ref low, ir_ref high, bool aligned)
{
    unsigned mem = IR_MEM_128 | (t->mem & ~IR_MEM_ALIGN) | (aligned ? IR_MEM_ALIGN : 0);

    if (high) {
        ir_probe(t->ir, t->addr, t->disp + 16, IR_MEM_128 | (t->mem & ~IR_MEM_ALIGN));    /* nothing is written if this half faults */
    }
    ir_st(t->ir, t->addr, t->disp, low, mem);
    if (high) {
        ir_st(t->ir, t->addr, t->disp + 16, high, mem);
    }
}

void vec_put(struct x86_tr *t, unsigned n, ir_ref low, ir_ref high)
{
    ir_put(t->ir, X86_SLOT_XMM + n, low);
    if (t->in.vex) {
        ir_put(t->ir, X86_SLOT_YMMH + n, high ? high : ir_const(t->ir, IR_V128, 0));
    }
}

void vec_put_both(struct x86_tr *t, unsigned n, const ir_ref r[2])
{
    vec_put(t, n, r[0], vec_halves(t) == 2 ? r[1] : 0);
}

/* The last operand but for immediates */
static unsigned last_operand(const struct x86_row *row)
{
    unsigned i = row->nops - 1;

    return row->ops[i].kind == X86_OP_I ? i - 1 : i;
}

static unsigned destination(const struct x86_tr *t)
{
    switch (t->in.row->ops[0].kind) {
    case X86_OP_V: return t->in.reg;
    case X86_OP_H: return t->in.vvvv;
    default: return t->in.rm;
    }
}

/* ---- one operation on each 128 bits ---- */

/* The part of an immediate that is for a half: some have bits for each lane of all 256. */
static unsigned imm_of(const struct x86_tr *t, enum ir_vop vop, unsigned half)
{
    unsigned imm = vec_imm(t);

    switch (vop) {
    case IR_V_blendi32: return half ? imm >> 4 : imm & 15;
    case IR_V_blendi64: case IR_V_shufpd: return imm >> 2 * half & 3;
    case IR_V_mpsad8: return imm >> 3 * half & 7;
    case IR_V_cmpps: case IR_V_cmppd: case IR_V_cmpss: case IR_V_cmpsd: return imm & (t->in.vex ? 31 : 7);
    default: return ir_vops[vop].imm ? imm : 0;
    }
}

static bool scalar(struct x86_operand op)
{
    return op.size == X86_SIZE_SS || op.size == X86_SIZE_SD;
}

static void lanes(struct x86_tr *t, enum ir_vop vop)
{
    unsigned last = last_operand(t->in.row), halves = scalar(t->in.row->ops[last]) ? 1 : vec_halves(t);
    bool fp = ir_vops[vop].op >= IR_OP_vf1, two = ir_ops[ir_vops[vop].op].values == 2;
    ir_ref b[2], r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    for (unsigned h = 0; h < halves; h++) {
        b[h] = vec_rm(t, last, h);
    }
    if (fp) {
        vec_fp_begin(t);
    }
    for (unsigned h = 0; h < halves; h++) {
        unsigned imm = imm_of(t, vop, h);

        r[h] = two ? ir_vop2(t->ir, vop, vec_first(t, h), b[h], imm) : ir_vop1(t->ir, vop, b[h], imm);
    }
    if (fp) {
        vec_fp_end(t);
    }
    vec_put(t, destination(t), r[0], r[1]);
}

#define VOP(op, name, imm, text) void emit_v_##name(struct x86_tr *t);
#include "tcg/vops.def"
#undef VOP
#define VOP(op, name, imm, text) void emit_v_##name(struct x86_tr *t) { lanes(t, IR_V_##name); }
#include "tcg/vops.def"
#undef VOP

void emit_ANDN_V(struct x86_tr *t)
{
    ir_ref r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, last_operand(t->in.row), r);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = ir_vop2(t->ir, IR_V_andc, r[h], vec_first(t, h), 0);
    }
    vec_put_both(t, t->in.reg, r);
}

/* ---- shifts by a register: the count is in the first 128 bits for both halves ---- */

static void shift(struct x86_tr *t, enum ir_vop vop)
{
    ir_ref count, r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    count = vec_rm(t, last_operand(t->in.row), 0);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = ir_vop2(t->ir, vop, vec_first(t, h), count, 0);
    }
    vec_put_both(t, t->in.reg, r);
}

#define SHIFT(name) void emit_s_##name(struct x86_tr *t) { shift(t, IR_V_##name); }
SHIFT(shl16) SHIFT(shl32) SHIFT(shl64) SHIFT(shr16) SHIFT(shr32) SHIFT(shr64) SHIFT(sar16) SHIFT(sar32)

static void variable_shift(struct x86_tr *t, unsigned which)
{
    ir_ref b[2], r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 2, b);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = xt_call(t, X86_HELPER_shift_lanes, 3, ir_i32(t->ir, which), vec_first(t, h), b[h]);
    }
    vec_put_both(t, t->in.reg, r);
}

#define VARIABLE(name, which) void emit_##name(struct x86_tr *t) { variable_shift(t, which); }
VARIABLE(VPSLLVD, X86_SHIFT_SLL32) VARIABLE(VPSRLVD, X86_SHIFT_SRL32) VARIABLE(VPSRAVD, X86_SHIFT_SRA32)
VARIABLE(VPSLLVQ, X86_SHIFT_SLL64) VARIABLE(VPSRLVQ, X86_SHIFT_SRL64)

/* ---- to wider lanes: the second half comes from further up in the source ---- */

static void widen(struct x86_tr *t, enum ir_vop vop, unsigned bytes)
{
    bool fp = ir_vops[vop].op >= IR_OP_vf1;
    ir_ref b, r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    b = t->in.mem ? vec_load(t, x86_operand_bytes(&t->in, t->in.row->ops[1]), 0, false) : vec_reg(t, t->in.rm, 0);
    if (fp) {
        vec_fp_begin(t);
    }
    r[0] = ir_vop1(t->ir, vop, b, 0);
    if (vec_halves(t) == 2) {
        r[1] = ir_vop1(t->ir, vop, ir_vop1(t->ir, IR_V_shrb, b, bytes), 0);
    }
    if (fp) {
        vec_fp_end(t);
    }
    vec_put_both(t, t->in.reg, r);
}

#define WIDEN(name, bytes) void emit_w_##name(struct x86_tr *t) { widen(t, IR_V_##name, bytes); }
WIDEN(sx8_16, 8) WIDEN(sx8_32, 4) WIDEN(sx8_64, 2) WIDEN(sx16_32, 8) WIDEN(sx16_64, 4) WIDEN(sx32_64, 8)
WIDEN(zx8_16, 8) WIDEN(zx8_32, 4) WIDEN(zx8_64, 2) WIDEN(zx16_32, 8) WIDEN(zx16_64, 4) WIDEN(zx32_64, 8)
WIDEN(cvt_s_pd, 8) WIDEN(cvt_ps_pd, 8)

/* Doubles to singles or integers: both halves end in the lower one. */
static void narrow(struct x86_tr *t, enum ir_vop vop)
{
    ir_ref b[2], r[2];
    unsigned halves = vec_halves(t);

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 1, b);
    vec_fp_begin(t);
    for (unsigned h = 0; h < halves; h++) {
        r[h] = ir_vop1(t->ir, vop, b[h], 0);
    }
    vec_fp_end(t);
    vec_put(t, t->in.reg, halves == 2 ? ir_vop2(t->ir, IR_V_zip64, r[0], r[1], 0) : r[0], 0);
}

#define NARROW(name) void emit_n_##name(struct x86_tr *t) { narrow(t, IR_V_##name); }
NARROW(cvt_pd_s) NARROW(cvtt_pd_s) NARROW(cvt_pd_ps)

/* ---- fused multiply-add: operands 1, 2, 3 by the form's digits ---- */

static void fma3(struct x86_tr *t, enum ir_vop vop, unsigned form)
{
    bool single = scalar(t->in.row->ops[2]), wide = t->in.row->ops[2].size == X86_SIZE_SD;
    unsigned halves = single ? 1 : vec_halves(t);
    ir_ref op[4], rm[2], r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    for (unsigned h = 0; h < halves; h++) {
        rm[h] = vec_rm(t, 2, h);
    }
    vec_fp_begin(t);
    for (unsigned h = 0; h < halves; h++) {
        op[1] = vec_reg(t, t->in.reg, h);
        op[2] = vec_reg(t, t->in.vvvv, h);
        op[3] = rm[h];
        r[h] = ir_vop3(t->ir, vop, op[form / 100], op[form / 10 % 10], op[form % 10]);
        if (single && form != 231) {    /* the other lanes are operand 1's, not the addend's */
            r[h] = ir_vop2(t->ir, wide ? IR_V_blendi64 : IR_V_blendi32, op[1], r[h], 1);
        }
    }
    vec_fp_end(t);
    vec_put(t, t->in.reg, r[0], r[1]);
}

#define FMA(name) \
    void emit_F132_##name(struct x86_tr *t) { fma3(t, IR_V_##name, 132); } \
    void emit_F213_##name(struct x86_tr *t) { fma3(t, IR_V_##name, 213); } \
    void emit_F231_##name(struct x86_tr *t) { fma3(t, IR_V_##name, 231); }
FMA(fmaddps) FMA(fmaddpd) FMA(fmaddss) FMA(fmaddsd) FMA(fmsubps) FMA(fmsubpd) FMA(fmsubss) FMA(fmsubsd)
FMA(fnmaddps) FMA(fnmaddpd) FMA(fnmaddss) FMA(fnmaddsd) FMA(fnmsubps) FMA(fnmsubpd) FMA(fnmsubss) FMA(fnmsubsd)
FMA(fmaddsubps) FMA(fmaddsubpd) FMA(fmsubaddps) FMA(fmsubaddpd)

/* ---- blends by the top bits of a mask: XMM0 in legacy encodings ---- */

/* Each byte's top bit := its lane's */
static ir_ref spread_mask(struct x86_tr *t, ir_ref mask, unsigned bits)
{
    if (bits == 64) {
        mask = ir_vop1(t->ir, IR_V_shuf32, mask, 0xf5);
    }
    return bits == 8 ? mask : ir_vop1(t->ir, IR_V_sari32, mask, 31);
}

static void blend(struct x86_tr *t, unsigned bits)
{
    unsigned i = t->in.vex ? 2 : 1, mask = t->in.vex ? vec_imm(t) >> 4 & (xt_code64(t) ? 15 : 7) : 0;
    ir_ref b[2], r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, i, b);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = ir_vop3(t->ir, IR_V_blend8, spread_mask(t, vec_reg(t, mask, h), bits), b[h], vec_first(t, h));
    }
    vec_put_both(t, t->in.reg, r);
}

void emit_BLENDV8(struct x86_tr *t)
{
    blend(t, 8);
}

void emit_BLENDV32(struct x86_tr *t)
{
    blend(t, 32);
}

void emit_BLENDV64(struct x86_tr *t)
{
    blend(t, 64);
}
