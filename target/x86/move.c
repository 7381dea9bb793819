/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data transfer: MOV in its forms, exchanges, conversions, conditional moves. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

void emit_MOV(struct x86_tr *t)
{
    xt_result(t, t->v[1]);
}

void emit_MOVZX(struct x86_tr *t)
{
    xt_result(t, xt_as(t, t->v[1], t->size));
}

void emit_MOVSX(struct x86_tr *t)
{
    unsigned from = x86_operand_bytes(&t->in, t->in.row->ops[1]);
    ir_ref v = xt_sext(t, t->v[1], from);

    xt_result(t, t->size == 8 ? ir_exts32(t->ir, v) : v);
}

void emit_MOVSXD(struct x86_tr *t)
{
    xt_result(t, t->size == 8 ? ir_exts32(t->ir, t->v[1]) : t->v[1]);
}

void emit_LEA(struct x86_tr *t)
{
    xt_result(t, xt_as(t, xt_effective(t), t->size));
}

void emit_XCHG(struct x86_tr *t)
{
    const struct x86_insn *in = &t->in;
    bool z = in->row->ops[0].kind == X86_OP_Z;

    if (in->mem) {
        /* with memory it is locked always */
        ir_ref old = xt_atomic(t, IR_RMW_XCHG, t->v[1]);

        xt_set_reg(t, in->reg, t->size, old);
        return;
    }
    if (z && in->rm == 0) {
        return;             /* NOP: nothing is written, not even upper halves */
    }
    xt_set_reg(t, z ? X86_RAX : in->reg, t->size, t->v[0]);
    xt_result(t, t->v[1]);
}

void emit_XADD(struct x86_tr *t)
{
    ir_ref a = t->locked ? xt_atomic(t, IR_RMW_ADD, t->v[1]) : t->v[0], r = ir_add(t->ir, a, t->v[1]);

    xt_cc_set(t, X86_CC_ADDB, r, t->v[1], 0);
    if (t->in.mem && !t->locked) {
        xt_store(t, t->addr, t->disp, r, t->size);
        xt_set_reg(t, t->in.reg, t->size, a);
        return;
    }
    xt_set_reg(t, t->in.reg, t->size, a);
    xt_result(t, r);
}

void emit_CMPXCHG(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref acc = xt_reg(t, X86_RAX, t->size), old, same_a, same_b;
    ir_ref whole = xt_r64(t, X86_RAX), before = t->in.mem ? 0 : xt_r64(t, t->in.rm), changed;

    if (t->locked) {
        ir_ref a = t->disp ? ir_add(ir, t->addr, ir_i64(ir, t->disp)) : t->addr;

        old = ir_cas(ir, a, acc, t->v[1], __builtin_ctz(t->size) | t->mem | IR_MEM_ATOMIC);
        old = xt_zext(t, old, t->size);
    } else {
        old = t->v[0];
    }
    same_a = old;
    same_b = acc;
    xt_cc_set(t, X86_CC_SUBB, acc, old, 0);
    if (t->in.mem && !t->locked) {
        xt_store(t, t->addr, t->disp, ir_select(ir, IR_EQ, same_a, same_b, t->v[1], old), t->size);
    }
    /* The accumulator changes only where they differ; then a 32-bit one is zero-extended. */
    changed = t->size == 8 ? old : t->size == 4 ? ir_extu32(ir, old) :
              ir_or(ir, ir_and(ir, whole, ir_i64(ir, t->size == 1 ? ~0xffll : ~0xffffll)), ir_extu32(ir, old));
    ir_put(ir, X86_SLOT_R + X86_RAX, ir_select(ir, IR_EQ, same_a, same_b, whole, changed));
    if (!t->in.mem && t->size == 4) {
        /* where they differ not even the upper half of the register changes */
        ir_put(ir, X86_SLOT_R + t->in.rm, ir_select(ir, IR_EQ, same_a, same_b, ir_extu32(ir, t->v[1]), before));
    } else if (!t->in.mem) {
        xt_result(t, ir_select(ir, IR_EQ, same_a, same_b, t->v[1], old));
    }
}

