/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dead code: pure operations and gets whose value nobody uses, and puts whose slot is put again before anybody can see it.
 *
 * One walk backwards over the region does both, as operands always have lower numbers than what uses them. A put is seen
 * by whatever may leave the region with exact state (ir.h: all puts that stand before it), by calls that look at the
 * state, by a get of the slot, and by the block's end. FP operations stay: their sticky flags can be looked at.
 */
#include "tcg/opt/opt.h"

#include <string.h>

typedef uint64_t slot_set[IR_SLOTS_MAX / 64];

static inline bool droppable(const struct ir *ir, const struct ir_insn *i)
{
    return ir_ops[i->op].flags & IR_OPF_PURE || i->op == IR_OP_get ||
           (i->op == IR_OP_call && i->type != IR_VOID && ir->target->helpers[i->imm].effects == IR_HELPER_PURE);
}

static inline bool sees_state(const struct ir *ir, const struct ir_insn *i)
{
    return ir_ops[i->op].flags & (IR_OPF_MEM | IR_OPF_TERM) ||
           (i->op == IR_OP_call && ir->target->helpers[i->imm].effects & ~IR_HELPER_EFFECT);
}

/* Uses of constants are marked at insns[0], which is nobody's: a store without a branch, and without waiting for another. */
static inline void use(struct ir *ir, ir_ref r)
{
    ir->insns[ir_is_const(r) ? 0 : r].scratch = true;
}

static void use_pool(struct ir *ir, const struct ir_insn *i)
{
    struct ir_span spans[2];
    unsigned n = ir_pool_operands(ir, i, spans);

    for (unsigned s = 0; s < n; s++) {
        for (unsigned k = 0; k < spans[s].n; k++) {
            use(ir, spans[s].at[k]);
        }
    }
}

/* Is this put hidden by a later one? Keeps `hidden`, the slots that are put below before anybody sees them. */
static inline bool put_hidden(struct ir_insn *i, slot_set hidden)
{
    uint64_t bit = 1ull << (i->imm & 63), *word = &hidden[i->imm >> 6];
    bool was = *word & bit;

    *word |= bit;
    return was;
}

void ir_pass_dead(struct ir *ir)
{
    slot_set hidden = { 0 };

    for (unsigned k = 1; k < ir->ninsns; k++) {
        ir->insns[k].scratch = false;
    }
    for (unsigned k = ir->ninsns - 1; k > 0; k--) {
        struct ir_insn *i = &ir->insns[k];
        const struct ir_op_info *info = &ir_ops[i->op];

        if (i->op == IR_OP_put ? put_hidden(i, hidden) : !i->scratch && droppable(ir, i)) {
            ir_drop(i);
            continue;
        }
        if (sees_state(ir, i)) {
            memset(hidden, 0, sizeof(hidden));
        } else if (i->op == IR_OP_get) {
            hidden[i->imm >> 6] &= ~(1ull << (i->imm & 63));
        }
        /* no branches on the number of operands: they would be mispredicted */
        use(ir, info->values > 0 ? i->a : 0);
        use(ir, info->values > 1 ? i->b : 0);
        if (info->values > 2) {
            use(ir, i->c);
        }
        if (info->shape >= IR_SHAPE_ABCD) {
            use_pool(ir, i);
        }
    }
}
