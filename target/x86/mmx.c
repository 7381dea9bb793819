/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MMX. Register mmN is the mantissa of the x87's physical register N; each instruction but EMMS makes TOP 0 and all registers
 * valid, and what it writes a NaN or infinity to x87 (SDM vol. 1, "MMX State and the x87 FPU"). The work is done by the IR's
 * vector operations on 128 bits, of which the lower half counts.
 */
#include "target/x86/table.h"
#include "target/x86/vec_impl.h"

/* May it run? Else #UD, #NM or #MF is raised here, and where false is returned the block has ended. */
static bool begin(struct x86_tr *t)
{
    if (!(t->key & X86_KEY_X87)) {
        xt_call(t, X86_HELPER_fpu_unavailable, 1, ir_i32(t->ir, 4));
        xt_exit(t, t->pc, IR_EXIT_LOOKUP);
        return false;
    }
    xt_call(t, X86_HELPER_fwait, 0);
    return true;
}

static ir_ref reg(struct x86_tr *t, unsigned n)
{
    return ir_get(t->ir, X86_SLOT_MM + (n & 7));
}

/* The instruction is done, and writes no register. */
static void done(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_mmx_done, 1, ir_i32(t->ir, 8));
}

static void put(struct x86_tr *t, unsigned n, ir_ref v)
{
    xt_call(t, X86_HELPER_mmx_done, 1, ir_i32(t->ir, n & 7));
    ir_put(t->ir, X86_SLOT_MM + (n & 7), v);
}

/* Operand i, Q or N, as I64. */
static ir_ref source(struct x86_tr *t, unsigned i)
{
    unsigned bytes = x86_operand_bytes(&t->in, t->in.row->ops[i]);

    return t->in.mem ? xt_to64(t, xt_load(t, t->addr, t->disp, bytes)) : reg(t, t->in.rm);
}

static ir_ref wide(struct x86_tr *t, ir_ref v)
{
    return ir_vfrom(t->ir, v);
}

static ir_ref half(struct x86_tr *t, ir_ref v, unsigned n)
{
    return ir_vget(t->ir, IR_I64, 3, v, n);
}

/* ---- one operation ---- */

enum how {
    PLAIN,
    UPPER,                              /* the result is the upper half */
    BOTH,                               /* it takes both operands, one behind the other, twice */
};

static void lanes(struct x86_tr *t, enum ir_vop vop, enum how how)
{
    const struct x86_row *row = t->in.row;
    bool shift = row->ops[0].kind == X86_OP_N, two = ir_ops[ir_vops[vop].op].values == 2;
    unsigned to = shift ? t->in.rm : t->in.reg, imm = ir_vops[vop].imm ? vec_imm(t) : 0;
    ir_ref a, b;

    if (!begin(t)) {
        return;
    }
    b = wide(t, shift ? reg(t, t->in.rm) : source(t, 1));
    if (!two) {
        put(t, to, half(t, ir_vop1(t->ir, vop, b, imm), 0));
        return;
    }
    a = wide(t, reg(t, t->in.reg));
    if (how == BOTH) {
        a = b = ir_vop2(t->ir, IR_V_zip64, a, b, 0);
    }
    put(t, to, half(t, ir_vop2(t->ir, vop, a, b, imm), how == UPPER));
}

