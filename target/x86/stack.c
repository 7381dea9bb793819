/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack. Pushes store before the stack pointer moves, pops load before anything is written. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

static void push(struct x86_tr *t, ir_ref v, unsigned bytes)
{
    ir_ref sp = xt_sp_plus(t, -(int64_t)bytes);

    xt_stack_store(t, -(int64_t)bytes, v, bytes);
    xt_set_sp(t, sp);
}

void emit_PUSH(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref v = t->v[0];

    if (t->in.row->ops[0].kind == X86_OP_I || t->in.row->ops[0].kind == X86_OP_SI) {
        v = xt_const(t, n, t->in.imm);
    }
    push(t, v, n);
}

void emit_POP(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref v = xt_stack_load(t, 0, n);

    xt_set_sp(t, xt_sp_plus(t, n));       /* POP SP: the value wins */
    xt_result(t, v);
}

/* A destination in memory that uses SP uses it as it is behind the pop (SDM "POP"). */
void emit_POP_E(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref v = xt_stack_load(t, 0, n), sp = xt_sp_plus(t, n);

    if (!t->in.mem) {
        xt_set_sp(t, sp);
        xt_result(t, v);
        return;
    }
    if (t->in.base == X86_RSP) {
        int64_t disp;
        ir_ref a = ir_add(t->ir, xt_effective(t), ir_i64(t->ir, n));

        disp = 0;
        a = t->in.asize == 8 ? a : xt_zext(t, a, t->in.asize);
        t->addr = xt_linear(t, xt_mem_seg(&t->in), a, &disp, n, true);
        t->disp = disp;
    }
    xt_store(t, t->addr, t->disp, v, n);
    xt_set_sp(t, sp);
}

static unsigned stack_seg(const struct x86_tr *t)
{
    return t->in.map ? (t->in.opcode & 8 ? X86_GS : X86_FS) : t->in.opcode >> 3 & 3;
}

void emit_PUSH_SEG(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref sel = ir_extu16(t->ir, ir_get(t->ir, X86_SLOT_SEL + stack_seg(t)));

    if (n == 4 && !xt_code64(t)) {
        /* the upper half of the word on the stack stays as it was on newer processors */
        ir_ref sp = xt_sp_plus(t, -4);

        xt_stack_store(t, -4, sel, 2);
        xt_set_sp(t, sp);
        return;
    }
    push(t, xt_as(t, sel, n), n);
}

static void load_seg(struct x86_tr *t, unsigned n, ir_ref sel)
{
    struct ir *ir = t->ir;

    if (t->key & X86_KEY_REAL && n != X86_SS && !(t->key & X86_KEY_ODD)) {
        /* Limits and attributes stay (v8086 mode: those that it has anyway). */
        ir_ref attr = ir_and(ir, ir_get(ir, X86_SLOT_SEL + n), ir_i32(ir, (int32_t)0xffff0000));

        sel = ir_extu16(ir, sel);
        ir_put(ir, X86_SLOT_SEL + n, ir_or(ir, attr, sel));
        ir_put(ir, X86_SLOT_BASE + n, ir_shl(ir, ir_extu32(ir, sel), ir_i64(ir, 4)));
        return;
    }
    xt_call(t, X86_HELPER_load_seg, 2, ir_i32(ir, n), sel);
    if (n == X86_SS) {
        xt_call(t, X86_HELPER_inhibit, 0);
    }
}

/* Behind a load of a segment register the key may be another one. */
static void end_after_seg(struct x86_tr *t, unsigned n)
{
    if (!(t->key & X86_KEY_REAL) || n == X86_SS || t->key & X86_KEY_ODD) {
        xt_next(t);
    }
}

void emit_POP_SEG(struct x86_tr *t)
{
    unsigned n = t->in.opsize, seg = stack_seg(t);
    ir_ref v = xt_stack_load(t, 0, n == 4 ? 2 : n), sp = xt_sp_plus(t, n);

    if (seg == X86_SS) {
        /* the stack pointer moves by the old segment's rules, after the load that may fault */
        xt_call(t, X86_HELPER_load_seg, 2, ir_i32(t->ir, seg), xt_as(t, v, 4));
        xt_set_sp(t, sp);
        xt_call(t, X86_HELPER_inhibit, 0);
    } else {
        load_seg(t, seg, xt_as(t, v, 4));
        xt_set_sp(t, sp);
    }
    end_after_seg(t, seg);
}

