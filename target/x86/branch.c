/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control transfer: jumps, calls, returns, loops, interrupts by instruction. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

/* Both ways of a conditional branch. */
static void branch(struct x86_tr *t, struct x86_cond c)
{
    struct ir *ir = t->ir;
    unsigned yes = ir_block_new(ir), no = ir_block_new(ir);

    ir_brcond(ir, c.c, c.a, c.b, yes, no);
    xt_begin(t, no);
    xt_goto(t, t->next_pc);
    xt_begin(t, yes);
    xt_goto_rel(t, t->in.imm);
}

void emit_J(struct x86_tr *t)
{
    branch(t, xt_condition(t, t->in.opcode & 15));
}

void emit_JMP(struct x86_tr *t)
{
    xt_goto_rel(t, t->in.imm);
}

static void push_next(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref sp = xt_sp_plus(t, -(int64_t)n);

    xt_stack_store(t, -(int64_t)n, xt_as(t, xt_next_ip(t), n), n);
    xt_set_sp(t, sp);
}

void emit_CALL(struct x86_tr *t)
{
    push_next(t);
    xt_goto_rel(t, t->in.imm);
}

static ir_ref as_ip(struct x86_tr *t, ir_ref v)
{
    return xt_to64(t, xt_zext(t, v, t->in.opsize));
}

void emit_CALL_E(struct x86_tr *t)
{
    ir_ref ip = as_ip(t, t->v[0]);

    push_next(t);
    xt_goto_ip(t, ip);
}

void emit_JMP_E(struct x86_tr *t)
{
    xt_goto_ip(t, as_ip(t, t->v[0]));
}

void emit_RET(struct x86_tr *t)
{
    unsigned n = t->in.opsize;
    ir_ref ip = as_ip(t, xt_stack_load(t, 0, n));

    xt_set_sp(t, xt_sp_plus(t, n + (uint16_t)t->in.imm));
    xt_goto_ip(t, ip);
}

/* ---- far ---- */

static void call_far(struct x86_tr *t, ir_ref sel, ir_ref ip)
{
    xt_call(t, X86_HELPER_call_far, 4, sel, ip, ir_i32(t->ir, t->in.opsize), ir_i64(t->ir, t->next_pc));
    xt_lookup_pc(t);
}

static void jmp_far(struct x86_tr *t, ir_ref sel, ir_ref ip)
{
    xt_call(t, X86_HELPER_jmp_far, 3, sel, ip, ir_i64(t->ir, t->next_pc));
    xt_lookup_pc(t);
}

static uint64_t far_ip(const struct x86_tr *t)
{
    return t->in.opsize == 2 ? (uint16_t)t->in.imm : (uint32_t)t->in.imm;
}

void emit_CALLF(struct x86_tr *t)
{
    call_far(t, ir_i32(t->ir, t->in.imm2), ir_i64(t->ir, far_ip(t)));
}

void emit_JMPF(struct x86_tr *t)
{
    jmp_far(t, ir_i32(t->ir, t->in.imm2), ir_i64(t->ir, far_ip(t)));
}

static void far_pointer(struct x86_tr *t, ir_ref *sel, ir_ref *ip)
{
    unsigned n = t->in.opsize;

    *ip = xt_to64(t, xt_load(t, t->addr, t->disp, n));
    *sel = xt_load(t, t->addr, t->disp + n, 2);
}

void emit_CALLF_M(struct x86_tr *t)
{
    ir_ref sel, ip;

    far_pointer(t, &sel, &ip);
    call_far(t, sel, ip);
}

void emit_JMPF_M(struct x86_tr *t)
{
    ir_ref sel, ip;

    far_pointer(t, &sel, &ip);
    jmp_far(t, sel, ip);
}

void emit_RETF(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_ret_far, 2, ir_i32(t->ir, t->in.opsize), ir_i32(t->ir, (uint16_t)t->in.imm));
    xt_lookup_pc(t);
}

