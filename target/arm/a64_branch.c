/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Branches. */
#include "target/arm/translate.h"

/* Both ways out of the block. */
static void branch(struct arm_tr *t, enum ir_cond cond, ir_ref a, ir_ref b, int64_t words)
{
    unsigned yes = ir_block_new(t->ir), no = ir_block_new(t->ir);

    ir_brcond(t->ir, cond, a, b, yes, no);
    ir_begin(t->ir, yes);
    arm_goto(t, t->pc + words * 4);
    ir_begin(t->ir, no);
    arm_goto(t, t->next_pc);
}

void a64_b(struct arm_tr *t, const struct arm_IMM26 *a)
{
    arm_goto(t, t->pc + (int64_t)a->imm * 4);
}

void a64_bl(struct arm_tr *t, const struct arm_IMM26 *a)
{
    arm_set_x(t, 30, ir_i64(t->ir, t->next_pc));
    arm_goto(t, t->pc + (int64_t)a->imm * 4);
}

void a64_b_(struct arm_tr *t, const struct arm_BCOND *a)
{
    struct arm_test c;

    if (a->cond >= 14) {
        arm_goto(t, t->pc + (int64_t)a->imm * 4);
        return;
    }
    c = arm_flags_test(t, a->cond);
    branch(t, c.cond, c.a, c.b, a->imm);
}

void a64_cbz(struct arm_tr *t, const struct arm_CB *a)
{
    branch(t, IR_EQ, arm_r(t, a->sf, a->rt), arm_const(t, a->sf, 0), a->imm);
}

void a64_cbnz(struct arm_tr *t, const struct arm_CB *a)
{
    branch(t, IR_NE, arm_r(t, a->sf, a->rt), arm_const(t, a->sf, 0), a->imm);
}

void a64_tbz(struct arm_tr *t, const struct arm_TB *a)
{
    branch(t, IR_TSTEQ, arm_x(t, a->rt), ir_i64(t->ir, 1ull << a->bit), a->imm);
}

void a64_tbnz(struct arm_tr *t, const struct arm_TB *a)
{
    branch(t, IR_TSTNE, arm_x(t, a->rt), ir_i64(t->ir, 1ull << a->bit), a->imm);
}

void a64_br(struct arm_tr *t, const struct arm_RN *a)
{
    ir_ref target = arm_x(t, a->rn);

    arm_branch_type(t, a->rn, false);
    arm_goto_ind(t, target);
}

void a64_blr(struct arm_tr *t, const struct arm_RN *a)
{
    ir_ref target = arm_x(t, a->rn);

    arm_branch_type(t, a->rn, true);
    arm_set_x(t, 30, ir_i64(t->ir, t->next_pc));
    arm_goto_ind(t, target);
}

void a64_ret(struct arm_tr *t, const struct arm_RN *a)
{
    arm_goto_ind(t, arm_x(t, a->rn));
}