void emit_MOV_FROM_SEG(struct x86_tr *t)
{
    ir_ref sel = ir_extu16(t->ir, ir_get(t->ir, X86_SLOT_SEL + (t->in.reg & 7)));

    if ((t->in.reg & 7) >= X86_SREGS) {
        xt_raise_now(t, X86_UD);
        return;
    }
    if (t->in.mem) {
        /* always a word */
        xt_store(t, t->addr, t->disp, sel, 2);
        return;
    }
    xt_result(t, xt_as(t, sel, t->size));
}

void emit_MOV_TO_SEG(struct x86_tr *t)
{
    unsigned seg = t->in.reg & 7;

    if (seg >= X86_SREGS || seg == X86_CS) {
        xt_raise_now(t, X86_UD);
        return;
    }
    load_seg(t, seg, t->v[1]);
    end_after_seg(t, seg);
}

/* LES, LDS, LSS, LFS, LGS: a far pointer from memory. */
void emit_LSEG(struct x86_tr *t)
{
    static const uint8_t two[] = { [2] = X86_SS, [4] = X86_FS, [5] = X86_GS };
    unsigned seg = t->in.map ? two[t->in.opcode & 7] : t->in.opcode == 0xc4 ? X86_ES : X86_DS, n = t->in.opsize;
    ir_ref offset = xt_load(t, t->addr, t->disp, n), sel = xt_load(t, t->addr, t->disp + n, 2);

    load_seg(t, seg, sel);
    xt_set_reg(t, t->in.reg, n, offset);
    end_after_seg(t, seg);
}

/* ---- all registers ---- */

void emit_PUSHA(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref sp = xt_sp_plus(t, -8 * (int64_t)n);

    for (unsigned i = 0; i < 8; i++) {
        xt_stack_store(t, -(int64_t)n * (i + 1), xt_reg(t, i, n), n);
    }
    xt_set_sp(t, sp);
}

void emit_POPA(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref v[8], sp = xt_sp_plus(t, 8 * n);

    for (unsigned i = 0; i < 8; i++) {
        v[7 - i] = xt_stack_load(t, n * i, n);
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i != X86_RSP) {
            xt_set_reg(t, i, n, v[i]);
        }
    }
    xt_set_sp(t, sp);
}

/* ---- flags ---- */

void emit_PUSHF(struct x86_tr *t)
{
    ir_ref f = xt_call(t, X86_HELPER_pushf, 0);

    push(t, xt_as(t, f, t->in.opsize), t->in.opsize);
}

void emit_POPF(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref v, sp;

    xt_call(t, X86_HELPER_popf_check, 0);
    v = xt_stack_load(t, 0, n);
    sp = xt_sp_plus(t, n);
    xt_set_sp(t, sp);
    xt_call(t, X86_HELPER_popf, 2, xt_to64(t, v), ir_i32(t->ir, n));
    xt_cc_forget(t);
    if (t->key & (X86_KEY_STEP | X86_KEY_INHIBIT)) {
        xt_next(t);
    } else {
        xt_exit(t, t->next_pc, t->tb->single_step ? IR_EXIT_STEPPED : IR_EXIT_LOOKUP);
    }
}

/* ---- frames ---- */

void emit_ENTER(struct x86_tr *t)
{
    unsigned n = t->in.opsize, level = t->in.imm2 & 31, sb = xt_stack_bytes(t);
    uint16_t room = t->in.imm;
    ir_ref frame = xt_sp_plus(t, -(int64_t)n), sp;

    if (level) {
        /* rare: nested frames by helper */
        xt_call(t, X86_HELPER_enter, 3, ir_i32(t->ir, n | sb << 8), ir_i32(t->ir, level), ir_i32(t->ir, room));
        return;
    }
    sp = xt_sp_plus(t, -(int64_t)n - room);
    xt_stack_store(t, -(int64_t)n, xt_reg(t, X86_RBP, n), n);
    xt_set_sp(t, sp);
    xt_set_reg(t, X86_RBP, n == 2 ? 2 : sb == 8 ? 8 : 4, n == 2 || sb != 8 ? ir_trunc(t->ir, frame) : frame);
}

void emit_LEAVE(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    unsigned n = t->in.opsize, sb = xt_stack_bytes(t);
    ir_ref bp = sb == 8 ? xt_r64(t, X86_RBP) : xt_zext(t, xt_r64(t, X86_RBP), sb), v;
    int64_t disp = 0;
    ir_ref a = xt_linear(t, X86_SS, bp, &disp, n, false), sp;

    v = xt_load(t, a, disp, n);
    sp = ir_add(ir, bp, ir_i64(ir, n));
    xt_set_sp(t, sb == 8 ? sp : xt_zext(t, sp, sb));
    xt_set_reg(t, X86_RBP, n, v);
}
