/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passes of ir_optimise, each linear in the number of instructions. None moves or inserts an instruction. */
#ifndef TCG_OPT_OPT_H
#define TCG_OPT_OPT_H

#include "tcg/ir.h"

void ir_pass_cse(struct ir *ir);
void ir_pass_dead(struct ir *ir);
void ir_pass_narrow(struct ir *ir);

static inline void ir_drop(struct ir_insn *i)
{
    i->op = IR_OP_NONE;
    i->type = IR_VOID;
    i->sub = i->flags = 0;
}

/* Drops an instruction for whose value `by` stands from now on; ir_replaced tells, on the way forward. */
static inline void ir_replace(struct ir_insn *i, ir_ref by)
{
    ir_drop(i);
    i->scratch = by;
}

static inline ir_ref ir_replaced(const struct ir *ir, ir_ref r)
{
    return !ir_is_const(r) && ir->insns[r].op == IR_OP_NONE ? ir->insns[r].scratch : r;
}

/* Puts what stands for them now in the place of i's operands. */
static inline void ir_replace_operands(struct ir *ir, struct ir_insn *i)
{
    struct ir_span spans[2];
    unsigned n;

    for (unsigned v = 0; v < ir_ops[i->op].values; v++) {
        i->v[v] = ir_replaced(ir, i->v[v]);
    }
    if (ir_ops[i->op].shape < IR_SHAPE_ABCD) {
        return;
    }
    n = ir_pool_operands(ir, i, spans);
    for (unsigned s = 0; s < n; s++) {
        for (unsigned k = 0; k < spans[s].n; k++) {
            spans[s].at[k] = ir_replaced(ir, spans[s].at[k]);
        }
    }
}

#endif
