/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Common subexpressions inside a block: a pure operation of the same operands as one above it has its value. Loads are not
 * shared: another vCPU or a device may have written between.
 *
 * The table holds the last instruction of each hash. It is never cleared: what it names counts only if it stands above in
 * the same block and is the same operation of the same operands, and then it is right, whoever entered it.
 */
#include "tcg/opt/opt.h"

#include <stddef.h>
#include <string.h>

/* Operation, type, sub, flags; and the first two operands. */
static inline uint64_t key_of(const struct ir_insn *i)
{
    uint64_t key;

    _Static_assert(offsetof(struct ir_insn, v) == 4, "the first eight bytes are what tells operations apart");
    memcpy(&key, i, sizeof(key));
    ((uint8_t *)&key)[offsetof(struct ir_insn, flags)] &= (uint8_t)~IR_WAS_PUT;
    return key;
}

static inline bool shareable(const struct ir_insn *i)
{
    return ir_ops[i->op].flags & IR_OPF_PURE && i->op != IR_OP_select && ir_ops[i->op].values < 3 && !ir_has_imm(i);
}

void ir_pass_cse(struct ir *ir)
{
    unsigned first = 1;
    bool any = false;

    for (unsigned k = 1; k < ir->ninsns; k++) {
        struct ir_insn *i = &ir->insns[k];
        unsigned hash, seen;
        uint64_t key;

        if (any) {
            ir_replace_operands(ir, i);
        }
        if (!shareable(i)) {
            first = ir_ops[i->op].flags & IR_OPF_TERM ? k + 1 : first;
            continue;
        }
        key = key_of(i);
        hash = key * 0x9e3779b97f4a7c15u >> 56;
        seen = ir->pass_hash[hash];
        if (seen >= first && seen < k && key_of(&ir->insns[seen]) == key) {
            ir->insns[seen].flags |= i->flags;
            ir_replace(i, seen);
            any = true;
        } else {
            ir->pass_hash[hash] = k;
        }
    }
}