/* By the loop: an interrupt may have been unmasked. */
static void lookup_by_loop(struct x86_tr *t)
{
    if (t->key & (X86_KEY_STEP | X86_KEY_INHIBIT)) {
        xt_lookup_pc(t);
        return;
    }
    ir_exit(t->ir, t->tb->single_step ? IR_EXIT_STEPPED : IR_EXIT_LOOKUP);
    t->ended = true;
}

void emit_IRET(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_iret, 2, ir_i32(t->ir, t->in.opsize), ir_i64(t->ir, t->next_pc));
    lookup_by_loop(t);
}

void emit_RSM(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_rsm, 0);
    lookup_by_loop(t);
}

/* ---- loops ---- */

static ir_ref count(struct x86_tr *t)
{
    unsigned n = t->in.asize;

    return n == 8 ? xt_r64(t, X86_RCX) : xt_zext(t, xt_r64(t, X86_RCX), n);
}

static ir_ref count_down(struct x86_tr *t)
{
    unsigned n = t->in.asize;
    ir_ref c = ir_sub(t->ir, xt_r64(t, X86_RCX), ir_i64(t->ir, 1));

    xt_set_reg(t, X86_RCX, n, xt_as(t, c, n));
    return n == 8 ? c : xt_zext(t, c, n);
}

void emit_LOOP(struct x86_tr *t)
{
    branch(t, (struct x86_cond) { IR_NE, count_down(t), ir_i64(t->ir, 0) });
}

static void loop_if(struct x86_tr *t, unsigned cc)
{
    struct x86_cond c = xt_condition(t, cc);
    struct ir *ir = t->ir;
    ir_ref more = ir_setcond(ir, IR_NE, count_down(t), ir_i64(ir, 0)), ok = ir_setcond(ir, c.c, c.a, c.b);

    branch(t, (struct x86_cond) { IR_NE, ir_and(ir, more, ok), ir_i64(ir, 0) });
}

void emit_LOOPE(struct x86_tr *t)
{
    loop_if(t, 4);
}

void emit_LOOPNE(struct x86_tr *t)
{
    loop_if(t, 5);
}

void emit_JCXZ(struct x86_tr *t)
{
    branch(t, (struct x86_cond) { IR_EQ, count(t), ir_i64(t->ir, 0) });
}

/* ---- interrupts ---- */

static void interrupt(struct x86_tr *t, unsigned vector)
{
    xt_call(t, X86_HELPER_int, 2, ir_i32(t->ir, vector), ir_i64(t->ir, t->next_pc));
    ir_exit(t->ir, t->tb->single_step ? IR_EXIT_STEPPED : IR_EXIT_LOOKUP);
    t->ended = true;
}

void emit_INT(struct x86_tr *t)
{
    interrupt(t, (uint8_t)t->in.imm | 0x100);
}

void emit_INT3(struct x86_tr *t)
{
    interrupt(t, X86_BP);
}

void emit_INT1(struct x86_tr *t)
{
    interrupt(t, X86_DB | 0x200);
}

void emit_INTO(struct x86_tr *t)
{
    struct x86_cond c = xt_condition(t, 0);
    struct ir *ir = t->ir;
    unsigned yes = ir_block_new(ir), no = ir_block_new(ir);

    ir_brcond(ir, c.c, c.a, c.b, yes, no);
    xt_begin(t, yes);
    interrupt(t, X86_OFLOW);
    xt_begin(t, no);
    xt_goto(t, t->next_pc);
}

void emit_BOUND(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    unsigned n = t->in.opsize, bad = ir_block_new(ir), ok = ir_block_new(ir);
    ir_ref low = xt_sext(t, xt_load(t, t->addr, t->disp, n), n), high = xt_sext(t, xt_load(t, t->addr, t->disp + n, n), n);
    ir_ref v = xt_sext(t, t->v[0], n);

    ir_brcond(ir, IR_NE, ir_or(ir, ir_setcond(ir, IR_LT, v, low), ir_setcond(ir, IR_GT, v, high)), ir_i64(ir, 0), bad, ok);
    xt_begin(t, bad);
    xt_raise_now(t, X86_BR);
    xt_begin(t, ok);
    xt_goto(t, t->next_pc);
}
