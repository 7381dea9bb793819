/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the builder's files share. */
#ifndef TCG_IR_IMPL_H
#define TCG_IR_IMPL_H

#include "tcg/ir.h"

/* Appends an instruction as it is; its number. */
static inline ir_ref ir_push(struct ir *ir, struct ir_insn i)
{
    unsigned at = ir->ninsns;

    if (G_UNLIKELY(at >= ir->cap_insns)) {
        ir->overflow = true;
        at = ir->cap_insns - 1;
    } else {
        ir->ninsns++;
    }
    ir->insns[at] = i;
    return at;
}

/* Is v `base + constant`, and does using base in its stead keep no value alive for longer? */
bool ir_split_add(const struct ir *ir, ir_ref v, ir_ref *base, int64_t *offset);

/* Simplifies a condition. 1, 0: it is always true, false; -1: it depends on *a *cond *b. */
int ir_fold_cond(struct ir *ir, enum ir_cond *cond, ir_ref *a, ir_ref *b);

/* A select without folding. */
ir_ref ir_select_raw(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, ir_ref yes, ir_ref no);

#endif
