/* SPDX-License-Identifier: GPL-2.0-or-later */
/* String instructions. Single ones are IR; with a REP prefix a helper does them by runs of pages. */
#include "target/x86/table.h"
#include "target/x86/string.h"
#include "target/x86/translate.h"

static unsigned elem(const struct x86_tr *t)
{
    unsigned n = t->in.opcode & 1 ? t->in.opsize : 1;

    return (t->in.opcode & 0xfc) == 0x6c ? MIN(n, 4) : n;      /* ports */
}

static unsigned src_seg(const struct x86_tr *t)
{
    return t->in.seg >= 0 ? t->in.seg : X86_DS;
}

/* With REP: the helper runs some iterations; where it has not come to the end the instruction is entered again, past a
 * look at pending requests. */
static void repeat(struct x86_tr *t, enum x86_string op)
{
    struct ir *ir = t->ir;
    unsigned again = ir_block_new(ir), done = ir_block_new(ir);
    uint32_t how = elem(t) | t->in.asize << 4 | src_seg(t) << 8 | (t->in.rep == 0xf3) << 12;
    ir_ref more = xt_call(t, X86_HELPER_rep, 2, ir_i32(ir, op), ir_i32(ir, how));

    ir_brcond(ir, IR_NE, more, ir_i32(ir, 0), again, done);
    xt_begin(t, again);
    xt_port_done(t, t->pc);
    if (t->tb->single_step || t->key & (X86_KEY_STEP | X86_KEY_INHIBIT)) {
        xt_goto(t, t->pc);
    } else {
        ir_goto_pc(ir, t->pc, true);
    }
    xt_begin(t, done);
    xt_port_done(t, t->next_pc);
    xt_goto(t, t->next_pc);
}

static ir_ref pointer(struct x86_tr *t, unsigned n)
{
    return t->in.asize == 8 ? xt_r64(t, n) : xt_zext(t, xt_r64(t, n), t->in.asize);
}

static ir_ref source(struct x86_tr *t, int64_t *disp)
{
    *disp = 0;
    return xt_linear(t, src_seg(t), pointer(t, X86_RSI), disp, elem(t), false);
}

static ir_ref destination(struct x86_tr *t, int64_t *disp, bool write)
{
    *disp = 0;
    return xt_linear(t, X86_ES, pointer(t, X86_RDI), disp, elem(t), write);
}

static void advance(struct x86_tr *t, unsigned n)
{
    struct ir *ir = t->ir;
    ir_ref step = ir_shl(ir, ir_get(ir, X86_SLOT_DF), ir_i64(ir, __builtin_ctz(elem(t))));
    ir_ref to = ir_add(ir, xt_r64(t, n), step);

    xt_set_reg(t, n, t->in.asize, xt_as(t, to, t->in.asize));
}

void emit_MOVS(struct x86_tr *t)
{
    int64_t sd, dd;
    ir_ref s, d, v;

    if (t->in.rep) {
        repeat(t, X86_STRING_MOVS);
        return;
    }
    s = source(t, &sd);
    d = destination(t, &dd, true);
    v = xt_load(t, s, sd, elem(t));
    xt_store(t, d, dd, v, elem(t));
    advance(t, X86_RSI);
    advance(t, X86_RDI);
}

void emit_STOS(struct x86_tr *t)
{
    int64_t disp;
    ir_ref d;

    if (t->in.rep) {
        repeat(t, X86_STRING_STOS);
        return;
    }
    d = destination(t, &disp, true);
    xt_store(t, d, disp, xt_reg(t, X86_RAX, elem(t)), elem(t));
    advance(t, X86_RDI);
}

void emit_LODS(struct x86_tr *t)
{
    int64_t disp;
    ir_ref s, v;

    if (t->in.rep) {
        repeat(t, X86_STRING_LODS);
        return;
    }
    s = source(t, &disp);
    v = xt_load(t, s, disp, elem(t));
    xt_set_reg(t, X86_RAX, elem(t), v);
    advance(t, X86_RSI);
}

void emit_CMPS(struct x86_tr *t)
{
    int64_t sd, dd;
    ir_ref s, d, a, b;

    if (t->in.rep) {
        repeat(t, X86_STRING_CMPS);
        return;
    }
    s = source(t, &sd);
    d = destination(t, &dd, false);
    a = xt_load(t, s, sd, elem(t));
    b = xt_load(t, d, dd, elem(t));
    t->size = elem(t);
    xt_cc_set(t, X86_CC_SUBB, a, b, 0);
    advance(t, X86_RSI);
    advance(t, X86_RDI);
}

void emit_SCAS(struct x86_tr *t)
{
    int64_t disp;
    ir_ref d, b;

    if (t->in.rep) {
        repeat(t, X86_STRING_SCAS);
        return;
    }
    d = destination(t, &disp, false);
    b = xt_load(t, d, disp, elem(t));
    t->size = elem(t);
    xt_cc_set(t, X86_CC_SUBB, xt_reg(t, X86_RAX, elem(t)), b, 0);
    advance(t, X86_RDI);
}

/* Ports by helper in any case: a count of one is a repetition without a counter. */
static void port_string(struct x86_tr *t, enum x86_string op)
{
    struct ir *ir = t->ir;
    uint32_t how = elem(t) | t->in.asize << 4 | src_seg(t) << 8 | 1 << 13;

    if (t->in.rep) {
        repeat(t, op);
        return;
    }
    xt_call(t, X86_HELPER_rep, 2, ir_i32(ir, op), ir_i32(ir, how));
    xt_port_done(t, t->next_pc);
    xt_next(t);
}

void emit_INS(struct x86_tr *t)
{
    port_string(t, X86_STRING_INS);
}

void emit_OUTS(struct x86_tr *t)
{
    port_string(t, X86_STRING_OUTS);
}
