/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fence.i. Pages with translated code are write-tracked, so stores of this hart are seen by its fetches without help.
 * The block ends, so that what the same block would run next is looked up anew.
 */
#include "target/riscv/translate.h"

void emit_fence_i(struct rv_tr *t)
{
    ir_fence(t->ir, IR_FENCE_RR | IR_FENCE_RW | IR_FENCE_WR | IR_FENCE_WW);
    rv_goto_ind(t, ir_i64(t->ir, t->next_pc));
}
