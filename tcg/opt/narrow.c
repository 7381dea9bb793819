/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Narrowing: an extension from 32 bits is its operand where nobody reads the upper half of the result. Chains of RV64's
 * word instructions extend after each step; only the last one matters.
 *
 * Backwards: who reads the upper half of each value (scratch). Forwards: extensions that are not needed go.
 */
#include "tcg/opt/opt.h"

enum reads { READS_ALL, READS_LOW, READS_AS_RESULT };

/* How much of its operand number v does an instruction read? READS_AS_RESULT: the upper half only if somebody reads that of
 * its own result. */
static inline enum reads reads_of(const struct ir_insn *i, unsigned v)
{
    switch (i->op) {
    case IR_OP_add: case IR_OP_sub: case IR_OP_and: case IR_OP_or: case IR_OP_xor: case IR_OP_andc: case IR_OP_orc:
    case IR_OP_eqv: case IR_OP_neg: case IR_OP_not: case IR_OP_mul: case IR_OP_clmul: case IR_OP_mov:
        return READS_AS_RESULT;
    case IR_OP_shl:
        return v == 0 ? READS_AS_RESULT : READS_LOW;
    case IR_OP_shr: case IR_OP_sar: case IR_OP_rotl: case IR_OP_rotr:
        return v == 0 ? READS_ALL : READS_LOW;
    case IR_OP_exts32: case IR_OP_extu32: case IR_OP_trunc: case IR_OP_exts8: case IR_OP_exts16: case IR_OP_extu8:
    case IR_OP_extu16:
        return READS_LOW;
    case IR_OP_st:
        return v == 1 && (i->mem & IR_MEM_SIZE) <= IR_MEM_32 ? READS_LOW : READS_ALL;
    default:
        return READS_ALL;
    }
}

static inline void read_high(struct ir *ir, ir_ref r)
{
    if (!ir_is_const(r)) {
        ir->insns[r].scratch = true;
    }
}

static void note_reads(struct ir *ir, struct ir_insn *i)
{
    bool high = i->scratch;
    struct ir_span spans[2];
    unsigned n;

    for (unsigned v = 0; v < ir_ops[i->op].values; v++) {
        enum reads reads = reads_of(i, v);

        if (reads == READS_ALL || (reads == READS_AS_RESULT && high)) {
            read_high(ir, i->v[v]);
        }
    }
    if (ir_ops[i->op].shape < IR_SHAPE_ABCD || (i->op == IR_OP_select && !high)) {
        return;
    }
    n = ir_pool_operands(ir, i, spans);
    for (unsigned s = 0; s < n; s++) {
        for (unsigned k = 0; k < spans[s].n; k++) {
            read_high(ir, spans[s].at[k]);
        }
    }
}

void ir_pass_narrow(struct ir *ir)
{
    unsigned candidates = 0;
    bool any = false;

    for (unsigned k = 1; k < ir->ninsns; k++) {
        ir->insns[k].scratch = false;
        candidates += ir->insns[k].op == IR_OP_exts32 || ir->insns[k].op == IR_OP_extu32;
    }
    if (candidates == 0) {
        return;
    }
    for (unsigned k = ir->ninsns - 1; k > 0; k--) {
        note_reads(ir, &ir->insns[k]);
    }
    for (unsigned k = 1; k < ir->ninsns; k++) {
        struct ir_insn *i = &ir->insns[k];

        if (any) {
            ir_replace_operands(ir, i);
        }
        if ((i->op == IR_OP_exts32 || i->op == IR_OP_extu32) && !i->scratch && ir_type_of(ir, i->a) == IR_I64 && !ir_is_const(i->a)) {
            ir_replace(i, i->a);
            any = true;
        }
    }
}