/* Only ZF is written. */
static void set_zf(struct x86_tr *t, ir_ref bit)
{
    struct ir *ir = t->ir;
    ir_ref all = ir_and(ir, xt_cc_all(t), ir_i64(ir, ~(int64_t)X86_ZF));

    xt_cc_set_all(t, ir_or(ir, all, ir_shl(ir, bit, ir_i64(ir, 6))));
}

static void compare_8_bytes(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref want, new, old, a = xt_effective(t), eax = xt_r64(t, X86_RAX), edx = xt_r64(t, X86_RDX);
    int64_t disp = 0;

    a = xt_linear(t, xt_mem_seg(&t->in), a, &disp, 8, true);
    a = disp ? ir_add(ir, a, ir_i64(ir, disp)) : a;
    want = ir_or(ir, ir_extu32(ir, eax), ir_shl(ir, edx, ir_i64(ir, 32)));
    new = ir_or(ir, ir_extu32(ir, xt_r64(t, X86_RBX)), ir_shl(ir, xt_r64(t, X86_RCX), ir_i64(ir, 32)));
    old = ir_cas(ir, a, want, new, IR_MEM_64 | t->mem | IR_MEM_ATOMIC);
    ir_put(ir, X86_SLOT_R + X86_RAX, ir_select(ir, IR_EQ, old, want, eax, ir_extu32(ir, old)));
    ir_put(ir, X86_SLOT_R + X86_RDX, ir_select(ir, IR_EQ, old, want, edx, ir_shr(ir, old, ir_i64(ir, 32))));
    set_zf(t, ir_setcond(ir, IR_EQ, old, want));
}

/* CMPXCHG16B; the host's compare-and-exchange of 128 bits. */
static void compare_16_bytes(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref a = xt_effective(t), rax = xt_r64(t, X86_RAX), rdx = xt_r64(t, X86_RDX), old, differs;
    int64_t disp = 0;

    a = xt_linear(t, xt_mem_seg(&t->in), a, &disp, 16, true);
    a = disp ? ir_add(ir, a, ir_i64(ir, disp)) : a;
    old = ir_cas(ir, a, ir_pair(ir, rax, rdx), ir_pair(ir, xt_r64(t, X86_RBX), xt_r64(t, X86_RCX)),
                 IR_MEM_128 | t->mem | IR_MEM_ATOMIC | IR_MEM_ALIGN);
    differs = ir_or(ir, ir_xor(ir, ir_lo(ir, old), rax), ir_xor(ir, ir_hi(ir, old), rdx));
    ir_put(ir, X86_SLOT_R + X86_RAX, ir_lo(ir, old));
    ir_put(ir, X86_SLOT_R + X86_RDX, ir_hi(ir, old));
    set_zf(t, ir_setcond(ir, IR_EQ, differs, ir_i64(ir, 0)));
}

void emit_CMPXCHG8B(struct x86_tr *t)
{
    bool wide = xt_code64(t) && t->in.w;

    if (!x86_has(t->cpu, wide ? X86_FEAT_CX16 : X86_FEAT_CX8)) {
        xt_raise_now(t, X86_UD);
    } else if (wide) {
        compare_16_bytes(t);
    } else {
        compare_8_bytes(t);
    }
}

static bool is_cond(struct x86_tr *t, struct x86_cond *c)
{
    *c = xt_condition(t, t->in.opcode & 15);
    return true;
}

void emit_CMOV(struct x86_tr *t)
{
    struct x86_cond c;

    is_cond(t, &c);
    xt_result(t, ir_select(t->ir, c.c, c.a, c.b, t->v[1], t->v[0]));
}

void emit_SET(struct x86_tr *t)
{
    struct x86_cond c;

    is_cond(t, &c);
    xt_result(t, ir_trunc(t->ir, ir_setcond(t->ir, c.c, c.a, c.b)));
}

