/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the builder's files share. */
#ifndef TCG_IR_IMPL_H
#define TCG_IR_IMPL_H

#include "tcg/ir.h"

/*
 * Appends an instruction; its number. Field by field: a struct passed by value would be built on the stack by narrow stores
 * and copied by wide loads, which waits for the stores to reach the cache (three times the time of all the rest).
 */
static inline ir_ref ir_push(struct ir *ir, enum ir_op op, enum ir_type type, unsigned sub, ir_ref a, ir_ref b, ir_ref c,
                             unsigned mem, int64_t imm)
{
    unsigned at = ir->ninsns;
    struct ir_insn *i;

    if (G_UNLIKELY(at >= ir->cap_insns)) {
        ir->overflow = true;
        at = ir->cap_insns - 1;
    } else {
        ir->ninsns++;
    }
    i = &ir->insns[at];
    i->op = op;
    i->type = type;
    i->sub = sub;
    i->flags = 0;
    i->a = a;
    i->b = b;
    i->c = c;
    i->mem = mem;
    i->uses = 0;
    i->scratch = 0;
    i->imm = imm;
    return at;
}

/* Is v `base + constant`, and does using base in its stead keep no value alive for longer? */
bool ir_split_add(const struct ir *ir, ir_ref v, ir_ref *base, int64_t *offset);

/* Simplifies a condition. 1, 0: it is always true, false; -1: it depends on *a *cond *b. */
int ir_fold_cond(struct ir *ir, enum ir_cond *cond, ir_ref *a, ir_ref *b);

/* A select without folding. */
ir_ref ir_select_raw(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, ir_ref yes, ir_ref no);

#endif
