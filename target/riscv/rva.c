/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Atomics. Read-modify-write operations are the host's, which order everything around them as .aqrl would; only
 * load-reserved needs fences of its own.
 *
 * A reservation is an address and the value that was there. Store-conditional succeeds if its address is that of the
 * reservation and a compare-and-exchange from the value does; so a location that others have changed and changed back
 * in between counts as untouched, as with every emulator that does not trap stores.
 */
#include "target/riscv/translate.h"

enum { RL = 1, AQ = 2 };    /* the aqrl field */

static unsigned atomic_mem(struct rv_tr *t, unsigned size)
{
    return size | IR_MEM_ALIGN | IR_MEM_ATOMIC | t->mem;
}

static void load_reserved(struct rv_tr *t, const struct rv_LR *a, unsigned size)
{
    ir_ref addr = rv_as_addr(t, rv_get(t, a->rs1)), v;

    if (a->aqrl & RL) {
        ir_fence(t->ir, IR_FENCE_RR | IR_FENCE_RW | IR_FENCE_WR | IR_FENCE_WW);
    }
    v = ir_ld(t->ir, IR_I64, addr, 0, atomic_mem(t, size) | IR_MEM_SIGN);
    if (a->aqrl & AQ) {
        ir_fence(t->ir, IR_FENCE_RR | IR_FENCE_RW);
    }
    ir_put(t->ir, RV_SLOT_RES_ADDR, addr);
    ir_put(t->ir, RV_SLOT_RES_VAL, v);
    rv_set(t, a->rd, v);
}

/* Both ways leave the block: it would be a join otherwise, and a branch on the result follows anyway. */
static void store_conditional(struct rv_tr *t, const struct rv_AMO *a, unsigned size)
{
    bool narrow = size == IR_MEM_32;
    ir_ref addr = rv_as_addr(t, rv_get(t, a->rs1)), desired = rv_get(t, a->rs2), expected, old;
    unsigned try = ir_block_new(t->ir), fail = ir_block_new(t->ir);

    expected = ir_get(t->ir, RV_SLOT_RES_VAL);
    if (narrow) {
        desired = ir_trunc(t->ir, desired);
        expected = ir_trunc(t->ir, expected);
    }
    ir_brcond(t->ir, IR_EQ, addr, ir_get(t->ir, RV_SLOT_RES_ADDR), try, fail);

    ir_begin(t->ir, try);
    ir_insn_start(t->ir, t->pc, 0);
    old = ir_cas(t->ir, addr, expected, desired, atomic_mem(t, size));
    ir_put(t->ir, RV_SLOT_RES_ADDR, ir_i64(t->ir, RV_RES_NONE));
    rv_set(t, a->rd, ir_setcond(t->ir, IR_NE, old, expected));
    rv_goto(t, t->next_pc);

    /* A store-conditional that has lost its reservation faults like one that has not. */
    ir_begin(t->ir, fail);
    ir_insn_start(t->ir, t->pc, 0);
    ir_probe(t->ir, addr, 0, atomic_mem(t, size));
    ir_put(t->ir, RV_SLOT_RES_ADDR, ir_i64(t->ir, RV_RES_NONE));
    rv_set(t, a->rd, ir_i64(t->ir, 1));
    rv_goto(t, t->next_pc);
}

static void amo(struct rv_tr *t, const struct rv_AMO *a, enum ir_rmw op, unsigned size)
{
    ir_ref addr = rv_as_addr(t, rv_get(t, a->rs1));

    if (size == IR_MEM_32) {
        rv_set32(t, a->rd, ir_rmw(t->ir, op, addr, rv_get32(t, a->rs2), atomic_mem(t, size)));
    } else {
        rv_set(t, a->rd, ir_rmw(t->ir, op, addr, rv_get(t, a->rs2), atomic_mem(t, size)));
    }
}

void emit_lr_w(struct rv_tr *t, const struct rv_LR *a)
{
    load_reserved(t, a, IR_MEM_32);
}

void emit_lr_d(struct rv_tr *t, const struct rv_LR *a)
{
    load_reserved(t, a, IR_MEM_64);
}

void emit_sc_w(struct rv_tr *t, const struct rv_AMO *a)
{
    store_conditional(t, a, IR_MEM_32);
}

void emit_sc_d(struct rv_tr *t, const struct rv_AMO *a)
{
    store_conditional(t, a, IR_MEM_64);
}

void emit_amoswap_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_XCHG, IR_MEM_32);
}

void emit_amoadd_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_ADD, IR_MEM_32);
}

void emit_amoxor_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_XOR, IR_MEM_32);
}

void emit_amoand_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_AND, IR_MEM_32);
}

void emit_amoor_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_OR, IR_MEM_32);
}

void emit_amomin_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MINS, IR_MEM_32);
}

void emit_amomax_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MAXS, IR_MEM_32);
}

void emit_amominu_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MINU, IR_MEM_32);
}

void emit_amomaxu_w(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MAXU, IR_MEM_32);
}

void emit_amoswap_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_XCHG, IR_MEM_64);
}

void emit_amoadd_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_ADD, IR_MEM_64);
}

void emit_amoxor_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_XOR, IR_MEM_64);
}

void emit_amoand_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_AND, IR_MEM_64);
}

void emit_amoor_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_OR, IR_MEM_64);
}

void emit_amomin_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MINS, IR_MEM_64);
}

void emit_amomax_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MAXS, IR_MEM_64);
}

void emit_amominu_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MINU, IR_MEM_64);
}

void emit_amomaxu_d(struct rv_tr *t, const struct rv_AMO *a)
{
    amo(t, a, IR_RMW_MAXU, IR_MEM_64);
}