#define LANES(name) void emit_m_##name(struct x86_tr *t) { lanes(t, IR_V_##name, PLAIN); }
#define TWICE(name) void emit_m_##name(struct x86_tr *t) { lanes(t, IR_V_##name, BOTH); }
LANES(zip8) LANES(zip16) LANES(zip32) LANES(cmpgt8) LANES(cmpgt16) LANES(cmpgt32) LANES(cmpeq8) LANES(cmpeq16) LANES(cmpeq32)
LANES(mul16) LANES(subus8) LANES(subus16) LANES(and) LANES(addus8) LANES(addus16) LANES(mulhs16) LANES(subs8) LANES(subs16)
LANES(or) LANES(adds8) LANES(adds16) LANES(xor) LANES(madd16) LANES(sub8) LANES(sub16) LANES(sub32) LANES(sub64) LANES(add8)
LANES(add16) LANES(add32) LANES(add64) LANES(minu8) LANES(maxu8) LANES(avgu8) LANES(avgu16) LANES(mulhu16) LANES(mins16)
LANES(maxs16) LANES(sad8) LANES(muleu32) LANES(maddus8) LANES(sign8) LANES(sign16) LANES(sign32) LANES(mulhr16) LANES(abs8)
LANES(abs16) LANES(abs32) LANES(shr16) LANES(shr32) LANES(shr64) LANES(sar16) LANES(sar32) LANES(shl16) LANES(shl32)
LANES(shl64) LANES(shri16) LANES(shri32) LANES(shri64) LANES(sari16) LANES(sari32) LANES(shli16) LANES(shli32) LANES(shli64)
LANES(shuflo16)
TWICE(packs16) TWICE(packus16) TWICE(packs32) TWICE(hadd16) TWICE(hadd32) TWICE(hadds16) TWICE(hsub16) TWICE(hsub32)
TWICE(hsubs16)

#define UPPER_HALF(name, bits) void emit_m_##name(struct x86_tr *t) { lanes(t, IR_V_zip##bits, UPPER); }
UPPER_HALF(ziph8, 8) UPPER_HALF(ziph16, 16) UPPER_HALF(ziph32, 32)

void emit_MMX_PANDN(struct x86_tr *t)
{
    if (begin(t)) {
        ir_ref b = source(t, 1);

        put(t, t->in.reg, ir_andc(t->ir, b, reg(t, t->in.reg)));
    }
}

/* An index has three bits here. */
void emit_MMX_PSHUFB(struct x86_tr *t)
{
    struct ir *ir = t->ir;

    if (begin(t)) {
        ir_ref b = ir_and(ir, source(t, 1), ir_i64(ir, (int64_t)0x8787878787878787));

        put(t, t->in.reg, half(t, ir_vop2(ir, IR_V_shuf8, wide(t, reg(t, t->in.reg)), wide(t, b), 0), 0));
    }
}

void emit_MMX_PALIGNR(struct x86_tr *t)
{
    struct ir *ir = t->ir;

    if (begin(t)) {
        ir_ref b = wide(t, source(t, 1)), v = ir_vop2(ir, IR_V_zip64, b, wide(t, reg(t, t->in.reg)), 0);

        put(t, t->in.reg, half(t, ir_vop1(ir, IR_V_shrb, v, vec_imm(t)), 0));
    }
}

/* ---- moves ---- */

void emit_MMX_FROM_INT(struct x86_tr *t)
{
    if (begin(t)) {
        put(t, t->in.reg, xt_to64(t, t->v[1]));
    }
}

void emit_MMX_TO_INT(struct x86_tr *t)
{
    if (begin(t)) {
        ir_ref v = reg(t, t->in.reg);

        done(t);
        xt_result(t, xt_as(t, v, t->size));
    }
}

void emit_MMX_LOAD(struct x86_tr *t)
{
    if (begin(t)) {
        put(t, t->in.reg, source(t, 1));
    }
}

void emit_MMX_STORE(struct x86_tr *t)
{
    if (!begin(t)) {
        return;
    }
    if (!t->in.mem) {
        put(t, t->in.rm, reg(t, t->in.reg));
        return;
    }
    xt_store(t, t->addr, t->disp, reg(t, t->in.reg), 8);
    done(t);
}

void emit_MASKMOVQ(struct x86_tr *t)
{
    const struct x86_insn *in = &t->in;
    int64_t disp = 0;
    ir_ref ea, a;

    if (!begin(t)) {
        return;
    }
    ea = in->asize == 8 ? xt_r64(t, X86_RDI) : xt_to64(t, xt_reg(t, X86_RDI, in->asize));
    a = xt_linear(t, in->seg >= 0 ? in->seg : X86_DS, ea, &disp, 8, true);
    xt_call(t, X86_HELPER_masked_bytes, 3, ir_add(t->ir, a, ir_i64(t->ir, disp)), wide(t, reg(t, in->rm)), wide(t, reg(t, in->reg)));
    done(t);
}

