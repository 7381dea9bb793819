/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compare and swap. rd holds the expected value and receives what was there. */
#include "target/riscv/translate.h"

static unsigned cas_mem(struct rv_tr *t, unsigned size)
{
    return size | IR_MEM_ALIGN | IR_MEM_ATOMIC | t->mem;
}

/* A pair of registers; that of x0 is zero. */
static ir_ref pair_high(struct rv_tr *t, unsigned n)
{
    return rv_get(t, n ? n + 1 : 0);
}

static void set_pair(struct rv_tr *t, unsigned n, ir_ref low, ir_ref high)
{
    if (n) {
        rv_set(t, n, low);
        rv_set(t, n + 1, high);
    }
}

static ir_ref pair64(struct rv_tr *t, unsigned n)
{
    ir_ref high = ir_shl(t->ir, pair_high(t, n), ir_i64(t->ir, 32));

    return ir_or(t->ir, ir_extu32(t->ir, rv_get(t, n)), high);
}

void emit_amocas_w(struct rv_tr *t, const struct rv_AMO *a)
{
    ir_ref addr = rv_as_addr(t, rv_get(t, a->rs1));

    rv_set32(t, a->rd, ir_cas(t->ir, addr, rv_get32(t, a->rd), rv_get32(t, a->rs2), cas_mem(t, IR_MEM_32)));
}

void emit_amocas_d(struct rv_tr *t, const struct rv_AMO *a)
{
    ir_ref addr = rv_as_addr(t, rv_get(t, a->rs1)), old;

    if (!rv_is32(t)) {
        rv_set(t, a->rd, ir_cas(t->ir, addr, rv_get(t, a->rd), rv_get(t, a->rs2), cas_mem(t, IR_MEM_64)));
        return;
    }
    old = ir_cas(t->ir, addr, pair64(t, a->rd), pair64(t, a->rs2), cas_mem(t, IR_MEM_64));
    set_pair(t, a->rd, ir_exts32(t->ir, old), ir_sar(t->ir, old, ir_i64(t->ir, 32)));
}

void emit_amocas_q(struct rv_tr *t, const struct rv_AMO *a)
{
    ir_ref expected = ir_pair(t->ir, rv_get(t, a->rd), pair_high(t, a->rd));
    ir_ref desired = ir_pair(t->ir, rv_get(t, a->rs2), pair_high(t, a->rs2));
    ir_ref old = ir_cas(t->ir, rv_get(t, a->rs1), expected, desired, cas_mem(t, IR_MEM_128));

    set_pair(t, a->rd, ir_lo(t->ir, old), ir_hi(t->ir, old));
}