/* CBW, CWDE, CDQE */
void emit_CBW(struct x86_tr *t)
{
    unsigned n = t->in.opsize;

    xt_set_reg(t, X86_RAX, n, n == 8 ? ir_exts32(t->ir, xt_r64(t, X86_RAX)) :
                xt_sext(t, xt_reg(t, X86_RAX, n / 2), n / 2));
}

/* CWD, CDQ, CQO */
void emit_CWD(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref v = xt_sext(t, xt_reg(t, X86_RAX, n), n);

    xt_set_reg(t, X86_RDX, n, ir_sar(t->ir, v, ir_const(t->ir, xt_type(n), n == 8 ? 63 : 31)));
}

void emit_XLAT(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref a = ir_add(ir, xt_r64(t, X86_RBX), ir_extu8(ir, xt_r64(t, X86_RAX)));
    int64_t disp = 0;

    a = t->in.asize == 8 ? a : xt_zext(t, a, t->in.asize);
    a = xt_linear(t, t->in.seg >= 0 ? t->in.seg : X86_DS, a, &disp, 1, false);
    xt_set_reg(t, X86_RAX, 1, xt_load(t, a, disp, 1));
}

void emit_SAHF(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    const int64_t bits = X86_SF | X86_ZF | X86_AF | X86_PF | X86_CF;
    ir_ref ah = ir_shr(ir, xt_r64(t, X86_RAX), ir_i64(ir, 8)), of;

    if (xt_code64(t) && !x86_has(t->cpu, X86_FEAT_LAHF_LM)) {
        xt_raise_now(t, X86_UD);
        return;
    }
    of = ir_and(ir, xt_cc_all(t), ir_i64(ir, X86_OF));
    xt_cc_set_all(t, ir_or(ir, of, ir_and(ir, ah, ir_i64(ir, bits))));
}

void emit_LAHF(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref rax = ir_and(ir, xt_r64(t, X86_RAX), ir_i64(ir, ~0xff00ll)), f;

    if (xt_code64(t) && !x86_has(t->cpu, X86_FEAT_LAHF_LM)) {
        xt_raise_now(t, X86_UD);
        return;
    }
    f = ir_or(ir, ir_extu8(ir, xt_cc_all(t)), ir_i64(ir, X86_FLAGS_1));
    ir_put(ir, X86_SLOT_R + X86_RAX, ir_or(ir, rax, ir_shl(ir, f, ir_i64(ir, 8))));
}

void emit_MOVBE(struct x86_tr *t)
{
    struct ir *ir = t->ir;

    xt_result(t, t->size == 2 ? ir_shr(ir, ir_bswap(ir, t->v[1]), ir_i32(ir, 16)) : ir_bswap(ir, t->v[1]));
}

/* ---- flags that instructions set alone ---- */

static void set_carry(struct x86_tr *t, ir_ref c)
{
    xt_cc_override(t, X86_CC_OVER_CF, c);
}

void emit_CLC(struct x86_tr *t)
{
    set_carry(t, ir_i64(t->ir, 0));
}

void emit_STC(struct x86_tr *t)
{
    set_carry(t, ir_i64(t->ir, 1));
}

void emit_CMC(struct x86_tr *t)
{
    set_carry(t, ir_xor(t->ir, xt_carry(t), ir_i64(t->ir, 1)));
}

void emit_CLD(struct x86_tr *t)
{
    ir_put(t->ir, X86_SLOT_DF, ir_i64(t->ir, 1));
}

void emit_STD(struct x86_tr *t)
{
    ir_put(t->ir, X86_SLOT_DF, ir_i64(t->ir, -1));
}

/* ---- nothing ---- */

void emit_NOP(struct x86_tr *t)
{
}

void emit_PAUSE(struct x86_tr *t)
{
    if (t->key & (X86_KEY_STEP | X86_KEY_INHIBIT) || t->tb->single_step) {
        return;
    }
    xt_exit(t, t->next_pc, IR_EXIT_YIELD);
}

void emit_UD2(struct x86_tr *t)
{
    xt_raise_now(t, X86_UD);
}