void emit_MMX_PINSRW(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    unsigned at = 16 * (vec_imm(t) & 3);

    if (begin(t)) {
        ir_ref v = ir_and(ir, xt_to64(t, t->v[1]), ir_i64(ir, 0xffff));
        ir_ref old = ir_and(ir, reg(t, t->in.reg), ir_i64(ir, (int64_t)~(0xffffull << at)));

        put(t, t->in.reg, ir_or(ir, old, ir_shl(ir, v, ir_i64(ir, at))));
    }
}

void emit_MMX_PEXTRW(struct x86_tr *t)
{
    struct ir *ir = t->ir;

    if (begin(t)) {
        ir_ref v = ir_shr(ir, reg(t, t->in.rm), ir_i64(ir, 16 * (vec_imm(t) & 3)));

        done(t);
        xt_result(t, xt_as(t, ir_and(ir, v, ir_i64(ir, 0xffff)), t->size));
    }
}

void emit_MMX_PMOVMSKB(struct x86_tr *t)
{
    if (begin(t)) {
        ir_ref v = ir_vmask(t->ir, 0, wide(t, reg(t, t->in.rm)));

        done(t);
        xt_result(t, xt_as(t, v, t->size));
    }
}

/* ---- to and from XMM registers ---- */

/* Both units must be there. */
static bool begin_both(struct x86_tr *t, bool mmx)
{
    return vec_begin(t) && (!mmx || begin(t));
}

void emit_MOVQ2DQ(struct x86_tr *t)
{
    if (begin_both(t, true)) {
        ir_ref v = wide(t, reg(t, t->in.rm));

        done(t);
        vec_put(t, t->in.reg, v, 0);
    }
}

void emit_MOVDQ2Q(struct x86_tr *t)
{
    if (begin_both(t, true)) {
        put(t, t->in.reg, half(t, vec_reg(t, t->in.rm, 0), 0));
    }
}

void emit_CVTPI2PS(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref v;

    if (!begin_both(t, true)) {
        return;
    }
    v = wide(t, source(t, 1));
    vec_fp_begin(t);
    v = ir_vop1(ir, IR_V_cvt_s_ps, v, 0);
    vec_fp_end(t);
    done(t);
    vec_put(t, t->in.reg, ir_vset(ir, 3, vec_reg(t, t->in.reg, 0), 0, half(t, v, 0)), 0);
}

/* From memory this one has nothing to do with MMX. */
void emit_CVTPI2PD(struct x86_tr *t)
{
    ir_ref v;

    if (!begin_both(t, !t->in.mem)) {
        return;
    }
    v = wide(t, source(t, 1));
    v = ir_vop1(t->ir, IR_V_cvt_s_pd, v, 0);
    if (!t->in.mem) {
        done(t);
    }
    vec_put(t, t->in.reg, v, 0);
}

static void to_integers(struct x86_tr *t, enum ir_vop vop, bool doubles)
{
    ir_ref v;

    if (!begin_both(t, true)) {
        return;
    }
    v = vec_rm(t, 1, 0);
    v = doubles ? v : wide(t, half(t, v, 0));   /* no exceptions of the upper lanes */
    vec_fp_begin(t);
    v = ir_vop1(t->ir, vop, v, 0);
    vec_fp_end(t);
    put(t, t->in.reg, half(t, v, 0));
}

void emit_CVTPS2PI(struct x86_tr *t)
{
    to_integers(t, IR_V_cvt_ps_s, false);
}

void emit_CVTTPS2PI(struct x86_tr *t)
{
    to_integers(t, IR_V_cvtt_ps_s, false);
}

void emit_CVTPD2PI(struct x86_tr *t)
{
    to_integers(t, IR_V_cvt_pd_s, true);
}

void emit_CVTTPD2PI(struct x86_tr *t)
{
    to_integers(t, IR_V_cvtt_pd_s, true);
}
